"""The scheduler on a moved clock: whatever happens, every run is made once."""

import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, text
from sqlmodel import Session, select

from gateway.office import LeaseLostError, Office
from gateway.schedule import carrying_out
from gateway.schedule.carrying_out import RunLostError, carry_out
from gateway.schedule.check import Apply, Check, Occasion, Summary
from gateway.schedule.plan import read_schedules
from gateway.schedule.scheduler import Scheduler
from market.home import Home
from store import accounts, parties, scheduled_runs, submissions
from store.database import connect, reading, writing
from store.states import ScheduledRunState
from store.tables import Audit, ScheduledRun
from tests.gateway.killed_run import NOON, note
from tests.store.conftest import KEY, Landed

TODAY = NOON.date()
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@dataclass
class Desk:
    """A gateway's scheduler on a clock that stands until it is moved; its checks leave a row each time."""

    office: Office
    now: datetime = NOON
    occasions: list[Occasion] = field(default_factory=list)
    raises: set[date] = field(default_factory=set)
    noticed: int = 0
    meanwhile: Callable[[], None] | None = None

    def check(self, name: str) -> Check:
        def work(occasion: Occasion) -> Apply:
            self.occasions.append(occasion)
            if self.meanwhile:
                self.meanwhile()
            if occasion.business_date in self.raises:
                raise ValueError("no such day")

            def apply(session: Session) -> Summary:
                note(session, occasion)
                return {"ran": str(occasion.business_date)}

            return apply

        return Check(name, name, (), work, {"count": 1})

    def scheduler(self, **crons: tuple[str, str]) -> Scheduler:
        entries = [
            f'[[schedule]]\ncheck = "{name}"\ncron = "{cron}"\nmissed = "{missed}"\n'
            for name, (cron, missed) in (crons or {"daily": ("5 11 * * *", "each")}).items()
        ]
        checks = [self.check(name) for name in crons or ("daily",)]
        return Scheduler(self.office, read_schedules("".join(entries), checks), self._notice)

    def _notice(self) -> None:
        self.noticed += 1

    def look(self, scheduler: Scheduler, at: datetime) -> None:
        self.now = at
        scheduler.look(threading.Event())


def make_desk(home: Home, engine: Engine, location: str, name: str) -> Desk:
    desk = Desk(Office(home, engine, location, lambda: desk.now, name))
    return desk


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.make()
    return made


@pytest.fixture
def desk(store: Engine, store_location: str, home: Home, monkeypatch: pytest.MonkeyPatch) -> Desk:
    made = make_desk(home, store, store_location, "one")
    assert made.office.claim()
    monkeypatch.setattr(carrying_out, "check_named", made.check)
    return made


@pytest.fixture
def other(store_location: str, home: Home) -> Iterator[Desk]:
    engine = connect(store_location)
    yield make_desk(home, engine, store_location, "other")
    engine.dispose()


def ran(engine: Engine) -> list[tuple[str, str]]:
    """What was committed, in order: check and business date."""
    with reading(engine) as session:
        rows = session.exec(select(Audit).where(Audit.action == "ran").order_by(Audit.id)).all()  # type: ignore[arg-type]
    return [(row.subject_kind, row.subject) for row in rows]


def days(engine: Engine) -> list[str]:
    return [day for _, day in ran(engine)]


def rows(engine: Engine, check: str = "daily") -> list[tuple[str, int, ScheduledRunState]]:
    with reading(engine) as session:
        found = scheduled_runs.of(session, check)
    return [(run.business_date.isoformat(), run.attempt, run.state) for run in found]


def fall_silent(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("UPDATE scheduled_run SET heartbeat = '2000-01-01 00:00:00.000000'"))


def test_a_new_schedule_misses_nothing_and_runs_when_it_is_due(desk: Desk, store: Engine) -> None:
    scheduler = desk.scheduler()
    for at in (NOON, NOON + HOUR, NOON + DAY - HOUR):
        desk.look(scheduler, at)
    assert days(store) == []
    due = datetime(2026, 11, 11, 11, 5, tzinfo=UTC)
    desk.look(scheduler, due - timedelta(seconds=1))
    assert days(store) == []
    desk.look(scheduler, due)
    assert days(store) == ["2026-11-11"]
    assert desk.noticed == 1
    (occasion,) = desk.occasions
    assert (occasion.at, occasion.now, occasion.business_date) == (due, due, TODAY + DAY)
    assert occasion.parameters == {"count": 1}
    desk.look(scheduler, due + HOUR)
    assert days(store) == ["2026-11-11"]


