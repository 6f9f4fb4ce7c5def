"""The bodies of files that can be read, as both profiles give them: as large as the file, they stay in its process."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from ingest.csv_profile import CsvTable
from ingest.csv_profile_frames import CsvFrames
from ingest.lines import Lines
from ingest.records import Slice, first_record, slices
from ingest.structure import Structure
from market.frames import text_column
from market.layout import Layout
from rules.judge import Judgement

SMALL = 1_000
"""Up to how many records the frames of a body are kept, for whoever looks at them again."""


@dataclass(frozen=True)
class IddBody:
    """The lines of an IDD file, and their structure."""

    lines: Lines
    structure: Structure

    @property
    def layout(self) -> Layout:
        """The flow of the file."""
        return self.structure.layout

    @property
    def records(self) -> int:
        """How many records the file has."""
        return self.lines.count

    @cached_property
    def _kept(self) -> list[Slice]:
        return list(slices(self.lines, self.structure))

    def slices(self, records: int) -> Iterator[Slice]:
        """The typed frames of the body, slice by slice."""
        return iter(self._kept) if self.records <= min(records, SMALL) else slices(self.lines, self.structure, records)

    def first_record(self) -> pl.DataFrame:
        """The typed frame of the first record alone."""
        if self.records > SMALL:
            return first_record(self.lines, self.structure)
        first = self._kept[0]
        return {**first.frames, **first.upper}[self.layout.records[self.structure.codes[0]].type].head(1)


@dataclass(frozen=True)
class CsvBody:
    """The table of a CSV file."""

    table: CsvTable

    @cached_property
    def _frames(self) -> CsvFrames:
        return CsvFrames(self.table)

    @property
    def layout(self) -> Layout:
        """The flow of the file."""
        return self.table.cells.csv.flow

    @property
    def records(self) -> int:
        """How many records the IDD file has that would say the same."""
        return self._frames.records

    def slices(self, records: int) -> Iterator[Slice]:
        """The typed frames of the lines, slice by slice; their `line` counts as in IDD."""
        return self._frames.slices(records)

    def first_record(self) -> pl.DataFrame:
        """The typed frame of the first record alone."""
        return self._frames.first_record()

    def on_file_lines(self, judgement: Judgement) -> Judgement:
        """A judgement on these frames with the lines of the CSV file."""
        lines = self._frames.file_lines()
        breaches = _on_lines(judgement.breaches, lines).sort("line", "position", "rule", maintain_order=True)
        units, effect, refused, warned = (
            _on_lines(frame, lines)
            for frame in (judgement.units, judgement.effect, judgement.refused, judgement.warned)
        )
        return replace(judgement, units=units, breaches=breaches, effect=effect, refused=refused, warned=warned)


Body = IddBody | CsvBody


def said_in(body: Body, column: str) -> pl.Series | None:
    """What the records of a small body say in a column, each text once; None of a larger body."""
    if body.records > SMALL:
        return None
    texts = text_column(column)
    frames = [frame for piece in body.slices(SMALL) for frame in (*piece.frames.values(), *piece.upper.values())]
    said = [frame[texts] for frame in frames if texts in frame.columns]
    return pl.concat([pl.Series(column, [], pl.String), *said]).drop_nulls().unique()


def _on_lines(frame: pl.DataFrame, lines: npt.NDArray[np.uint32]) -> pl.DataFrame:
    """A frame with the lines of the file; units whose key cannot be read are named by them."""
    line = pl.Series("line", lines)[frame["line"]]
    named = [_renamed(frame["key"], frame["line"], line)] if "key" in frame.columns else []
    return frame.with_columns(line, *named)


def _renamed(key: pl.Series, line: pl.Series, to: pl.Series) -> pl.Series:
    by_line, renamed = (pl.concat_str(pl.lit("line "), pl.col(name)) for name in ("line", "to"))
    frame = pl.DataFrame([key, line, to.alias("to")])
    return frame.select(pl.when(pl.col("key") == by_line).then(renamed).otherwise(pl.col("key")).alias("key"))["key"]
