"""What rules of delivered volumes join: the calendar of the date, the allocated pairs and how they are baselined."""

import polars as pl

from market.reference import MARKET_START
from market.settlement_period import periods_in_day_expr
from market.working_days import add_working_days
from rules.baselining.allocation import changed_baselining, join_pair, metering_systems, pairs
from rules.context import Context, FileFacts
from rules.delivered import FLOW


def _calendar(rows: pl.DataFrame, facts: FileFacts) -> pl.DataFrame:
    past = rows["settlement_date"].filter(
        rows["settlement_date"].is_between(MARKET_START, facts.received_day, closed="left")
    )
    deadlines = {day: add_working_days(day, 1) for day in past.unique()}
    return rows.with_columns(
        periods_in_day_expr(pl.col("settlement_date")).alias("calendar.periods"),
        pl.col("settlement_date")
        .replace_strict([*deadlines], [*deadlines.values()], default=None, return_dtype=pl.Date)
        .alias("calendar.next_working_day"),
    )


calendar = Context("calendar", FLOW, "MSA", ("settlement_date",), _calendar)
"""`calendar.periods`: how many Settlement Periods the date has; `calendar.next_working_day`: the first Working Day
after it, null for dates that are not past and those before the market's start."""

_UNIT, _DAY = "MSC.bm_unit_id", "MSA.settlement_date"


def _in_force(rows: pl.DataFrame, facts: FileFacts, import_id: str) -> pl.DataFrame:
    """Adds `allocation.in_force`, the baselining indicator in force: of the accepted changes, else the pair's own."""
    key = (_UNIT, "allocation.pair_indicator", import_id)
    asked = rows.select(*key, _DAY, "allocation.baselining_indicator")
    changed = facts.once("changed baselining", changed_baselining).join(asked, "changed", key, _DAY)
    in_force = pl.coalesce("changed.baselining_indicator", "allocation.baselining_indicator")
    return rows.with_columns(changed.select(in_force.alias("allocation.in_force")).to_series())


def _of_msid(rows: pl.DataFrame, facts: FileFacts) -> pl.DataFrame:
    key = {"bm_unit_id": _UNIT, "import_id": "import_msid"}
    known = facts.once("metering systems", metering_systems)
    return _in_force(join_pair(rows, "allocation", known, key, _DAY), facts, "import_msid")


def _of_amsid(rows: pl.DataFrame, facts: FileFacts) -> pl.DataFrame:
    key = {"bm_unit_id": _UNIT, "import_id": "import_amsid"}
    known = facts.once("pairs", pairs).filter(pl.col("pair_indicator") != "T")
    return _in_force(join_pair(rows, "allocation", known, key, _DAY), facts, "import_amsid")


_frames = ("msid_pairs", "baselining_details")

msid_allocation = Context("allocation", FLOW, "MSJ", ("import_msid", _UNIT, _DAY), _of_msid, frames=_frames)
"""`allocation.found`: whether the MSID is allocated to the BM Unit on the date, as an MSID Pair or in front of AMSID
Pairs; `allocation.export_id`: the pair's Export MSID, null where it has none; `allocation.in_force`: the baselining
indicator in force for the MSID Pair, null where there is none."""

amsid_allocation = Context("allocation", FLOW, "ASJ", ("import_amsid", _UNIT, _DAY), _of_amsid, frames=_frames)
"""The same of an AMSID Pair."""
