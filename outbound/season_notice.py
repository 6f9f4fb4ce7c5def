"""The season notice (K0154001): BM Units without a seasonal declaration, and the values that stay in force."""

from datetime import datetime

import polars as pl

from market.header import Header
from market.layout import layout
from outbound.writer import file

FILE_TYPE = "K0154001"
_LAYOUT = layout(FILE_TYPE)


def season_notice(
    header: Header, notice_type: str, season: str, start_year: int, deadline: datetime, units: pl.DataFrame
) -> bytes:
    """The notice file; `header` is its own, `notice_type` R (reminder), D (default) or C (carried forward).

    `deadline` is aware. `units` has bm_unit_id and generation_capacity and demand_capacity in kW (null: not known).
    """
    rows = units.select(
        pl.int_range(2, pl.len() + 2, dtype=pl.UInt32).alias("line"),
        pl.lit(notice_type).alias("notice_type"),
        "bm_unit_id",
        pl.lit(season).alias("bsc_season"),
        pl.lit(start_year, pl.Int64).alias("season_start_year"),
        pl.lit(deadline).cast(pl.Datetime("us", "UTC")).alias("deadline"),
        "generation_capacity",
        "demand_capacity",
    )
    return file(header, _LAYOUT, {"GSN": rows})
