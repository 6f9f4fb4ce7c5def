"""The strict sequence policy on rows alone, on both databases: numbers that come in any order."""

import datetime as dt
import itertools
import random
from dataclasses import dataclass, field

import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from gateway import gaps, submission_pages, withdrawal
from ingest.sequence import LAST_NUMBER, ChannelState, judge_sequence
from store import accounts, audit, numbers_ahead, parties, sequences, submissions
from store.database import reading, writing
from store.refused import RefusedError
from store.states import SubmissionState
from tests.store.conftest import KEY, NOON, Landed

RECEIVED, ACKED, NACKED = SubmissionState.RECEIVED, SubmissionState.ACKED, SubmissionState.NACKED
HELD, VALIDATED = SubmissionState.HELD, SubmissionState.VALIDATED

_numbers = itertools.count(1)


@dataclass
class Channel:
    """Files of one strict channel, whose bytes are their number and a letter; `decided` are those that got a run."""

    store: Engine
    name: str = field(default_factory=lambda: f"K0151001 BP ACME CR UKDC {next(_numbers)}")
    decided: list[int] = field(default_factory=list)
    refs: dict[int, str] = field(default_factory=dict)

    def arrive(self, number: int, *, bytes_: str = "a", nacked: bool = False) -> int:
        """The receipt code of a file; what has its turn then is decided."""
        at = NOON + dt.timedelta(seconds=next(_numbers))
        path = f"ACME/acme/{at:%Y%m%dT%H%M%S%f}-{next(_numbers)}-BP{number:012d}"
        with writing(self.store) as session:
            landed = Landed(path, "ACME", "acme", f"BP{number:012d}", at, at, 100)
            ref = submissions.enter(session, landed, actor="test", at=at).ref
            submissions.record(session, ref, RECEIVED, channel=self.name, sequence=number)
            verdict = judge_sequence(self.known(session, number), number, f"{number}{bytes_}")
            code = verdict.receipt[0][0] if verdict.receipt else 7 if nacked else 100
            answered = SubmissionState.DUPLICATE if code == 101 else NACKED if code < 100 else ACKED
            if not verdict.receipt:
                gaps.consume(session, submissions.get(session, ref), number, ahead=verdict.held)  # type: ignore[arg-type]
                answered = HELD if verdict.held and code == 100 else answered
                self.refs[number] = ref
            done = submissions.change_state(
                session, ref, RECEIVED, answered, actor="t", why=f"{code}", at=at, sha256=f"{number}{bytes_}",
                receipt_code=code, skipped=verdict.skipped,
            )  # fmt: skip
            gaps.go_on(session, done, actor="test", at=at)
        self.decide()
        return code

    def known(self, session: Session, number: int) -> ChannelState:
        acked = submissions.acked_with(session, self.name, number)
        return ChannelState(
            sequences.state(session, self.name),
            acked.sha256 if acked else None,
            strict=True,
            ahead=numbers_ahead.has(session, self.name, number),
        )

    def decide(self) -> None:
        """Decides what is let go, one after the other, as a dispatcher does."""
        while True:
            with writing(self.store) as session:
                one = submissions.in_work(session, self.name)
                if one is None:
                    return
                assert one.sequence is not None
                self.decided.append(one.sequence)
                done = submissions.change_state(session, one.ref, ACKED, VALIDATED, actor="t", why="", at=NOON)
                gaps.go_on(session, done, actor="test", at=NOON)

    def release(self, number: int) -> str:
        with writing(self.store) as session:
            submission = submissions.get(session, self.refs[number])
            assert submission is not None
            told: str = gaps.release(session, submission, actor="ann", reason="lost", at=NOON)["given_up"]
        self.decide()
        return told

    def begin_after(self, number: int) -> "Channel":
        with writing(self.store) as session:
            gaps.reset(session, self.name, number, actor="ann", reason="a new system", at=NOON)
        return self

    def state(self, number: int) -> SubmissionState:
        with reading(self.store) as session:
            found = submissions.get(session, self.refs[number])
            assert found is not None
            return found.state

    def expected(self) -> int:
        with reading(self.store) as session:
            return gaps.expected(session, self.name)


@pytest.fixture
def channel(store: Engine) -> Channel:
    with writing(store) as session:
        parties.add(session, "ACME", "Acme Ltd", ["BP"], actor="test", at=NOON)
        accounts.add(session, "acme", "ACME", [KEY], actor="test", at=NOON)
    return Channel(store)


def test_what_comes_in_order_is_decided_at_once(channel: Channel) -> None:
    assert [channel.arrive(number) for number in (1, 2, 3)] == [100, 100, 100]
    assert channel.decided == [1, 2, 3]
    assert channel.expected() == 4


def test_what_comes_behind_a_gap_waits_and_is_decided_in_order(channel: Channel) -> None:
    assert [channel.arrive(number) for number in (1, 5, 3, 6)] == [100] * 4
    assert (channel.decided, channel.expected()) == ([1], 2)
    channel.arrive(2)
    assert (channel.decided, channel.expected()) == ([1, 2, 3], 4)
    channel.arrive(4)
    assert (channel.decided, channel.expected()) == ([1, 2, 3, 4, 5, 6], 7)


