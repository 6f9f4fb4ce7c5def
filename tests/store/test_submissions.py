import datetime as dt
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Engine

from market.fault import Fault
from store import audit, submissions
from store.database import connect, reading, writing
from store.states import FOLLOWING, Outcome, SubmissionState
from store.submission_ref import submission_ref
from store.tables import Submission

NOON = dt.datetime(2026, 11, 10, 12, 0, 0, tzinfo=dt.UTC)
RECEIVED, ACKED, NACKED = SubmissionState.RECEIVED, SubmissionState.ACKED, SubmissionState.NACKED
VALIDATED, HELD = SubmissionState.VALIDATED, SubmissionState.HELD
Enter = Callable[..., Submission]
SECOND = dt.timedelta(seconds=1)


def test_a_file_is_entered_once(acme: Engine, landed: Callable[..., Any]) -> None:
    file = landed(after=dt.timedelta(microseconds=5))
    with writing(acme) as session:
        first = submissions.enter(session, file, actor="watch", at=NOON)
    with writing(acme) as session:
        again = submissions.enter(session, file, actor="sweep", at=NOON + SECOND)
        assert again.ref == first.ref
        assert again.state is RECEIVED
        assert (again.received_at, again.arrival) == (NOON, NOON + dt.timedelta(microseconds=5))
        assert [row.actor for row in audit.of(session, "submission", first.ref)] == ["watch"]
        assert submissions.counts(session)[RECEIVED] == 1


def test_every_change_is_audited(acme: Engine, enter: Enter) -> None:
    with writing(acme) as session:
        ref = enter(session).ref
        moved = submissions.change_state(
            session, ref, RECEIVED, ACKED, actor="worker 1", why="receipt 100", at=NOON, receipt_code=100, sequence=7
        )
        assert (moved.state, moved.receipt_code, moved.sequence) == (ACKED, 100, 7)
        submissions.change_state(
            session, ref, ACKED, VALIDATED, actor="worker 1", why="run 1", at=NOON, outcome=Outcome.PARTIAL
        )
    with reading(acme) as session:
        found = submissions.get(session, ref)
        assert found is not None
        assert found.outcome is Outcome.PARTIAL
        rows = audit.of(session, "submission", ref)
        assert [(row.from_state, row.to_state, row.why) for row in rows] == [
            (None, "RECEIVED", ""),
            ("RECEIVED", "ACKED", "receipt 100"),
            ("ACKED", "VALIDATED", "run 1"),
        ]


def test_a_change_from_another_state_is_a_fault_and_changes_nothing(acme: Engine, enter: Enter) -> None:
    with writing(acme) as session:
        ref = enter(session).ref
        submissions.change_state(session, ref, RECEIVED, NACKED, actor="a", why="code 7", at=NOON)
        with pytest.raises(Fault, match="is NACKED, not RECEIVED"):
            submissions.change_state(session, ref, RECEIVED, ACKED, actor="b", why="", at=NOON)
        assert submissions.counts(session)[NACKED] == 1
        assert len(audit.of(session, "submission", ref)) == 2


@pytest.mark.parametrize("new", [state for state in SubmissionState if state not in FOLLOWING[RECEIVED]])
def test_a_state_that_cannot_follow_is_a_fault(acme: Engine, enter: Enter, new: SubmissionState) -> None:
    with writing(acme) as session:
        ref = enter(session).ref
        with pytest.raises(Fault, match="cannot follow RECEIVED"):
            submissions.change_state(session, ref, RECEIVED, new, actor="a", why="", at=NOON)


def test_a_file_that_cannot_be_read_is_quarantined_and_its_channel_goes_on(acme: Engine, enter: Enter) -> None:
    quarantined = SubmissionState.QUARANTINED
    with writing(acme) as session:
        first, second = enter(session), enter(session, after=SECOND)
        assert [one.ref for one in submissions.earlier_undecided(session, second)] == [first.ref]
        submissions.note_fault(session, first.ref, RECEIVED, "killed", next_try_at=NOON, actor="worker", at=NOON)
        moved = submissions.change_state(session, first.ref, RECEIVED, quarantined, actor="a", why="twice", at=NOON)
        assert (moved.state, moved.fault, moved.receipt_code) == (quarantined, None, None)
        assert submissions.earlier_undecided(session, second) == []
        assert submissions.faults(session) == []


def test_an_unknown_submission_is_a_fault(acme: Engine) -> None:
    with writing(acme) as session, pytest.raises(Fault, match="unknown"):
        submissions.record(session, "0" * 26, RECEIVED, sha256="00")


def test_of_many_workers_one_changes_the_state(acme: Engine, enter: Enter, store_location: str) -> None:
    with writing(acme) as session:
        refs = [enter(session, after=SECOND * number).ref for number in range(5)]

    def work(worker: int) -> int:
        engine, won = connect(store_location), 0
        for ref in refs:
            try:
                with writing(engine) as session:
                    submissions.change_state(session, ref, RECEIVED, ACKED, actor=f"worker {worker}", why="", at=NOON)
                won += 1
            except Fault:
                pass
        engine.dispose()
        return won

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(work, range(4))) == len(refs)
    with reading(acme) as session:
        assert all(len(audit.of(session, "submission", ref)) == 2 for ref in refs)


