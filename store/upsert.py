"""INSERT ... ON CONFLICT, which both databases have and SQLAlchemy spells once for each."""

from typing import Any

from sqlmodel import Session

from store.database import on_sqlite
from store.tables import Row


def insert_into(session: Session, table: type[Row]) -> Any:
    """An INSERT for the session's database that offers `on_conflict_do_update` and `on_conflict_do_nothing`."""
    # Each dialect is imported where it is used: PostgreSQL's takes a fifth of a second.
    if on_sqlite(session):
        from sqlalchemy.dialects import sqlite

        return sqlite.insert(table)
    from sqlalchemy.dialects import postgresql

    return postgresql.insert(table)
