"""Season work: BM Units without a seasonal declaration, before its deadline and after it (MON-06, MON-07)."""

import polars as pl

from market.season import Season
from market.severity import Severity
from rules.gcdc import FLOW
from rules.monitoring.declared import DeclaredValues
from rules.rule import Example, Rule

REMINDED = (15, 12, 11, 10)
"""How many Working Days before a season reminders go out."""


def undeclared(season: Season, bm_units: pl.DataFrame, capacity_values: pl.DataFrame) -> pl.DataFrame:
    """The Primary BM Units registered on a season's first day that have no accepted seasonal declaration for it.

    `bm_units` and `capacity_values` as in market.reference; the rows are those of rules.monitoring.declared.DECLARED on
    that day, by BM Unit: the values that are carried forward, null where none is known.
    """
    made = capacity_values.filter(
        pl.col("declaration_type") == "S",
        pl.col("season") == season.code,
        pl.col("season_start_year") == season.start_year,
    )
    registered = DeclaredValues(bm_units, capacity_values).on(season.first_day).filter(pl.col("bm_unit_type") != "V")
    return registered.join(made, on="bm_unit_id", how="anti").sort("bm_unit_id")


MON_06 = Rule(
    id="MON-06",
    title="Reminders go to every Lead Party with units undeclared 15, 12, 11 and 10 Working Days before a season.",
    severity=Severity.NOTICE,
    flows=(FLOW,),
    stage="nightly",
    source="BSCP15",
    why="A unit forgotten at the deadline keeps last season's values for three months.",
    passes=Example(
        "GCH|S|WIN|2026|Ann Archer|\nGCV|T_DINO-1|20261201|100|-2|||",
        received_at="2026-11-10T07:30:00Z",
        note="10 November 2026 is 15 Working Days before WIN 2026: of T_DINO-1 nobody is reminded.",
    ),
    fails=Example(
        "GCH|M|AUT|2026|Ann Archer|\nGCV|T_DINO-1|20261120|100|-2|||",
        breaks=(3,),
        received_at="2026-11-10T07:30:00Z",
        note="A mid-season declaration says nothing of WIN 2026: ACME is reminded of T_DINO-1.",
    ),
)

MON_07 = Rule(
    id="MON-07",
    title="After the deadline an undeclared unit's values are carried forward, never zeroed, and a default notice goes "
    "out.",
    severity=Severity.NOTICE,
    flows=(FLOW,),
    stage="nightly",
    source="BSCP15; GC/DC page",
    why="A unit without a value would be in breach with its first megawatt, though nobody meant it to be.",
    passes=Example(
        "GCH|S|WIN|2026|Ann Archer|\nGCV|T_DINO-1|20261201|100|-2|||",
        received_at="2026-11-17T17:00:00Z",
        note="Received at the deadline of WIN 2026: no default notice names T_DINO-1.",
    ),
    fails=Example(
        "GCH|M|AUT|2026|Ann Archer|\nGCV|T_DINO-1|20261120|100|-2|||",
        breaks=(3,),
        received_at="2026-11-17T17:00:00Z",
        note="A default notice names T_DINO-1 with GC 100 and DC -2, which hold on in WIN 2026.",
    ),
)
