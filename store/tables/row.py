"""What all tables share: their metadata and the column types that SQLite and PostgreSQL lack."""

from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Any, ClassVar

from sqlalchemy import Column, DateTime, Dialect, MetaData, String
from sqlalchemy.types import TypeDecorator
from sqlmodel import Field, SQLModel

from market.frames import OPEN_END


class Row(SQLModel):
    """One row of a table of the store."""

    metadata: ClassVar[MetaData] = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s",
            "pk": "pk_%(table_name)s",
        }
    )


class Dated(Row):
    """A reference row with the days on which it holds and the reference versions in which it stood.

    Rows are never changed: a correction sets `until_version` on the old row and adds a new one, so that every
    version of the reference data can be read again.
    """

    id: int | None = Field(default=None, primary_key=True)
    effective_from: date
    effective_to: date = OPEN_END
    since_version: int
    until_version: int | None = None


class UtcTime(TypeDecorator[datetime]):
    """An instant: stored in UTC, given back aware. A naive datetime raises ValueError."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The instant in UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"{value} has no time zone")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """The instant, aware, in UTC."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class EnumText(TypeDecorator[StrEnum]):
    """A StrEnum stored as its text."""

    impl = String
    cache_ok = True

    def __init__(self, kind: type[StrEnum]) -> None:
        """A column type for the members of `kind`."""
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: StrEnum | str | None, dialect: Dialect) -> str | None:
        """The member's text; raises ValueError for a text that is none of the kind's."""
        return None if value is None else self.kind(value).value

    def process_result_value(self, value: str | None, dialect: Dialect) -> StrEnum | None:
        """The member."""
        return None if value is None else self.kind(value)


def enum_column(kind: type[StrEnum], *, nullable: bool = False) -> Column[Any]:
    """A column that holds members of a StrEnum."""
    return Column(EnumText(kind), nullable=nullable)
