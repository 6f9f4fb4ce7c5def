"""What operators look for: submissions by a piece of their name, uncollected answers, what rows say of files."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import polars as pl
from sqlalchemy import select as select_columns
from sqlmodel import Session, and_, col, func, or_, select

from store import frames
from store.database import database_now
from store.retention import SUBJECT as GIVEN_UP
from store.states import AnswerState
from store.tables import Account, Answer, Audit, Breach, Lease, Run, Submission

SUBMISSION_FILES = pl.Schema({"ref": pl.String, "landing_name": pl.String, "state": pl.String, "sha256": pl.String})
"""What submissions say of their files; `sha256` is null before they are archived."""

ANSWER_FILES = pl.Schema(
    {
        "id": pl.Int64,
        "account": pl.String,
        "name": pl.String,
        "state": pl.String,
        "token": pl.Int64,
        "sha256": pl.String,
        "body_file": pl.String,
    }
)
"""What answers say of their files; `body_file` is null where the bytes stand in the row."""


_AT_ONCE = 1_000


@dataclass(frozen=True)
class Holder:
    """Who holds a lease, and until when it does without another heartbeat."""

    owner: str
    expires_at: datetime


def submissions_named(session: Session, text: str, limit: int) -> list[Submission]:
    """The submission of that reference, or those whose reference begins so, or those of an `account/file name`.

    At most `limit`, newest first.
    """
    exact = session.get(Submission, text)
    if exact is not None:
        return [exact]
    account, slash, file_name = text.partition("/")
    if slash:
        wanted = and_(col(Submission.account) == account, col(Submission.file_name) == file_name)
    else:
        wanted = col(Submission.ref).startswith(text.upper(), autoescape=True)
    newest = (col(Submission.arrival).desc(), col(Submission.ref).desc())
    return list(session.exec(select(Submission).where(wanted).order_by(*newest).limit(limit)).all())


def history(session: Session, submission: Submission) -> list[Audit]:
    """What happened to a submission, its answers and its archived bytes, oldest first."""
    answers = select(col(Answer.account) + "/" + col(Answer.name)).where(Answer.submission_ref == submission.ref)
    statement = select(Audit).where(
        or_(
            and_(col(Audit.subject_kind) == "submission", col(Audit.subject) == submission.ref),
            and_(col(Audit.subject_kind) == "answer", col(Audit.subject).in_(answers)),
            and_(col(Audit.subject_kind) == GIVEN_UP, col(Audit.subject) == submission.ref),
        )
    )
    return list(session.exec(statement.order_by(col(Audit.id))).all())


def uncollected_since(session: Session) -> list[datetime]:
    """When each answer that lies in an outbox was delivered there, oldest first."""
    statement = select(Answer.delivered_at).where(Answer.state == AnswerState.DELIVERED)
    return [at for at in session.exec(statement.order_by(col(Answer.delivered_at))).all() if at is not None]


def holder(session: Session, name: str) -> Holder | None:
    """Who holds a lease now."""
    lease = session.get(Lease, name)
    if lease is None or lease.expires_at <= database_now(session):
        return None
    return Holder(lease.owner, lease.expires_at)


def submission_files(session: Session) -> pl.DataFrame:
    """What every submission says of its file: SUBMISSION_FILES."""
    columns = [getattr(Submission, name) for name in SUBMISSION_FILES.names()]
    return frames.read(session, select_columns(*columns).order_by(col(Submission.ref)), SUBMISSION_FILES)


def answer_files(session: Session) -> pl.DataFrame:
    """What every answer says of its file: ANSWER_FILES."""
    columns = [getattr(Answer, name) for name in ANSWER_FILES.names()]
    return frames.read(session, select_columns(*columns).order_by(col(Answer.id)), ANSWER_FILES)


def account_names(session: Session) -> list[str]:
    """The name of every account, ended ones too."""
    return list(session.exec(select(Account.name).order_by(col(Account.name))).all())


def that_broke(session: Session, refs: Sequence[str], rule: str) -> list[str]:
    """Those submissions whose last applied run lists a breach of a rule, in the given order."""
    broke = set()
    for first in range(0, len(refs), _AT_ONCE):
        some = refs[first : first + _AT_ONCE]
        last = (
            select(func.max(Run.id))
            .where(col(Run.submission_ref).in_(some), col(Run.applied))
            .group_by(Run.submission_ref)
        )
        statement = select(Run.submission_ref).join(Breach, col(Breach.run_id) == Run.id)
        broke |= set(session.exec(statement.where(col(Run.id).in_(last), Breach.rule == rule).distinct()).all())
    return [ref for ref in refs if ref in broke]
