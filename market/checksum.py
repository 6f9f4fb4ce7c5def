"""The checksum of an IDD file (IDD Part 1, 2.2.2): the 32-bit XOR over every record before ZZZ.

A record is its bytes without the line end, cut into groups of four from its first byte, the last group padded with
NUL, each group read as a big-endian unsigned integer. A byte therefore lands in the lane that its distance from the
record's start gives; the XOR of a whole record is the difference of two prefix XORs, turned by the start's lane.
"""

import numpy as np
import numpy.typing as npt

PIECE = 1 << 18
"""Bytes looked at in one vectorised pass: small enough to stay in the processor's cache. A multiple of four."""
_BEFORE = np.array([0, 0xFF, 0xFFFF, 0xFFFFFF], np.uint32)
"""In a little-endian word, the bytes before lane 0, 1, 2 and 3."""


class Checksum:
    """Takes in records, each ended by LF, in pieces cut anywhere. A CR before LF would count: it is removed before."""

    def __init__(self) -> None:
        self._lanes = 0
        self._phase = 0

    def update(self, data: bytes | memoryview) -> None:
        """Takes in the next bytes. The last record of all may lack its LF; a blank record adds nothing."""
        for at in range(0, len(data), PIECE):
            self._take(np.frombuffer(data, np.uint8, min(PIECE, len(data) - at), at))

    @property
    def value(self) -> int:
        """The checksum of what was taken in, as the footer states it."""
        return int.from_bytes(self._lanes.to_bytes(4, "little"), "big")

    def _take(self, piece: npt.NDArray[np.uint8]) -> None:
        whole = len(piece) & ~3
        words = np.zeros(whole // 4 + 1, np.dtype("<u4"))
        words[:-1] = piece[:whole].view(words.dtype)
        words.view(np.uint8)[whole : len(piece)] = piece[whole:]
        before = np.zeros(len(words), np.uint32)
        np.bitwise_xor.accumulate(words[:-1], out=before[1:])

        line_ends = np.flatnonzero(piece == ord("\n"))
        stops = np.append(line_ends, len(piece))
        starts = np.append(0, line_ends + 1)
        seen = _prefix(before, words, stops) ^ _prefix(before, words, starts)
        turns = (starts & 3).astype(np.uint32)
        turns[0] = -self._phase & 3
        for turn in range(4):
            lanes = int(np.bitwise_xor.reduce(seen[turns == turn]))
            self._lanes ^= (lanes >> 8 * turn) | (lanes << 32 - 8 * turn) & 0xFFFFFFFF
        carried = self._phase if len(stops) == 1 else 0
        self._phase = (carried + len(piece) - int(starts[-1])) & 3


def _prefix(
    before: npt.NDArray[np.uint32], words: npt.NDArray[np.uint32], offsets: npt.NDArray[np.int64]
) -> npt.NDArray[np.uint32]:
    """The XOR of all bytes before each offset, each in the lane that its offset gives."""
    word = offsets >> 2
    seen: npt.NDArray[np.uint32] = before[word] ^ (words[word] & _BEFORE[offsets & 3])
    return seen


def checksum(records: bytes | memoryview) -> int:
    """The checksum of a file's records before ZZZ, each ended by LF."""
    sum_ = Checksum()
    sum_.update(records)
    return sum_.value
