import csv
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from market import checksum as module
from market.checksum import Checksum, checksum

RECORDS = st.lists(st.binary(max_size=12).map(lambda record: record.replace(b"\n", b"")), max_size=12)
VECTORS = Path(__file__).parents[3] / "shared" / "data" / "checksum_vectors"


def by_definition(records: bytes) -> int:
    total = 0
    for record in records.split(b"\n"):
        for at in range(0, len(record), 4):
            total ^= int.from_bytes(record[at : at + 4].ljust(4, b"\0"), "big")
    return total


@pytest.mark.parametrize(
    ("records", "value"),
    [
        (b"", 0),
        (b"\n", 0),
        (b"A\n", 0x41000000),
        (b"ABCD\n", 0x41424344),
        (b"ABCDE\n", 0x41424344 ^ 0x45000000),
        (b"A\nB\n", 0x03000000),
        (b"AAA|P0328001|R|20260914120000|G|UKDC|VT|TESTVTP1|1|TR01|\n"
         b"ADT|20260914120003|20260914120005|VT000000000001|100||\n", 657418858),
    ],
)  # fmt: skip
def test_known_values(records: bytes, value: int) -> None:
    assert checksum(records) == value


@given(RECORDS, st.booleans())
def test_the_value_is_that_of_the_definition(records: list[bytes], ended: bool) -> None:
    body = b"\n".join(records) + (b"\n" if ended else b"")
    assert checksum(body) == by_definition(body)
    assert checksum(memoryview(body)) == by_definition(body)


@given(st.binary(max_size=100).map(lambda bytes_: bytes_.replace(b"\x07", b"\n")), st.lists(st.integers(0, 100)))
def test_the_cuts_make_no_difference(body: bytes, cuts: list[int]) -> None:
    sum_ = Checksum()
    edges = sorted({0, len(body), *(min(cut, len(body)) for cut in cuts)})
    for start, stop in pairwise(edges):
        sum_.update(memoryview(body)[start:stop])
    assert sum_.value == by_definition(body)


@given(RECORDS)
def test_neither_order_nor_twins_show(records: list[bytes]) -> None:
    body = b"".join(record + b"\n" for record in records)
    turned = b"".join(record + b"\n" for record in reversed(records))
    assert checksum(turned) == checksum(body)
    assert checksum(body + turned) == 0


def test_a_body_of_many_passes_is_one_body(monkeypatch: pytest.MonkeyPatch) -> None:
    body = b"".join(b"GCV|T_UNIT-%d|20261201|%d.5|\n" % (n, n) for n in range(300)) + b"X" * 700 + b"\nlast"
    monkeypatch.setattr(module, "PIECE", 64)
    assert checksum(body) == by_definition(body)


def test_the_published_vectors_hold() -> None:
    if not VECTORS.is_dir():
        pytest.skip("the vectors are not on this machine")
    with (VECTORS / "MANIFEST.csv").open() as manifest:
        for row in csv.DictReader(manifest):
            lines = (VECTORS / row["file"]).read_bytes().removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n")
            records, footer = lines.rstrip(b"\n").rsplit(b"\n", 1)
            assert footer[:3] in (b"ZZZ", b"ZPT")
            assert checksum(records + b"\n") == int(row["checksum"]), row["file"]
