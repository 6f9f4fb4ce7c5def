"""The days that a baseline is made of: the most recent eligible ones of the event day's kind."""

from datetime import date, timedelta

import polars as pl

from market.baseline.pairs import METER, PAIR
from market.settlement_period import periods_in_day_expr
from market.working_days import is_working_day, working_days_frame

LOOK_BACK = 60
"""How many days back a historical day may be."""

WORKING_DAYS = 10
"""How many Working Days make the baseline of a Working Day."""

NON_WORKING_DAYS = 4
"""How many Non-Working Days make the baseline of a Non-Working Day."""

HISTORICAL_DAYS = pl.Schema(
    {
        "bm_unit_id": pl.String(),
        "import_msid": pl.String(),
        "import_amsid": pl.String(),
        "settlement_date": pl.Date(),
        "chosen": pl.Boolean(),
        "reason": pl.String(),
    }
)
"""One row a pair and a day of the last 60, the most recent first.

`reason` tells why a day is left out and is null for a chosen one. The first that holds of: `other kind of day`,
`clock change`, `event day`, `not metered in every period`, `more recent days suffice`."""


def historical_days(
    day: date, pairs: pl.DataFrame, event_days: pl.DataFrame, pair_volumes: pl.DataFrame
) -> pl.DataFrame:
    """The days of HISTORICAL_DAYS for each pair and an event on a London day.

    `pairs` has the columns of market.baseline.pairs.PAIR. `event_days` are those in force, with the columns that name a
    pair's meter and `event_day`: a day is a pair's event day whatever BM Unit it was in. `pair_volumes` has the columns
    of market.reference.PAIR_VOLUMES.
    """
    working = is_working_day(day)
    wanted = WORKING_DAYS if working else NON_WORKING_DAYS
    looked_at = pairs.select(PAIR).unique().join(_calendar(day, alike=working), how="cross")
    events = event_days.select(*METER, settlement_date="event_day", event=pl.lit(value=True)).unique()
    metered = (
        pair_volumes.filter(
            pl.col("settlement_date").is_between(day - timedelta(days=LOOK_BACK), day, closed="left"),
            pl.col("volume").is_not_null(),
        )
        .group_by(*METER, "settlement_date")
        .agg(metered=pl.col("settlement_period").n_unique().cast(pl.Int64))
    )
    on = [*METER, "settlement_date"]
    known = looked_at.join(events, on=on, how="left", nulls_equal=True, validate="m:1").join(
        metered, on=on, how="left", nulls_equal=True, validate="m:1"
    )
    reason = (
        pl.when(~pl.col("alike"))
        .then(pl.lit("other kind of day"))
        .when(pl.col("periods") != 48)
        .then(pl.lit("clock change"))
        .when(pl.col("event").is_not_null())
        .then(pl.lit("event day"))
        .when(pl.col("metered").fill_null(0) != pl.col("periods"))
        .then(pl.lit("not metered in every period"))
    )
    judged = known.with_columns(reason=reason).sort(*PAIR, "settlement_date", descending=[False, False, False, True])
    rank = pl.col("reason").is_null().cast(pl.Int64).cum_sum().over(PAIR)
    enough = pl.when(pl.col("reason").is_null() & (rank > wanted)).then(pl.lit("more recent days suffice"))
    return judged.with_columns(reason=pl.coalesce("reason", enough)).select(
        *PAIR, "settlement_date", pl.col("reason").is_null().alias("chosen"), "reason"
    )


def _calendar(day: date, *, alike: bool) -> pl.DataFrame:
    """The days before a day with how many periods each has and whether it is a Working Day or not as asked."""
    days = working_days_frame(day - timedelta(days=LOOK_BACK), day - timedelta(days=1))
    return days.select(
        settlement_date="day", periods=periods_in_day_expr(pl.col("day")), alike=pl.col("working") == alike
    )