def test_a_fault_is_kept_until_the_submission_moves_on(acme: Engine, enter: Enter) -> None:
    with writing(acme) as session:
        ref, other = enter(session).ref, enter(session).ref
        for attempt in (1, 2):
            later = NOON + SECOND * attempt
            noted = submissions.note_fault(
                session, ref, RECEIVED, "disk full", next_try_at=later, actor="worker", at=NOON
            )
            assert (noted.attempts, noted.next_try_at) == (attempt, later)
        assert [row.ref for row in submissions.faults(session)] == [ref]
        assert [row.ref for row in submissions.by_state(session, RECEIVED, due_at=NOON)] == [other]
        assert len(submissions.by_state(session, RECEIVED, due_at=NOON + SECOND * 2)) == 2
        moved = submissions.change_state(session, ref, RECEIVED, ACKED, actor="worker", why="", at=NOON)
        assert (moved.fault, moved.next_try_at, moved.attempts) == (None, None, 2)
        assert submissions.faults(session) == []


def test_earlier_undecided_ones_of_the_channel_are_waited_for(acme: Engine, enter: Enter) -> None:
    with writing(acme) as session:
        refs = [enter(session, after=SECOND * number).ref for number in range(5)]
        unread, decided, elsewhere, same, last = refs
        for ref, channel in ((decided, "A"), (elsewhere, "B"), (same, "A"), (last, "A")):
            submissions.record(session, ref, RECEIVED, channel=channel)
            submissions.change_state(session, ref, RECEIVED, ACKED, actor="a", why="", at=NOON)
        submissions.change_state(session, decided, ACKED, HELD, actor="a", why="", at=NOON)

        def waits_for(ref: str) -> list[str]:
            found = submissions.get(session, ref)
            assert found is not None
            return [row.ref for row in submissions.earlier_undecided(session, found)]

        assert waits_for(last) == [unread, same]
        assert waits_for(same) == [unread]
        assert waits_for(unread) == []


def test_the_last_answer_to_a_number_is_found(acme: Engine, enter: Enter) -> None:
    with writing(acme) as session:
        codes = [(100, 17), (7, 18), (4, 18), (3, 19), (100, 20)]
        for place, (code, sequence) in enumerate(codes):
            ref = enter(session, after=SECOND * place).ref
            submissions.record(session, ref, RECEIVED, channel="A", sequence=sequence, receipt_code=code)

        def sequence_of(found: object) -> int | None:
            return getattr(found, "sequence", None)

        assert sequence_of(submissions.acked_with(session, "A", 17)) == 17
        assert submissions.acked_with(session, "A", 18) is None
        assert submissions.acked_with(session, "B", 17) is None
        refused = submissions.refused_with(session, "A", 18)
        assert refused is not None
        assert refused.receipt_code == 4
        assert submissions.refused_with(session, "A", 19) is None
        assert submissions.refused_with(session, "A", 17) is None
        assert sequence_of(submissions.last_acked(session, "A")) == 20
        assert submissions.last_acked(session, "B") is None


def test_a_name_is_used_where_an_earlier_file_had_it_lately(acme: Engine, enter: Enter) -> None:
    month = dt.timedelta(days=31)
    with writing(acme) as session:
        first, second = enter(session), enter(session, after=month)
        other = enter(session, name="BP000000000002", after=month)
        assert submissions.name_used(session, second, NOON)
        assert not submissions.name_used(session, second, NOON + SECOND)
        assert not submissions.name_used(session, first, NOON)
        assert not submissions.name_used(session, other, NOON)


def test_submissions_are_found_by_what_is_given(acme: Engine, enter: Enter) -> None:
    with writing(acme) as session:
        refs = [enter(session, after=SECOND * number).ref for number in range(4)]
        submissions.record(session, refs[1], RECEIVED, file_type="K0151001")

        def found(**wanted: object) -> list[str]:
            return [row.ref for row in submissions.find(session, **wanted)]  # type: ignore[arg-type]

        assert found() == refs[::-1]
        assert found(limit=2) == [refs[3], refs[2]]
        assert found(file_type="K0151001") == [refs[1]]
        assert found(party_id="OTHR") == []
        assert found(state=RECEIVED, received_from=NOON + SECOND, received_until=NOON + SECOND * 2) == [
            refs[2],
            refs[1],
        ]
        assert found(outcome=Outcome.ACCEPTED) == []


INSTANTS = st.integers(0, 10**16).map(lambda microseconds: NOON + dt.timedelta(microseconds=microseconds))


@given(INSTANTS, INSTANTS, st.text(), st.text())
def test_references_sort_by_arrival(one: dt.datetime, other: dt.datetime, name: str, other_name: str) -> None:
    first, second = submission_ref(one, name), submission_ref(other, other_name)
    assert len(first) == len(second) == 26
    assert first == submission_ref(one, name)
    if one != other:
        assert (first < second) == (one < other)
    elif name != other_name:
        assert first != second
