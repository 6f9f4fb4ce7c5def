"""INSERT ... ON CONFLICT, which both databases have and SQLAlchemy spells once for each."""

from typing import Any

from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Session

from store.database import on_sqlite
from store.tables import Row


def insert_into(session: Session, table: type[Row]) -> Any:
    """An INSERT for the session's database that offers `on_conflict_do_update` and `on_conflict_do_nothing`."""
    return sqlite.insert(table) if on_sqlite(session) else postgresql.insert(table)
