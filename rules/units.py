"""Acceptance units while a file passes: their lines, keys and severity bits, found by line number.

A file's records stand in order, so the unit of a row is the last unit that begins at or before its line, and the
units below a row are those that begin between it and the next row of its type.
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from market.frames import UNITS, text_column
from market.layout import Layout
from rules.acceptance import Acceptance
from rules.fused_pass import HELD, REFUSED, UNCHANGED, WARNED

Lines = npt.NDArray[np.uint32]
Bits = npt.NDArray[np.uint8]


@dataclass
class Units:
    """The units of a file, slice by slice, and the severity bits of its rows.

    Of records above the units every row is kept, of the others only those with a bit.
    """

    layout: Layout
    acceptance: Acceptance
    keys: list[pl.DataFrame] = field(default_factory=list)
    rows: dict[str, list[Lines]] = field(default_factory=dict)
    broken: dict[str, list[tuple[Lines, Bits]]] = field(default_factory=dict)

    @cached_property
    def above(self) -> frozenset[str]:
        """The record types whose breaches fall on every unit below them."""
        return frozenset(above.type for unit in self.acceptance.units for above in self.layout.ancestors(unit))

    def add(self, record_type: str, frame: pl.DataFrame) -> None:
        """Takes a slice of a record type's joined frame."""
        if record_type in self.acceptance.units:
            self.keys.append(frame.select("line", self._key().alias("key")))
        elif record_type in self.above:
            self.rows.setdefault(record_type, []).append(frame["line"].to_numpy())

    def mark(self, record_type: str, lines: Lines, bits: Bits) -> None:
        """Or-es severity bits into the rows of a record type at `lines`."""
        self.broken.setdefault(record_type, []).append((lines[bits != 0], bits[bits != 0]))

    def _key(self) -> pl.Expr:
        by_line = pl.concat_str(pl.lit("line "), "line")
        if not self.acceptance.key:
            return by_line
        readable = pl.all_horizontal(pl.col(column).is_not_null() for column in self.acceptance.key)
        texts = [pl.col(text_column(column)) for column in self.acceptance.key]
        return pl.when(readable).then(pl.concat_str(texts, separator=" ")).otherwise(by_line)

    def frame(self) -> pl.DataFrame:
        """Keys and first lines of all units, in file order."""
        found = pl.concat([pl.DataFrame(schema={"line": pl.UInt32, "key": pl.String}), *self.keys])
        return found.sort("line") if len(self.acceptance.units) > 1 else found

    def bits(self, lines: Lines) -> Bits:
        """The severity bits of the units that begin at `lines`: their own, those below and those above or-ed."""
        bits = np.zeros(len(lines), np.uint8)
        for record_type, pieces in self.broken.items():
            for broken_lines, theirs in pieces:
                if record_type in self.above:
                    rows = np.concatenate(self.rows[record_type])
                    row_bits = np.zeros(len(rows), np.uint8)
                    row_bits[np.searchsorted(rows, broken_lines)] = theirs
                    at = np.searchsorted(rows, lines, side="right") - 1
                    bits |= np.where(at >= 0, row_bits[at], np.uint8(0))
                else:
                    at = unit_of(lines, broken_lines)
                    np.bitwise_or.at(bits, at[at >= 0], theirs[at >= 0])
        return bits


def unit_of(unit_lines: Lines, lines: Lines) -> npt.NDArray[np.int64]:
    """The row of the unit to which each line belongs; -1 in front of the first."""
    return np.searchsorted(unit_lines, lines, side="right") - 1


def outcomes(bits: Bits) -> pl.Series:
    """R, H, N, W or A of each unit, the gravest first."""
    letters = np.select(
        [bits & bit > 0 for bit in (REFUSED, HELD, UNCHANGED, WARNED)], ["R", "H", "N", "W"], default="A"
    )
    return pl.Series("outcome", letters.astype(object), UNITS["outcome"])
