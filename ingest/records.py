"""Typed frames from a body whose structure holds: one frame per record type, in slices of whole groups.

Columns of a frame: `line` (UInt32), `up` (UInt32, the row of the parent in the parent's frame; null for a root),
`group` (UInt32, the number of the group head at or above the row; null above the groups), and per item its text
as received (`<column>__text`, null where empty) and its typed value (`<column>`, market.frames.typed_dtype), null
exactly where the item is empty or breaks its field rule.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise, starmap

import numpy as np
import polars as pl

from ingest.ahead import ahead
from ingest.lines import Lines
from ingest.numbers import typed_items
from ingest.structure import Rows, Structure
from market.frames import text_column
from market.layout import Layout, Record

SLICE_RECORDS = 250_000
"""About how many records are typed and judged at once: memory follows the slice, not the file."""

Frames = dict[str, pl.DataFrame]


@lru_cache
def slice_record(layout: Layout) -> Record:
    """The slice-level record: of those that repeat and have children the deepest, 1-* before any other cardinality.

    It is BSB of P0328001, NFU of K4192001, MSJ of P0282002, ABV of C0421002, GCV of K0151001. Where none has children
    it is the deepest that repeats, where none repeats the last.
    """
    parents = {record.parent for record in layout.records}
    repeated = [record for record in layout.records if record.occurs_range[1] != 1]
    inner = [record for record in repeated if record.type in parents]
    return max(inner or repeated or layout.records, key=lambda record: (record.occurs == "1-*", record.depth))


@lru_cache
def upper_records(layout: Layout) -> tuple[str, ...]:
    """The record types above the slice level: their frames are kept whole while the slices pass."""
    return tuple(record.type for record in reversed(layout.ancestors(slice_record(layout).type)))


@lru_cache
def group_heads(layout: Layout) -> tuple[str, ...]:
    """The record types in front of which a file may be cut: roots and children of upper records, but no upper ones."""
    upper = upper_records(layout)
    return tuple(
        record.type for record in layout.records if record.type not in upper and record.parent in (None, *upper)
    )


@dataclass
class Slice:
    """The frames of one slice. `upper` holds the upper records' frames so far, this slice's included.

    `new_upper` tells how many rows at the end of each upper frame came with this slice.
    """

    frames: Frames
    upper: Frames
    new_upper: dict[str, int] = field(default_factory=dict)

    def parent_frame(self, record: Record) -> pl.DataFrame:
        """The frame in which the rows named by a record's `up` stand."""
        assert record.parent is not None
        return self.upper[record.parent] if record.parent in self.upper else self.frames[record.parent]


def slices(lines: Lines, structure: Structure, records: int = SLICE_RECORDS) -> Iterator[Slice]:
    """The typed frames of a body, slice by slice in file order, for a structure without a broken place."""
    layout = structure.layout
    heads = np.sort(np.concatenate([structure.rows[head] for head in group_heads(layout)]))
    bounds = _bounds(heads, len(structure.codes), records)
    return put_together(
        layout, bounds, lambda first, last: _frames(lines, structure, first, last, _before(heads, first))
    )


def put_together(
    layout: Layout, bounds: list[tuple[int, int]], frames_of: Callable[[int, int], Frames]
) -> Iterator[Slice]:
    """The slices with those bounds, the frames of each made by `frames_of`; of several the next are made ahead."""
    made = starmap(frames_of, bounds) if len(bounds) == 1 else ahead(lambda bound: frames_of(*bound), bounds)
    upper: Frames = {}
    for frames in made:
        new_upper = {name: frames.pop(name) for name in upper_records(layout)}
        for name, frame in new_upper.items():
            upper[name] = pl.concat([upper[name], frame]) if name in upper else frame
        yield Slice(frames, dict(upper), {name: len(frame) for name, frame in new_upper.items()})


def first_record(lines: Lines, structure: Structure) -> pl.DataFrame:
    """The typed frame of the body's first record alone."""
    frames = _frames(lines, structure, 0, 1, 0)
    return frames[structure.layout.records[structure.codes[0]].type]


def _bounds(heads: Rows, rows: int, records: int) -> list[tuple[int, int]]:
    """First and last body row of each slice; every slice but the first begins with a group head."""
    goals = np.searchsorted(heads, np.arange(records, rows, records).astype(heads.dtype))
    cuts = heads[goals[goals < len(heads)]]
    return list(pairwise(sorted({0, rows, *cuts.tolist()})))


def _frames(lines: Lines, structure: Structure, first: int, last: int, groups: int) -> Frames:
    """The frames of the body rows from `first` up to before `last`, in front of which stand so many groups."""
    layout = structure.layout
    raw = _texts(lines, max(len(record.items) for record in layout.records), first, last)
    codes = structure.codes[first:last]
    order = [record.type for record in layout.records]
    upper = upper_records(layout)
    is_head = np.isin(codes, [order.index(head) for head in group_heads(layout)])
    group = np.cumsum(is_head, dtype=np.uint32) + np.uint32(groups) - np.uint32(1)
    frames = {}
    for code, record in enumerate(layout.records):
        mine = codes == code
        rows = np.flatnonzero(mine)
        up = None
        if record.parent is not None:
            # a parent above the groups is counted from the start of the file, one inside a group from the slice's
            before = _before(structure.rows[record.parent], first) if record.parent in upper else 0
            seen = np.cumsum(codes == order.index(record.parent), dtype=np.uint32)
            up = seen[rows] + np.uint32(before) - np.uint32(1)
        texts = raw if mine.all() else raw.filter(pl.Series(mine))
        frame = texts.select(
            pl.Series("line", rows.astype(np.uint32) + np.uint32(first + 2)),
            _numbers("up", up, len(rows)),
            _numbers("group", None if record.type in upper else group[rows], len(rows)),
            *(pl.col(f"item_{place}").alias(text_column(item.column)) for place, item in enumerate(record.items, 1)),
        )
        frames[record.type] = frame.with_columns(typed_items(record, frame, lines, rows + (first + 1)))
    return frames


def _before(rows: Rows, first: int) -> int:
    """How many of the rows stand before a body row."""
    return int(np.searchsorted(rows, rows.dtype.type(first)))


def _numbers(name: str, numbers: Rows | None, height: int) -> pl.Series:
    """A column of numbers; null throughout where there are none."""
    return (
        pl.Series(name, numbers, pl.UInt32)
        if numbers is not None
        else pl.repeat(None, height, dtype=pl.UInt32, eager=True).alias(name)
    )


def _texts(lines: Lines, width: int, first: int, last: int) -> pl.DataFrame:
    """The items of the body rows from `first` up to before `last` as text, one row a record, short ones with nulls.

    The structure pass has counted every separator, so the reader can neither pad nor cut a record unseen.
    """
    return pl.read_csv(
        bytes(lines.span(first + 1, last + 1)),
        has_header=False,
        separator="|",
        quote_char=None,
        schema={f"item_{place}": pl.String for place in range(width + 2)},
        columns=list(range(1, width + 1)),
        missing_columns="insert",
        extra_columns="ignore",
    )
