"""Levels beside the BM Unit's capacity and direction (PNR-01, PNR-04)."""

import polars as pl

from market.number_text import mw_text
from market.severity import Severity
from rules.notification import FLOW, SEGMENTS
from rules.notification.segment import HEAD
from rules.rule import Example, RecordTest, Rule

_GENERATION, _DEMAND = "PNU.value_in_force.generation_capacity", "PNU.value_in_force.demand_capacity"
_TYPE, _FLAG = "PNU.registration.bm_unit_type", "PNU.registration.production_consumption_flag"
_ENDS = (("level_from", "Level From"), ("level_to", "Level To"))


def _capacity_test(record: str, item: str, name: str) -> RecordTest:
    kilowatts, generation, demand = pl.col(item) * 1000, pl.col(_GENERATION), pl.col(_DEMAND)
    return RecordTest(
        flow=FLOW,
        record=record,
        item=item,
        reads=(item, _TYPE, _GENERATION, _DEMAND),
        when=(pl.col(_TYPE) != "V") & ((generation != 0) | (demand != 0)),
        broken=(kilowatts > generation) | (kilowatts < demand),
        message=f"{name} {{level}} MW is {{side}}",
        evidence={
            "level": pl.col(item),
            "side": pl.when(kilowatts > generation)
            .then(pl.concat_str(pl.lit("above the Generation Capacity in force, "), mw_text(generation)))
            .otherwise(pl.concat_str(pl.lit("below the Demand Capacity in force, "), mw_text(demand))),
        },
    )


PNR_01 = Rule(
    id="PNR-01",
    title="A level is within the BM Unit's GC and DC in force (not tested for Secondary BM Units or where both are 0).",
    severity=Severity.WARNING,
    flows=(FLOW,),
    stage="reference",
    source="K3.4",
    why="GC and DC are the most that is expected of a BM Unit; a level beyond them belies one of the two.",
    passes=Example(HEAD + "PNL|20261103100000|99|20261103103000|-2|", flow=FLOW),
    fails=Example(HEAD + "PNL|20261103100000|100|20261103103000|99|", breaks=(4,), flow=FLOW),
    tests=tuple(_capacity_test(record, item, name) for record in SEGMENTS for item, name in _ENDS),
)


def _direction_test(item: str, name: str) -> RecordTest:
    level, production = pl.col(item), pl.col(_FLAG) == "P"
    return RecordTest(
        flow=FLOW,
        record="PNL",
        item=item,
        reads=(item, "PNU.bm_unit_id", _TYPE, _FLAG),
        when=pl.col(_TYPE) == "I",
        broken=pl.when(production).then(level < 0).otherwise(level > 0),
        message=f"{name} {{level}} MW {{direction}}, the bound of {{unit}} is 0 MW",
        evidence={
            "level": level,
            "direction": pl.when(production)
            .then(pl.lit("imports on a Production interconnector BM Unit"))
            .otherwise(pl.lit("exports on a Consumption interconnector BM Unit")),
            "unit": pl.col("PNU.bm_unit_id"),
        },
    )


PNR_04 = Rule(
    id="PNR-04",
    title="A Production interconnector BM Unit does not import and a Consumption one does not export.",
    severity=Severity.WARNING,
    flows=(FLOW,),
    stage="reference",
    source="BSC K5",
    why="An interconnector user has a BM Unit for each direction; the other sign belongs to the other one.",
    passes=Example("PNH|20261103|\nPNU|I_EAG-ACME1|\nPNL|20261103100000|5|20261103103000|5|", flow=FLOW),
    fails=Example("PNH|20261103|\nPNU|I_EAG-ACME1|\nPNL|20261103100000|5|20261103103000|-5|", breaks=(4,), flow=FLOW),
    tests=tuple(_direction_test(item, name) for item, name in _ENDS),
)
