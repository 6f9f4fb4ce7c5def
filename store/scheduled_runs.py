"""Scheduled runs: the memory of the schedule. Of each check, business date and attempt there is one, ever.

Who takes a run up gets a fencing token; who comes back late commits nothing.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import func
from sqlmodel import Session, and_, col, or_, select, update

from market.fault import Fault
from store.database import database_now
from store.states import ScheduledRunState
from store.tables import ScheduledRun
from store.upsert import insert_into

SCHEDULED = 1
"""The attempt that the schedule makes; starts by hand come behind it, also where there is none."""


def last_business_date(session: Session, check: str) -> date | None:
    """The latest business date that the schedule has come to."""
    wanted = (ScheduledRun.check == check, ScheduledRun.attempt == SCHEDULED)
    return session.exec(select(func.max(ScheduledRun.business_date)).where(*wanted)).one()


def start(
    session: Session, check: str, business_date: date, *, due_at: datetime, owner: str, at: datetime
) -> ScheduledRun | None:
    """The schedule's run of that date, taken up by `owner`; None where there is one already."""
    return _insert(session, check, business_date, SCHEDULED, ScheduledRunState.STARTED, due_at, owner, at)


def start_by_hand(session: Session, check: str, business_date: date, *, owner: str, at: datetime) -> ScheduledRun:
    """A further attempt at that date, taken up by `owner`; it looks at the state of `at`."""
    made = None
    while made is None:
        wanted = (ScheduledRun.check == check, ScheduledRun.business_date == business_date)
        last = session.exec(select(func.max(ScheduledRun.attempt)).where(*wanted)).one() or SCHEDULED
        made = _insert(session, check, business_date, last + 1, ScheduledRunState.STARTED, at, owner, at)
    return made


def pass_over(
    session: Session, check: str, business_date: date, *, due_at: datetime, owner: str, at: datetime, why: str
) -> ScheduledRun | None:
    """Writes down that the schedule's run of that date is not made; None where there is one already."""
    made = _insert(session, check, business_date, SCHEDULED, ScheduledRunState.PASSED_OVER, due_at, owner, at)
    if made is not None:
        made.finished_at, made.summary = at, {"why": why}
    return made


def take_over(session: Session, *, owner: str, at: datetime, silent_seconds: float) -> ScheduledRun | None:
    """The first run that has had no heartbeat for so long, or that raised and is due again: `owner` has it from now on.

    Its token is larger than every one before it. None where there is none.
    """
    now = database_now(session)
    abandoned = or_(
        and_(
            col(ScheduledRun.state) == ScheduledRunState.STARTED,
            col(ScheduledRun.heartbeat) <= now - timedelta(seconds=silent_seconds),
        ),
        and_(col(ScheduledRun.state) == ScheduledRunState.FAULT, col(ScheduledRun.next_try_at) <= at),
    )
    order = (col(ScheduledRun.due_at), col(ScheduledRun.id))
    found = session.exec(select(ScheduledRun.id, ScheduledRun.token).where(abandoned).order_by(*order)).first()
    if found is None:
        return None
    run_id, token = found
    values = {"state": ScheduledRunState.STARTED, "owner": owner, "token": token + 1, "heartbeat": now}
    statement = update(ScheduledRun).where(col(ScheduledRun.id) == run_id, col(ScheduledRun.token) == token, abandoned)
    statement = statement.values(values).execution_options(synchronize_session=False)
    if session.exec(statement).rowcount != 1:
        return None
    return session.get_one(ScheduledRun, run_id, populate_existing=True)


def beat(session: Session, run_id: int, token: int) -> bool:
    """The heartbeat: False where the run is another's or ended. Nobody takes it over until the transaction ends."""
    return _step(session, run_id, token, heartbeat=database_now(session))


def finish(session: Session, run_id: int, token: int, summary: dict[str, Any], *, at: datetime) -> None:
    """The run is done; raises Fault where it is another's."""
    columns = {"state": ScheduledRunState.DONE, "summary": summary, "finished_at": at, "fault": None}
    if not _step(session, run_id, token, **columns, next_try_at=None):
        raise Fault(f"scheduled run {run_id} is not held under token {token}")


def note_fault(
    session: Session, run_id: int, token: int, fault: str, *, at: datetime, next_try_at: datetime | None
) -> bool:
    """Keeps why a run raised, and when to try it again (None: never by itself); False where it is another's."""
    columns = {"state": ScheduledRunState.FAULT, "fault": fault, "finished_at": at, "next_try_at": next_try_at}
    return _step(session, run_id, token, **columns)


def of(session: Session, check: str, business_date: date | None = None) -> Sequence[ScheduledRun]:
    """The runs of a check, or those for one business date, in their order."""
    statement = select(ScheduledRun).where(ScheduledRun.check == check)
    if business_date is not None:
        statement = statement.where(ScheduledRun.business_date == business_date)
    return session.exec(statement.order_by(col(ScheduledRun.business_date), col(ScheduledRun.attempt))).all()


def last_done(session: Session, check: str) -> ScheduledRun | None:
    """The run of a check that was finished last."""
    statement = select(ScheduledRun).where(ScheduledRun.check == check, ScheduledRun.state == ScheduledRunState.DONE)
    return session.exec(statement.order_by(col(ScheduledRun.finished_at).desc(), col(ScheduledRun.id).desc())).first()


def unfinished(session: Session) -> Sequence[ScheduledRun]:
    """The runs that are in work or raised, in the order in which they were due."""
    states = (ScheduledRunState.STARTED, ScheduledRunState.FAULT)
    statement = select(ScheduledRun).where(col(ScheduledRun.state).in_(states))
    return session.exec(statement.order_by(col(ScheduledRun.due_at), col(ScheduledRun.id))).all()


def _insert(
    session: Session,
    check: str,
    business_date: date,
    attempt: int,
    state: ScheduledRunState,
    due_at: datetime,
    owner: str,
    at: datetime,
) -> ScheduledRun | None:
    statement = insert_into(session, ScheduledRun).values(
        check=check,
        business_date=business_date,
        attempt=attempt,
        due_at=due_at,
        state=state,
        owner=owner,
        token=1,
        heartbeat=database_now(session),
        started_at=at,
    )
    once = statement.on_conflict_do_nothing(index_elements=["check", "business_date", "attempt"])
    made = session.connection().execute(once.returning(col(ScheduledRun.id))).scalar_one_or_none()
    return None if made is None else session.get_one(ScheduledRun, made)


def _step(session: Session, run_id: int, token: int, **columns: Any) -> bool:
    """Sets columns of a run that is in work under the token."""
    statement = update(ScheduledRun).where(
        col(ScheduledRun.id) == run_id,
        col(ScheduledRun.token) == token,
        col(ScheduledRun.state) == ScheduledRunState.STARTED,
    )
    return session.exec(statement.values(columns).execution_options(synchronize_session=False)).rowcount == 1
