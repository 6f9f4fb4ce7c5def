"""What outbound.writer writes of any layout is read back value by value, with line, parent and group."""

from collections import defaultdict
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ingest.envelope import judge_body, read_header
from ingest.lines import index_lines
from ingest.records import group_heads, slice_record, slices, upper_records
from ingest.structure import Structure
from market.frames import text_column, typed_schema
from market.layout import Layout, file_types, layout
from outbound.writer import file
from tests.ingest.made_files import (
    Node,
    expected_numbers,
    frames_of,
    header_of,
    least,
    made,
    plain_row,
    random_files,
)

EVERY = pytest.mark.parametrize("flow", [layout(each) for each in file_types()], ids=lambda flow: flow.file_type)


def written(flow: Layout, nodes: list[Node]) -> bytes:
    return file(header_of(flow), flow, frames_of(flow, nodes))


def read_back(flow: Layout, received: bytes, size: int) -> dict[str, list[dict[str, Any]]]:
    """By record type the rows of all slices in file order, each checked against the slice that it came in."""
    lines = index_lines(received)
    structure = judge_body(lines, flow, 100)
    assert isinstance(structure, Structure), structure
    rows: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for piece in slices(lines, structure, size):
        assert set(piece.upper) == set(upper_records(flow))
        assert set(piece.frames) | set(piece.upper) == {record.type for record in flow.records}
        for record in flow.records:
            new = piece.upper[record.type].tail(piece.new_upper[record.type]) if record.type in piece.upper else None
            frame = piece.frames[record.type] if new is None else new
            assert typed_schema(record).items() <= frame.schema.items()
            assert frame.schema.items() >= {"line": pl.UInt32(), "up": pl.UInt32(), "group": pl.UInt32()}.items()
            parents = piece.parent_frame(record)["line"] if record.parent else None
            for row in frame.iter_rows(named=True):
                row["parent_line"] = None if parents is None else parents[row["up"]]
                rows[record.type].append(row)
    return rows


def assert_unchanged(flow: Layout, nodes: list[Node], size: int) -> None:
    rows = read_back(flow, written(flow, nodes), size)
    numbers = expected_numbers(flow, nodes)
    for record in flow.records:
        mine = [node for node in nodes if node.record is record]
        assert [row["line"] for row in rows[record.type]] == [node.line for node in mine]
        for node, row in zip(mine, rows[record.type], strict=True):
            assert {item.column: row[item.column] for item in record.items} == node.values
            for item in record.items:
                assert (row[text_column(item.column)] is None) == (node.values[item.column] is None)
            assert row["group"] == numbers[node.line][1]
            assert row["parent_line"] == (node.parent.line if node.parent else None)
            if record.parent is None:
                assert row["up"] is None
            elif record.parent in upper_records(flow):
                assert row["up"] == numbers[node.line][0]


@EVERY
@pytest.mark.parametrize("size", [1, 7, 250_000])
def test_the_plainest_file_of_every_flow_is_read_back(flow: Layout, size: int) -> None:
    assert_unchanged(flow, made(flow, least, plain_row), size)


@EVERY
@settings(max_examples=3, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_random_file_of_every_flow_is_read_back(flow: Layout, data: st.DataObject) -> None:
    nodes = data.draw(random_files(flow))
    assert_unchanged(flow, nodes, data.draw(st.sampled_from([1, 2, 5, 50, 1000])))


@EVERY
def test_the_header_of_every_flow_is_read_back(flow: Layout) -> None:
    assert read_header(written(flow, made(flow, least, plain_row))) == header_of(flow)


@pytest.mark.parametrize(
    ("file_type", "record"),
    [
        ("P0328001", "BSB"), ("K4192001", "NFU"), ("K0011001", "PNU"), ("P0282002", "MSJ"), ("C0421002", "ABV"),
        ("K0151001", "GCV"), ("K4191001", "DEC"), ("K0152001", "GCC"), ("P0284001", "MSF"),
    ],
)  # fmt: skip
def test_files_are_cut_in_front_of_the_slice_level_record(file_type: str, record: str) -> None:
    flow = layout(file_type)
    assert slice_record(flow).type == record
    assert record in group_heads(flow)
    assert record not in upper_records(flow)


def test_every_slice_but_the_first_begins_with_a_group_head() -> None:
    flow = layout("P0328001")
    counts = {"BSD": 1, "BSB": 7, "BSP": 3}
    nodes = made(flow, lambda record: counts[record.type], plain_row)
    lines = index_lines(written(flow, nodes))
    structure = judge_body(lines, flow, 100)
    assert isinstance(structure, Structure)
    firsts = [piece.frames["BSB"]["line"][0] for piece in slices(lines, structure, 8)]
    assert firsts == [3, 11, 19, 27]
    assert [piece.new_upper for piece in slices(lines, structure, 8)] == [
        {"BSD": 1},
        {"BSD": 0},
        {"BSD": 0},
        {"BSD": 0},
    ]
