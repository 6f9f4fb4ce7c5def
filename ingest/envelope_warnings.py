"""What is worth a warning about an envelope that is accepted: ENV-12, ENV-13, ENV-14, ENV-16."""

from collections.abc import Iterator
from datetime import datetime, timedelta

import polars as pl

from ingest.lines import Lines
from ingest.sequence import LAST_NUMBER
from market.clock import idd_time
from market.frames import BREACHES
from market.header import Header
from market.layout import ENVELOPE
from market.severity import Severity

AHEAD, BEHIND = timedelta(minutes=10), timedelta(days=31)
"""How far the creation time may lie from receipt before ENV-14 tells of it."""

NAME_LENGTH = 14
"""How many characters the name of an IDD file has."""

Warned = tuple[int | None, str | None, str, str | None, str]
"""Line, item, rule, value and message."""


def envelope_warnings(
    header: Header, lines: Lines, file_name: str, received_at: datetime, skipped: int, name_used: bool
) -> pl.DataFrame:
    """The warnings of an accepted envelope, as market.frames.BREACHES.

    `skipped` is how many numbers of the channel the file leaves out; `name_used` tells whether the party used the file
    name in the last month.
    """
    rows = [
        *_form(lines),
        *_skipped(header, skipped),
        *_creation_time(header, received_at),
        *_file_name(header, file_name, name_used),
    ]
    items = ENVELOPE.record("AAA")
    return pl.DataFrame(
        [
            {
                "line": line,
                "record": "AAA" if line == 1 else None,
                "item": item,
                "position": items.position(items.item(item).column) if item else 0,
                "rule": rule,
                "severity": str(Severity.WARNING),
                "unit": None,
                "value": value,
                "message": message,
            }
            for line, item, rule, value, message in rows
        ],
        BREACHES,
    )


def _form(lines: Lines) -> Iterator[Warned]:
    if lines.byte_order_mark:
        yield 1, None, "ENV-12", None, "a byte-order mark stands before AAA and is removed"
    if lines.first_cr_line:
        yield lines.first_cr_line, None, "ENV-12", None, "a CR stands before the line end, here first, and is removed"


def _skipped(header: Header, skipped: int) -> Iterator[Warned]:
    if skipped:
        yield 1, "Sequence Number", "ENV-13", str(header.sequence), gap_text(header.sequence, skipped)


def gap_text(number: int, skipped: int) -> str:
    """That a number leaves some out, and which the channel expects."""
    return f"{number} follows a gap of {skipped}, the channel expects {(number - skipped) % (LAST_NUMBER + 1)}"


def _creation_time(header: Header, received_at: datetime) -> Iterator[Warned]:
    created, value = header.creation_time, idd_time(header.creation_time)
    if created - received_at > AHEAD:
        message = f"created {value}, more than 10 minutes ahead of receipt at {idd_time(received_at)}"
        yield 1, "Creation Time", "ENV-14", value, message
    if received_at - created > BEHIND:
        message = f"created {value}, more than 31 days before receipt at {idd_time(received_at)}"
        yield 1, "Creation Time", "ENV-14", value, message


def _file_name(header: Header, file_name: str, name_used: bool) -> Iterator[Warned]:
    if len(file_name) != NAME_LENGTH:
        message = f"the name has {len(file_name)} characters, {NAME_LENGTH} due"
        yield None, None, "ENV-16", file_name, message
    elif not file_name.startswith(header.from_role):
        message = f"the name begins with {file_name[: len(header.from_role)]}, {header.from_role} due"
        yield None, None, "ENV-16", file_name, message
    elif name_used:
        yield None, None, "ENV-16", file_name, "the name was used by this party in the last month"
