"""The checksum of an IDD file (IDD Part 1, 2.2.2): the 32-bit XOR over every record before ZZZ.

A record is its bytes without the line end, cut into groups of four from its first byte, the last group padded with
NUL, each group read as a big-endian unsigned integer. A byte therefore lands in the lane that its distance from the
record's start gives; the XOR of a whole record is the difference of two prefix XORs, turned by the start's lane.
"""

import numpy as np
import numpy.typing as npt

PIECE = 1 << 18
"""Bytes looked at in one vectorised pass: small enough to stay in the processor's cache. A multiple of eight."""
_BEFORE = np.array([(1 << 8 * lane) - 1 for lane in range(8)], np.uint64)
"""In a little-endian word, the bytes before each of its lanes; those of a word of eight are lanes 0 to 3 twice."""
_LINE_END = np.array([ord("\n") << 8 * lane for lane in range(8)], np.uint64)
_HALF = np.uint64(32)


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
        words = np.zeros(len(piece) // 8 + 1, np.dtype("<u8"))
        words.view(np.uint8)[: len(piece)] = piece
        before = np.zeros(len(words), np.uint64)
        np.bitwise_xor.accumulate(words[:-1], out=before[1:])

        line_ends = np.flatnonzero(piece == ord("\n"))
        stops = np.append(line_ends, len(piece))
        turns = np.append(-self._phase, line_ends + 1) & 3
        # the XOR of all bytes before each stop; that before the next record has the line end as well
        word, lane = stops >> 3, stops & 7
        seen = before.take(word) ^ (words.take(word) & _BEFORE.take(lane))
        records = seen.copy()
        records[1:] ^= seen[:-1] ^ _LINE_END.take(lane[:-1])
        records ^= (records >> _HALF) | (records << _HALF)
        lanes = np.bitwise_xor.reduce(records >> (turns << 3).view(np.uint64))
        self._lanes ^= int(lanes) & 0xFFFFFFFF
        carried = self._phase if len(stops) == 1 else 0
        self._phase = (carried + len(piece) - (int(line_ends[-1]) + 1 if len(line_ends) else 0)) & 3


def checksum(records: bytes | memoryview) -> int:
    """The checksum of a file's records before ZZZ, each ended by LF."""
    sum_ = Checksum()
    sum_.update(records)
    return sum_.value
