"""What rules of aggregated demand join to its periods and totals: the order of the periods, sums, the run before."""

import numpy as np
import polars as pl

from market.frames import text_column
from rules.context import Context, FileFacts
from rules.demand import FLOW
from rules.demand.groups import first_periods, sum_of
from rules.demand.unit import past

_PERIOD = "settlement_period"
_SUMMED = ("gross_demand", "non_final_demand", "corrected_demand")


def _order(rows: pl.DataFrame, _: FileFacts, periods: pl.DataFrame) -> pl.DataFrame:
    found, first = periods[_PERIOD], first_periods(periods)
    counts = np.diff(first, append=periods.height)
    due = np.arange(1, periods.height + 1) - np.repeat(first, counts)
    wrong = np.flatnonzero(found.fill_null(0).to_numpy() != due)
    units, at = np.unique(periods["up"].to_numpy()[wrong], return_index=True)
    readable = np.ones(rows.height, np.bool_)
    readable[periods["up"].filter(found.is_null()).to_numpy()] = False
    places, strays = np.zeros((2, rows.height), np.int64)
    places[units], strays[units] = due[wrong[at]], found.fill_null(0).to_numpy()[wrong[at]]
    return rows.with_columns(
        pl.select(pl.when(pl.Series(readable)).then(pl.Series(counts))).to_series().alias("order.periods"),
        pl.Series("order.place", places),
        pl.Series("order.stray", strays),
    )


ORDER = Context("order", FLOW, "NFU", ("bm_unit_id",), _order, others=("NFP",))
"""`order.periods`: how many periods stand below, null where one of them cannot be read; `order.place`: the first of
them that does not stand in its place, 0 if none, and what stands there as `order.stray`."""


def _sums(rows: pl.DataFrame, _: FileFacts, periods: pl.DataFrame) -> pl.DataFrame:
    first = first_periods(periods)
    return rows.with_columns(sum_of(periods, item, first)[rows["up"]].alias(f"sum.{item}") for item in _SUMMED)


SUM = Context("sum", FLOW, "NFT", _SUMMED, _sums, others=("NFP",))
"""The exact sums over the periods beside a day's totals, by item; null where a period's value is malformed."""

_OF_NOTHING = [pl.lit(None, pl.Int64).alias(f"previous.{item}") for item in _SUMMED[:2]]


def _previous(rows: pl.DataFrame, facts: FileFacts) -> pl.DataFrame:
    unit = rows["NFU.history.place"]
    if unit.null_count() == rows.height:
        return rows.with_columns(_OF_NOTHING)
    known, period = past(facts, rows), pl.col(_PERIOD)
    stands = period.is_between(1, pl.col("NFU.history.periods"))
    place = rows.select(pl.when(stands).then(pl.lit(known.first.gather(unit)) + period - 1)).to_series()
    return rows.with_columns(
        known.gross.gather(place).alias("previous.gross_demand"),
        known.non_final.gather(place).alias("previous.non_final_demand"),
    )


PREVIOUS = Context(
    "previous",
    FLOW,
    "NFP",
    (_PERIOD, "NFU.history.place", "NFU.history.periods"),
    _previous,
    frames=("aggregated_demand",),
)
"""The same period's demand in the run before, as `previous.gross_demand` and `previous.non_final_demand`."""

NON_FINAL_TEXT = text_column("non_final_demand")
"""The text of the non-final demand: null where none is stated."""
