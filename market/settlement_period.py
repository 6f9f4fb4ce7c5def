"""Settlement Periods: the half-hours of a London day from its midnight, 46, 48 or 50 of them, counted from 1.

Periods are computed in UTC, so the day on which clocks change has two fewer or two more. The scalar functions
and the expressions agree; the expressions are for columns of days (Date) and of instants (Datetime in UTC).
"""

from datetime import UTC, date, datetime, time, timedelta

import polars as pl

from market.clock import LONDON, london_day

PERIOD = timedelta(minutes=30)
GATE = timedelta(minutes=60)
"""How long before a period's start its Gate Closure is."""


def day_start(day: date) -> datetime:
    """London midnight at which a day begins, as an aware instant in UTC."""
    return datetime.combine(day, time(), LONDON).astimezone(UTC)


def periods_in_day(day: date) -> int:
    """How many Settlement Periods a London day has: 46, 48 or 50."""
    return (day_start(day + timedelta(days=1)) - day_start(day)) // PERIOD


def period_start(day: date, period: int) -> datetime:
    """The instant in UTC at which a period begins; raises ValueError where the day has no such period."""
    last = periods_in_day(day)
    if not 1 <= period <= last:
        raise ValueError(f"period {period} is not on {day}, which has periods 1 to {last}")
    return day_start(day) + (period - 1) * PERIOD


def period_of(instant: datetime) -> tuple[date, int]:
    """The London day and the period in which an aware instant falls; a period's start belongs to it."""
    day = london_day(instant)
    return day, 1 + (instant - day_start(day)) // PERIOD


def gate_closure(day: date, period: int) -> datetime:
    """Gate Closure of a period, in UTC: 60 minutes before it begins. What arrives at that instant is late."""
    return period_start(day, period) - GATE


def day_start_expr(day: pl.Expr) -> pl.Expr:
    """London midnight of each Date, as Datetime in UTC."""
    local = day.cast(pl.Datetime("us")).dt.replace_time_zone(LONDON.key)
    return local.dt.convert_time_zone("UTC")


def settlement_day_expr(instant: pl.Expr) -> pl.Expr:
    """The London day (Date) of each Datetime in UTC."""
    return instant.dt.convert_time_zone(LONDON.key).dt.date()


def settlement_period_expr(instant: pl.Expr) -> pl.Expr:
    """The number (Int64, from 1) of the period in which each Datetime in UTC falls."""
    since = instant - day_start_expr(settlement_day_expr(instant))
    return since.dt.total_minutes() // 30 + 1


def periods_in_day_expr(day: pl.Expr) -> pl.Expr:
    """How many periods (Int64) each Date has."""
    length = day_start_expr(day.dt.offset_by("1d")) - day_start_expr(day)
    return length.dt.total_minutes() // 30


def period_start_expr(day: pl.Expr, period: pl.Expr) -> pl.Expr:
    """The start of each Date's period, as Datetime in UTC; null where the day has no such period."""
    start = day_start_expr(day) + pl.duration(minutes=30 * (period.cast(pl.Int64) - 1))
    return pl.when(period.is_between(1, periods_in_day_expr(day))).then(start)


def gate_closure_expr(day: pl.Expr, period: pl.Expr) -> pl.Expr:
    """Gate Closure of each Date's period, as Datetime in UTC; null where the day has no such period."""
    return period_start_expr(day, period) - pl.lit(GATE)
