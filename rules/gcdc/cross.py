"""Declared values beside each other, in the file and with those declared before (GCD-06, GCD-11, GCD-12, GCS-04)."""

import polars as pl

from market.severity import Severity
from rules.gcdc import FLOW
from rules.gcdc.sides import DECLARED, DEMAND, GENERATION, IN_FORCE, pair_text
from rules.rule import Example, FileTest, RecordTest, Rule

_HEAD = "GCH|S|WIN|2026|Ann Archer|\n"
_KEY = ("bm_unit_id", "effective_from_date")
_day = pl.col("effective_from_date").dt.strftime("%Y%m%d")


GCD_06 = Rule(
    id="GCD-06",
    title="A BM Unit and effective date do not stand twice in a file with different values.",
    severity=Severity.ERROR,
    flows=(FLOW,),
    stage="cross",
    source="project",
    why="Which of the two is meant cannot be known, so neither is taken.",
    passes=Example(_HEAD + "GCV|T_DINO-1|20261201|100|-2|||\nGCV|T_ZERO-1|20261201|12|-2|||"),
    fails=Example(_HEAD + "GCV|T_DINO-1|20261201|100|-2|||\nGCV|T_DINO-1|20261201|112|-2|||", breaks=(3, 4)),
    tests=(
        FileTest(
            flow=FLOW,
            record="GCV",
            item="bm_unit_id",
            reads=(*_KEY, *DECLARED),
            repeated=_KEY,
            among={
                "rows": pl.len().over(_KEY),
                "least_generation": pl.col(GENERATION.declared).min().over(_KEY),
                "most_generation": pl.col(GENERATION.declared).max().over(_KEY),
                "least_demand": pl.col(DEMAND.declared).max().over(_KEY),
                "most_demand": pl.col(DEMAND.declared).min().over(_KEY),
            },
            broken=(pl.col("among.least_generation") != pl.col("among.most_generation"))
            | (pl.col("among.least_demand") != pl.col("among.most_demand")),
            message="{unit} stands on {rows} lines for {day}, from {least} to {most}",
            evidence={
                "unit": pl.col("bm_unit_id"),
                "rows": pl.col("among.rows"),
                "day": _day,
                "least": pair_text("among.least_generation", "among.least_demand"),
                "most": pair_text("among.most_generation", "among.most_demand"),
            },
        ),
    ),
)

GCD_12 = Rule(
    id="GCD-12",
    title="A BM Unit and effective date do not stand twice with the same values.",
    severity=Severity.WARNING,
    flows=(FLOW,),
    stage="cross",
    source="project",
    why="A row that stands twice says nothing more; it is often a row that should have been another.",
    passes=Example(_HEAD + "GCV|T_DINO-1|20261201|100|-2|||"),
    fails=Example(_HEAD + "GCV|T_DINO-1|20261201|100|-2|||\nGCV|T_DINO-1|20261201|100|-2|||", breaks=(3, 4)),
    tests=(
        FileTest(
            flow=FLOW,
            record="GCV",
            item="bm_unit_id",
            reads=(*_KEY, *DECLARED),
            repeated=(*_KEY, *DECLARED),
            broken=pl.lit(True),
            message="{unit} stands more than once for {day} with {values}",
            evidence={"unit": pl.col("bm_unit_id"), "day": _day, "values": pair_text(*DECLARED)},
        ),
    ),
)

GCD_11 = Rule(
    id="GCD-11",
    title="Unchanged values are recorded as 'no change'; a seasonal declaration must still be made.",
    severity=Severity.INFORMATION,
    flows=(FLOW,),
    stage="cross",
    source="BSCP15",
    why="A Lead Party that changes nothing still declares; it is told that this is what was understood.",
    passes=Example(_HEAD + "GCV|T_DINO-1|20261201|100|-2|||"),
    fails=Example(_HEAD + "GCV|T_DINO-1|20261201|99|-2|||", breaks=(3,)),
    tests=(
        RecordTest(
            flow=FLOW,
            record="GCV",
            item=None,
            reads=(*DECLARED, *IN_FORCE),
            broken=(pl.col(GENERATION.declared) == pl.col(GENERATION.in_force))
            & (pl.col(DEMAND.declared) == pl.col(DEMAND.in_force)),
            message="{values} are in force already: no change",
            evidence={"values": pair_text(*DECLARED)},
        ),
    ),
)

_EARLIER = ("earlier_declaration.generation_capacity", "earlier_declaration.demand_capacity")

GCS_04 = Rule(
    id="GCS-04",
    title="Seasonal: a later accepted declaration before the deadline replaces the earlier one; both stay on record.",
    severity=Severity.INFORMATION,
    flows=(FLOW,),
    stage="cross",
    source="project",
    why="A Lead Party may think again until the deadline; it is told what its new value takes the place of.",
    passes=Example(_HEAD + "GCV|T_DINO-1|20261201|100|-2|||"),
    fails=Example(
        _HEAD + "GCV|T_DINO-1|20261201|104|-2|||",
        breaks=(3,),
        before=(_HEAD + "GCV|T_DINO-1|20261201|100|-2|||",),
    ),
    tests=(
        RecordTest(
            flow=FLOW,
            record="GCV",
            item="effective_from_date",
            reads=(*_KEY, "GCH.declaration_type", "earlier_declaration.received_at", *_EARLIER),
            when=pl.col("GCH.declaration_type") == "S",
            broken=pl.lit(True),
            message="{values} for {day} were declared and accepted, received {received_at} GMT; this declaration "
            "replaces them where it is accepted",
            evidence={
                "values": pair_text(*_EARLIER),
                "day": _day,
                "received_at": pl.col("earlier_declaration.received_at").dt.strftime("%Y-%m-%d %H:%M:%S"),
            },
        ),
    ),
)
