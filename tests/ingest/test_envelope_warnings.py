"""ENV-12, ENV-13, ENV-14 and ENV-16: what is only worth a warning, and what stands beside it and is not."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ingest.envelope_warnings import envelope_warnings
from ingest.lines import index_lines
from market.frames import BREACHES
from market.header import Header

RECEIVED = datetime(2026, 11, 10, 9, 30, tzinfo=UTC)
FILE = b"AAA|x|\nBSD|1|\nZZZ|3|1|\n"
NAME = "VT000000000001"


def warned(
    received: bytes = FILE, created: datetime = RECEIVED, skipped: int = 0, name: str = NAME, used: bool = False
) -> list[dict[str, Any]]:
    header = Header("P0328001", "D", created, "VT", "ACME", "G", "UKDC", 20, "TR01")
    frame = envelope_warnings(header, index_lines(received), name, RECEIVED, skipped, used)
    assert frame.schema == BREACHES
    assert frame["severity"].to_list() == ["W"] * len(frame)
    assert frame["unit"].null_count() == len(frame)
    return [{key: row[key] for key in ("line", "record", "item", "position", "rule", "value", "message")}
            for row in frame.to_dicts()]  # fmt: skip


def told(line: int | None, record: str | None, place: tuple[str | None, int], rule: str, value: str | None,
         message: str) -> list[dict[str, Any]]:  # fmt: skip
    item, position = place
    return [{"line": line, "record": record, "item": item, "position": position, "rule": rule, "value": value,
             "message": message}]  # fmt: skip


def test_a_clean_envelope_is_worth_no_warning() -> None:
    assert warned() == []


def test_env_12_a_byte_order_mark() -> None:
    message = "a byte-order mark stands before AAA and is removed"
    assert warned(b"\xef\xbb\xbf" + FILE) == told(1, "AAA", (None, 0), "ENV-12", None, message)


def test_env_12_cr_before_lf_at_its_first_line() -> None:
    message = "a CR stands before the line end, here first, and is removed"
    assert warned(FILE.replace(b"\n", b"\r\n")) == told(1, "AAA", (None, 0), "ENV-12", None, message)
    assert warned(FILE.replace(b"1|\nZ", b"1|\r\nZ")) == told(2, None, (None, 0), "ENV-12", None, message)


@pytest.mark.parametrize(("skipped", "message"), [(0, None), (2, "20 follows a gap of 2, the channel expects 18")])
def test_env_13_a_gap(skipped: int, message: str | None) -> None:
    assert warned(skipped=skipped) == (
        told(1, "AAA", ("Sequence Number", 8), "ENV-13", "20", message) if message else []
    )


@pytest.mark.parametrize(
    ("ahead", "message"),
    [
        (timedelta(minutes=10), None),
        (timedelta(minutes=10, seconds=1),
         "created 20261110094001, more than 10 minutes ahead of receipt at 20261110093000"),
        (-timedelta(days=31), None),
        (-timedelta(days=31, seconds=1), "created 20261010092959, more than 31 days before receipt at 20261110093000"),
        (timedelta(hours=1), "created 20261110103000, more than 10 minutes ahead of receipt at 20261110093000"),
        (timedelta(0), None),
    ],
)  # fmt: skip
def test_env_14_a_creation_time_far_from_receipt(ahead: timedelta, message: str | None) -> None:
    created = RECEIVED + ahead
    value = f"{created:%Y%m%d%H%M%S}"
    assert warned(created=created) == (
        told(1, "AAA", ("Creation Time", 3), "ENV-14", value, message) if message else []
    )


@pytest.mark.parametrize(
    ("name", "used", "message"),
    [
        (NAME, False, None),
        ("VT.rerun (2) x", False, None),
        (NAME, True, "the name was used by this party in the last month"),
        ("my file (2).txt", False, "the name has 15 characters, 14 due"),
        ("VT00000000001", False, "the name has 13 characters, 14 due"),
        ("BP000000000001", False, "the name begins with BP, VT due"),
        ("vt000000000001", False, "the name begins with vt, VT due"),
        ("BP000000000001", True, "the name begins with BP, VT due"),
        ("", False, "the name has 0 characters, 14 due"),
    ],
)
def test_env_16_a_file_name(name: str, used: bool, message: str | None) -> None:
    assert warned(name=name, used=used) == (told(None, None, (None, 0), "ENV-16", name, message) if message else [])


def test_several_warnings_stand_together() -> None:
    received = b"\xef\xbb\xbf" + FILE.replace(b"\n", b"\r\n")
    rows = warned(received, RECEIVED - timedelta(99), 3, "x")
    assert [row["rule"] for row in rows] == ["ENV-12", "ENV-12", "ENV-13", "ENV-14", "ENV-16"]
