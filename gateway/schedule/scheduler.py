"""The scheduler of the gateway that works: it finds in the store what is due and was not made, and makes it.

APScheduler only wakes it: it would double and miss runs around the clock changes and advances a job before it has run.
What was made is what rows say.
"""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta

from apscheduler.schedulers.background import BackgroundScheduler

from gateway.office import LeaseLostError, Office
from gateway.schedule.carrying_out import SILENT_SECONDS, RunLostError, carry_out
from gateway.schedule.plan import Schedule
from market.clock import LONDON, london_day
from store import scheduled_runs, submissions
from store.database import reading, writing
from store.states import UNDECIDED
from store.tables import ScheduledRun

LOOK_SECONDS = 5.0
"""How often the rows are looked at without a hint."""

PATIENCE_SECONDS = 600.0
"""How long a run waits for submissions that were received before it was due and are not decided."""

_log = logging.getLogger(__name__)


class Scheduler:
    """Makes scheduled runs one after the other, in the order in which they were due.

    `on_notice` is called when files wait to be delivered.
    """

    def __init__(self, office: Office, schedules: Sequence[Schedule], on_notice: Callable[[], None]) -> None:
        self._office = office
        self._schedules = {schedule.check: schedule for schedule in schedules}
        self._on_notice = on_notice
        self._woken = threading.Event()
        self._waiting: tuple[datetime, float] | None = None

    def work(self, ended: threading.Event) -> None:
        """Makes what is due until `ended`; `wake` must be called with it."""
        alarm = BackgroundScheduler(timezone=LONDON)
        for schedule in self._schedules.values():
            alarm.add_job(self._woken.set, schedule.trigger, misfire_grace_time=None, coalesce=True)
        alarm.start()
        try:
            while not ended.is_set():
                self.look(ended)
                self._woken.wait(LOOK_SECONDS)
                self._woken.clear()
        finally:
            alarm.shutdown()

    def wake(self) -> None:
        """Lets it look now."""
        self._woken.set()

    def look(self, ended: threading.Event) -> None:
        """Takes over what others left behind, begins the memory of new schedules, and makes what is due."""
        self._begin()
        while not ended.is_set() and (run := self._next()) is not None:
            self._make(run)

    def _begin(self) -> None:
        """A schedule that is new to the store begins today: nothing before it was missed."""
        now = self._office.clock()
        with reading(self._office.engine) as session:
            new = [name for name in self._schedules if scheduled_runs.last_business_date(session, name) is None]
        for name in new:
            today = london_day(now)
            due_today = any(self._schedules[name].due(today - timedelta(days=1), now))
            last = today if due_today else today - timedelta(days=1)
            self._pass_over(name, last, now, "the schedule begins")

    def _next(self) -> ScheduledRun | None:
        """The next run, taken up."""
        office = self._office
        now = office.clock()
        with writing(office.engine) as session:
            found = scheduled_runs.take_over(session, owner=office.name, at=now, silent_seconds=SILENT_SECONDS)
        if found is not None:
            _log.warning("run %d of %s for %s is taken up again", found.attempt, found.check, found.business_date)
            return found
        while (first := self._first_due(now)) is not None:
            due_at, check, business_date = first
            if not self._settled(due_at):
                return None
            with office.committing() as session:
                run = scheduled_runs.start(session, check, business_date, due_at=due_at, owner=office.name, at=now)
            if run is not None:
                return run
        return None

    def _first_due(self, now: datetime) -> tuple[datetime, str, date] | None:
        """What was due first of all that nobody made; where only the latest is made up, the others are passed over."""
        found = []
        for place, (name, schedule) in enumerate(self._schedules.items()):
            with reading(self._office.engine) as session:
                last = scheduled_runs.last_business_date(session, name)
            due = [] if last is None else list(schedule.due(last, now))
            while schedule.missed == "latest" and len(due) > 1:
                business_date, due_at = due.pop(0)
                self._pass_over(name, business_date, due_at, "missed: only the latest is made up")
            if due:
                found.append((due[0][1], place, name, due[0][0]))
        if not found:
            return None
        due_at, _, name, business_date = min(found)
        return due_at, name, business_date

    def _pass_over(self, check: str, business_date: date, due_at: datetime, why: str) -> None:
        office = self._office
        with office.committing() as session:
            scheduled_runs.pass_over(
                session, check, business_date, due_at=due_at, owner=office.name, at=office.clock(), why=why
            )

    def _settled(self, due_at: datetime) -> bool:
        """Whether what was received before the run was due is decided, or nobody waits for it any longer.

        A submission with a fault may stay undecided for days, and keeps no run waiting.
        """
        with reading(self._office.engine) as session:
            undecided = submissions.by_state(session, *UNDECIDED)
        if not any(one.received_at <= due_at and one.fault is None for one in undecided):
            self._waiting = None
            return True
        if self._waiting is None or self._waiting[0] != due_at:
            self._waiting = (due_at, time.monotonic())
        return time.monotonic() - self._waiting[1] > PATIENCE_SECONDS

    def _make(self, run: ScheduledRun) -> None:
        schedule = self._schedules.get(run.check)
        try:
            carry_out(self._office, run, schedule.parameters if schedule else {})
        except LeaseLostError:
            raise
        except RunLostError as error:
            _log.warning("a run is lost to another process: %s", error)
        except Exception:
            _log.exception("run %d of %s for %s is tried again", run.attempt, run.check, run.business_date)
        else:
            self._on_notice()
