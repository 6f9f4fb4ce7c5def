"""The clock is passed in, never read from the side: what needs the time takes a Clock."""

from collections.abc import Callable
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

Clock = Callable[[], datetime]
"""Gives the present instant as an aware datetime in UTC (the market writes GMT for it)."""

LONDON = ZoneInfo("Europe/London")


def system_clock() -> datetime:
    """The machine's clock, in UTC."""
    return datetime.now(UTC)


def whole_second(instant: datetime) -> datetime:
    """An aware instant cut (not rounded) to its second, in UTC: how received times are kept."""
    return instant.astimezone(UTC).replace(microsecond=0)


def london_day(instant: datetime) -> date:
    """The London calendar day on which an aware instant falls."""
    return instant.astimezone(LONDON).date()


def idd_time(instant: datetime) -> str:
    """An aware instant as an IDD datetime item: YYYYMMDDHHMMSS, GMT."""
    return instant.astimezone(UTC).strftime("%Y%m%d%H%M%S")
