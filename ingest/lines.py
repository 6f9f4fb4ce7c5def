"""The bytes of a file and where its lines are: the one index from which every line number comes."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

PIECE = 1 << 18
"""Bytes looked at in one vectorised pass: small enough to stay in the processor's cache."""

BYTE_ORDER_MARK = b"\xef\xbb\xbf"

Offsets = npt.NDArray[np.int64] | npt.NDArray[np.uint32]


@dataclass(frozen=True)
class Lines:
    """A received file with any byte-order mark and any CR before LF removed.

    `ends[i]` is the offset just behind line i without its line end. Line numbers count from 1, so line i is i + 1.
    `byte_order_mark` and `first_cr_line` (0: none) tell what was removed.
    """

    data: bytes
    ends: Offsets
    byte_order_mark: bool
    first_cr_line: int

    @property
    def count(self) -> int:
        """How many lines, a last one without a line end included."""
        return len(self.ends)

    def start(self, index: int) -> int:
        """The offset of the first byte of the line with that index."""
        return int(self.ends[index - 1]) + 1 if index else 0

    def starts(self, first: int, last: int) -> Offsets:
        """The offsets of the first bytes of the lines from index `first` up to before `last`."""
        starts = np.empty(last - first, self.ends.dtype)
        starts[:1] = self.start(first)
        np.add(self.ends[first : max(first, last - 1)], 1, out=starts[1:])
        return starts

    def line(self, number: int) -> bytes:
        """The bytes of the line with that number, counted from 1, without the line end."""
        return self.data[self.start(number - 1) : int(self.ends[number - 1])]

    def span(self, first: int, last: int) -> memoryview:
        """The bytes from the line of index `first` up to before that of index `last`, line ends included."""
        stop = self.start(last) if last < self.count else len(self.data)
        return memoryview(self.data)[self.start(first) : stop]


def count_records(received: bytes) -> int:
    """How many lines a received file has, as `index_lines` counts them, for a fraction of the time and no memory."""
    body = received[-1:] not in (b"", b"\n") and received != BYTE_ORDER_MARK
    buffer = np.frombuffer(received, np.uint8)
    line_ends = sum(np.count_nonzero(buffer[at : at + PIECE] == ord("\n")) for at in range(0, len(buffer), PIECE))
    return int(line_ends) + body


def offsets_of(data: bytes, byte: int) -> Offsets:
    """Every offset at which a byte stands; 32-bit where the file allows, to halve the index."""
    buffer = np.frombuffer(data, np.uint8)
    dtype = np.dtype(np.uint32 if len(data) < 2**32 - 1 else np.int64)
    found = [
        (np.flatnonzero(buffer[at : at + PIECE] == byte) + at).astype(dtype) for at in range(0, len(buffer), PIECE)
    ]
    offsets: Offsets = np.concatenate(found) if found else np.empty(0, dtype)
    return offsets


def index_lines(received: bytes) -> Lines:
    """Finds the lines of a received file, removing what ENV-12 lets be removed.

    A last line without a line end counts; an empty rest behind the last line end does not.
    """
    byte_order_mark = received.startswith(BYTE_ORDER_MARK)
    data = received[len(BYTE_ORDER_MARK) :] if byte_order_mark else received
    first_cr_line = 0
    # looking for one byte is many times as fast as looking for two
    carriage_return = data.find(b"\r\n") if b"\r" in data else -1
    if carriage_return >= 0:
        first_cr_line = data.count(b"\n", 0, carriage_return) + 1
        data = data.replace(b"\r\n", b"\n")
    ends = offsets_of(data, ord("\n"))
    if data and not data.endswith(b"\n"):
        ends = np.concatenate([ends, np.array([len(data)], ends.dtype)])
    return Lines(data, ends, byte_order_mark, first_cr_line)


def pieces(lines: Lines, first: int, last: int) -> Iterator[tuple[int, int]]:
    """The lines from index `first` up to before `last` in pieces of about PIECE bytes, as such index pairs.

    A piece has whole lines, so one line longer than PIECE is a piece of its own.
    """
    starts = lines.starts(first, last)
    if not len(starts):
        return
    # the goals take the index's own type, or every search would first widen the whole index
    goals = np.arange(int(starts[0]), int(starts[-1]) + 1, PIECE).astype(starts.dtype)
    cuts = np.searchsorted(starts, goals)
    long = np.flatnonzero(lines.ends[first:last] - starts > PIECE)
    bounds = np.unique(np.concatenate([cuts, long, long + 1, [0, last - first]]))
    yield from pairwise((bounds + first).tolist())
