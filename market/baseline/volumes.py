"""The baselined volume of each pair and period, with its working: sums and counts, and one rounding at the end."""

from datetime import date

import polars as pl

from market.baseline.pairs import METER, PAIR
from market.baseline.policy import BaselinePolicy
from market.clock import LONDON
from market.settlement_period import period_start_expr, periods_in_day

ADJUSTMENT_PERIODS = 6
"""The periods that an adjustment is made of."""

BEFORE_EVENT = 2
"""The periods of the hour between them and the event."""

EVENTS = pl.Schema({"bm_unit_id": pl.String(), "first_period": pl.Int64()})
"""One row a BM Unit that has an event on the day, and the Settlement Period in which its first begins."""

BASELINED_VOLUMES = pl.Schema(
    {
        "bm_unit_id": pl.String(),
        "import_msid": pl.String(),
        "import_amsid": pl.String(),
        "settlement_period": pl.Int64(),
        "metered": pl.Int64(),
        "days": pl.Int64(),
        "day_sum": pl.Int64(),
        "adjustment_periods": pl.Int64(),
        "adjustment_sum": pl.Int64(),
        "volume": pl.Int64(),
    }
)
"""One row a pair and period of the day. Volumes are MWh scaled by 10,000 in SVA sign.

`metered` is that of the day itself. The mean is `day_sum` / `days`. The adjustment, before any cap, is
`adjustment_sum` / (`days` * `adjustment_periods`): the sum of `days` times the metered volume less `day_sum` over the
periods before the event; 0 and 0 where nothing is adjusted. `volume` is the baselined volume, null where the history
does not give one."""


def baselined_volumes(
    day: date, events: pl.DataFrame, days: pl.DataFrame, pair_volumes: pl.DataFrame, policy: BaselinePolicy
) -> pl.DataFrame:
    """The rows of BASELINED_VOLUMES for each pair of `days` and each period of a London day, by pair and period.

    `events` has the columns of EVENTS, `days` those of market.baseline.days.HISTORICAL_DAYS, `pair_volumes` those of
    market.reference.PAIR_VOLUMES: of the chosen days, and of the day itself as far as it is metered.
    """
    history = _history(days, pair_volumes)
    rows = days.select(PAIR).unique().join(_periods(day, policy), how="cross")
    of_day = pair_volumes.filter(pl.col("settlement_date") == day).select(*METER, "settlement_period", metered="volume")
    periods = (
        rows.join(of_day, on=[*METER, "settlement_period"], how="left", nulls_equal=True, validate="m:1")
        .join(history, on=[*PAIR, "history_period"], how="left", nulls_equal=True, validate="m:1")
        .with_columns(pl.col("days", "day_sum").fill_null(0))
        .join(events.select("bm_unit_id", "first_period"), on="bm_unit_id", how="left", validate="m:1")
    )
    adjusted = periods.join(_adjustments(periods, policy), on=PAIR, how="left", nulls_equal=True, validate="m:1")
    applies = pl.col("adjustment_periods").is_not_null()
    if policy.adjusted_periods == "event":
        applies &= pl.col("settlement_period") >= pl.col("first_period")
    told = adjusted.with_columns(
        pl.when(applies).then(pl.col("adjustment_periods", "adjustment_sum")).otherwise(0).cast(pl.Int64)
    )
    enough = (pl.col("days") > 0) & (pl.col("days") >= policy.min_days)
    volume = pl.when(enough).then(_volume(policy))
    return told.with_columns(volume=volume).select(BASELINED_VOLUMES.names()).sort(*PAIR, "settlement_period")


def _history(days: pl.DataFrame, pair_volumes: pl.DataFrame) -> pl.DataFrame:
    """Sum and count of the chosen days for each pair and period."""
    chosen = days.filter("chosen").select(*PAIR, "settlement_date")
    metered = chosen.join(pair_volumes, on=[*METER, "settlement_date"], how="inner", nulls_equal=True)
    return metered.group_by(*PAIR, history_period="settlement_period").agg(
        days=pl.len().cast(pl.Int64), day_sum=pl.col("volume").sum()
    )


def _periods(day: date, policy: BaselinePolicy) -> pl.DataFrame:
    """The periods of a day, and beside each the one of a day of 48 that is its history."""
    number = pl.col("settlement_period")
    periods = pl.DataFrame({"settlement_period": pl.int_range(1, periods_in_day(day) + 1, eager=True, dtype=pl.Int64)})
    if policy.clock_change == "period_number":
        return periods.with_columns(history_period=pl.when(number <= 48).then(number))
    shown = period_start_expr(pl.lit(day), number).dt.convert_time_zone(LONDON.key)
    half_hours = shown.dt.hour().cast(pl.Int64) * 2 + shown.dt.minute() // 30
    return periods.with_columns(history_period=half_hours + 1)


def _adjustments(periods: pl.DataFrame, policy: BaselinePolicy) -> pl.DataFrame:
    """How much each pair's periods before the event were above their means; no row where nothing is adjusted."""
    last = pl.col("first_period") - BEFORE_EVENT - 1
    before = periods.filter(
        pl.col("settlement_period").is_between(last - ADJUSTMENT_PERIODS + 1, last),
        pl.col("metered").is_not_null(),
        pl.col("days") > 0,
    )
    above = pl.col("days") * pl.col("metered") - pl.col("day_sum")
    sums = before.group_by(PAIR).agg(adjustment_periods=pl.len().cast(pl.Int64), adjustment_sum=above.sum())
    return sums.filter(pl.col("adjustment_periods") >= policy.min_adjustment_periods)


def _volume(policy: BaselinePolicy) -> pl.Expr:
    """Mean and adjustment over one denominator, rounded once, to even at a half."""
    periods = pl.max_horizontal("adjustment_periods", pl.lit(1, pl.Int64))
    denominator = pl.col("days") * periods
    adjustment = pl.col("adjustment_sum")
    if policy.adjustment_cap is not None:
        cap = int(policy.adjustment_cap * 10_000) * denominator
        adjustment = pl.max_horizontal(pl.min_horizontal(adjustment, cap), -cap)
    return _rounded(pl.col("day_sum") * periods + adjustment, denominator)


def _rounded(numerator: pl.Expr, denominator: pl.Expr) -> pl.Expr:
    """The quotient of whole numbers, the denominator above 0, rounded to the nearest, to even at a half."""
    floor = numerator // denominator
    twice = 2 * (numerator - floor * denominator)
    up = (twice > denominator) | ((twice == denominator) & (floor % 2 != 0))
    return floor + up.cast(pl.Int64)
