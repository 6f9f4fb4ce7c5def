"""Submissions: entering them, moving them from state to state, finding them."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import ColumnElement, bindparam, func
from sqlmodel import Session, and_, col, or_, select, update

from market.fault import Fault
from store import audit
from store.states import FOLLOWING, UNDECIDED, Outcome, SubmissionState
from store.submission_ref import submission_ref
from store.tables import Submission
from store.upsert import insert_into

ACKNOWLEDGED = 100
"""The receipt code of a file that was received and could be read."""


class Landed(Protocol):
    """A file in the landing, as the taking side describes it. Both times are aware; `received_at` is whole seconds."""

    @property
    def path(self) -> str: ...  # noqa: D102
    @property
    def party_id(self) -> str: ...  # noqa: D102
    @property
    def account(self) -> str: ...  # noqa: D102
    @property
    def file_name(self) -> str: ...  # noqa: D102
    @property
    def received_at(self) -> datetime: ...  # noqa: D102
    @property
    def stamp(self) -> datetime: ...  # noqa: D102
    @property
    def size(self) -> int: ...  # noqa: D102


def enter(session: Session, landed: Landed, *, actor: str, at: datetime, **columns: Any) -> Submission:
    """The submission of a file in the landing, entered with further columns unless it was before."""
    ref = submission_ref(landed.stamp, landed.path)
    statement = insert_into(session, Submission).values(
        ref=ref,
        landing_name=landed.path,
        account=landed.account,
        party_id=landed.party_id,
        file_name=landed.file_name,
        size=landed.size,
        received_at=landed.received_at,
        arrival=landed.stamp,
        state=SubmissionState.RECEIVED,
        attempts=0,
        **columns,
    )
    once = statement.on_conflict_do_nothing(index_elements=["landing_name"]).returning(Submission)
    # The audit rows of many files go to the store together, at the end.
    entered: Submission | None = session.scalars(once, execution_options={"autoflush": False}).one_or_none()
    if entered is not None:
        audit.write(
            session,
            at=at,
            actor=actor,
            action="enter",
            subject_kind="submission",
            subject=ref,
            to_state=SubmissionState.RECEIVED,
            detail={"account": landed.account, "file_name": landed.file_name, "size": landed.size},
        )
        return entered
    return session.exec(select(Submission).where(Submission.landing_name == landed.path)).one()


def get(session: Session, ref: str) -> Submission | None:
    """The submission of that reference."""
    return session.get(Submission, ref)


def large(session: Session, size: int) -> set[str]:
    """The references of submissions of that many bytes or more."""
    return set(session.exec(select(Submission.ref).where(Submission.size >= size)).all())


def change_state(
    session: Session,
    ref: str,
    expected: SubmissionState,
    new: SubmissionState,
    *,
    actor: str,
    why: str,
    at: datetime,
    **columns: Any,
) -> Submission:
    """Moves a submission on, sets further columns with it, and forgets a fault that it had.

    Raises Fault where it is not in `expected`, or where `new` cannot follow that.
    """
    if new not in FOLLOWING[expected]:
        raise Fault(f"submission {ref}: {new} cannot follow {expected}")
    found = record(session, ref, expected, **({"fault": None, "next_try_at": None, "state": new} | columns))
    audit.write(
        session,
        at=at,
        actor=actor,
        action="change state",
        subject_kind="submission",
        subject=ref,
        from_state=expected,
        to_state=new,
        why=why,
    )
    return found


def record(session: Session, ref: str, expected: SubmissionState, **columns: Any) -> Submission:
    """Sets columns of a submission that is in `expected`; raises Fault where it is not."""
    statement = update(Submission).where(col(Submission.ref) == ref, col(Submission.state) == expected).values(columns)
    if session.exec(statement.execution_options(synchronize_session=False)).rowcount != 1:
        found = session.get(Submission, ref, populate_existing=True)
        raise Fault(f"submission {ref} is {found.state if found else 'unknown'}, not {expected}")
    return session.get_one(Submission, ref, populate_existing=True)


def note_fault(
    session: Session,
    ref: str,
    expected: SubmissionState,
    fault: str,
    *,
    next_try_at: datetime,
    actor: str,
    at: datetime,
) -> Submission:
    """Keeps why a submission could not be worked on, counts the attempt, and says when to try again."""
    attempts = col(Submission.attempts) + 1
    found = record(session, ref, expected, fault=fault, attempts=attempts, next_try_at=next_try_at)
    audit.write(
        session,
        at=at,
        actor=actor,
        action="fault",
        subject_kind="submission",
        subject=ref,
        from_state=expected,
        why=fault,
    )
    return found


def by_state(
    session: Session, *states: SubmissionState, due_at: datetime | None = None, limit: int | None = None
) -> Sequence[Submission]:
    """Submissions in any of the states in order of arrival; with `due_at`, those only that may be tried by then."""
    statement = select(Submission).where(col(Submission.state).in_(states))
    if due_at is not None:
        statement = statement.where(or_(col(Submission.next_try_at).is_(None), col(Submission.next_try_at) <= due_at))
    return session.exec(statement.order_by(col(Submission.arrival), col(Submission.ref)).limit(limit)).all()


def faults(session: Session) -> Sequence[Submission]:
    """Submissions that are undecided because of us, in order of arrival."""
    statement = select(Submission).where(col(Submission.fault).is_not(None), col(Submission.state).in_(UNDECIDED))
    return session.exec(statement.order_by(col(Submission.arrival), col(Submission.ref))).all()


def earlier_undecided(session: Session, submission: Submission) -> Sequence[Submission]:
    """Undecided submissions that came before this one and may be of its channel.

    Those of the same party whose header nobody has read yet are among them.
    """
    statement = select(Submission).where(
        col(Submission.state).in_(UNDECIDED),
        or_(
            and_(col(Submission.channel).is_(None), Submission.party_id == submission.party_id),
            Submission.channel == submission.channel,
        ),
        _before(submission.arrival, submission.ref),
    )
    return session.exec(statement.order_by(col(Submission.arrival), col(Submission.ref))).all()


def in_work(session: Session, channel: str) -> Submission | None:
    """The submission of a channel that got receipt 100 and is about to be decided."""
    statement = select(Submission).where(Submission.channel == channel, Submission.state == SubmissionState.ACKED)
    in_order = (col(Submission.arrival), col(Submission.ref))
    return session.exec(statement.order_by(*in_order).limit(1).execution_options(populate_existing=True)).first()


def acked_with(session: Session, channel: str, sequence: int) -> Submission | None:
    """The last submission of a channel that got receipt 100 under that sequence number."""
    return _last(session, channel, Submission.sequence == sequence, Submission.receipt_code == ACKNOWLEDGED)


def refused_with(session: Session, channel: str, sequence: int) -> Submission | None:
    """The last submission of a channel that was refused with code 4 to 7 under that sequence number."""
    return _last(session, channel, Submission.sequence == sequence, col(Submission.receipt_code).between(4, 7))


def last_acked(session: Session, channel: str) -> Submission | None:
    """The last submission of a channel that got receipt 100: what a CSV file may be a duplicate of."""
    return _last(session, channel, Submission.receipt_code == ACKNOWLEDGED)


def name_used(session: Session, submission: Submission, since: datetime) -> bool:
    """Whether the party sent an earlier file under the same name, received at `since` or later."""
    own = {"party_id": submission.party_id, "file_name": submission.file_name, "ref": submission.ref}
    return session.exec(_NAMED, params={**own, "arrival": submission.arrival, "since": since}).first() is not None


def find(
    session: Session,
    *,
    file_type: str | None = None,
    party_id: str | None = None,
    state: SubmissionState | None = None,
    outcome: Outcome | None = None,
    received_from: datetime | None = None,
    received_until: datetime | None = None,
    limit: int | None = None,
) -> Sequence[Submission]:
    """Submissions that fit everything given, newest first. Both times are included."""
    wanted: list[ColumnElement[bool]] = [
        column == value
        for column, value in (
            (col(Submission.file_type), file_type),
            (col(Submission.party_id), party_id),
            (col(Submission.state), state),
            (col(Submission.outcome), outcome),
        )
        if value is not None
    ]
    if received_from is not None:
        wanted.append(col(Submission.received_at) >= received_from)
    if received_until is not None:
        wanted.append(col(Submission.received_at) <= received_until)
    newest = (col(Submission.arrival).desc(), col(Submission.ref).desc())
    return session.exec(select(Submission).where(*wanted).order_by(*newest).limit(limit)).all()


def counts(session: Session) -> dict[SubmissionState, int]:
    """How many submissions are in each state; every state is named."""
    found = session.exec(select(Submission.state, func.count()).group_by(col(Submission.state))).all()
    known = dict(found)
    return {state: known.get(state, 0) for state in SubmissionState}


def _before(arrival: Any, ref: Any) -> ColumnElement[bool]:
    return or_(col(Submission.arrival) < arrival, and_(col(Submission.arrival) == arrival, col(Submission.ref) < ref))


_NAMED = (
    select(Submission.ref)
    .where(
        Submission.party_id == bindparam("party_id"),
        Submission.file_name == bindparam("file_name"),
        Submission.received_at >= bindparam("since"),
        _before(bindparam("arrival"), bindparam("ref")),
    )
    .limit(1)
)
"""A submission of a party and name that came before another and was received at an instant or later."""


def _last(session: Session, channel: str, *wanted: ColumnElement[bool] | bool) -> Submission | None:
    statement = select(Submission).where(Submission.channel == channel, *wanted)
    return session.exec(statement.order_by(col(Submission.arrival).desc(), col(Submission.ref).desc()).limit(1)).first()
