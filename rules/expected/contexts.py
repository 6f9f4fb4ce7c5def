"""What rules of expected volumes join: the range of days, and of each BM Unit its registration and baselining."""

import numpy as np
import polars as pl

from market.frames import text_column
from market.in_force import baselining_statuses_in_force
from market.settlement_period import periods_in_day_expr
from rules.context import Context, Dated, FileFacts
from rules.expected import DEFAULT_PERIODS, FLOW, MOST_PERIODS
from rules.expected.stretches import dated, days_with, first_day_outside
from rules.identity.bm_unit import registered

_CLOCKS_CHANGED = "400d"
"""Every stretch of so many days has the day of 50 periods among them."""


def _range(rows: pl.DataFrame, facts: FileFacts) -> pl.DataFrame:
    default = pl.col(text_column("sev_effective_to_date")).is_null()
    ranged = rows.with_columns(
        default.alias("range.default"),
        pl.col("sev_effective_from_date").alias("range.first"),
        pl.when(default).then("sev_effective_from_date").otherwise("sev_effective_to_date").alias("range.last"),
    )
    first, last = pl.col("range.first"), pl.col("range.last")
    days = (last - first).dt.total_days() + 1
    near = pl.when(last.is_not_null()).then(pl.min_horizontal(last, first.dt.offset_by(_CLOCKS_CHANGED)))
    within = pl.date_ranges(first, near)
    most = within.list.eval(periods_in_day_expr(pl.element())).list.max()
    day, until = first.dt.strftime("%Y%m%d"), last.dt.strftime("%Y%m%d")
    told = pl.when(days == 1).then(day).otherwise(pl.concat_str(day, pl.lit(" to "), until))
    return ranged.with_columns(
        days.alias("range.days"),
        (days * facts.records).alias("range.units"),
        pl.lit(facts.policy.max_units).alias("range.most_units"),
        pl.when(default).then(pl.lit(MOST_PERIODS)).otherwise(most).alias("range.periods"),
        pl.when(default).then(pl.lit("a Default SEV")).otherwise(told).alias("range.text"),
    )


RANGE = Context("range", FLOW, "BSD", ("sev_effective_from_date", "sev_effective_to_date"), _range)
"""The days of the file: `range.first` and `range.last` (of a Default both its first day), how many they are as
`range.days`, the most `range.periods` that one of them has (of a Default 50), `range.default`, `range.text` for
messages; `range.units` is the most units that the file can have, `range.most_units` the policy's limit."""

_IN_RANGE = ("bm_unit_id", "BSD.range.first", "BSD.range.last")


def _led(facts: FileFacts) -> Dated:
    return dated(facts.references["bm_units"].filter(pl.col("lead_party_id") == facts.sender))


def _registration(rows: pl.DataFrame, facts: FileFacts) -> pl.DataFrame:
    outside = first_day_outside(rows, facts.once("led by the sender", _led), *_IN_RANGE[1:])
    rows = rows.with_columns(pl.coalesce(outside, "BSD.range.first").alias("registration.day"))
    return facts.once("registered", registered).join(rows, "registration", ("bm_unit_id",), "registration.day")


REGISTRATION = Context("registration", FLOW, "BSB", _IN_RANGE, _registration, frames=("bm_units",))
"""The BM Unit's registration, as that of rules.identity.bm_unit, on `registration.day`: the first day of the range on
which the sender does not lead it, the range's first where there is none."""

TYPES = ("V", "S")
"""The types that have expected volumes: Secondary BM Units, and a Supplier's Additional BM Units."""


def _baselined(facts: FileFacts) -> Dated:
    changed = baselining_statuses_in_force(facts.references["baselining_statuses"])
    return dated(days_with(facts.references["bm_units"], changed, ("bm_unit_id",), "baselined", "T"))


def _baselining(rows: pl.DataFrame, facts: FileFacts) -> pl.DataFrame:
    outside = first_day_outside(rows, facts.once("baselined", _baselined), *_IN_RANGE[1:])
    return rows.with_columns(outside.alias("baselining.day_without"))


BASELINING = Context("baselining", FLOW, "BSB", _IN_RANGE, _baselining, frames=("bm_units", "baselining_statuses"))
"""`baselining.day_without`: the first day of the range on which the BM Unit is not baselined; null if none."""


def _coverage(rows: pl.DataFrame, _: FileFacts, periods: pl.DataFrame) -> pl.DataFrame:
    if not rows["BSD.range.default"].any():
        return rows.with_columns(pl.lit(None, pl.Int64).alias("coverage.periods"))
    found = periods.filter(pl.col("settlement_period_id").is_between(1, DEFAULT_PERIODS))
    stands = np.zeros((rows.height, DEFAULT_PERIODS + 1), np.bool_)
    stands[found["up"].to_numpy(), found["settlement_period_id"].to_numpy()] = True
    return rows.with_columns(pl.Series("coverage.periods", stands.sum(axis=1)))


COVERAGE = Context("coverage", FLOW, "BSB", ("BSD.range.default",), _coverage, others=("BSP",))
"""`coverage.periods`: how many of the periods 1 to 48 a BM Unit has in a Default SEV; null for a dated one."""


def _order(rows: pl.DataFrame, _: FileFacts) -> pl.DataFrame:
    period = pl.col("settlement_period_id")
    before = pl.when(pl.col("up") == pl.col("up").shift(1)).then(period.shift(1))
    rows = rows.with_columns(before.alias("order.before"))
    rising = period.is_not_null() & (pl.col("order.before").is_null() | (period > pl.col("order.before")))
    # where every period is after the one before it none stands twice, and nothing needs to be counted
    standing = pl.lit(1) if rows.select(rising.all()).item() else pl.len().over("up", "settlement_period_id")
    return rows.with_columns(standing.cast(pl.UInt32).alias("order.rows"))


ORDER = Context("order", FLOW, "BSP", ("settlement_period_id",), _order)
"""Periods of one BM Unit: `order.before` is that of the row before (null for the first), `order.rows` on how many
rows the period stands."""
