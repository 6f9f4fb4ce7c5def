"""Typed frames from a CSV file, slice by slice, as ingest.records gives them of an IDD body.

`line` counts as in the IDD file that would say the same: from 2, parents and computed totals included.
"""

from collections.abc import Iterator
from functools import cached_property
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import polars as pl

from ingest.csv_profile import CsvTable
from ingest.csv_profile_totals import totals_of
from ingest.records import SLICE_RECORDS, Frames, Slice, put_together, slice_record, upper_records
from ingest.structure import Rows
from market.field import typed
from market.frames import text_column, typed_schema
from market.layout import Record

Numbers = npt.NDArray[np.uint32]


class CsvFrames:
    """The frames of a CSV file's records and the lines on which they stand."""

    def __init__(self, table: CsvTable) -> None:
        self._table = table
        self._csv = table.cells.csv
        self._upper = upper_records(self._csv.flow)
        self._above = self._csv.chain[:-1]
        head = slice_record(self._csv.flow)
        self._heads = self._begins[head.type] if head in self._above else None

    @cached_property
    def _begins(self) -> dict[str, Rows]:
        """Per record above the lines the places at which one begins."""
        return {record.type: rows for record, rows in zip(self._above, self._table.parents.begins, strict=True)}

    def slices(self, records: int = SLICE_RECORDS) -> Iterator[Slice]:
        """The typed frames, slice by slice in order of their lines."""
        return put_together(self._csv.flow, list(pairwise(self._bounds(records))), self._frames)

    @property
    def records(self) -> int:
        """How many records the IDD file has that would say the same, header and footer included."""
        last = np.array([self._table.cells.height - 1])
        return int(self._lines(last)[0]) + len(self._csv.totals) + 1

    def first_record(self) -> pl.DataFrame:
        """The typed frame of the first record alone."""
        return self._frames(0, 1)[self._csv.chain[0].type]

    def file_lines(self) -> Numbers:
        """By the `line` of a frame the physical line of the file; a parent's is that of its first line."""
        height = self._table.cells.height
        found = np.zeros(self.records, np.uint32)
        rows = np.arange(height)
        found[self._lines(rows)] = self._physical(rows)
        for depth, record in enumerate(self._above):
            begins = self._begins[record.type].astype(np.int64)
            found[self._parent_lines(depth, begins)] = self._physical(begins)
        if self._csv.totals:
            lasts = np.append(self._begins[self._above[-1].type][1:].astype(np.int64), height) - 1
            for place in range(len(self._csv.totals)):
                found[self._lines(lasts) + 1 + place] = self._physical(lasts)
        return found

    def _physical(self, places: npt.NDArray[np.int64]) -> Numbers:
        order = self._table.parents.order
        return self._table.cells.records.numbers[1 + (places if order is None else order[places])]

    def _bounds(self, records: int) -> list[int]:
        """Places at which slices begin, each but the first with a group."""
        height = self._table.cells.height
        goals = np.arange(records, height, records)
        if self._heads is not None:
            at = np.searchsorted(self._heads, goals.astype(np.uint32))
            goals = self._heads[at[at < len(self._heads)]].astype(np.int64)
        return sorted({0, height, *goals.tolist()})

    def _lines(self, places: npt.NDArray[np.int64]) -> Numbers:
        """The lines at which records of the lines' own type stand, in the IDD file that would say the same."""
        lines = places + 2
        for begins in self._begins.values():
            lines = lines + np.searchsorted(begins, places.astype(np.uint32), side="right")
        if self._csv.totals:
            groups = self._begins[self._above[-1].type]
            ended = np.searchsorted(groups, places.astype(np.uint32), side="right") - 1
            lines = lines + ended * len(self._csv.totals)
        return lines.astype(np.uint32)

    def _parent_lines(self, depth: int, begins: npt.NDArray[np.int64]) -> Numbers:
        """The lines of parents of that depth that begin at those places: in front of all that begins below them."""
        lines = self._lines(begins).astype(np.int64)
        for record in self._above[depth:]:
            rows, at = self._begins[record.type], begins.astype(np.uint32)
            lines -= np.searchsorted(rows, at, side="right") - np.searchsorted(rows, at)
        return lines.astype(np.uint32)

    @cached_property
    def _reordered(self) -> pl.DataFrame:
        """All cells in the order of their parents: held whole, for a file whose lines stand apart."""
        cells, order = self._table.cells, self._table.parents.order
        wanted = [*self._csv.items]
        parts = [
            cells.texts(first, min(first + SLICE_RECORDS, cells.height), wanted)
            for first in range(0, cells.height, SLICE_RECORDS)
        ]
        return pl.concat(parts)[pl.Series(order)]

    def _texts(self, first: int, last: int) -> pl.DataFrame:
        if self._table.parents.order is None:
            return self._table.cells.texts(first, last, [*self._csv.items])
        return self._reordered.slice(first, last - first)

    def _frames(self, first: int, last: int) -> Frames:
        texts = self._texts(first, last)
        places = np.arange(first, last)
        frames = {record.type: _empty(record) for record in self._csv.flow.records}
        for depth, record in enumerate(self._above):
            begins = self._begins[record.type]
            mine = begins[slice(*np.searchsorted(begins, np.array([first, last], np.uint32)))].astype(np.int64)
            frames[record.type] = self._frame(record, depth, mine, texts[mine - first], self._parent_lines(depth, mine))
        line = self._csv.record
        frames[line.type] = self._frame(line, len(self._above), places, texts, self._lines(places))
        for place, record in enumerate(self._csv.totals):
            parents = frames[self._above[-1].type]
            sums = totals_of(record, line, frames[line.type], parents.height)
            ends = np.append(self._begins[self._above[-1].type].astype(np.int64), self._table.cells.height) - 1
            lasts = ends[np.searchsorted(ends, first) : np.searchsorted(ends, last - 1) + 1]
            up = pl.int_range(parents.height, dtype=pl.UInt32, eager=True)
            numbers = [pl.Series("line", self._lines(lasts) + np.uint32(1 + place)), up.alias("up"), parents["group"]]
            frames[record.type] = _typed(record, pl.DataFrame(numbers), sums)
        return {record.type: frames[record.type] for record in self._csv.flow.records}

    def _frame(
        self, record: Record, depth: int, places: npt.NDArray[np.int64], texts: pl.DataFrame, lines: Numbers
    ) -> pl.DataFrame:
        numbers = [pl.Series("line", lines), self._up(depth, places), self._group(record, places)]
        items = [pl.col(item.column).alias(text_column(item.column)) for item in record.items]
        return _typed(record, pl.DataFrame(numbers), texts.select(items))

    def _up(self, depth: int, places: npt.NDArray[np.int64]) -> pl.Series:
        """The row of the parent: counted from the start of the file above the groups, from the slice's inside one."""
        if depth == 0 or not len(places):
            return pl.repeat(None, len(places), dtype=pl.UInt32, eager=True).alias("up")
        parent = self._above[depth - 1]
        begins = self._begins[parent.type]
        rows = np.searchsorted(begins, places.astype(np.uint32), side="right") - 1
        if parent.type not in self._upper:
            # a slice begins with a group, so the first row's parent is the slice's first
            rows = rows - rows[0]
        return pl.Series("up", rows.astype(np.uint32))

    def _group(self, record: Record, places: npt.NDArray[np.int64]) -> pl.Series:
        if record.type in self._upper:
            return pl.repeat(None, len(places), dtype=pl.UInt32, eager=True).alias("group")
        if self._heads is None:
            return pl.Series("group", places.astype(np.uint32))
        groups = np.searchsorted(self._heads, places.astype(np.uint32), side="right") - 1
        return pl.Series("group", groups.astype(np.uint32))


def _typed(record: Record, numbers: pl.DataFrame, texts: pl.DataFrame) -> pl.DataFrame:
    return numbers.hstack(texts).with_columns(typed(item) for item in record.items)


def _empty(record: Record) -> pl.DataFrame:
    numbers = {name: pl.UInt32() for name in ("line", "up", "group")}
    texts = {text_column(item.column): pl.String() for item in record.items}
    return pl.DataFrame(schema={**numbers, **texts, **typed_schema(record)})
