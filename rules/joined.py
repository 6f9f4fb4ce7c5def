"""The frame of a record type with all that its tests read: items of the records above and contexts, joined once."""

from functools import lru_cache

import polars as pl

from market.fault import Fault
from market.frames import text_column
from market.layout import Layout
from rules.catalogue import acceptance_of, contexts_of, tests_of
from rules.compile import columns_read
from rules.context import FileFacts, file_columns
from rules.fused_pass import ours
from rules.rule import UnitTest

Frames = dict[str, pl.DataFrame]


@lru_cache
def columns_wanted(layout: Layout, record_type: str) -> frozenset[str]:
    """The dotted columns of other records and contexts that a record type's tests, contexts and effect read.

    What records below read of its contexts is among them.
    """
    wanted = {
        column
        for _, test in tests_of(layout.file_type)
        if test.record == record_type and not isinstance(test, UnitTest)
        for column in columns_read(test)
    }
    acceptance = acceptance_of(layout)
    wanted |= {*acceptance.reads.get(record_type, ())}
    if record_type in acceptance.units and acceptance.derive is None:
        wanted |= {*acceptance.key, *acceptance.effect}
    own = f"{record_type}."
    for below in layout.records:
        if layout.record(record_type) in layout.ancestors(below.type):
            theirs = columns_wanted(layout, below.type)
            wanted |= {column.removeprefix(own) for column in theirs if column.startswith(own)}
    for context in reversed(context_order(layout, record_type, frozenset(wanted))):
        wanted |= set(contexts_of(layout.file_type)[record_type, context].reads)
    return frozenset(column for column in wanted if "." in column and not column.startswith("file."))


@lru_cache
def context_order(layout: Layout, record_type: str, wanted: frozenset[str]) -> tuple[str, ...]:
    """The contexts to join for some columns, those that others read first."""
    known = contexts_of(layout.file_type)
    order: list[str] = []

    def visit(columns: frozenset[str]) -> None:
        for column in sorted(columns):
            name = column.partition(".")[0]
            if (record_type, name) in known and name not in order:
                visit(frozenset(known[record_type, name].reads))
                order.append(name)

    visit(wanted)
    return tuple(order)


def joined(
    layout: Layout, record_type: str, frame: pl.DataFrame, parents: Frames, slice_frames: Frames, facts: FileFacts
) -> pl.DataFrame:
    """A record type's frame with the columns of records above (`GCH.bsc_season`), of `file` and of its contexts.

    `parents` are the joined frames in which `up` counts rows, `slice_frames` the typed ones of the slice that contexts
    read besides. Raises Fault where a context changes the number of rows.
    """
    wanted = columns_wanted(layout, record_type)
    frame = _with_records_above(layout, record_type, frame, parents, wanted).with_columns(file_columns(facts))
    known = contexts_of(layout.file_type)
    for name in context_order(layout, record_type, wanted):
        height = frame.height
        with ours(f"context {name} of {record_type}"):
            context = known[record_type, name]
            frame = context.join(frame, facts, *(slice_frames[other] for other in context.others))
        if frame.height != height:
            raise Fault(f"context {name} of {record_type} gives {frame.height} rows for {height}")
    return frame


def _with_records_above(
    layout: Layout, record_type: str, frame: pl.DataFrame, parents: Frames, wanted: frozenset[str]
) -> pl.DataFrame:
    up = frame["up"]
    for above in layout.ancestors(record_type):
        source = parents[above.type]
        items = {column.partition(".")[2] for column in wanted if column.startswith(f"{above.type}.")}
        items |= {text_column(item) for item in items} & set(source.columns)
        if items:
            picked = source.select(pl.col(item).gather(up).alias(f"{above.type}.{item}") for item in sorted(items))
            frame = frame.hstack(picked)
        if above.parent is not None:
            up = source["up"].gather(up)
    return frame
