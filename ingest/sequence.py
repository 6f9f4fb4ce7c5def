"""Duplicates and sequence numbers of a channel (ENV-07, ENV-06, ENV-13): what the store knows decides."""

from dataclasses import dataclass

LAST_NUMBER = 999_999_999


@dataclass(frozen=True)
class ChannelState:
    """What a channel has received: its highest consumed number (None before the first), and what its number brought.

    `acked_sha256` is the hash of the submission that got 100 under the number at hand, `refusal` the receipt code and
    data of the latest refusal 4 to 7 under it with the hash `refused_sha256`.
    """

    highest: int | None = None
    acked_sha256: str | None = None
    refused_sha256: str | None = None
    refusal: tuple[tuple[int, str], ...] = ()


@dataclass(frozen=True)
class SequenceVerdict:
    """What the number of a file means: a receipt of its own, or go on; `skipped` numbers are reported by ENV-13."""

    receipt: tuple[tuple[int, str], ...] = ()
    skipped: int = 0


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
    if sequence == due:
        return SequenceVerdict()
    wrapped = state.highest == LAST_NUMBER
    if wrapped or sequence < due:
        return SequenceVerdict(((3, str(due)),))
    return SequenceVerdict(skipped=sequence - due)
