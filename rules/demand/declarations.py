"""Non-final demand and the declarations in force (NFD-06, 07), and the BM Unit (NFD-09, 10)."""

import polars as pl

from market.number_text import mwh_text
from market.severity import Severity
from rules.demand import FLOW
from rules.demand.examples import OF_UNDECLARED, UNDECLARED, declared, run_of, undeclared, unit_of
from rules.demand.period import NON_FINAL_TEXT
from rules.rule import Example, FileTest, RecordTest, Rule

_NON_FINAL = pl.col("non_final_demand")

NFD_06 = Rule(
    id="NFD-06",
    title="Non-final demand is empty where no declaration in force touches the BM Unit that day, and present where one "
    "does.",
    severity=Severity.ERROR,
    flows=(FLOW,),
    stage="reference",
    source="P419; P395",
    why="Only declared facilities are left out of the charges on final demand, and all of them are.",
    passes=Example(undeclared(), flow=FLOW),
    fails=Example(undeclared(other={1: ("12.5", "2.25", "10.25")}), breaks=(4,), flow=FLOW),
    tests=(
        RecordTest(
            flow=FLOW,
            record="NFP",
            item="non_final_demand",
            reads=("non_final_demand", "NFU.declared.found"),
            broken=~pl.col("NFU.declared.found"),
            message="Non-Final Demand is {value}, no declaration in force touches {of}",
            evidence={"value": mwh_text(_NON_FINAL), "of": pl.col("NFU.declared.of")},
        ),
        RecordTest(
            flow=FLOW,
            record="NFP",
            item="non_final_demand",
            reads=("NFU.declared.found",),
            when=pl.col(NON_FINAL_TEXT).is_null(),
            broken=pl.col("NFU.declared.found"),
            message="Non-Final Demand is empty, a declaration in force touches {of}",
            evidence={"of": pl.col("NFU.declared.of")},
        ),
    ),
)

NFD_07 = Rule(
    id="NFD-07",
    title="A period's non-final demand is not above the declared maximum import of the BM Unit's facilities times 0.5 "
    "h.",
    severity=Severity.WARNING,
    flows=(FLOW,),
    stage="reference",
    source="F602/01",
    why="A facility does not take more than its connection carries.",
    passes=Example(declared(), flow=FLOW),
    fails=Example(declared(other={1: ("80", "60", "20")}), breaks=(4,), flow=FLOW),
    tests=(
        RecordTest(
            flow=FLOW,
            record="NFP",
            item="non_final_demand",
            reads=("non_final_demand", "NFU.declared.most"),
            broken=pl.col("NFU.declared.most") < _NON_FINAL,
            message="Non-Final Demand {value} is above {most}, the declared maximum import in a period",
            evidence={"value": mwh_text(_NON_FINAL), "most": mwh_text(pl.col("NFU.declared.most"))},
        ),
    ),
)

_KEY = ("bm_unit_id", "measurement_class")

NFD_09 = Rule(
    id="NFD-09",
    title="A BM Unit and measurement class stand once in a file.",
    severity=Severity.ERROR,
    flows=(FLOW,),
    stage="cross",
    source="project",
    why="Which of two days is meant cannot be known, so neither is taken.",
    passes=Example(
        run_of(unit_of(UNDECLARED, OF_UNDECLARED), unit_of(UNDECLARED, OF_UNDECLARED, measurement_class="E")),
        flow=FLOW,
    ),
    fails=Example(
        run_of(unit_of(UNDECLARED, OF_UNDECLARED), unit_of(UNDECLARED, OF_UNDECLARED)), breaks=(3, 53), flow=FLOW
    ),
    tests=(
        FileTest(
            flow=FLOW,
            record="NFU",
            item="bm_unit_id",
            reads=_KEY,
            repeated=_KEY,
            among={"rows": pl.len().over(_KEY)},
            broken=pl.lit(True),
            message="{unit} and measurement class {class} stand on {rows} lines",
            evidence={
                "unit": pl.col("bm_unit_id"),
                "class": pl.col("measurement_class"),
                "rows": pl.col("among.rows"),
            },
        ),
    ),
)

SUPPLIER_TYPES, SUPPLIER_PREFIXES = ("G", "S"), ("2__", "C__")
"""The types of Supplier BM Units, and what their ids begin with."""

NFD_10 = Rule(
    id="NFD-10",
    title="The BM Unit is a Supplier BM Unit (2__ or C__) of the sender.",
    severity=Severity.ERROR,
    flows=(FLOW,),
    stage="reference",
    source="P419",
    why="Demand is aggregated by Supplier; other BM Units are metered as they stand.",
    passes=Example(undeclared(), flow=FLOW),
    fails=Example(run_of(unit_of("V__FEXMP001", OF_UNDECLARED, group="_F")), breaks=(3,), flow=FLOW, sender="VOLT"),
    tests=(
        RecordTest(
            flow=FLOW,
            record="NFU",
            item="bm_unit_id",
            reads=("bm_unit_id",),
            broken=~pl.col("bm_unit_id").str.slice(0, 3).is_in(SUPPLIER_PREFIXES)
            | (~pl.col("registration.bm_unit_type").is_in(SUPPLIER_TYPES)).fill_null(False),
            message="{unit} is no Supplier BM Unit (2__ or C__)",
            evidence={"unit": pl.col("bm_unit_id")},
        ),
    ),
)
