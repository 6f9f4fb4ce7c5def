"""Sequence numbers: the highest consumed of each incoming channel, the last given of each outgoing one."""

from datetime import datetime

from sqlalchemy import bindparam, text
from sqlmodel import Session, select

from store import audit
from store.states import Direction
from store.tables import Sequence
from store.upsert import insert_into

LAST_NUMBER = 999_999_999
"""The number that 0 follows."""

_TAKE = text(
    "INSERT INTO sequence (channel, direction, last) VALUES (:channel, :direction, 1) "
    "ON CONFLICT (channel, direction) "
    "DO UPDATE SET last = CASE WHEN sequence.last = :last_number THEN 0 ELSE sequence.last + 1 END RETURNING last"
).bindparams(direction=Direction.OUT.value, last_number=LAST_NUMBER)
"""Written out, which both databases read: SQLAlchemy would build it anew for every answer."""

_INCOMING = (Sequence.channel == bindparam("channel"), Sequence.direction == Direction.IN)
_HELD = select(Sequence.last).where(*_INCOMING).with_for_update()
_STATE = select(Sequence.last).where(*_INCOMING)


def hold(session: Session, channel: str) -> None:
    """Makes other writers of this incoming channel wait until the transaction ends."""
    statement = insert_into(session, Sequence).values(channel=channel, direction=Direction.IN)
    session.exec(statement.on_conflict_do_nothing())
    session.exec(_HELD, params={"channel": channel}).one()


def state(session: Session, channel: str) -> int | None:
    """The highest consumed number of an incoming channel; None where nothing was consumed."""
    return session.exec(_STATE, params={"channel": channel}).one_or_none()


def consume(session: Session, channel: str, number: int) -> None:
    """Makes `number` the highest consumed one of an incoming channel."""
    _put(session, channel, number)


def take_outgoing(session: Session, channel: str) -> int:
    """The next number of an outgoing channel, from 1, 0 after 999999999; given back if the transaction fails."""
    number: int = session.connection().execute(_TAKE, {"channel": channel}).scalar_one()
    return number


def reset(session: Session, channel: str, number: int | None, *, actor: str, why: str, at: datetime) -> None:
    """An operator's reset: the highest consumed number becomes `number`; None lets the channel begin again."""
    before = state(session, channel)
    _put(session, channel, number)
    audit.write(
        session,
        at=at,
        actor=actor,
        action="reset sequence",
        subject_kind="channel",
        subject=channel,
        from_state=None if before is None else str(before),
        to_state=None if number is None else str(number),
        why=why,
    )


def _put(session: Session, channel: str, number: int | None) -> None:
    statement = insert_into(session, Sequence).values(channel=channel, direction=Direction.IN, last=number)
    session.exec(
        statement.on_conflict_do_update(index_elements=["channel", "direction"], set_={"last": statement.excluded.last})
    )