def test_a_schedule_that_begins_before_its_time_runs_on_the_same_day(desk: Desk, store: Engine) -> None:
    scheduler = desk.scheduler()
    desk.look(scheduler, NOON - 2 * HOUR)
    desk.look(scheduler, NOON)
    assert days(store) == ["2026-11-10"]


@pytest.mark.parametrize("change", [date(2026, 3, 29), date(2026, 10, 25)])
def test_nights_of_clock_changes_have_each_run_once(desk: Desk, store: Engine, change: date) -> None:
    crons = {"early": "59 0 * * *", "late": "0 2 * * *", "midnight": "0 0 * * *", "noon": "5 11 * * *"}
    scheduler = desk.scheduler(**{name: (cron, "each") for name, cron in crons.items()})
    at = datetime(change.year, change.month, change.day, 12, tzinfo=UTC) - 2 * DAY
    end = at + 4 * DAY
    while at <= end:
        desk.look(scheduler, at)
        at += 20 * timedelta(minutes=1)
    for name in crons:
        found = [day for check, day in ran(store) if check == name]
        assert found == [(change + timedelta(days=number)).isoformat() for number in range(-1, 3)], name
    assert [occasion.at for occasion in desk.occasions] == sorted(occasion.at for occasion in desk.occasions)


def test_what_was_missed_in_three_days_is_made_up_in_order(desk: Desk, store: Engine) -> None:
    scheduler = desk.scheduler(each=("5 11 * * *", "each"), latest=("0 8 * * *", "latest"))
    desk.look(scheduler, NOON)
    again = desk.scheduler(each=("5 11 * * *", "each"), latest=("0 8 * * *", "latest"))
    desk.look(again, NOON + 3 * DAY)
    assert ran(store) == [
        ("each", "2026-11-11"),
        ("each", "2026-11-12"),
        ("latest", "2026-11-13"),
        ("each", "2026-11-13"),
    ]
    passed, done = ScheduledRunState.PASSED_OVER, ScheduledRunState.DONE
    assert [state for _, _, state in rows(store, "each")] == [passed, done, done, done]
    assert [state for _, _, state in rows(store, "latest")] == [passed, passed, passed, done]
    # Made late, each looks at the state of the instant at which it was due.
    assert [one.at for one in desk.occasions] == sorted(one.at for one in desk.occasions)
    desk.look(again, NOON + 3 * DAY + HOUR)
    assert len(ran(store)) == 4


def test_a_run_that_raises_is_tried_again_and_keeps_no_other_waiting(desk: Desk, store: Engine) -> None:
    scheduler = desk.scheduler()
    desk.look(scheduler, NOON)
    desk.raises.add(TODAY + DAY)
    desk.look(scheduler, NOON + 2 * DAY)
    assert days(store) == ["2026-11-12"]
    assert rows(store)[1] == ("2026-11-11", 1, ScheduledRunState.FAULT)
    with reading(store) as session:
        (run,) = scheduled_runs.unfinished(session)
    assert run.fault == "ValueError: no such day"
    desk.look(scheduler, NOON + 2 * DAY)
    assert len(desk.occasions) == 2
    desk.raises.clear()
    desk.look(scheduler, NOON + 2 * DAY + HOUR)
    assert days(store) == ["2026-11-12", "2026-11-11"]
    assert [state for _, _, state in rows(store)[1:]] == [ScheduledRunState.DONE] * 2


