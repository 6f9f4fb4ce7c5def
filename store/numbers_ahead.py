"""Numbers of incoming channels that were consumed while earlier ones are missing: the strict sequence policy.

They stand in the order of their channel from the number that it expects, `due`, 0 following the largest.
"""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, bindparam
from sqlalchemy.orm import aliased
from sqlmodel import Session, and_, col, delete, exists, or_, select, update

from store.states import SubmissionState
from store.tables import NumberAhead, Submission

_OF = select(NumberAhead).where(NumberAhead.channel == bindparam("channel"))
_FIRST = _OF.order_by(col(NumberAhead.number)).limit(1).execution_options(populate_existing=True)
_FOLLOWING = _FIRST.where(col(NumberAhead.number) >= bindparam("due"))
_ANY = select(NumberAhead.number).where(NumberAhead.channel == bindparam("channel")).limit(1)


def any_of(session: Session, channel: str) -> bool:
    """Whether a channel has a number ahead of missing ones."""
    return session.exec(_ANY, params={"channel": channel}).first() is not None


def has(session: Session, channel: str, number: int) -> bool:
    """Whether that number of a channel is consumed ahead of missing ones."""
    return session.get(NumberAhead, (channel, number)) is not None


def add(session: Session, channel: str, number: int, submission_ref: str) -> None:
    """Consumes a number ahead of missing ones."""
    session.add(NumberAhead(channel=channel, number=number, submission_ref=submission_ref))
    session.flush()


def following(session: Session, channel: str, due: int) -> NumberAhead | None:
    """The first number of a channel from `due` on."""
    mine = {"channel": channel}
    due_or_later = session.exec(_FOLLOWING, params={**mine, "due": due}).first()
    return due_or_later or session.exec(_FIRST, params=mine).first()


def end_of_stretch(session: Session, channel: str, number: int) -> int:
    """The last of the numbers that follow one another from `number`, which is one of them, up to the largest."""
    next_one = aliased(NumberAhead)
    followed = exists().where(col(next_one.channel) == channel, col(next_one.number) == col(NumberAhead.number) + 1)
    mine = select(NumberAhead.number).where(NumberAhead.channel == channel, col(NumberAhead.number) >= number)
    return session.exec(mine.where(~followed).order_by(col(NumberAhead.number)).limit(1)).one()


def numbers(session: Session, channel: str) -> Sequence[int]:
    """Every number of a channel, the smallest first."""
    statement = select(NumberAhead.number).where(NumberAhead.channel == channel)
    return session.exec(statement.order_by(col(NumberAhead.number))).all()


def release(session: Session, channel: str, due: int, until: int) -> None:
    """Marks the numbers of a channel from `due` to `until` as released."""
    between: ColumnElement[bool] = and_(col(NumberAhead.number) >= due, col(NumberAhead.number) <= until)
    if until < due:
        between = or_(col(NumberAhead.number) >= due, col(NumberAhead.number) <= until)
    session.exec(update(NumberAhead).where(col(NumberAhead.channel) == channel, between).values(released=True))


def remove(session: Session, channel: str, number: int) -> None:
    """Forgets a number whose turn has come."""
    session.exec(delete(NumberAhead).where(col(NumberAhead.channel) == channel, col(NumberAhead.number) == number))


def clear(session: Session, channel: str) -> None:
    """Forgets every number of a channel."""
    session.exec(delete(NumberAhead).where(col(NumberAhead.channel) == channel))


def held(session: Session, channel: str | None = None) -> Sequence[tuple[Submission, NumberAhead]]:
    """The submissions that are held at a gap, of one channel or of all: by channel and number."""
    statement = (
        select(Submission, NumberAhead)
        .join(NumberAhead, col(NumberAhead.submission_ref) == col(Submission.ref))
        .where(Submission.state == SubmissionState.HELD)
        .order_by(col(NumberAhead.channel), col(NumberAhead.number))
        .execution_options(populate_existing=True)
    )
    return session.exec(statement if channel is None else statement.where(NumberAhead.channel == channel)).all()


def of_submission(session: Session, ref: str) -> NumberAhead | None:
    """The number that a submission consumed ahead of missing ones."""
    found = select(NumberAhead).where(NumberAhead.submission_ref == ref).execution_options(populate_existing=True)
    return session.exec(found).first()
