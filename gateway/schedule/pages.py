"""What `gridpost schedule` tells, as structures for JSON; the command line makes them texts."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session

from gateway.schedule.catalogue import check_named
from gateway.schedule.plan import Schedule
from store import scheduled_runs
from store.tables import ScheduledRun


def schedule_rows(session: Session, schedules: Sequence[Schedule], now: datetime) -> list[dict[str, Any]]:
    """Each schedule with its last run and the next instant after `now` (aware) at which it is due."""
    return [_row(session, schedule, now) for schedule in schedules]


def run_rows(session: Session, check: str) -> list[dict[str, Any]]:
    """The runs of a check, newest business date first; raises RefusedError where there is no such check."""
    check_named(check)
    return [run_row(run) for run in reversed(scheduled_runs.of(session, check))]


def run_row(run: ScheduledRun) -> dict[str, Any]:
    """A run with its summary."""
    wanted = ("check", "business_date", "attempt", "state", "due_at", "started_at", "finished_at", "summary", "fault")
    return {name: getattr(run, name) for name in wanted}


def _row(session: Session, schedule: Schedule, now: datetime) -> dict[str, Any]:
    check, last = check_named(schedule.check), scheduled_runs.last_done(session, schedule.check)
    return {
        "check": schedule.check,
        "title": check.title,
        "rules": list(check.rules),
        "cron": schedule.cron,
        "missed": schedule.missed,
        "parameters": dict(schedule.parameters),
        "last": last and run_row(last),
        "next_due_at": schedule.next_due(now),
    }
