"""Typed frames from a body whose structure holds: one frame per record type, in slices of whole groups.

Columns of a frame: `line` (UInt32), `up` (UInt32, the row of the parent in the parent's frame; null for a root),
`group` (UInt32, the number of the group head at or above the row; null above the groups), and per item its text
as received (`<column>__text`, null where empty) and its typed value (`<column>`, market.frames.typed_dtype), null
exactly where the item is empty or breaks its field rule.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import polars as pl

from ingest.lines import Lines
from ingest.structure import Structure
from market.field import typed
from market.frames import text_column
from market.layout import Layout, Record

SLICE_RECORDS = 250_000
"""About how many records are typed and judged at once: memory follows the slice, not the file."""

Frames = dict[str, pl.DataFrame]


@lru_cache
def slice_record(layout: Layout) -> Record:
    """The slice-level record: the deepest that repeats and has children, else the deepest that repeats, else the last.

    It is BSB of P0328001, NFU of K4192001, ABV of C0421002, GCV of K0151001.
    """
    parents = {record.parent for record in layout.records}
    repeated = [record for record in layout.records if record.occurs_range[1] != 1]
    inner = [record for record in repeated if record.type in parents]
    return max(inner or repeated or layout.records, key=lambda record: record.depth)


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
    upper: Frames = {}
    heads = np.sort(np.concatenate([structure.rows[head] for head in group_heads(layout)]))
    for first, last in _bounds(heads, len(structure.codes), records):
        frames = _frames(lines, structure, heads, first, last)
        new_upper = {name: frames.pop(name) for name in upper_records(layout)}
        for name, frame in new_upper.items():
            upper[name] = pl.concat([upper[name], frame]) if name in upper else frame
        yield Slice(frames, dict(upper), {name: len(frame) for name, frame in new_upper.items()})


def _bounds(heads: npt.NDArray[np.uint32], rows: int, records: int) -> list[tuple[int, int]]:
    """First and last body row of each slice; every slice but the first begins with a group head."""
    goals = heads[np.searchsorted(heads, np.arange(records, rows, records)).clip(max=max(len(heads) - 1, 0))]
    cuts = sorted({0, rows, *(goals.tolist() if len(heads) else [])})
    return list(pairwise(cuts))


def _frames(lines: Lines, structure: Structure, heads: npt.NDArray[np.uint32], first: int, last: int) -> Frames:
    layout = structure.layout
    raw = _texts(lines, max(len(record.items) for record in layout.records), first, last)
    codes = structure.codes[first:last]
    upper = upper_records(layout)
    frames = {}
    for code, record in enumerate(layout.records):
        mine = codes == code
        rows = np.flatnonzero(mine).astype(np.uint32) + np.uint32(first)
        texts = raw if mine.all() else raw.filter(pl.Series(mine))
        # a parent above the groups is counted from the start of the file, one inside a group from the slice's
        base = 0 if record.parent is None or record.parent in upper else first
        frames[record.type] = texts.select(
            pl.Series("line", rows + np.uint32(2)),
            _up(structure, record, rows, base),
            _group(record.type, upper, heads, rows),
            *(pl.col(f"item_{place}").alias(text_column(item.column)) for place, item in enumerate(record.items, 1)),
        ).with_columns(typed(item) for item in record.items)
    return frames


def _up(structure: Structure, record: Record, rows: npt.NDArray[np.uint32], base: int) -> pl.Series:
    if record.parent is None:
        return pl.Series("up", [None], pl.UInt32).new_from_index(0, len(rows))
    parents = structure.rows[record.parent]
    before = np.searchsorted(parents, rows) - 1 - np.searchsorted(parents, base)
    return pl.Series("up", before.astype(np.uint32))


def _group(
    record_type: str, upper: tuple[str, ...], heads: npt.NDArray[np.uint32], rows: npt.NDArray[np.uint32]
) -> pl.Series:
    if record_type in upper:
        return pl.Series("group", [None], pl.UInt32).new_from_index(0, len(rows))
    return pl.Series("group", (np.searchsorted(heads, rows, side="right") - 1).astype(np.uint32))


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
        missing_columns="insert",
        extra_columns="ignore",
    )
