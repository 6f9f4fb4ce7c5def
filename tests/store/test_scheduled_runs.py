import datetime as dt
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import Engine, text

from market.fault import Fault
from store import notices, scheduled_runs
from store.database import connect, reading, writing
from store.states import ScheduledRunState
from store.tables import ScheduledRun

NOON = dt.datetime(2026, 11, 10, 12, tzinfo=dt.UTC)
DAY = dt.date(2026, 11, 10)
SILENT = 30.0


def start(engine: Engine, day: dt.date = DAY, owner: str = "one") -> ScheduledRun | None:
    with writing(engine) as session:
        return scheduled_runs.start(session, "check", day, due_at=NOON, owner=owner, at=NOON)


def take_over(engine: Engine, at: dt.datetime = NOON) -> ScheduledRun | None:
    with writing(engine) as session:
        return scheduled_runs.take_over(session, owner="other", at=at, silent_seconds=SILENT)


def fall_silent(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE scheduled_run SET heartbeat = '2000-01-01 00:00:00.000000'"))


@pytest.fixture
def others(store: Engine, store_location: str) -> Iterator[list[Engine]]:
    engines = [connect(store_location) for _ in range(4)]
    yield engines
    for engine in engines:
        engine.dispose()


def together(engines: list[Engine], work: Any) -> list[Any]:
    barrier = threading.Barrier(len(engines))

    def one(engine: Engine) -> Any:
        barrier.wait()
        return work(engine)

    with ThreadPoolExecutor(len(engines)) as pool:
        return list(pool.map(one, engines))


def test_of_a_check_and_a_business_date_the_schedule_makes_one_run(store: Engine) -> None:
    first = start(store)
    assert first is not None
    assert (first.attempt, first.token, first.state) == (1, 1, ScheduledRunState.STARTED)
    assert start(store, owner="other") is None
    assert start(store, DAY + dt.timedelta(days=1)) is not None
    with reading(store) as session:
        assert scheduled_runs.last_business_date(session, "check") == DAY + dt.timedelta(days=1)
        assert scheduled_runs.last_business_date(session, "another") is None


def test_of_many_gateways_one_starts_a_run(store: Engine, others: list[Engine]) -> None:
    found = together(others, start)
    assert sum(run is not None for run in found) == 1


def test_a_start_by_hand_leaves_the_first_attempt_to_the_schedule(store: Engine, others: list[Engine]) -> None:
    def by_hand(engine: Engine) -> int:
        with writing(engine) as session:
            return scheduled_runs.start_by_hand(session, "check", DAY, owner="operator", at=NOON).attempt

    assert sorted(together(others, by_hand)) == [2, 3, 4, 5]
    with reading(store) as session:
        assert scheduled_runs.last_business_date(session, "check") is None
    first = start(store)
    assert first is not None
    assert first.attempt == 1
    assert by_hand(store) == 6


def test_a_run_with_a_heartbeat_is_nobody_elses(store: Engine) -> None:
    run = start(store)
    assert run is not None
    assert take_over(store) is None
    fall_silent(store)
    with writing(store) as session:
        assert scheduled_runs.beat(session, run.id or 0, run.token)
    assert take_over(store) is None


def test_of_many_gateways_one_takes_a_silent_run_over_and_who_comes_back_late_commits_nothing(
    store: Engine, others: list[Engine]
) -> None:
    run = start(store)
    assert run is not None
    assert run.id is not None
    fall_silent(store)
    taken = [found for found in together(others, take_over) if found is not None]
    assert [(found.id, found.token, found.owner) for found in taken] == [(run.id, 2, "other")]
    with writing(store) as session:
        assert not scheduled_runs.beat(session, run.id, run.token)
        with pytest.raises(Fault, match=f"run {run.id} is not held under token 1"):
            scheduled_runs.finish(session, run.id, run.token, {}, at=NOON)
        scheduled_runs.finish(session, run.id, 2, {"told": 3}, at=NOON)
    fall_silent(store)
    assert take_over(store) is None
    with reading(store) as session:
        done = scheduled_runs.last_done(session, "check")
    assert done is not None
    assert (done.state, done.summary) == (ScheduledRunState.DONE, {"told": 3})


def test_a_run_that_raised_is_taken_up_when_it_is_due_again(store: Engine) -> None:
    run, later = start(store), NOON + dt.timedelta(minutes=1)
    assert run is not None
    assert run.id is not None
    with writing(store) as session:
        assert scheduled_runs.note_fault(session, run.id, 1, "no room", at=NOON, next_try_at=later)
    assert take_over(store) is None
    found = take_over(store, later)
    assert found is not None
    assert (found.token, found.fault) == (2, "no room")
    with reading(store) as session:
        assert [one.id for one in scheduled_runs.unfinished(session)] == [run.id]


def test_what_is_passed_over_is_never_taken_up(store: Engine) -> None:
    with writing(store) as session:
        assert scheduled_runs.pass_over(session, "check", DAY, due_at=NOON, owner="one", at=NOON, why="missed")
        assert not scheduled_runs.pass_over(session, "check", DAY, due_at=NOON, owner="one", at=NOON, why="missed")
    fall_silent(store)
    assert take_over(store) is None
    assert start(store) is None
    with reading(store) as session:
        (row,) = scheduled_runs.of(session, "check", DAY)
    assert (row.state, row.summary) == (ScheduledRunState.PASSED_OVER, {"why": "missed"})


def test_a_party_is_told_of_a_subject_once(store: Engine, others: list[Engine]) -> None:
    run = start(store)
    assert run is not None
    run_id = run.id or 0

    def claim(engine: Engine, party: str = "ACME", day: dt.date = DAY, subjects: tuple[str, ...] = ("b", "a")) -> Any:
        with writing(engine) as session:
            return notices.claim(session, "check", day, party, subjects, run_id=run_id)

    assert sorted(together(others, claim)) == [[], [], [], ["b", "a"]]
    assert claim(store, subjects=("c", "a", "c")) == ["c"]
    assert claim(store, party="OTHR") == ["b", "a"]
    assert claim(store, day=DAY + dt.timedelta(days=1)) == ["b", "a"]
    assert claim(store, subjects=()) == []
    with reading(store) as session:
        assert notices.subjects(session, "check", DAY) == {
            *(("ACME", subject) for subject in "abc"),
            *(("OTHR", subject) for subject in "ab"),
        }


def test_more_subjects_than_a_statement_holds(store: Engine) -> None:
    run = start(store)
    assert run is not None
    subjects = [f"T_{number}" for number in range(2500)]
    with writing(store) as session:
        assert notices.claim(session, "check", DAY, "ACME", subjects, run_id=run.id or 0) == subjects
        assert notices.claim(session, "check", DAY, "ACME", subjects, run_id=run.id or 0) == []
