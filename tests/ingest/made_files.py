"""Made files: trees of records that fit a layout, with the numbers that reading them back must give."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import polars as pl
from hypothesis import strategies as st

from ingest.records import group_heads, upper_records
from market.character_set import ALLOWED
from market.frames import typed_schema
from market.header import Header
from market.item_type import ItemType, Kind
from market.layout import Item, Layout, Record

Values = dict[str, Any]

INNER = ALLOWED.decode()
OUTER = INNER.replace(" ", "")


def header_of(flow: Layout) -> Header:
    return Header(
        flow.file_type, "D", datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        flow.from_roles[0], "ACME", flow.to_role or "G", "UKDC", 18, "TR01",
    )  # fmt: skip


@dataclass(frozen=True)
class Node:
    """One record of a made file: its type, its line, its values, and the lines above it."""

    record: Record
    line: int
    values: Values
    parent: "Node | None"


Count = Callable[[Record], int]
Fill = Callable[[Record, int], Values]


def made(flow: Layout, count: Count, fill: Fill) -> list[Node]:
    """A file's records in file order, with as many of each under every parent as `count` says."""
    nodes: list[Node] = []

    def put(records: tuple[Record, ...], parent: Node | None) -> None:
        for record in records:
            for _ in range(count(record)):
                node = Node(record, len(nodes) + 2, fill(record, len(nodes)), parent)
                nodes.append(node)
                put(flow.children(record.type), node)

    put(flow.roots, None)
    return nodes


def frames_of(flow: Layout, nodes: list[Node]) -> dict[str, pl.DataFrame]:
    """The frames of the writer: typed columns and `line`."""
    frames = {}
    for record in flow.records:
        schema = pl.Schema({"line": pl.UInt32(), **typed_schema(record)})
        rows = [{"line": node.line, **node.values} for node in nodes if node.record is record]
        frames[record.type] = pl.DataFrame(rows, schema)
    return frames


def expected_numbers(flow: Layout, nodes: list[Node]) -> dict[int, tuple[int | None, int | None]]:
    """By line: the row of the parent among all rows of its type, and the number of the group; counted one by one."""
    heads, upper = group_heads(flow), upper_records(flow)
    seen: dict[str, int] = {}
    rows: dict[int, int] = {}
    groups = -1
    numbers: dict[int, tuple[int | None, int | None]] = {}
    for node in nodes:
        record_type = node.record.type
        rows[node.line] = seen[record_type] = seen.get(record_type, -1) + 1
        groups += record_type in heads
        up = None if node.parent is None else rows[node.parent.line]
        numbers[node.line] = (up, None if record_type in upper else groups)
    return numbers


def plain_value(item: Item) -> Any:
    """One value that the item holds; None where it may be empty."""
    if item.presence != "M":
        return None
    if item.valid:
        return int(item.valid[0]) if item.type.kind is Kind.INTEGER else item.valid[0]
    match item.type.kind:
        case Kind.DATE:
            return date(2026, 10, 25)
        case Kind.DATETIME:
            return datetime(2026, 3, 29, 1, 0, tzinfo=UTC)
        case Kind.TEXT:
            return "x"
        case Kind.BOOLEAN:
            return "T"
        case Kind.INTEGER | Kind.DECIMAL | Kind.TIME:
            return 1


def plain_row(record: Record, _: int = 0) -> Values:
    """The plainest values that a record holds."""
    return {item.column: plain_value(item) for item in record.items}


def least(record: Record) -> int:
    """The smallest count that the layout allows."""
    return record.occurs_range[0]


def values_of(item: Item) -> st.SearchStrategy[Any]:
    """Every value that an item holds, null too where it may be empty."""
    if item.presence == "N":
        return st.none()
    if item.valid:
        held: st.SearchStrategy[Any] = st.sampled_from(item.valid)
        held = held.map(int) if item.type.kind is Kind.INTEGER else held
    else:
        held = values_of_type(item.type)
    return held if item.presence == "M" else st.none() | held


def values_of_type(type_: ItemType) -> st.SearchStrategy[Any]:
    """Every value of an item type."""
    match type_.kind:
        case Kind.DATE:
            return st.dates()
        case Kind.DATETIME:
            return st.datetimes().map(lambda instant: instant.replace(microsecond=0, tzinfo=UTC))
        case Kind.TIME:
            return st.integers(0, 1439)
        case Kind.BOOLEAN:
            return st.sampled_from("TF")
        case Kind.TEXT if type_.digits == 1:
            return st.sampled_from(OUTER)
        case Kind.TEXT:
            inner = st.text(st.sampled_from(INNER), max_size=type_.digits - 2)
            ends = st.sampled_from(OUTER)
            return ends | st.builds(lambda first, middle, last: first + middle + last, ends, inner, ends)
        case Kind.INTEGER | Kind.DECIMAL:
            most = 10**type_.digits - 1
            return st.integers(-most, most) | st.sampled_from([-most, most, 0, 1, -1])


def counts_of(record: Record) -> st.SearchStrategy[int]:
    """Small counts that the layout allows."""
    if record.occurs == "46-50":
        return st.sampled_from([46, 48, 50])
    least_, most = record.occurs_range
    return st.integers(least_, min(most or least_ + 2, least_ + 2))


def filled(draw: st.DrawFn, flow: Layout, rows: int = 3) -> Fill:
    """Gives every record one of a few drawn rows of its type: many values from few draws."""
    pools = {
        record.type: draw(
            st.lists(
                st.fixed_dictionaries({item.column: values_of(item) for item in record.items}),
                min_size=1,
                max_size=rows,
            )
        )
        for record in flow.records
    }
    return lambda record, at: pools[record.type][at % len(pools[record.type])]


@st.composite
def random_files(draw: st.DrawFn, flow: Layout) -> list[Node]:
    """A file of a flow with drawn counts and values; at most 400 records, the plainest counts beyond."""
    room = 400

    def count(record: Record) -> int:
        nonlocal room
        wanted = draw(counts_of(record)) if room > 0 else least(record)
        room -= wanted
        return wanted

    return made(flow, count, filled(draw, flow))
