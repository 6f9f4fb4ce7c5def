"""Pairs and periods beside each other in the file: DLV-03, DLV-04."""

import polars as pl

from market.severity import Severity
from rules.delivered import FLOW
from rules.rule import Example, FileTest, RecordTest, Rule, UnitTest

_UNIT, _DAY = "MSC.bm_unit_id", "MSA.settlement_date"
_PAIR = "MSB|_C|\nMSC|V__CEXMP001|\nMSJ|1200012345679||\n"
_HEAD = "MSA|20261030|\n" + _PAIR
_period = pl.col("settlement_period_id")
_exists = _period.is_between(1, pl.col("MSA.calendar.periods"))


def _pair_once(record: str, kind: str) -> FileTest:
    item = f"import_{kind.lower()}"
    return FileTest(
        flow=FLOW,
        record=record,
        item=item,
        reads=(item, _UNIT),
        repeated=(item, _UNIT),
        among={"rows": pl.len().over(item, _UNIT)},
        broken=pl.lit(True),
        message=f"{kind} Pair {{pair}} stands {{rows}} times for {{unit}}",
        evidence={"pair": pl.col(item), "rows": pl.col("among.rows"), "unit": pl.col(_UNIT)},
    )


def _period_exists(record: str) -> RecordTest:
    return RecordTest(
        flow=FLOW,
        record=record,
        item="settlement_period_id",
        reads=("settlement_period_id", _DAY),
        broken=~_exists,
        message="Settlement Period {period} does not exist on {day}, which has periods 1 to {last}",
        evidence={
            "period": _period,
            "day": pl.col(_DAY).dt.strftime("%Y%m%d"),
            "last": pl.col("MSA.calendar.periods"),
        },
    )


def _period_once(record: str) -> RecordTest:
    # a period has at most two digits, so that no two of these numbers are equal for other rows
    of_pair = pl.col("up").cast(pl.Int64) * 1000 + _period
    return RecordTest(
        flow=FLOW,
        record=record,
        item="settlement_period_id",
        reads=("settlement_period_id", _DAY),
        when=_exists,
        broken=of_pair.is_duplicated(),
        message="Settlement Period {period} stands more than once for the pair",
        evidence={"period": _period},
    )


DLV_03 = Rule(
    id="DLV-03",
    title="A pair stands once per BM Unit and a period once per pair; periods exist on the date.",
    severity=Severity.ERROR,
    flows=(FLOW,),
    stage="cross",
    source="IDD P0282",
    why="Which of two volumes is meant cannot be known, and a period that does not exist has none.",
    passes=Example(
        "MSA|20261025|\n" + _PAIR + "MSP|1|0.5|\nMSP|50|0.5|",
        flow=FLOW,
        sender="VOLT",
        note="25 October 2026 has 50 Settlement Periods.",
    ),
    fails=Example(
        _HEAD + "MSP|1|0.5|\nMSP|48|0.5|\nMSP|49|0.5|\nMSP|1|0.7|", breaks=(6, 8, 9), flow=FLOW, sender="VOLT"
    ),
    tests=(
        *(_pair_once(record, kind) for record, kind in (("MSJ", "MSID"), ("ASJ", "AMSID"))),
        *(test(record) for record in ("MSP", "ASP") for test in (_period_exists, _period_once)),
    ),
)

DLV_04 = Rule(
    id="DLV-04",
    title="A pair without periods has at least one AMSID record.",
    severity=Severity.ERROR,
    flows=(FLOW,),
    stage="cross",
    source="IDD P0282002",
    why="A pair with neither says nothing; its volumes are more likely lost than nought.",
    passes=Example(
        "MSA|20261030|\nMSB|_C|\nMSC|V__CEXMP001|\nMSJ|1200000000100||\nASJ|9000000000011||\nASP|1|0.5|",
        flow=FLOW,
        sender="VOLT",
    ),
    fails=Example(_HEAD + "MSP|1|0.5|\nMSJ|1200000000030||", breaks=(7,), flow=FLOW, sender="VOLT"),
    tests=(
        UnitTest(
            flow=FLOW,
            record="MSJ",
            item="import_msid",
            reads=("import_msid",),
            when=pl.col("empty"),
            broken=pl.lit(True),
            message="MSID Pair {pair} has neither periods nor AMSID records",
            evidence={"pair": pl.col("import_msid")},
        ),
    ),
)
