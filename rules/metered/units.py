"""The acceptance units of metered volumes, a BM Unit, date and Settlement Run, and what accepted ones put in force."""

import polars as pl

from market.settlement_period import periods_in_day_expr
from rules.acceptance import Acceptance, PutInForce
from rules.context import Context, FileFacts
from rules.metered import FLOW


def _periods(rows: pl.DataFrame, _: FileFacts, below: pl.DataFrame) -> pl.DataFrame:
    sign = pl.when(pl.col("import_export_indicator") == "I").then(-1).otherwise(1)
    told = below.group_by("up").agg(
        pl.col("settlement_period").alias("periods.numbers"),
        (pl.col("meter_volume") * sign).alias("periods.volumes"),
        pl.col("line").alias("periods.lines"),
    )
    told = told.rename({"up": "__row"})
    return rows.with_row_index("__row").join(told, on="__row", how="left", maintain_order="left").drop("__row")


periods = Context("periods", FLOW, "ABV", (), _periods, others=("ABP",))
"""The periods below a BM Unit's record, as lists: their `periods.numbers`, `periods.volumes` (MWh scaled by 1,000,
export positive) and `periods.lines`."""


def metered_volumes(effect: pl.DataFrame) -> pl.DataFrame:
    """Accepted units as market.reference.METERED_VOLUMES without the columns of the submission.

    A period that the day does not have says nothing; of one that stands twice the last counts.
    """
    rows = effect.select(
        "bm_unit_id",
        "settlement_date",
        pl.col("settlement_run_type").alias("run_type"),
        pl.col("periods.numbers").alias("settlement_period"),
        pl.col("periods.volumes").alias("volume"),
        pl.col("periods.lines").alias("line"),
    ).explode("settlement_period", "volume", "line")
    return rows.filter(pl.col("settlement_period").is_between(1, periods_in_day_expr(pl.col("settlement_date"))))


METERED = Acceptance(
    flow=FLOW,
    units=("ABV",),
    key=("bm_unit_id", "settlement_date", "settlement_run_type"),
    effect=(
        *("bm_unit_id", "settlement_date", "settlement_run_type"),
        *("periods.numbers", "periods.volumes", "periods.lines"),
    ),
    puts=PutInForce("metered_volumes", metered_volumes),
)
"""A BM Unit, Settlement Date and run; the effect is its periods."""
