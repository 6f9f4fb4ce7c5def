"""Where the records of a CSV file are: line ends and separators outside of quotes, found in arrays of offsets.

A line end inside quotes belongs to its cell, and still counts as a line: records are told by the physical line on
which they begin, so that a party finds them in any editor.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ingest.envelope import DATA_LENGTH, Refusal
from ingest.lines import Lines, Offsets, index_lines, offsets_of
from ingest.structure import Rows

QUOTE, LINE_END = ord('"'), ord("\n")


@dataclass(frozen=True)
class CsvRecords:
    """The records of a CSV file, the one that names the columns included.

    `ends` are the offsets just behind each record without its line end, `numbers` the physical lines on which they
    begin, from 1; `separators` is how many separators of cells each has. `quoted` tells whether any cell is quoted.
    """

    lines: Lines
    separator: str
    quoted: bool
    ends: Offsets
    numbers: Rows
    separators: npt.NDArray[np.int64]

    @property
    def count(self) -> int:
        """How many records."""
        return len(self.ends)

    def start(self, record: int) -> int:
        """The offset at which a record begins."""
        return int(self.ends[record - 1]) + 1 if record else 0

    def bytes_of(self, first: int, last: int) -> bytes:
        """The records from `first` up to before `last`, line ends included."""
        return self.lines.data[self.start(first) : self.start(last)]


def told_at(line: int, rule: str, why: str) -> Refusal:
    """A refusal with code 4 for one line."""
    return Refusal(rule, ((4, f"line {line}: {rule} {why}"[:DATA_LENGTH]),))


def separator_of(first: bytes) -> str:
    """The separator of a file that begins with those bytes: a semicolon where its first line has them and no comma."""
    header = first.split(b"\n", 1)[0]
    return ";" if b";" in header and b"," not in header else ","


def index_records(received: bytes) -> CsvRecords | Refusal:
    """The records of a file that ends in a line end, or why its quotes leave no records (STR-02)."""
    lines = index_lines(received)
    separator = separator_of(lines.data)
    separators = offsets_of(lines.data, ord(separator))
    ends, numbers = lines.ends, np.arange(1, lines.count + 1, dtype=np.uint32)
    quotes = offsets_of(lines.data, QUOTE) if b'"' in lines.data else np.empty(0, np.uint32)
    if len(quotes):
        misplaced = _misplaced_quote(lines, quotes, separator)
        if misplaced:
            return misplaced
        outside = np.flatnonzero(np.searchsorted(quotes, ends) % 2 == 0)
        ends = lines.ends[outside]
        numbers = np.concatenate([[0], outside[:-1] + 1]).astype(np.uint32) + np.uint32(1)
        separators = separators[np.searchsorted(quotes, separators) % 2 == 0]
    per_record = np.diff(np.searchsorted(separators, ends), prepend=0)
    return CsvRecords(lines, separator, len(quotes) > 0, ends, numbers, per_record)


def _misplaced_quote(lines: Lines, quotes: Offsets, separator: str) -> Refusal | None:
    """The first quote that neither opens or closes a cell nor is one of a doubled pair inside one."""
    buffer = np.frombuffer(lines.data, np.uint8)
    at = quotes.astype(np.int64)
    opening, closing = at[0::2], at[1::2]
    edges = (ord(separator), LINE_END, QUOTE)
    # a quote next to a quote is one of a pair, or opens an empty cell: in both cases its neighbour is tested as well
    stray = np.flatnonzero(~np.isin(buffer[np.maximum(opening - 1, 0)], edges) & (opening > 0))
    ragged = np.flatnonzero(~np.isin(buffer[np.minimum(closing + 1, len(buffer) - 1)], edges))
    stray_at = opening[stray[0]] if len(stray) else len(buffer)
    ragged_at = closing[ragged[0]] if len(ragged) else len(buffer)
    if ragged_at < stray_at:
        line = _line_at(lines, _cell_opened(opening, closing, int(ragged[0])))
        return told_at(line, "STR-02", "text follows the closing quote of a cell")
    if stray_at < len(buffer):
        return told_at(_line_at(lines, int(stray_at)), "STR-02", "a quote stands inside a cell that is not quoted")
    if len(opening) > len(closing):
        line = _line_at(lines, _cell_opened(opening, closing, len(closing)))
        return told_at(line, "STR-02", "a quote opens a cell and is never closed")
    return None


def _cell_opened(opening: npt.NDArray[np.int64], closing: npt.NDArray[np.int64], pair: int) -> int:
    """The offset at which the cell opened that a pair of quotes belongs to: the last with no quote in front."""
    fresh = np.flatnonzero(np.concatenate([[True], opening[1 : pair + 1] != closing[:pair] + 1]))
    return int(opening[fresh[-1]])


def _line_at(lines: Lines, offset: int) -> int:
    return int(np.searchsorted(lines.ends, offset)) + 1
