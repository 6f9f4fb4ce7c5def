"""Opening the store, and the two kinds of transaction on it."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, make_url, text
from sqlalchemy.exc import DatabaseError
from sqlmodel import Session

from market.fault import Fault
from store import migrations

BUSY_SECONDS = 30
"""How long a writer waits for another one on SQLite."""

IDLE_SECONDS = 300
"""After so long PostgreSQL ends a transaction in which nothing is asked: its process may be stopped for good."""


def store_url(location: str | Path) -> URL:
    """The URL of a store: of gridpost.db in a home folder (a Path), or as given (a str: sqlite or postgresql)."""
    if isinstance(location, Path):
        return URL.create("sqlite", database=str(location / "gridpost.db"))
    url = make_url(location)
    if url.get_backend_name() == "postgresql":
        return url.set(drivername="postgresql+psycopg")
    return url


def open_store(location: str | Path) -> Engine:
    """An engine on the store of a home folder or URL, at the newest schema; a new store is made where there is none.

    Raises Fault where the store was made by a newer gridpost.
    """
    engine = connect(location)
    try:
        if schema_version(engine) != migrations.HEAD:
            migrations.upgrade(engine)
    except BaseException:
        engine.dispose()
        raise
    return engine


def connect(location: str | Path) -> Engine:
    """An engine on a store as it stands: for processes beside the one that opened it."""
    url = store_url(location)
    if url.get_backend_name() == "sqlite":
        engine = create_engine(url, connect_args={"timeout": BUSY_SECONDS})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    engine = create_engine(url, pool_pre_ping=True)
    event.listen(engine, "connect", _prepare_postgresql)
    return engine


def schema_version(engine: Engine) -> str | None:
    """The migration that the store stands at; None for a new store."""
    try:
        with engine.connect() as connection:
            return connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
    except DatabaseError as error:
        if "alembic_version" in str(error.orig):
            return None
        raise Fault(f"the store at {engine.url.render_as_string()} cannot be read: {error.orig}") from error


@contextmanager
def reading(engine: Engine) -> Iterator[Session]:
    """A session on one consistent snapshot that cannot write."""
    options: dict[str, Any] = {"gridpost_writes": False}
    if engine.dialect.name == "postgresql":
        options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    with Session(engine.execution_options(**options), expire_on_commit=False) as session, session.begin():
        yield session


@contextmanager
def writing(engine: Engine) -> Iterator[Session]:
    """A session in one transaction, committed at the end and rolled back when anything is raised.

    On SQLite it is the only writer from the beginning on.
    """
    with Session(engine.execution_options(gridpost_writes=True), expire_on_commit=False) as session, session.begin():
        # Without this the transaction would begin with the first statement.
        session.connection()
        yield session


def database_now(session: Session) -> datetime:
    """The present instant by the database's clock, aware, UTC: what leases go by."""
    if on_sqlite(session):
        found = session.connection().exec_driver_sql("SELECT strftime('%Y-%m-%d %H:%M:%f', 'now')").scalar_one()
        return datetime.fromisoformat(found).replace(tzinfo=UTC)
    moment: datetime = session.connection().exec_driver_sql("SELECT clock_timestamp()").scalar_one()
    return moment.astimezone(UTC)


def end_when_idle(session: Session, seconds: float) -> None:
    """Lets PostgreSQL end the transaction, and its locks, once nothing was asked in it for so long."""
    if not on_sqlite(session):
        milliseconds = round(seconds * 1000)
        session.connection().exec_driver_sql(f"SET LOCAL idle_in_transaction_session_timeout = {milliseconds}")


def may_write(session: Session) -> bool:
    """Whether the session is none of `reading`."""
    writes: bool = session.connection().get_execution_options().get("gridpost_writes", True)
    return writes


def on_sqlite(session: Session) -> bool:
    """Whether the session's store is SQLite rather than PostgreSQL."""
    return session.get_bind().dialect.name == "sqlite"


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    # The driver's own transactions begin deferred; ours begin in _begin_sqlite.
    connection.isolation_level = None
    connection.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")


def _begin_sqlite(connection: Connection) -> None:
    writes = connection.get_execution_options().get("gridpost_writes", True)
    connection.exec_driver_sql(f"PRAGMA query_only = {int(not writes)}")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _prepare_postgresql(connection: Any, _record: object) -> None:
    # The locks of a gateway that is stopped would hold up the one that takes over.
    connection.execute(f"SET idle_in_transaction_session_timeout = '{IDLE_SECONDS}s'")
    connection.commit()
