"""Unbroken stretches of days on which something holds of a BM Unit, and the first day of a range outside of them."""

import polars as pl

from rules.context import Dated

STRETCH = pl.Schema({"bm_unit_id": pl.String, "effective_from": pl.Date, "effective_to": pl.Date})
"""One row a stretch, both days inclusive; those of one BM Unit neither overlap nor touch."""

_DAY = pl.duration(days=1)
_UNIT_APART = 1 << 24
"""More days than there are from the first to the last that a date can name."""


def stretches(rows: pl.DataFrame) -> pl.DataFrame:
    """The dated rows of each BM Unit, overlapping and touching ones merged, as STRETCH."""
    ordered = rows.select(STRETCH.names()).sort("bm_unit_id", "effective_from")
    # days counted on from one BM Unit to the next, so that those of one are never reached by those of another
    unit = pl.col("bm_unit_id").rle_id().cast(pl.Int64) * _UNIT_APART
    reached = (unit + pl.col("effective_to").to_physical()).cum_max().shift(1)
    begins = (unit + pl.col("effective_from").to_physical() > reached + 1).fill_null(True)
    numbered = ordered.with_columns(begins.cum_sum().alias("stretch"))
    merged = numbered.group_by("stretch", maintain_order=True).agg(
        pl.first("bm_unit_id"), pl.first("effective_from"), pl.max("effective_to")
    )
    return merged.select(STRETCH.names())


def dated(rows: pl.DataFrame) -> Dated:
    """The stretches of dated rows by `bm_unit_id` and day; a join adds the stretch's last day as `until`."""
    return Dated(stretches(rows).with_columns(until="effective_to"), ("bm_unit_id",), ("until",))


def first_day_outside(rows: pl.DataFrame, holding: Dated, first: str, last: str) -> pl.Series:
    """For each row the first day from `first` to `last` that no stretch of its `bm_unit_id` holds; null if none."""
    found = holding.join(rows.select("bm_unit_id", first, last), "stretch", ("bm_unit_id",), first)
    after = pl.when(pl.col("stretch.until") < pl.col(last)).then(pl.col("stretch.until") + _DAY)
    return found.select(pl.when("stretch.found").then(after).otherwise(first)).to_series()


def days_with(rows: pl.DataFrame, changed: pl.DataFrame, key: tuple[str, ...], item: str, value: str) -> pl.DataFrame:
    """The days on which dated rows have a value of an item that accepted changes may change, by `bm_unit_id`.

    `rows` and `changed` are dated and both have the columns of `key` and the item; `changed` are the ranges that
    market.in_force makes of changes. Before the first of them a row's own value holds.
    """
    if changed.is_empty():
        return rows.filter(pl.col(item) == value).select(STRETCH.names())
    ranges = changed.select(*key, pl.col("effective_from", "effective_to", item).name.prefix("changed_"))
    since = ranges.group_by(key).agg(pl.min("changed_effective_from").alias("since"))
    before = (
        rows.filter(pl.col(item) == value)
        .join(since, on=key, how="left", nulls_equal=True)
        .with_columns(effective_to=pl.min_horizontal("effective_to", pl.col("since") - _DAY))
    )
    after = (
        rows.join(ranges.filter(pl.col(f"changed_{item}") == value), on=key, nulls_equal=True)
        .with_columns(effective_from=pl.max_horizontal("effective_from", "changed_effective_from"))
        .with_columns(effective_to=pl.min_horizontal("effective_to", "changed_effective_to"))
    )
    pieces = pl.concat([before.select(STRETCH.names()), after.select(STRETCH.names())])
    return pieces.filter(pl.col("effective_from") <= pl.col("effective_to"))
