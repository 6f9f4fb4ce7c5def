"""A scheduled run in a process that kills itself: `python -m tests.gateway.killed_run HOME STORE DAY POINT`."""

import os
import signal
import sys
from datetime import UTC, date, datetime
from pathlib import Path

from sqlmodel import Session

from gateway.office import Office
from gateway.schedule import carrying_out
from gateway.schedule.check import Apply, Check, Occasion, Summary
from market.home import Home
from store import audit, scheduled_runs
from store.database import connect, writing

NOON = datetime(2026, 11, 10, 12, tzinfo=UTC)


def note(session: Session, occasion: Occasion) -> None:
    """The effect of the runs of these tests: a row that stands once for every time that it was committed."""
    audit.write(
        session,
        at=occasion.at,
        actor="test",
        action="ran",
        subject_kind=occasion.check,
        subject=occasion.business_date.isoformat(),
    )


def end() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def killing(point: str) -> Check:
    def work(occasion: Occasion) -> Apply:
        if point == "working":
            end()

        def apply(session: Session) -> Summary:
            note(session, occasion)
            session.flush()
            if point == "applying":
                end()
            return {}

        return apply

    return Check("daily", "Daily", (), work)


def main(home: str, location: str, day: str, point: str) -> None:
    office = Office(Home(Path(home)), connect(location), location, lambda: NOON, "killed")
    carrying_out.check_named = lambda _: killing(point)
    with writing(office.engine) as session:
        run = scheduled_runs.start(session, "daily", date.fromisoformat(day), due_at=NOON, owner=office.name, at=NOON)
    assert run is not None
    if point == "started":
        end()
    carrying_out.carry_out(office, run, {})


if __name__ == "__main__":
    main(*sys.argv[1:])
