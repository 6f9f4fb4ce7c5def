"""Working Days: Monday to Friday but the bank holidays of England and Wales, one-off ones included.

The holidays come from the `holidays` library, which is imported and asked only for the years that are needed.
"""

from datetime import date, timedelta
from functools import lru_cache

import numpy as np
import polars as pl


@lru_cache(maxsize=512)
def bank_holidays(year: int) -> tuple[date, ...]:
    """The bank holidays of England and Wales in a year, in order, substitute days included."""
    from holidays import country_holidays  # most commands never ask for a Working Day, and this costs 0.05 s

    return tuple(sorted(country_holidays("GB", subdiv="ENG", years=year)))


def is_working_day(day: date) -> bool:
    """Whether a day is a Working Day."""
    return day.weekday() < 5 and day not in bank_holidays(day.year)


def add_working_days(day: date, count: int) -> date:
    """The Working Day that is the `count`-th after a day, the day itself not counted; raises ValueError below 1."""
    return _stepped(day, count, 1)


def working_days_before(day: date, count: int) -> date:
    """The Working Day that is the `count`-th before a day, the day itself not counted; raises ValueError below 1."""
    return _stepped(day, count, -1)


def working_days_frame(first: date, last: date) -> pl.DataFrame:
    """Each day from `first` to `last` with `day` (Date), `working` (Boolean) and `number` (Int32).

    `number` counts Working Days from `first`, so that of two Working Days the later is the difference of their
    numbers Working Days after the earlier.
    """
    holidays = [day for year in range(first.year, last.year + 1) for day in bank_holidays(year)]
    day = pl.col("day")
    return (
        pl.DataFrame({"day": pl.date_range(first, last, eager=True)})
        .with_columns(working=(day.dt.weekday() <= 5) & ~day.is_in(holidays))
        .with_columns(number=pl.col("working").cast(pl.Int32).cum_sum())
    )


def _stepped(day: date, count: int, direction: int) -> date:
    if count < 1:
        raise ValueError(f"{count} Working Days are no distance to count")
    # Working Days are never so rare that twice their number and three weeks would not hold them.
    edge = day + direction * timedelta(days=2 * count + 21)
    years = range(min(day, edge).year, max(day, edge).year + 1)
    found = np.busday_offset(
        np.datetime64(day, "D"),
        direction * count,
        roll="backward" if direction > 0 else "forward",
        holidays=[np.datetime64(off, "D") for year in years for off in bank_holidays(year)],
    )
    return date.fromisoformat(str(found))
