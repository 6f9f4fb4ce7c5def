"""Metered power of a Settlement Day against declared values: the periods in breach, and those of the wrong direction.

Metered power in kW is twice the volume of a half-hour in kWh, on days of every length.
"""

from dataclasses import dataclass

import polars as pl

from market.in_force import METERED_UNIT, metered_volumes_in_force
from market.policy import SeasonLimits
from rules.monitoring.declared import with_limits

PERIODS_IN_BREACH = pl.Schema(
    {
        "bm_unit_id": pl.String(),
        "side": pl.String(),
        "settlement_date": pl.Date(),
        "settlement_period": pl.Int64(),
        "volume": pl.Int64(),
        "declared": pl.Int64(),
        "limit": pl.Int64(),
    }
)
"""One row a period in breach: GC or DC as `side`, the volume in kWh (export positive), the declared value and the limit
that it is beyond, in kW."""

WRONG_DIRECTION = pl.Schema(
    {
        "bm_unit_id": pl.String(),
        "lead_party_id": pl.String(),
        "settlement_date": pl.Date(),
        "settlement_period": pl.Int64(),
        "volume": pl.Int64(),
    }
)
"""One row a period in which an interconnector BM Unit is metered the way that it never flows; the volume is in kWh."""

BREACH_DAYS = pl.Schema(
    {
        "bm_unit_id": pl.String(),
        "side": pl.String(),
        "settlement_date": pl.Date(),
        "periods": pl.Int64(),
        "settlement_period": pl.Int64(),
        "volume": pl.Int64(),
        "declared": pl.Int64(),
        "limit": pl.Int64(),
    }
)
"""One row a BM Unit, side and day in breach: how many periods are, and the worst of them as in PERIODS_IN_BREACH."""

POWER = pl.col("volume") * 2
"""Metered power in kW, export positive."""


@dataclass(frozen=True)
class DayFound:
    """What metered power of one Settlement Day shows: PERIODS_IN_BREACH and WRONG_DIRECTION."""

    in_breach: pl.DataFrame
    wrong_direction: pl.DataFrame


def looked_through(volumes: pl.DataFrame, declared: pl.DataFrame, limits: SeasonLimits | None) -> DayFound:
    """Holds the METERED_VOLUMES of one day, of every run, against the day's DECLARED and the limits of its season.

    Of a BM Unit and period the latest run counts. Without limits nothing is in breach.
    """
    bounds = _bounds(with_limits(declared, limits))
    suspect = volumes.join(bounds, on="bm_unit_id", how="inner").filter(_beyond() | _against())
    if suspect.is_empty():
        return DayFound(PERIODS_IN_BREACH.to_frame(), WRONG_DIRECTION.to_frame())
    # What is in force is asked of these few alone: a later run may have put them right.
    told = metered_volumes_in_force(volumes.join(suspect.select(METERED_UNIT).unique(), on=METERED_UNIT, how="semi"))
    in_force = told.join(bounds, on="bm_unit_id", how="inner")
    export = pl.col("volume") > 0
    in_breach = in_force.filter(_beyond()).with_columns(
        side=pl.when(export).then(pl.lit("GC")).otherwise(pl.lit("DC")),
        declared=pl.when(export).then("generation_capacity").otherwise("demand_capacity"),
        limit=pl.when(export).then("gc_limit").otherwise("dc_limit"),
    )
    return DayFound(
        in_breach.select(PERIODS_IN_BREACH.names()), in_force.filter(_against()).select(WRONG_DIRECTION.names())
    )


def breach_days(in_breach: pl.DataFrame) -> pl.DataFrame:
    """BREACH_DAYS of PERIODS_IN_BREACH: the worst period has the most power, of equal ones it is the first."""
    worst_first = in_breach.sort(POWER.abs(), -pl.col("settlement_period"), descending=True)
    day = ["bm_unit_id", "side", "settlement_date"]
    found = worst_first.group_by(day, maintain_order=True).agg(
        pl.len().cast(pl.Int64).alias("periods"), pl.first("settlement_period", "volume", "declared", "limit")
    )
    return found.select(BREACH_DAYS.names())


def _bounds(units: pl.DataFrame) -> pl.DataFrame:
    """The power beyond which a BM Unit is in breach, `most` and `least` (kW), and the `direction` that it may have.

    The side on which an interconnector BM Unit never flows has no bound: it is told of apart.
    """
    one_way = pl.when(pl.col("bm_unit_type") == "I").then("production_consumption_flag")
    direction = one_way.replace_strict({"P": 1, "C": -1}, default=None, return_dtype=pl.Int8)
    return units.with_columns(direction=direction).with_columns(
        most=pl.when(pl.col("direction").ne_missing(-1)).then(pl.col("generation_capacity") + pl.col("gc_limit")),
        least=pl.when(pl.col("direction").ne_missing(1)).then(pl.col("demand_capacity") - pl.col("dc_limit")),
    )


def _beyond() -> pl.Expr:
    return (pl.col("most") < POWER).fill_null(False) | (pl.col("least") > POWER).fill_null(False)


def _against() -> pl.Expr:
    return (pl.col("volume") * pl.col("direction") < 0).fill_null(False)