def test_any_order_of_arrival_ends_in_the_order_of_sequence(channel: Channel) -> None:
    dice = random.Random(20261020)
    for start in (0, 17, LAST_NUMBER - 3):
        one = Channel(channel.store).begin_after(start)
        numbers = [(start + step) % (LAST_NUMBER + 1) for step in range(1, 9)]
        refused, shuffled = set(dice.sample(numbers, 2)), dice.sample(numbers, 8)
        for number in shuffled:
            assert one.arrive(number, nacked=number in refused) == (7 if number in refused else 100)
            came = shuffled[: shuffled.index(number) + 1]
            unbroken = list(itertools.takewhile(came.__contains__, numbers))
            assert one.decided == [each for each in unbroken if each not in refused]
            assert one.expected() == (start + 1 + len(unbroken)) % (LAST_NUMBER + 1)
        with reading(channel.store) as session:
            assert not numbers_ahead.any_of(session, one.name)


def test_the_same_bytes_are_a_duplicate_and_others_are_code_3_while_a_file_is_held(channel: Channel) -> None:
    assert [channel.arrive(2), channel.arrive(2), channel.arrive(2, bytes_="b")] == [100, 101, 3]
    channel.arrive(1)
    assert channel.decided == [1, 2]
    assert [channel.arrive(2), channel.arrive(2, bytes_="b"), channel.arrive(3)] == [101, 3, 100]


def test_a_refused_file_behind_a_gap_fills_its_place(channel: Channel) -> None:
    assert [channel.arrive(2, nacked=True), channel.arrive(2, bytes_="b"), channel.arrive(3)] == [7, 3, 100]
    assert channel.decided == []
    channel.arrive(1)
    assert channel.decided == [1, 3]


def test_code_3_fills_no_gap(channel: Channel) -> None:
    channel.arrive(1)
    channel.arrive(3)
    assert channel.arrive(1, bytes_="b") == 3
    assert (channel.decided, channel.state(3)) == ([1], HELD)


def test_a_release_gives_up_what_is_missing_before_it_and_no_more(channel: Channel) -> None:
    for number in (3, 4, 7, 9):
        channel.arrive(number)
    assert channel.release(7) == "1 to 2, 5 to 6"
    assert (channel.decided, channel.state(9), channel.expected()) == ([3, 4, 7], HELD, 8)
    assert channel.arrive(5) == 3
    channel.arrive(8)
    assert channel.decided == [3, 4, 7, 8, 9]
    with reading(channel.store) as session:
        told = [(row.action, row.why) for row in audit.of(session, "submission", channel.refs[7])]
        skipped = [submissions.get(session, channel.refs[number]).skipped for number in (3, 4, 7, 9)]  # type: ignore[union-attr]
    assert ("release", "lost; given up: 1 to 2, 5 to 6") in told
    assert skipped == [2, 0, 2, 0]


def test_a_released_file_waits_while_another_is_in_work(channel: Channel) -> None:
    channel.arrive(3)
    with writing(channel.store) as session:
        gaps.consume(session, submissions.get(session, channel.refs[3]), 1, ahead=False)  # type: ignore[arg-type]
        first = submissions.enter(
            session, Landed("ACME/acme/first", "ACME", "acme", "BP000000000001", NOON, NOON, 1), actor="t", at=NOON
        )
        submissions.record(session, first.ref, RECEIVED, channel=channel.name, sequence=1)
        submissions.change_state(session, first.ref, RECEIVED, ACKED, actor="t", why="", at=NOON)
        released = submissions.get(session, channel.refs[3])
        assert released is not None
        gaps.release(session, released, actor="ann", reason="lost", at=NOON)
        assert submissions.in_work(session, channel.name) == first
    assert (channel.state(3), channel.expected()) == (HELD, 4)
    channel.decide()
    assert channel.decided == [1, 3]


def test_a_withdrawn_file_is_passed(channel: Channel) -> None:
    for number in (2, 3):
        channel.arrive(number)
    with writing(channel.store) as session:
        held = submissions.get(session, channel.refs[2])
        assert held is not None
        withdrawal.withdraw(session, held, actor="ann", reason="sent by mistake", at=NOON)
    channel.arrive(1)
    assert (channel.decided, channel.state(2)) == ([1, 3], SubmissionState.WITHDRAWN)


def test_a_channel_is_not_reset_while_a_file_of_it_is_held(channel: Channel) -> None:
    channel.arrive(2, nacked=True)
    channel.arrive(3)
    with pytest.raises(RefusedError, match=f"1 submissions of channel .* are held: .* {channel.refs[3]} first"):
        channel.begin_after(7)
    channel.release(3)
    channel.begin_after(7).arrive(8)
    assert channel.decided == [3, 8]


def test_a_reset_forgets_refused_files_behind_the_gap(channel: Channel) -> None:
    channel.arrive(3, nacked=True)
    channel.begin_after(0)
    assert [channel.arrive(number) for number in (1, 2, 3)] == [100, 100, 100]
    assert channel.decided == [1, 2, 3]


def test_what_is_held_is_shown_with_what_it_waits_for(channel: Channel) -> None:
    for number in (1, 3, 6):
        channel.arrive(number)
    with reading(channel.store) as session:
        pages = {number: submissions.get(session, ref) for number, ref in channel.refs.items()}
        waits = {n: submission_pages.page(session, None, one)["waits_for"] for n, one in pages.items() if one}
        assert waits == {1: None, 3: "2", 6: "2, 4 to 5"}
        assert gaps.waiting(session) == [{"channel": channel.name, "expects": 2, "held": 2}]
    channel.release(6)
    with reading(channel.store) as session:
        assert gaps.waiting(session) == []


@pytest.mark.parametrize("state", [VALIDATED, NACKED])
def test_what_is_not_held_is_not_released(channel: Channel, state: SubmissionState) -> None:
    channel.arrive(1, nacked=state is NACKED)
    with pytest.raises(RefusedError, match=f"is {state}: there is nothing to release"):
        channel.release(1)
