from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.character_set import ALLOWED
from market.checksum import checksum
from market.header import Header
from outbound.receipt import receipt, returned, unreadable

RECEIVED = datetime(2026, 9, 14, 12, 0, 3, tzinfo=UTC)
RESPONSE = datetime(2026, 9, 14, 12, 0, 5, tzinfo=UTC)
HEADER = Header(
    "P0328001", "D", datetime(2026, 9, 14, 12, tzinfo=UTC), "VT", "TESTVTP1", "G", "UKDC", 1, "TR01"
)  # fmt: skip
AAA = b"AAA|P0328001|R|20260914120000|G|UKDC|VT|TESTVTP1|1|TR01|\n"
NAME = "VT000000000001"


def test_a_file_that_can_be_read_is_100() -> None:
    assert receipt(returned(HEADER), NAME, RECEIVED, RESPONSE, [(100, "")]) == (
        AAA + b"ADT|20260914120003|20260914120005|VT000000000001|100||\nZZZ|3|657418858|\n"
    )


def test_a_duplicate_is_101() -> None:
    later = timedelta(minutes=1)
    assert receipt(returned(HEADER), NAME, RECEIVED + later, RESPONSE + later, [(101, "")]) == (
        AAA + b"ADT|20260914120103|20260914120105|VT000000000001|101||\nZZZ|3|657419114|\n"
    )


def test_several_places_are_several_records() -> None:
    assert receipt(returned(HEADER), NAME, RECEIVED, RESPONSE, [(4, "line 12"), (4, "line 14")]) == (
        AAA
        + b"ADT|20260914120003|20260914120005|VT000000000001|4|line 12|\n"
        + b"ADT|20260914120003|20260914120005|VT000000000001|4|line 14|\nZZZ|4|1532433778|\n"
    )


def test_a_file_without_a_header_is_answered_to_the_party_in_its_first_role() -> None:
    answer = unreadable("UKDC", "BP", "ACME", RECEIVED)
    assert receipt(answer, "my file (2).txt", RECEIVED, RESPONSE, [(1, "the file is empty")]).startswith(
        b"AAA|00000000|R|20260914120003|CR|UKDC|BP|ACME|0||\n"
        b"ADT|20260914120003|20260914120005|my file (2).tx|1|the file is empty|\nZZZ|3|"
    )


def test_an_empty_test_flag_stays_empty_and_times_are_gmt() -> None:
    summer = timezone(timedelta(hours=1))
    header = Header("K0151001", "D", datetime(2026, 10, 25, 1, 30, tzinfo=summer), "BP", "ACME", "CR", "UKDC", 0)
    lines = receipt(returned(header), NAME, RECEIVED.astimezone(summer), RESPONSE, [(100, "")]).splitlines()
    assert lines[0] == b"AAA|K0151001|R|20261025003000|CR|UKDC|BP|ACME|0||"
    assert lines[1].startswith(b"ADT|20260914120003|")


def test_returning_twice_gives_the_ids_back() -> None:
    twice = returned(returned(HEADER))
    assert (twice.from_role, twice.from_id, twice.to_role, twice.to_id) == ("VT", "TESTVTP1", "G", "UKDC")


def test_a_receipt_without_a_code_is_refused() -> None:
    with pytest.raises(ValueError, match="has no code"):
        receipt(returned(HEADER), NAME, RECEIVED, RESPONSE, [])


@given(st.text(min_size=1, max_size=200), st.text(max_size=200), st.text(max_size=8))
def test_whatever_a_party_sends_the_receipt_is_a_whole_file(name: str, data: str, from_id: str) -> None:
    answer = Header("P0328001", "R", RECEIVED, "G", "UKDC", "VT", from_id, 1)
    lines = receipt(answer, name, RECEIVED, RESPONSE, [(4, data), (4, "line 9")]).split(b"\n")
    assert [line.split(b"|")[0] for line in lines] == [b"AAA", b"ADT", b"ADT", b"ZZZ", b""]
    assert [line.count(b"|") for line in lines] == [10, 6, 6, 3, 0]
    assert set(b"".join(lines)) <= {*ALLOWED, ord("|")}
    _, _, _, shown, _, told, _ = lines[1].decode().split("|")
    assert (len(shown), len(told)) == (min(14, len(name)), min(80, len(data)))
    body = b"\n".join(lines[:3]) + b"\n"
    assert lines[3] == b"ZZZ|4|%d|" % checksum(body)
