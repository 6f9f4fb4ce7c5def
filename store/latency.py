"""How long answers took."""

from sqlmodel import Session, col, select

from store.states import AnswerKind
from store.tables import Answer, Submission

LAST = 1_000
"""Over how many answers."""


def seconds(session: Session, kind: AnswerKind) -> list[float]:
    """From the arrival of a file until its first answer of a kind was delivered, of the last so many, newest first."""
    statement = (
        select(Submission.arrival, Answer.delivered_at)
        .join(Submission, col(Submission.ref) == col(Answer.submission_ref))
        .where(Answer.kind == kind, col(Answer.delivered_at).is_not(None), col(Answer.redelivery_of).is_(None))
        .order_by(col(Answer.id).desc())
        .limit(LAST)
    )
    return [(delivered - arrival).total_seconds() for arrival, delivered in session.exec(statement).all() if delivered]
