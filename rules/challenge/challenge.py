"""Whether a challenge is one of an open breach, in time, and proposes what can be: GCC-01, GCC-02, GCC-03."""

import polars as pl

from market.number_text import mw_text
from market.severity import Severity
from rules.challenge import FLOW
from rules.identity.bm_unit import LED_BY_SENDER
from rules.rule import Example, RecordTest, Rule

_PASSES = Example("GCC|GCB00000000001|T_DINO-1|GC|104|Metering fault at Dinorwig|Ann Archer|", flow=FLOW)
_IS_GC = pl.col("side") == "GC"
_SIGN = pl.when(_IS_GC).then(1).otherwise(-1)

GCC_01 = Rule(
    id="GCC-01",
    title="The challenge names an open breach of the sender's BM Unit and side.",
    severity=Severity.ERROR,
    flows=(FLOW,),
    stage="reference",
    source="P359",
    why="A challenge is heard of one breach, and of one that is decided there is nothing left to hear.",
    passes=_PASSES,
    fails=Example(
        "GCC|GCB00000000009|T_DINO-1|GC|104|Metering fault|Ann Archer|\n"
        "GCC|GCB00000000001|T_DINO-1|DC|-4|Metering fault|Ann Archer|",
        breaks=(2, 3),
        flow=FLOW,
    ),
    tests=(
        RecordTest(
            flow=FLOW,
            record="GCC",
            item="breach_reference",
            reads=("breach_reference", "bm_unit_id", "side", "registration.lead_party_id"),
            when=LED_BY_SENDER,
            broken=~pl.col("breach.found"),
            message="{reference} is no open breach of {side} of {unit}",
            evidence={"reference": pl.col("breach_reference"), "side": pl.col("side"), "unit": pl.col("bm_unit_id")},
        ),
    ),
)

GCC_02 = Rule(
    id="GCC-02",
    title="The challenge is received before the breach's Challenge By date ends.",
    severity=Severity.ERROR,
    flows=(FLOW,),
    stage="timing",
    source="P359; policy",
    why="After that day the estimated value takes effect.",
    passes=_PASSES,
    fails=Example(
        "GCC|GCB00000000002|E_ABRTW-9|DC|-9|Station load during outage|Ann Archer|",
        breaks=(2,),
        flow=FLOW,
        note="The breach can be challenged until 1 November 2026.",
    ),
    tests=(
        RecordTest(
            flow=FLOW,
            record="GCC",
            item="breach_reference",
            reads=("breach_reference", "breach.challenge_by"),
            broken=pl.col("file.received_day") > pl.col("breach.challenge_by"),
            message="{reference} can be challenged until {last}, the file is received on {received}",
            evidence={
                "reference": pl.col("breach_reference"),
                "last": pl.col("breach.challenge_by").dt.strftime("%Y%m%d"),
                "received": pl.col("file.received_day").dt.strftime("%Y%m%d"),
            },
        ),
    ),
)

GCC_03 = Rule(
    id="GCC-03",
    title="The proposed value has the side's sign and is not below the value in force in magnitude.",
    severity=Severity.ERROR,
    flows=(FLOW,),
    stage="value",
    source="P359; GCD-01",
    why="A challenge says how far beyond the declared value the BM Unit can go; it does not take the value back.",
    passes=_PASSES,
    fails=Example(
        "GCC|GCB00000000001|T_DINO-1|GC|-104|Metering fault|Ann Archer|\n"
        "GCC|GCB00000000001|T_DINO-1|GC|98.999|Metering fault|Ann Archer|",
        breaks=(2, 3),
        flow=FLOW,
    ),
    tests=(
        RecordTest(
            flow=FLOW,
            record="GCC",
            item="proposed_value",
            reads=("side", "proposed_value", "breach.challenge_by"),
            broken=pl.col("proposed_value") * _SIGN < 0,
            message="Proposed Value {value} is {place} 0, {side} is zero or {sign}",
            evidence={
                "value": mw_text(pl.col("proposed_value")),
                "place": pl.when(_IS_GC).then(pl.lit("below")).otherwise(pl.lit("above")),
                "side": pl.col("side"),
                "sign": pl.when(_IS_GC).then(pl.lit("positive")).otherwise(pl.lit("negative")),
            },
        ),
        RecordTest(
            flow=FLOW,
            record="GCC",
            item="proposed_value",
            reads=("side", "proposed_value", "breach.challenge_by", "in_force.value"),
            when=pl.col("proposed_value") * _SIGN >= 0,
            broken=pl.col("proposed_value").abs() < pl.col("in_force.value").abs(),
            message="Proposed Value {value} is less than {in_force}, the {side} in force on {received}",
            evidence={
                "value": mw_text(pl.col("proposed_value")),
                "in_force": mw_text(pl.col("in_force.value")),
                "side": pl.col("side"),
                "received": pl.col("file.received_day").dt.strftime("%Y%m%d"),
            },
        ),
    ),
)
