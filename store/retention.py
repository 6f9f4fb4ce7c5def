"""What was kept for as long as policy wants and nobody waits for: bytes of submissions and answers, the audit.

Record sets are in `expired_sets`.

A submission's bytes are given up by a row of the audit, which stays for ever. Its file goes only when every submission
with those bytes was given up.
"""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any

import polars as pl
from sqlalchemy import ColumnElement, CursorResult, and_, delete, not_, or_
from sqlalchemy import select as select_columns
from sqlalchemy.orm import Mapped
from sqlmodel import Session, col, exists, func, select, update

from store import audit, frames
from store.effects import KINDS
from store.states import AnswerKind, AnswerState, SubmissionState
from store.tables import Answer, Audit, RecordSet, Submission

ACTION, SUBJECT = "purge", "archived bytes"
"""How the audit tells that the bytes of a submission, its subject, were given up."""

SET_SUBJECT = "record set"
"""How it tells the same of a record set, by the name of its file."""

ENDED = (SubmissionState.NACKED, SubmissionState.DUPLICATE, SubmissionState.VALIDATED, SubmissionState.WITHDRAWN)
"""The states of a submission that waits for nothing."""

KEPT_ANSWERS = (AnswerKind.RECEIPT, AnswerKind.SIGNED_RECEIPT)
"""Answers that are kept: a refused file that comes again gets its receipt again, and chains are shown for ever."""

EXPIRED = pl.Schema(
    {
        "ref": pl.String(),
        "received_at": pl.Datetime("us", "UTC"),
        "party_id": pl.String(),
        "file_name": pl.String(),
        "size": pl.Int64(),
        "sha256": pl.String(),
    }
)
"""One row a submission whose bytes may be given up."""


def expired_bytes(session: Session, before: datetime, day: date) -> pl.DataFrame:
    """EXPIRED of the submissions received before an instant (aware), in order of receipt.

    Of those that are undecided, held or quarantined, that have a fault, an answer that is not collected, a value that
    was never taken back, or volumes in force on `day` or later there are none.
    """
    columns = [getattr(Submission, name) for name in EXPIRED.names()]
    wanted = (
        col(Submission.received_at) < before,
        col(Submission.state).in_(ENDED),
        col(Submission.fault).is_(None),
        col(Submission.sha256).is_not(None),
        ~exists().where(col(Answer.submission_ref) == col(Submission.ref), col(Answer.state) != AnswerState.COLLECTED),
        ~is_given_up(col(Submission.ref)),
        *(~_stands(kind.table) for kind in KINDS.values()),
        ~_stands(RecordSet, col(RecordSet.last_day) >= day),
    )
    order = (col(Submission.arrival), col(Submission.ref))
    return frames.read(session, select_columns(*columns).where(*wanted).order_by(*order), EXPIRED)


def _stands(table: Any, *further: ColumnElement[bool]) -> ColumnElement[bool]:
    """Whether a row of a table stands that a submission put there."""
    return exists().where(col(table.submission_ref) == col(Submission.ref), col(table.withdrawn_at).is_(None), *further)


def is_given_up(subject: Mapped[Any], kind: str = SUBJECT) -> ColumnElement[bool]:
    """Whether the bytes of the submission of that reference were given up, or what the audit names by another kind."""
    given = (col(Audit.subject_kind) == kind, col(Audit.action) == ACTION)
    return exists().where(*given, col(Audit.subject) == subject)


def give_up(session: Session, refs: Collection[str], *, actor: str, at: datetime) -> None:
    """The bytes of these submissions are given up: they cannot be judged again."""
    for ref in refs:
        audit.write(session, at=at, actor=actor, action=ACTION, subject_kind=SUBJECT, subject=ref)


def given_up(session: Session) -> set[str]:
    """The references of all submissions whose bytes were given up."""
    return set(session.exec(select(Audit.subject).where(Audit.subject_kind == SUBJECT, Audit.action == ACTION)).all())


def given_up_at(session: Session, ref: str) -> datetime | None:
    """When the bytes of a submission were given up; None where they are kept."""
    wanted = (Audit.subject_kind == SUBJECT, Audit.subject == ref, Audit.action == ACTION)
    return session.exec(select(Audit.at).where(*wanted)).first()


def is_kept_by(session: Session, sha256: str) -> bool:
    """Whether a submission still needs those bytes."""
    statement = select(Submission.ref).where(Submission.sha256 == sha256, ~is_given_up(col(Submission.ref)))
    return session.exec(statement.limit(1)).first() is not None


def removable(session: Session) -> Sequence[str]:
    """The hashes of given up submissions that no other submission needs."""
    given = select(Audit.subject).where(Audit.subject_kind == SUBJECT, Audit.action == ACTION)
    needed = select(Submission.sha256).where(col(Submission.sha256).is_not(None), col(Submission.ref).not_in(given))
    statement = select(Submission.sha256).where(col(Submission.ref).in_(given), col(Submission.sha256).not_in(needed))
    return [sha256 for sha256 in session.exec(statement.distinct()).all() if sha256 is not None]


def expired_answers(session: Session, before: datetime) -> int:
    """How many answers have bytes in the store and were collected before an instant (aware).

    Receipts are not among them, nor reports on what can be judged again.
    """
    return session.exec(select(func.count()).select_from(Answer).where(*_old(before))).one()


def empty_answers(session: Session, before: datetime) -> int:
    """Removes the bytes of those answers, whose rows stay; how many they were."""
    statement = update(Answer).where(*_old(before)).values(body=None)
    return session.exec(statement.execution_options(synchronize_session=False)).rowcount


def expired_audit(session: Session, before: datetime) -> int:
    """How many rows of the audit were written before an instant (aware)."""
    return session.exec(select(func.count()).select_from(Audit).where(*_of_audit(before))).one()


def remove_audit(session: Session, before: datetime) -> int:
    """Removes those rows; how many they were. What was given up stays on record."""
    done: CursorResult[Any] = session.connection().execute(delete(Audit).where(*_of_audit(before)))
    return done.rowcount


def _old(before: datetime) -> tuple[ColumnElement[bool], ...]:
    return (
        col(Answer.state) == AnswerState.COLLECTED,
        col(Answer.collected_at) < before,
        col(Answer.kind).not_in(KEPT_ANSWERS),
        col(Answer.body).is_not(None),
        # a rerun that changes nothing sends the last report again, byte for byte
        or_(col(Answer.kind) != AnswerKind.REPORT, is_given_up(col(Answer.submission_ref))),
    )


def _of_audit(before: datetime) -> tuple[ColumnElement[bool], ...]:
    kept = and_(col(Audit.subject_kind).in_((SUBJECT, SET_SUBJECT)), col(Audit.action) == ACTION)
    return col(Audit.at) < before, not_(kept)
