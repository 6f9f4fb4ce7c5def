"""The demand of one period: its arithmetic, its sign and its size (NFD-01, 02, 03, 08)."""

import polars as pl

from market.number_text import mwh_text
from market.severity import Severity
from rules.demand import FLOW
from rules.demand.examples import declared, undeclared
from rules.rule import Example, RecordTest, Rule

_GROSS, _NON_FINAL, _CORRECTED = pl.col("gross_demand"), pl.col("non_final_demand"), pl.col("corrected_demand")
_due = _GROSS - _NON_FINAL.fill_null(0)
_most = pl.max_horizontal(_GROSS, pl.lit(0))

NFD_01 = Rule(
    id="NFD-01",
    title="Corrected = gross - non-final, exactly, in every period (an empty non-final counts as 0).",
    severity=Severity.ERROR,
    flows=(FLOW,),
    stage="value",
    source="SVA catalogue, P419",
    why="Charges are made on the corrected demand; a value that does not follow from the other two explains nothing.",
    passes=Example(declared(), flow=FLOW),
    fails=Example(declared(other={2: ("12.5", "2.25", "10.3")}), breaks=(5,), flow=FLOW),
    tests=(
        RecordTest(
            flow=FLOW,
            record="NFP",
            item="corrected_demand",
            reads=("gross_demand", "corrected_demand"),
            optional=("non_final_demand",),
            broken=_due != _CORRECTED,
            message="Corrected Demand is {corrected}, {gross} less {non_final} is {due}",
            evidence={
                "corrected": mwh_text(_CORRECTED),
                "gross": mwh_text(_GROSS),
                "non_final": mwh_text(_NON_FINAL.fill_null(0)),
                "due": mwh_text(_due),
            },
        ),
    ),
)

NFD_02 = Rule(
    id="NFD-02",
    title="Non-final demand is zero or positive and not above gross demand; where gross demand is not positive it is "
    "empty or 0.",
    severity=Severity.ERROR,
    flows=(FLOW,),
    stage="value",
    source="SVA catalogue",
    why="Non-final demand is the part of the gross that a declared facility took; a part is not more than the whole.",
    passes=Example(declared(), flow=FLOW),
    fails=Example(declared(other={1: ("12.5", "13", "-0.5")}), breaks=(4,), flow=FLOW),
    tests=(
        RecordTest(
            flow=FLOW,
            record="NFP",
            item="non_final_demand",
            reads=("gross_demand", "non_final_demand"),
            broken=(_NON_FINAL < 0) | ((_NON_FINAL > 0) & (_NON_FINAL > _GROSS)),
            message="Non-Final Demand {value} is outside 0 to {most}, Gross Demand is {gross}",
            evidence={"value": mwh_text(_NON_FINAL), "most": mwh_text(_most), "gross": mwh_text(_GROSS)},
        ),
    ),
)

NFD_03 = Rule(
    id="NFD-03",
    title="Gross demand is not negative.",
    severity=Severity.WARNING,
    flows=(FLOW,),
    stage="value",
    source="SVA catalogue: exceptional only",
    why="Imports are positive; a negative sum of them is a sign turned more often than an exception.",
    passes=Example(undeclared(), flow=FLOW),
    fails=Example(undeclared(other={1: ("-0.2", "", "-0.2")}), breaks=(4,), flow=FLOW),
    tests=(
        RecordTest(
            flow=FLOW,
            record="NFP",
            item="gross_demand",
            reads=("gross_demand",),
            broken=_GROSS < 0,
            message="Gross Demand is {value}, below 0 MWh",
            evidence={"value": mwh_text(_GROSS)},
        ),
    ),
)

TIMES = 100
"""How many times as large as expected a value suggests another unit."""


def _beyond(value: pl.Expr, expected: str) -> pl.Expr:
    return (pl.col(expected) > 0) & (value // TIMES >= pl.col(expected))


_PREVIOUS, _DECLARED = "previous.{}", "NFU.declared.most"


def _suggesting(item: str, name: str) -> RecordTest:
    """The test of one item against the run before and, of the non-final demand, against what is declared."""
    value, previous = pl.col(item), f"previous.{item}"
    by_run = _beyond(value, previous).fill_null(False)
    if item == "non_final_demand":
        broken = by_run | _beyond(value, _DECLARED).fill_null(False)
        expected = (
            pl.when(by_run)
            .then(pl.concat_str(mwh_text(pl.col(previous)), pl.lit(" in the previous run")))
            .otherwise(pl.concat_str(mwh_text(pl.col(_DECLARED)), pl.lit(" that are declared as the most")))
        )
    else:
        broken, expected = by_run, pl.concat_str(mwh_text(pl.col(previous)), pl.lit(" in the previous run"))
    return RecordTest(
        flow=FLOW,
        record="NFP",
        item=item,
        reads=(item,),
        broken=broken,
        message=f"{name} {{value}} is {TIMES} times or more the {{expected}}: kWh for MWh?",
        evidence={"value": mwh_text(value), "expected": expected},
    )


NFD_08 = Rule(
    id="NFD-08",
    title="A value a hundred times or more above the previous run's or the declared bound suggests kWh for MWh.",
    severity=Severity.WARNING,
    flows=(FLOW,),
    stage="value",
    source="unit mix-up",
    why="Meters count kWh and the market settles MWh; a thousand times too much is the usual slip.",
    passes=Example(declared(run="R1"), flow=FLOW, before=(declared(run="SF"),)),
    fails=Example(
        declared(run="R1", other={1: ("12500", "2250", "10250")}),
        breaks=(4, 4),
        flow=FLOW,
        before=(declared(run="SF"),),
    ),
    tests=(_suggesting("gross_demand", "Gross Demand"), _suggesting("non_final_demand", "Non-Final Demand")),
)
