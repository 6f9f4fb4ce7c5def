"""One life of a gateway in one process: its real steps one after the other, under a clock that stands still.

Of the gateway only the threads are left out, so that the same calls come in the same order each time.
"""

import itertools
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from sqlalchemy import Engine

import gateway.delivery
import gateway.dispatch
import gateway.schedule.carrying_out
import ingest.landing
from gateway.front_door import compose
from gateway.office import Office
from gateway.schedule.catalogue import product_schedules
from gateway.tenure import Tenure
from ingest.sftp.interfaces import SessionEvent
from ingest.sftp.limits import Limits
from ingest.sftp.session import Session
from ingest.sftp.session_folder import clear_dead_sessions
from market.home import Home
from store import answers, audit, scheduled_runs, submissions
from store.database import connect, open_store, reading, writing
from store.states import UNDECIDED, AnswerState
from tests.exchange.gateway_process import ThreadWorkers

LIMITS = Limits(disk_reserve=0)
ROUNDS = 400
"""After so many rounds without an end the gateway is stuck."""


def leave_nothing_to_chance() -> None:
    """Landed files have the same number each time, and what failed is tried again at once: the clock stands still."""
    ingest.landing.itertools = SimpleNamespace(count=lambda _: itertools.repeat(0))  # type: ignore[assignment]
    gateway.dispatch.retry_after = lambda _: timedelta()
    gateway.delivery.retry_after = lambda _: timedelta()
    gateway.schedule.carrying_out.retry_after = lambda _: timedelta()


def end_holds(location: str) -> None:
    """Spares the half minute after which what a dead gateway held is another's."""
    engine = connect(location)
    _end(engine, "UPDATE lease SET expires_at = '2000-01-01 00:00:00.000000+00:00'")
    end_holds_of_runs(engine)
    engine.dispose()


def end_holds_of_runs(engine: Engine) -> None:
    """The same for scheduled runs in which the gateway fell silent."""
    _end(engine, "UPDATE scheduled_run SET heartbeat = '2000-01-01 00:00:00.000000+00:00'")


def _end(engine: Engine, statement: str) -> None:
    with writing(engine) as session:
        instant = statement.removesuffix("+00:00'") + "'" if engine.dialect.name == "sqlite" else statement
        session.connection().exec_driver_sql(instant)


class WrittenAtOnce:
    """The audit of sessions, without the thread that writes it."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine

    def write(self, event: SessionEvent) -> None:
        with writing(self._engine) as session:
            audit.write(
                session,
                at=event.at,
                actor=event.account or event.address,
                action=str(event.kind),
                subject_kind="session",
                subject=event.path or event.address,
                why=event.detail,
            )


class Life:
    """A gateway that has started; `now` is what its clock says."""

    def __init__(self, root: Path, now: datetime, location: str | None = None) -> None:
        self.now = now
        self.home = Home(root)
        self.location = location or f"sqlite:///{self.home.database}"
        self.engine = open_store(self.location)
        self.office = Office(self.home, self.engine, self.location, self._clock, "life")
        assert self.office.claim()
        self._door = compose(self.home, self.location, LIMITS, self._clock)
        self._door = replace(self._door, log=WrittenAtOnce(self.engine))
        clear_dead_sessions(self.home)
        self._tenure = Tenure(self.office, ThreadWorkers(), product_schedules())  # type: ignore[arg-type]
        self._tenure._recover()

    def _clock(self) -> datetime:
        return self.now

    @contextmanager
    def session(self, account: str) -> Iterator[Session]:
        """An SFTP session of an account, without its connection."""
        found = self._door.accounts.find(account)
        assert found is not None
        session = Session(self._door, found, "192.0.2.1")
        try:
            yield session
        finally:
            session.end()

    def settle(self) -> None:
        """Works until nothing is left to do."""
        for _ in range(ROUNDS):
            self._go_round()
            if self.is_quiet():
                return
        raise AssertionError("the gateway does not come to rest")

    def _go_round(self) -> None:
        try:
            clear_dead_sessions(self.home)
            self._tenure._enter_landed()
            assert self._tenure._dispatcher.idle(60)
            self._tenure._refill()
            assert self._tenure._dispatcher.idle(60)
            self._tenure._dry_runs.answer()
            if self._unfinished_runs():
                end_holds_of_runs(self.engine)
                self.run_schedule()
            self._tenure._deliver_all()
        except Exception:
            # A thread of the gateway logs it and goes on after a second.
            gateway.dispatch._log.exception("the gateway goes on after a fault")

    def is_quiet(self) -> bool:
        """Whether everything that landed is decided and everything answered is delivered."""
        with reading(self.engine) as session:
            waiting = answers.counts(session)
            left = submissions.by_state(session, *UNDECIDED, limit=1)
        landed = [path for folder in (self.home.landing, self.home.dry_runs) for path in folder.rglob("*")]
        if self._unfinished_runs():
            return False
        on_its_way = waiting[AnswerState.PENDING] + waiting[AnswerState.STAGED]
        return not left and not on_its_way and not any(path.is_file() for path in landed)

    def _unfinished_runs(self) -> bool:
        with reading(self.engine) as session:
            return bool(scheduled_runs.unfinished(session))

    def run_schedule(self) -> None:
        """Makes the scheduled runs that are due."""
        self._tenure._scheduler.look(threading.Event())

    def end(self) -> None:
        """Stops, as after SIGTERM."""
        self._tenure._dispatcher.close()
        self.office.release()
        self._door.accounts.engine.dispose()  # type: ignore[attr-defined]
        self.engine.dispose()