@pytest.mark.parametrize("point", ["started", "working", "applying"])
def test_a_run_whose_process_is_killed_is_taken_over_when_it_has_been_silent(
    desk: Desk, store: Engine, point: str
) -> None:
    scheduler = desk.scheduler()
    desk.look(scheduler, NOON - 3 * DAY)
    arguments = (str(desk.office.home.root), desk.office.location, TODAY.isoformat(), point)
    killed = subprocess.run([sys.executable, "-m", "tests.gateway.killed_run", *arguments], timeout=60, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert days(store) == []
    desk.look(scheduler, NOON)
    assert days(store) == []
    fall_silent(store)
    desk.look(scheduler, NOON)
    desk.look(scheduler, NOON)
    assert days(store) == ["2026-11-10"]
    assert rows(store)[-1] == ("2026-11-10", 1, ScheduledRunState.DONE)


def test_who_was_taken_over_commits_nothing(desk: Desk, other: Desk, store: Engine) -> None:
    with writing(store) as session:
        run = scheduled_runs.start(session, "daily", TODAY, due_at=NOON, owner="one", at=NOON)
    assert run is not None

    def taken_over() -> None:
        desk.meanwhile = None
        fall_silent(store)
        with writing(other.office.engine) as session:
            found = scheduled_runs.take_over(session, owner="other", at=NOON, silent_seconds=30)
        assert found is not None
        carry_out(other.office, found, {})

    desk.meanwhile = taken_over
    with pytest.raises(RunLostError, match="run 1 of daily for 2026-11-10 was taken over"):
        carry_out(desk.office, run, {})
    assert days(store) == ["2026-11-10"]
    assert rows(store) == [("2026-11-10", 1, ScheduledRunState.DONE)]


def test_two_gateways_on_one_store_double_nothing(desk: Desk, other: Desk, store: Engine) -> None:
    first, second = desk.scheduler(), other.scheduler()
    desk.look(first, NOON)
    assert not other.office.claim()
    desk.look(first, NOON + DAY)
    # The first one hangs until its lease ends, the other begins to work, the first one comes back.
    with store.begin() as connection:
        connection.execute(text("UPDATE lease SET expires_at = '2000-01-01 00:00:00.000000'"))
    assert other.office.claim()
    other.look(second, NOON + 2 * DAY)
    desk.look(first, NOON + 2 * DAY)
    assert days(store) == ["2026-11-11", "2026-11-12"]
    with pytest.raises(LeaseLostError):
        desk.look(first, NOON + 3 * DAY)
    other.look(second, NOON + 3 * DAY)
    assert days(store) == ["2026-11-11", "2026-11-12", "2026-11-13"]


def test_a_start_by_hand_beside_the_schedule_is_a_run_of_its_own(desk: Desk, other: Desk, store: Engine) -> None:
    scheduler = desk.scheduler()
    desk.look(scheduler, NOON - 2 * HOUR)

    def by_hand() -> None:
        desk.meanwhile = None
        with writing(other.office.engine) as session:
            run = scheduled_runs.start_by_hand(session, "daily", TODAY, owner="operator", at=NOON)
        carry_out(other.office, run, {})

    desk.meanwhile = by_hand
    desk.look(scheduler, NOON)
    done = ScheduledRunState.DONE
    assert rows(store)[1:] == [("2026-11-10", 1, done), ("2026-11-10", 2, done)]
    assert len(ran(store)) == 2


def test_a_run_waits_for_what_was_received_before_it_was_due(desk: Desk, store: Engine) -> None:
    scheduler = desk.scheduler()
    desk.look(scheduler, NOON - 2 * HOUR)
    early, late = datetime(2026, 11, 10, 11, 5, tzinfo=UTC), datetime(2026, 11, 10, 11, 5, 1, tzinfo=UTC)
    with writing(store) as session:
        parties.add(session, "ACME", "Acme Ltd", ["BP"], actor="test", at=NOON)
        accounts.add(session, "acme", "ACME", [KEY], actor="test", at=NOON)
        refs = [
            submissions.enter(
                session, Landed(f"ACME/acme/{name}", "ACME", "acme", name, at, at, 100), actor="test", at=at
            ).ref
            for name, at in (("early", early), ("late", late))
        ]
    desk.look(scheduler, NOON)
    assert days(store) == []
    with writing(store) as session:
        submissions.note_fault(
            session,
            refs[0],
            submissions.SubmissionState.RECEIVED,
            "no room",
            next_try_at=NOON,
            actor="test",
            at=NOON,
        )
    desk.look(scheduler, NOON)
    assert days(store) == ["2026-11-10"]


def test_the_scheduler_in_its_thread_runs_what_is_due_and_ends(desk: Desk, store: Engine) -> None:
    scheduler, ended = desk.scheduler(), threading.Event()
    desk.now = NOON - 2 * HOUR
    thread = threading.Thread(target=scheduler.work, args=(ended,))
    thread.start()
    deadline = time.monotonic() + 30

    def await_(holds: Callable[[], Any]) -> None:
        while not holds():
            assert time.monotonic() < deadline
            time.sleep(0.02)

    await_(lambda: rows(store))
    desk.now = NOON
    scheduler.wake()
    await_(lambda: days(store))
    ended.set()
    scheduler.wake()
    thread.join(30)
    assert not thread.is_alive()
    assert days(store) == ["2026-11-10"]
    with reading(store) as session:
        assert session.exec(select(ScheduledRun).where(ScheduledRun.state == ScheduledRunState.STARTED)).all() == []
