"""Acceptance units while a file passes: their lines, keys and severity bits, and which units a row's breach reaches.

A file's records stand in order. A row above the units reaches those that begin between it and the next row of its
depth or above; a row that belongs to units reaches these; any other reaches the last unit that begins at or before it.
"""

from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
import numpy.typing as npt
import polars as pl

from market.frames import UNITS, text_column
from market.layout import Layout
from rules.acceptance import Acceptance, UnitRows
from rules.fused_pass import HELD, REFUSED, UNCHANGED, WARNED

Lines = npt.NDArray[np.uint32]
Bits = npt.NDArray[np.uint8]
Places = npt.NDArray[np.int64]

_GRAVEST = ((REFUSED, "R"), (HELD, "H"), (UNCHANGED, "N"), (WARNED, "W"))
"""What a severity bit makes of a unit, the gravest first; a unit without any is accepted."""


@dataclass
class Units:
    """The units of a file, slice by slice, and the severity bits of its rows.

    Of records above the units every row is kept, of the others only those with a bit.
    """

    layout: Layout
    acceptance: Acceptance
    height: int = 0
    keys: list[pl.DataFrame] = field(default_factory=list)
    links: list[tuple[Lines, Lines]] = field(default_factory=list)
    rows: dict[str, list[Lines]] = field(default_factory=dict)
    broken: dict[str, list[tuple[Lines, Bits]]] = field(default_factory=dict)
    own: list[tuple[Lines, Bits]] = field(default_factory=list)

    @cached_property
    def above(self) -> frozenset[str]:
        """The record types whose breaches fall on every unit below them."""
        return frozenset(above.type for unit in self.acceptance.units for above in self.layout.ancestors(unit))

    def add(self, record_type: str, frame: pl.DataFrame) -> None:
        """Takes a slice of a record type's joined frame."""
        if record_type in self.above:
            self.rows.setdefault(record_type, []).append(frame["line"].to_numpy())
        elif record_type in self.acceptance.units and self.acceptance.derive is None:
            self.keys.append(frame.select("line", self._key().alias("key")))
            self.height += frame.height

    def derived(self, units: UnitRows) -> None:
        """Takes the units of a slice that are no rows of one record type."""
        self.keys.append(units.frame.select("line", "key"))
        first = np.uint32(self.height)
        self.links.append((units.links["line"].to_numpy(), units.links["unit"].to_numpy() + first))
        self.height += units.frame.height

    def mark(self, record_type: str, lines: Lines, bits: Bits) -> None:
        """Or-es severity bits into the rows of a record type at `lines`."""
        if bits.any():
            self.broken.setdefault(record_type, []).append((lines[bits != 0], bits[bits != 0]))

    def mark_own(self, units: Lines, bits: Bits) -> None:
        """Or-es severity bits into units by their rows."""
        self.own.append((units[bits != 0], bits[bits != 0]))

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
        sorted_by_slices = len(self.acceptance.units) == 1 or self.acceptance.derive is not None
        return found if sorted_by_slices else found.sort("line")

    def bits(self, lines: Lines) -> Bits:
        """The severity bits of the units that begin at `lines`: their own, and those of the rows that reach them."""
        bits = np.zeros(len(lines), np.uint8)
        for record_type, pieces in self.broken.items():
            for broken_lines, theirs in pieces:
                which, units = self.reached(record_type, broken_lines, lines)
                np.bitwise_or.at(bits, units, theirs[which])
        for rows, theirs in self.own:
            np.bitwise_or.at(bits, rows, theirs)
        return bits

    def reached(self, record_type: str, broken: Lines, lines: Lines) -> tuple[Places, Places]:
        """Pairs of a place in `broken` (lines of rows of a type) and a unit that a breach there falls on.

        `lines` are those at which all units begin.
        """
        if record_type in self.above:
            ends = self._ends(record_type)
            after = ends[np.searchsorted(ends, broken, side="right")]
            return _spans(np.searchsorted(lines, broken), np.searchsorted(lines, after))
        if self.acceptance.derive is not None:
            linked, units = self._links
            which, places = _spans(np.searchsorted(linked, broken), np.searchsorted(linked, broken, side="right"))
            return which, units[places]
        last = unit_of(lines, broken)
        return np.flatnonzero(last >= 0), last[last >= 0]

    def _ends(self, record_type: str) -> Lines:
        """The lines at which what stands below a row of a type above the units may end, in order."""
        depth = self.layout.record(record_type).depth
        beside = [
            lines for name, pieces in self.rows.items() if self.layout.record(name).depth <= depth for lines in pieces
        ]
        return np.sort(np.concatenate([*beside, np.array([np.iinfo(np.uint32).max], np.uint32)]))

    @cached_property
    def _links(self) -> tuple[Lines, Places]:
        linked = np.concatenate([np.empty(0, np.uint32), *(lines for lines, _ in self.links)])
        units = np.concatenate([np.empty(0, np.int64), *(units.astype(np.int64) for _, units in self.links)])
        return linked, units


def _spans(first: Places, after: Places) -> tuple[Places, Places]:
    """Pairs of a row and each place from its `first` up to before its `after`."""
    counts = np.maximum(after - first, 0)
    which = np.repeat(np.arange(len(first)), counts)
    within = np.arange(counts.sum()) - np.repeat(np.cumsum(counts) - counts, counts)
    return which, first[which] + within


def unit_of(unit_lines: Lines, lines: Lines) -> Places:
    """The row of the unit to which each line belongs; -1 in front of the first."""
    return np.searchsorted(unit_lines, lines, side="right") - 1


_LETTERS = pl.Series(
    "outcome",
    [
        next((letter for bit, letter in _GRAVEST if bits & bit), "A")
        for bits in range(2 * max(bit for bit, _ in _GRAVEST))
    ],
    UNITS["outcome"],
)


def outcomes(bits: Bits) -> pl.Series:
    """R, H, N, W or A of each unit, the gravest first."""
    return _LETTERS.gather(bits)
