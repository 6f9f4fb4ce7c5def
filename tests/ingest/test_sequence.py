"""The numbers of a channel against a model that remembers every file."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.sequence import LAST_NUMBER, ChannelState, SequenceVerdict, judge_sequence, next_number

ACKED, REFUSED = 100, 4


@dataclass
class Model:
    """Remembers every file and its answer; tells what the next one gets by going through all of them."""

    files: list[tuple[int, str, int]] = field(default_factory=list)

    @property
    def highest(self) -> int | None:
        consumed = [number for number, _, _ in self.files]
        return consumed[-1] if consumed else None

    def state(self, number: int) -> ChannelState:
        """What the store gives for a number."""
        mine = [(sha256, code) for found, sha256, code in self.files if found == number]
        acked = [sha256 for sha256, code in mine if code == ACKED]
        refused = [sha256 for sha256, code in mine if code == REFUSED]
        return ChannelState(
            self.highest,
            acked[-1] if acked else None,
            refused[-1] if refused else None,
            ((REFUSED, "why"),) if refused else (),
        )

    def answer(self, number: int, sha256: str) -> tuple[int, int]:
        """Receipt code (0: go on) and how many numbers are skipped."""
        # of a number that came round again only the latest file of each kind counts
        for answer, kind in ((101, ACKED), (REFUSED, REFUSED)):
            mine = [bytes_ for found, bytes_, code in self.files if (found, code) == (number, kind)]
            if mine[-1:] == [sha256]:
                return answer, 0
        expected = 1 if self.highest is None else (self.highest + 1) % (LAST_NUMBER + 1)
        if number < expected or (expected == 0 and number > 0):
            return 3, 0
        return 0, number - expected


@settings(max_examples=300, deadline=None)
@given(
    st.sampled_from([None, 1, 5, LAST_NUMBER - 2, LAST_NUMBER - 1]),
    st.lists(st.tuples(st.integers(-3, 4), st.sampled_from("abc"), st.sampled_from([ACKED, REFUSED])), max_size=12),
)
def test_numbers_go_as_the_model_says(start: int | None, arrivals: list[tuple[int, str, int]]) -> None:
    model = Model([] if start is None else [(start, "first", ACKED)])
    for step, sha256, outcome in arrivals:
        number = ((model.highest or 0) + step) % (LAST_NUMBER + 1)
        verdict = judge_sequence(model.state(number), number, sha256)
        code, skipped = model.answer(number, sha256)
        assert (verdict.receipt[0][0] if verdict.receipt else 0, verdict.skipped) == (code, skipped)
        if code == 3:
            assert verdict.receipt == ((3, str(next_number(model.highest))),)
        if not code:
            model.files.append((number, sha256, outcome))


@pytest.mark.parametrize(
    ("highest", "number", "verdict"),
    [
        (None, 1, SequenceVerdict()),
        (None, 0, SequenceVerdict(((3, "1"),))),
        (None, 4, SequenceVerdict(skipped=3)),
        (17, 18, SequenceVerdict()),
        (17, 17, SequenceVerdict(((3, "18"),))),
        (17, 16, SequenceVerdict(((3, "18"),))),
        (17, 20, SequenceVerdict(skipped=2)),
        (999_999_998, 999_999_999, SequenceVerdict()),
        (999_999_999, 0, SequenceVerdict()),
        (999_999_999, 1, SequenceVerdict(((3, "0"),))),
        (999_999_999, 999_999_999, SequenceVerdict(((3, "0"),))),
        (0, 1, SequenceVerdict()),
        (0, 0, SequenceVerdict(((3, "1"),))),
    ],
)
def test_numbers_at_the_edges(highest: int | None, number: int, verdict: SequenceVerdict) -> None:
    assert judge_sequence(ChannelState(highest), number, "abc") == verdict


@pytest.mark.parametrize(
    ("highest", "number", "verdict"),
    [
        (None, 1, SequenceVerdict()),
        (None, 0, SequenceVerdict(((3, "1"),))),
        (None, 4, SequenceVerdict(skipped=3, held=True)),
        (17, 20, SequenceVerdict(skipped=2, held=True)),
        (17, 16, SequenceVerdict(((3, "18"),))),
        (17, LAST_NUMBER, SequenceVerdict(skipped=LAST_NUMBER - 18, held=True)),
        (999_999_997, 999_999_999, SequenceVerdict(skipped=1, held=True)),
        (999_999_997, 1, SequenceVerdict(skipped=3, held=True)),
        (999_999_999, 0, SequenceVerdict()),
        (999_999_999, 2, SequenceVerdict(skipped=2, held=True)),
        (999_999_999, 999_999_998, SequenceVerdict(((3, "0"),))),
    ],
)
def test_a_strict_channel_holds_what_comes_behind_a_gap(highest: int | None, number: int, verdict: object) -> None:
    assert judge_sequence(ChannelState(highest, strict=True), number, "abc") == verdict


def test_a_number_that_came_ahead_of_missing_ones_is_not_taken_again() -> None:
    assert judge_sequence(ChannelState(17, "abc", strict=True, ahead=True), 20, "abc").receipt == ((101, ""),)
    assert judge_sequence(ChannelState(17, "abc", strict=True, ahead=True), 20, "abd").receipt == ((3, "18"),)


def test_the_same_bytes_after_100_are_a_duplicate_and_others_are_code_3() -> None:
    state = ChannelState(18, acked_sha256="abc")
    assert judge_sequence(state, 18, "abc") == SequenceVerdict(((101, ""),))
    assert judge_sequence(state, 18, "abd") == SequenceVerdict(((3, "19"),))


def test_the_same_bytes_after_a_refusal_get_it_again_and_others_are_code_3() -> None:
    refusal = ((4, "line 5: STR-01"), (4, "line 7: STR-02"))
    state = ChannelState(18, refused_sha256="abc", refusal=refusal)
    assert judge_sequence(state, 18, "abc") == SequenceVerdict(refusal)
    assert judge_sequence(state, 18, "abd") == SequenceVerdict(((3, "19"),))


def test_bytes_that_got_both_are_a_duplicate() -> None:
    state = ChannelState(0, acked_sha256="abc", refused_sha256="abc", refusal=((4, "why"),))
    assert judge_sequence(state, 0, "abc") == SequenceVerdict(((101, ""),))
