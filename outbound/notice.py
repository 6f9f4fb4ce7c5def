"""The notice (K9002001): what a scheduled run found about BM Units of a party."""

from datetime import date

import polars as pl

from market.header import Header
from market.layout import layout
from outbound.writer import file

FILE_TYPE = "K9002001"
_LAYOUT = layout(FILE_TYPE)


def notice(header: Header, rule_id: str, business_date: date, found: pl.DataFrame) -> bytes:
    """The notice file; `header` is its own, `business_date` the day that was checked.

    `found` has `bm_unit_id`, `message` (up to 255 characters) and, where it is about a period, `settlement_period`.
    """
    period = pl.col("settlement_period") if "settlement_period" in found.columns else pl.lit(None, pl.Int64)
    rows = found.select(
        pl.int_range(2, pl.len() + 2, dtype=pl.UInt32).alias("line"),
        pl.lit(rule_id).alias("rule_id"),
        pl.lit(business_date).alias("date"),
        "bm_unit_id",
        period.alias("settlement_period"),
        "message",
    )
    return file(header, _LAYOUT, {"NOT": rows})
