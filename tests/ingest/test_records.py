"""Texts come through as they were received, and slices hold where a file is oddly shaped."""

from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.lines import index_lines
from ingest.records import Slice, slices
from ingest.structure import structure_of
from market.character_set import ALLOWED
from market.frames import text_column
from market.item_type import item_type
from market.layout import Item, Layout, Record, layout


def read(flow: Layout, body: bytes, size: int = 250_000) -> list[Slice]:
    lines = index_lines(b"AAA|\n" + body + b"ZZZ|\n")
    structure = structure_of(lines, flow, 5)
    assert not structure.places
    return list(slices(lines, structure, size))


DECLARED = layout("K0151001")
CELL = st.text(st.sampled_from(ALLOWED.decode()), max_size=12) | st.sampled_from(
    ["", '"', '""', "'", "#", "\\", "\\N", "null", "NULL", "NA", " ", "  x", "007", "+1", "1,5", "true", ";", "%", "-"]
)


@settings(max_examples=50, deadline=None)
@given(rows=st.lists(st.tuples(*[CELL] * 6), min_size=1, max_size=12), size=st.sampled_from([1, 3, 100]))
def test_texts_are_kept_as_received(rows: list[tuple[str, ...]], size: int) -> None:
    body = b"GCH|S|WIN|2026|A|\n" + b"".join(f"GCV|{'|'.join(row)}|\n".encode() for row in rows)
    items = DECLARED.record("GCV").items
    pieces = read(DECLARED, body, size)
    found = pl.concat([piece.frames["GCV"] for piece in pieces])
    columns = [text_column(item.column) for item in items]
    assert found.select(columns).rows() == [tuple(text or None for text in row) for row in rows]
    assert found["line"].to_list() == list(range(3, len(rows) + 3))
    assert found["up"].to_list() == [0] * len(rows)
    assert found["group"].to_list() == list(range(len(rows)))


NUMBER = st.from_regex(r"-?[0-9]{0,4}(\.[0-9]{0,4})?", fullmatch=True)


@settings(max_examples=50, deadline=None)
@given(rows=st.lists(st.tuples(*[CELL | NUMBER] * 6), min_size=1, max_size=12), size=st.sampled_from([1, 3, 100]))
def test_few_rows_are_typed_as_many(rows: list[tuple[str, ...]], size: int) -> None:
    body = b"GCH|S|WIN|2026|A|\n" + b"".join(f"GCV|{'|'.join(row)}|\n".encode() for row in rows)
    few = read(DECLARED, body, size)
    with pytest.MonkeyPatch.context() as from_bytes:
        from_bytes.setattr("ingest.numbers.FEW", 0)
        many = read(DECLARED, body, size)
    for one, other in zip(few, many, strict=True):
        assert one.frames["GCV"].equals(other.frames["GCV"])
        assert one.upper["GCH"].equals(other.upper["GCH"])


@settings(max_examples=25, deadline=None)
@given(data=st.data())
def test_slices_of_any_size_give_the_same_rows(data: st.DataObject) -> None:
    flow = layout("P0282002")
    body = b"MSA|20261025|\n"
    for group in range(data.draw(st.integers(1, 3))):
        body += b"MSB|_%d|\n" % group
        for _ in range(data.draw(st.integers(1, 2))):
            body += b"MSC|V__FACME001|\n"
            for _ in range(data.draw(st.integers(1, 3))):
                body += b"MSJ|1000000000000||\n" + b"MSP|1|1|\n" * data.draw(st.integers(0, 3))
                for _ in range(data.draw(st.integers(0, 2))):
                    body += b"ASJ|2000000000000||\n" + b"ASP|1|1|\n" * data.draw(st.integers(1, 2))

    def gathered(size: int) -> dict[str, list[dict[str, Any]]]:
        """Every row with the lines above it, which do not depend on the slices."""
        rows: dict[str, list[dict[str, Any]]] = {record.type: [] for record in flow.records}
        for piece in read(flow, body, size):
            new = {name: frame.tail(piece.new_upper[name]) for name, frame in piece.upper.items()}
            for name, frame in {**piece.frames, **new}.items():
                record = flow.record(name)
                parents = piece.parent_frame(record)["line"] if record.parent else None
                for row in frame.iter_rows(named=True):
                    up = row.pop("up")
                    rows[name].append({**row, "above": None if parents is None else parents[up]})
        return rows

    whole = gathered(250_000)
    for size in (1, 2, 5):
        assert gathered(size) == whole


def flow_of(*records: tuple[str, str | None, str]) -> Layout:
    """A made layout of one-item records: type, parent, cardinality."""
    depths: dict[str | None, int] = {None: -1}
    made = []
    for name, parent, occurs in records:
        depths[name] = depths[parent] + 1
        made.append(Record(name, name, parent, occurs, (Item("It", item_type("integer(2)"), "O"),), depths[name]))
    return Layout("X0000001", "Made", "in", "test", ("BP",), "G", tuple(made))


@pytest.mark.parametrize("size", [1, 2, 100])
def test_a_body_without_records_has_no_slices(size: int) -> None:
    assert read(flow_of(("AAB", None, "0-*")), b"", size) == []


@pytest.mark.parametrize("size", [1, 2, 100])
def test_records_above_the_groups_alone_are_one_slice(size: int) -> None:
    flow = flow_of(("TOP", None, "0-*"), ("MID", "TOP", "0-*"), ("LOW", "MID", "0-*"), ("END", "LOW", "0-*"))
    body = b"TOP|1|\nMID|1|\nMID|2|\n" + b"TOP|2|\nMID|3|\n"
    pieces = read(flow, body, size)
    kept = pl.concat([piece.upper["TOP"].tail(piece.new_upper["TOP"]) for piece in pieces])
    assert kept["it"].to_list() == [1, 2]
    assert sum(len(piece.frames["LOW"]) for piece in pieces) == 0


@pytest.mark.parametrize("size", [1, 2, 3, 100])
def test_groups_under_several_parents_find_them(size: int) -> None:
    flow = flow_of(("TOP", None, "0-*"), ("LOW", "TOP", "0-*"), ("END", "LOW", "0-*"), ("BOT", None, "0-*"))
    body = b"TOP|1|\nTOP|2|\nLOW|21|\nEND|1|\nEND|2|\nTOP|3|\nLOW|31|\nLOW|32|\nEND|3|\nTOP|4|\nBOT|1|\nBOT|2|\n"
    pieces = read(flow, body, size)
    tops = [(row["it"], piece.upper["TOP"]["it"][row["up"]])
            for piece in pieces for row in piece.frames["LOW"].to_dicts()]  # fmt: skip
    ends = [(row["it"], piece.frames["LOW"]["it"][row["up"]], row["group"])
            for piece in pieces for row in piece.frames["END"].to_dicts()]  # fmt: skip
    bottoms = [group for piece in pieces for group in piece.frames["BOT"]["group"]]
    assert tops == [(21, 2), (31, 3), (32, 3)]
    assert ends == [(1, 21, 0), (2, 21, 0), (3, 32, 2)]
    assert bottoms == [3, 4]
    assert sum(piece.new_upper["TOP"] for piece in pieces) == 4


def test_slices_are_about_as_large_as_asked() -> None:
    body = b"GCH|S|WIN|2026|A|\n" + b"GCV|x|20261201|1|-1|||\n" * 1000
    assert [len(piece.frames["GCV"]) for piece in read(DECLARED, body, 300)] == [299, 300, 300, 101]
