"""What a declared value makes likely beside the one in force: slips of units, of digits, of rows (GCD-07 to GCD-10)."""

import polars as pl

from market.severity import Severity
from rules.gcdc import FLOW, SUPPLIER_TYPES
from rules.gcdc.sides import DECLARED, DEMAND, GENERATION, IN_FORCE, SIDES, Side, pair_text
from rules.rule import Example, RecordTest, Rule

_HEAD = "GCH|S|WIN|2026|Ann Archer|\n"


def _about_twice(larger: pl.Expr, smaller: pl.Expr) -> pl.Expr:
    """Whether one value is within 1 % of twice the other, in whole numbers."""
    return (larger - smaller * 2).abs() * 50 <= smaller.abs()


def _about_half(smaller: pl.Expr, larger: pl.Expr) -> pl.Expr:
    """Whether one value is within 1 % of half the other, in whole numbers."""
    return (smaller * 2 - larger).abs() * 100 <= larger.abs()


def _mix_up_test(side: Side) -> RecordTest:
    declared, in_force = pl.col(side.declared), pl.col(side.in_force)
    half = _about_half(declared, in_force)
    return RecordTest(
        flow=FLOW,
        record="GCV",
        item=side.column,
        reads=(side.declared, side.in_force),
        when=in_force != 0,
        broken=_about_twice(declared, in_force) | half,
        message=f"{side.name} {{value}} is about {{ratio}} the {{in_force}} in force, a MW/MWh mix-up is likely",
        evidence={
            "value": side.declared_text,
            "ratio": pl.when(half).then(pl.lit("half")).otherwise(pl.lit("twice")),
            "in_force": side.in_force_text,
        },
    )


GCD_07 = Rule(
    id="GCD-07",
    title="The value is not about twice or half the value in force (within 1 %).",
    severity=Severity.WARNING,
    flows=(FLOW,),
    stage="value",
    source="CRA deadline notices",
    why="Twice or half the value in force is likely a mix-up of MW and the MWh of one half-hour.",
    passes=Example(_HEAD + "GCV|T_DINO-1|20261201|100|-2|||"),
    fails=Example(_HEAD + "GCV|T_DINO-1|20261201|49.5|-2|||", breaks=(3,)),
    tests=tuple(map(_mix_up_test, SIDES)),
)

LARGEST, LARGEST_INTERCONNECTOR = 1_500_000, 4_000_000
"""The kW beyond which a value is worth a second look: the register has no larger ones."""

_largest = pl.when(pl.col("registration.bm_unit_type") == "I").then(LARGEST_INTERCONNECTOR).otherwise(LARGEST)


def _ten_times(side: Side) -> pl.Expr:
    in_force = pl.col(side.in_force)
    return (in_force != 0) & (pl.col(side.declared).abs() > in_force.abs() * 10)


def _growth_test(side: Side) -> RecordTest:
    return RecordTest(
        flow=FLOW,
        record="GCV",
        item=side.column,
        reads=(side.declared, side.in_force),
        broken=_ten_times(side),
        message=f"{side.name} {{value}} is more than ten times the {{in_force}} in force",
        evidence={"value": side.declared_text, "in_force": side.in_force_text},
    )


def _size_test(side: Side) -> RecordTest:
    return RecordTest(
        flow=FLOW,
        record="GCV",
        item=side.column,
        reads=("bm_unit_id", side.declared, "registration.bm_unit_type"),
        when=~_ten_times(side).fill_null(False),
        broken=pl.col(side.declared).abs() > _largest,
        message=f"{side.name} {{value}} is beyond {{largest}} MW, the most that is usual for type {{type}}",
        evidence={
            "value": side.declared_text,
            "largest": _largest // 1000,
            "type": pl.col("registration.bm_unit_type"),
        },
    )


GCD_08 = Rule(
    id="GCD-08",
    title="The value is not more than ten times the value in force, nor beyond 1,500 MW (4,000 MW for an "
    "interconnector BM Unit).",
    severity=Severity.WARNING,
    flows=(FLOW,),
    stage="value",
    source="register range",
    why="A point left out makes 100.000 into 100000, and credit cover is called for what is not there.",
    passes=Example(_HEAD + "GCV|T_DINO-1|20261201|120|-2|||"),
    fails=Example(_HEAD + "GCV|T_DINO-1|20261201|100000|-2|||", breaks=(3,)),
    tests=(*map(_growth_test, SIDES), *map(_size_test, SIDES)),
)

GCD_09 = Rule(
    id="GCD-09",
    title="GC and DC are not both 0 for a unit whose value in force is not 0.",
    severity=Severity.WARNING,
    flows=(FLOW,),
    stage="value",
    source="project",
    why="Two zeros are more often a row left unfilled than a unit that stands still.",
    passes=Example(_HEAD + "GCV|T_ZERO-1|20261201|0|0|||"),
    fails=Example(_HEAD + "GCV|T_DINO-1|20261201|0|0|||", breaks=(3,)),
    tests=(
        RecordTest(
            flow=FLOW,
            record="GCV",
            item=None,
            reads=(*DECLARED, *IN_FORCE),
            when=(pl.col(GENERATION.in_force) != 0) | (pl.col(DEMAND.in_force) != 0),
            broken=(pl.col(GENERATION.declared) == 0) & (pl.col(DEMAND.declared) == 0),
            message="GC and DC are both 0 MW, {in_force} are in force",
            evidence={"in_force": pair_text(*IN_FORCE)},
        ),
    ),
)

GCD_10 = Rule(
    id="GCD-10",
    title="A Supplier BM Unit with GC > 0 whose DC becomes or stops being 0 changes its credit treatment (SECALF).",
    severity=Severity.INFORMATION,
    flows=(FLOW,),
    stage="value",
    source="CALF guidance",
    why="A Supplier BM Unit that only exports has its credit assessed by another factor.",
    passes=Example(_HEAD + "GCV|2__CACME001|20261201|5|-0.4|||"),
    fails=Example(_HEAD + "GCV|2__CACME001|20261201|5|0|||", breaks=(3,)),
    tests=(
        RecordTest(
            flow=FLOW,
            record="GCV",
            item=DEMAND.column,
            reads=(*DECLARED, DEMAND.in_force, "registration.bm_unit_type"),
            when=pl.col("registration.bm_unit_type").is_in(SUPPLIER_TYPES) & (pl.col(GENERATION.declared) > 0),
            broken=(pl.col(DEMAND.declared) == 0) != (pl.col(DEMAND.in_force) == 0),
            message="Demand Capacity {value} after {in_force} with Generation Capacity {generation} changes the "
            "credit treatment (SECALF)",
            evidence={
                "value": DEMAND.declared_text,
                "in_force": DEMAND.in_force_text,
                "generation": GENERATION.declared_text,
            },
        ),
    ),
)
