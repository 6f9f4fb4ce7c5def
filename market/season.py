"""BSC Seasons: SPR from 1 March, SUM from 1 June, AUT from 1 September, WIN from 1 December to the end of February.

A season is named by the calendar year in which it starts: WIN 2026 ends on 28 February 2027.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache

import polars as pl

from market.clock import LONDON
from market.working_days import working_days_before

FIRST_MONTH = {"SPR": 3, "SUM": 6, "AUT": 9, "WIN": 12}
"""The month on whose first day each season begins, in the order of a year."""
NOTICE = 10
"""How many Working Days before a season its declarations close."""
CLOSING = time(17)
"""The London time at which they close."""

SEASONS = pl.Schema(
    {
        "season": pl.String(),
        "season_start_year": pl.Int64(),
        "first_day": pl.Date(),
        "last_day": pl.Date(),
        "deadline": pl.Datetime("us", "UTC"),
    }
)
"""One row a season. `deadline` is the last instant at which its seasonal declaration is in time."""


@dataclass(frozen=True)
class Season:
    """One BSC Season. Raises ValueError for a code that is none of SPR, SUM, AUT and WIN."""

    code: str
    start_year: int

    def __post_init__(self) -> None:
        if self.code not in FIRST_MONTH:
            raise ValueError(f"{self.code} is no BSC Season")

    def __str__(self) -> str:
        return f"{self.code} {self.start_year}"

    @property
    def first_day(self) -> date:
        """The London day with which it begins."""
        return date(self.start_year, FIRST_MONTH[self.code], 1)

    @property
    def last_day(self) -> date:
        """The London day with which it ends."""
        return self.next.first_day - timedelta(days=1)

    @property
    def next(self) -> "Season":
        """The season after it."""
        codes = tuple(FIRST_MONTH)
        place = codes.index(self.code) + 1
        return Season(codes[place % 4], self.start_year + place // 4)

    @property
    def deadline(self) -> datetime:
        """The last instant, in UTC, at which its seasonal declaration is in time (BSCP15/4.3).

        17:00 London time on the tenth Working Day before it, counted back from the day before its first day.
        """
        day = working_days_before(self.first_day, NOTICE)
        return datetime.combine(day, CLOSING, LONDON).astimezone(UTC)


def season_of(day: date) -> Season:
    """The season in which a London day lies."""
    if day.month < 3:
        return Season("WIN", day.year - 1)
    return Season(tuple(FIRST_MONTH)[day.month // 3 - 1], day.year)


def season_first_day_expr(season: pl.Expr, start_year: pl.Expr) -> pl.Expr:
    """The first day (Date) of each season and start year; null for other codes and for years not from 1 to 9999."""
    month = season.replace_strict(FIRST_MONTH, default=None, return_dtype=pl.Int8)
    year = pl.when(start_year.is_between(1, 9999)).then(start_year)
    return pl.date(year, month, 1)


@lru_cache(maxsize=8)
def seasons_frame(first_year: int = 2001, last_year: int = 2100) -> pl.DataFrame:
    """SEASONS of the start years from first to last, in order.

    A year costs about 2 ms once per process (its bank holidays), so ask for the years that are needed.
    """
    seasons = [Season(code, year) for year in range(first_year, last_year + 1) for code in FIRST_MONTH]
    rows = [(s.code, s.start_year, s.first_day, s.last_day, s.deadline) for s in seasons]
    return pl.DataFrame(rows, SEASONS, orient="row")
