"""Duplicates and sequence numbers of a channel (ENV-07, ENV-06, ENV-13): what the store knows decides."""

from dataclasses import dataclass

LAST_NUMBER = 999_999_999


@dataclass(frozen=True)
class ChannelState:
    """What a channel has received: its highest consumed number (None before the first), and what its number brought.

    `acked_sha256` is the hash of the submission that got 100 under the number at hand, `refusal` the receipt code and
    data of the latest refusal 4 to 7 under it with the hash `refused_sha256`. A `strict` channel holds what comes
    behind a gap; of that one `ahead` tells whether the number at hand came already.
    """

    highest: int | None = None
    acked_sha256: str | None = None
    refused_sha256: str | None = None
    refusal: tuple[tuple[int, str], ...] = ()
    strict: bool = False
    ahead: bool = False


@dataclass(frozen=True)
class SequenceVerdict:
    """What the number of a file means: a receipt of its own, or go on; `skipped` numbers are reported by ENV-13.

    A file that is `held` waits until they have come or are given up.
    """

    receipt: tuple[tuple[int, str], ...] = ()
    skipped: int = 0
    held: bool = False


def next_number(highest: int | None) -> int:
    """The number a channel expects next: from 1; 999999999 is followed by 0."""
    if highest is None:
        return 1
    return 0 if highest == LAST_NUMBER else highest + 1


def judge_sequence(state: ChannelState, sequence: int, sha256: str) -> SequenceVerdict:
    """Code 101, 3, an old refusal again, or nothing: in this order, for the number and hash of a file."""
    if sha256 == state.acked_sha256:
        return SequenceVerdict(((101, ""),))
    if sha256 == state.refused_sha256:
        return SequenceVerdict(state.refusal)
    due = next_number(state.highest)
    if sequence == due and not state.ahead:
        return SequenceVerdict()
    above = sequence > due and state.highest != LAST_NUMBER
    if state.ahead or not (above or (state.strict and _comes_after(sequence, due))):
        return SequenceVerdict(((3, str(due)),))
    return SequenceVerdict(skipped=distance(due, sequence), held=state.strict)


def distance(first: int, second: int) -> int:
    """How many steps lead from one number to another, 0 following 999999999."""
    return (second - first) % (LAST_NUMBER + 1)


def _comes_after(sequence: int, due: int) -> bool:
    """Whether a number is the nearer way round ahead of the due one: what waits at the wrap may be ahead of it."""
    return distance(due, sequence) <= LAST_NUMBER // 2
