"""Leases: who may work on a thing until when, by the database's clock.

A worker claims a lease, renews it while it works, and asks in the transaction that commits its work whether it
still holds it: one that comes back late finds that it does not.
"""

from datetime import timedelta

from sqlmodel import Session, col, select, update

from store.database import database_now
from store.tables import Lease
from store.upsert import insert_into


def claim(session: Session, name: str, owner: str, seconds: float) -> int | None:
    """A fencing token, larger than every one before it, where nobody holds the lease; else None."""
    now = database_now(session)
    expires = now + timedelta(seconds=seconds)
    statement = insert_into(session, Lease).values(name=name, owner=owner, token=1, expires_at=expires)
    statement = statement.on_conflict_do_update(
        index_elements=["name"],
        set_={"owner": owner, "token": col(Lease.token) + 1, "expires_at": expires},
        where=col(Lease.expires_at) <= now,
    )
    token: int | None = session.connection().execute(statement.returning(col(Lease.token))).scalar_one_or_none()
    return token


def renew(session: Session, name: str, owner: str, token: int, seconds: float) -> bool:
    """Whether the lease was still held; it then lasts for `seconds` from now."""
    return _set_expiry(session, name, owner, token, seconds)


def release(session: Session, name: str, owner: str, token: int) -> bool:
    """Whether the lease was still held; anybody can claim it from now on."""
    return _set_expiry(session, name, owner, token, 0)


def holds(session: Session, name: str, owner: str, token: int) -> bool:
    """Whether the lease is held, and stays so until the (writing) transaction ends."""
    statement = select(Lease).where(Lease.name == name, Lease.owner == owner, Lease.token == token)
    lease = session.exec(statement.with_for_update().execution_options(populate_existing=True)).one_or_none()
    return lease is not None and lease.expires_at > database_now(session)


def _set_expiry(session: Session, name: str, owner: str, token: int, seconds: float) -> bool:
    now = database_now(session)
    statement = (
        update(Lease)
        .where(
            col(Lease.name) == name,
            col(Lease.owner) == owner,
            col(Lease.token) == token,
            col(Lease.expires_at) > now,
        )
        .values(expires_at=now + timedelta(seconds=seconds))
        .execution_options(synchronize_session=False)
    )
    return session.exec(statement).rowcount == 1
