"""The declared values themselves: signs, units, plausibility (GCD)."""

import polars as pl

from market.number_text import mw_text
from market.severity import Severity
from rules.gcdc import FLOW
from rules.rule import Example, RecordTest, Rule

_SIGNS = (
    ("generation_capacity", "Generation Capacity", -1, mw_text),
    ("demand_capacity", "Demand Capacity", 1, mw_text),
)

GCD_01 = Rule(
    id="GCD-01",
    title="Generation Capacity and the export QM are zero or positive, Demand Capacity and the import QM zero or negative.",
    severity=Severity.ERROR,
    flows=(FLOW,),
    stage="value",
    source="BSC K3.4.2",
    why="A slipped sign turns a generator into a demand.",
    passes=Example("GCH|S|WIN|2026|Ann Archer|\nGCV|T_DINO-1|20261201|15.4|-5|||"),
    fails=Example("GCH|S|WIN|2026|Ann Archer|\nGCV|T_DINO-1|20261201|15.4|5|||", breaks=(3,)),
    tests=tuple(
        RecordTest(
            flow=FLOW,
            record="GCV",
            item=column,
            reads=(column,),
            broken=pl.col(column) * sign > 0,
            message=f"{name} is {{value}}, a slipped sign is likely",
            evidence={"value": text(pl.col(column))},
        )
        for column, name, sign, text in _SIGNS
    ),
)
