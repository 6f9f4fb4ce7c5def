"""The clock of the tests' gateways: it began at the opening of a market day on which the files below are in time."""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

OPENING = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
VARIABLE = "GRIDPOST_TEST_CLOCK_OFFSET"
LATER = "GRIDPOST_TEST_CLOCK_LATER"
"""A file whose text says by how many seconds the clocks of all processes have jumped meanwhile."""


def set_opening() -> None:
    """Lets the clock of this process and of those it starts begin now."""
    os.environ[VARIABLE] = str((OPENING - datetime.now(UTC)).total_seconds())


def market_clock() -> datetime:
    """The present instant of the tests' market; it runs as fast as any."""
    return datetime.now(UTC) + clock_offset()


def clock_offset() -> timedelta:
    """How far the market's clock is from the machine's, by which the file system stamps."""
    later = os.environ.get(LATER)
    return timedelta(seconds=float(os.environ[VARIABLE]) + (float(Path(later).read_text()) if later else 0))
