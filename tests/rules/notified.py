"""Notification files of a few lines, judged in the made-up market."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

import polars as pl

from market.settlement_period import day_start
from rules.judge import Judgement
from rules.notification.effect import accepted_pieces
from tests.rules.world import References, judged, references

MINUTE = timedelta(minutes=1)
ORDINARY, SHORT, LONG = date(2026, 9, 15), date(2026, 3, 29), date(2026, 10, 25)

Minutes = tuple[int, int, int, int]
"""Minutes after London midnight and level, twice."""


def at(text: str) -> datetime:
    """An instant of ISO 8601, in UTC."""
    return datetime.fromisoformat(text).astimezone(UTC)


def segment(record: str, day: date, minutes: Minutes) -> str:
    """The line of a segment."""
    time_from, level_from, time_to, level_to = minutes
    start = day_start(day)
    first, last = (f"{start + time * MINUTE:%Y%m%d%H%M%S}" for time in (time_from, time_to))
    return f"{record}|{first}|{level_from}|{last}|{level_to}|"


def file_of(day: date, unit: str = "T_DINO-1", /, **segments: Iterable[Minutes]) -> str:
    """A file of one BM Unit: segments by record type; the first line is 2, the first segment on line 4."""
    lines = [segment(record, day, minutes) for record, each in segments.items() for minutes in each]
    return "\n".join([f"PNH|{day:%Y%m%d}|", f"PNU|{unit}|", *lines])


def notified(
    body: str,
    received_at: datetime,
    *,
    known: References | None = None,
    sender: str = "ACME",
    slice_records: int = 250_000,
) -> Judgement:
    """The judgement on a notification file."""
    return judged(
        body, flow="K0011001", sender=sender, received_at=received_at, known=known, slice_records=slice_records
    )


def after(judgement: Judgement, received_at: datetime, ref: str, known: References | None = None) -> References:
    """The references with what a judgement put in force."""
    known = references() if known is None else known
    rows = accepted_pieces(judgement.effect.filter(pl.col("outcome") != "N")).with_columns(
        pl.lit(received_at).alias("received_at"), pl.lit(ref).alias("submission_ref")
    )
    standing = known["notifications"]
    return {
        **known,
        "notifications": pl.concat([standing, rows.select(pl.col(n).cast(d) for n, d in standing.schema.items())]),
    }


def outcomes(judgement: Judgement) -> dict[str, str]:
    """The outcome of each unit by its key."""
    return dict(judgement.units.select("key", "outcome").iter_rows())


def letters(judgement: Judgement) -> str:
    """The outcomes of all units, in order."""
    return "".join(judgement.units["outcome"])
