"""What the gateway remembers about itself: the audit, sequences, leases and policy."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Column, Index
from sqlmodel import Field

from store.states import Direction
from store.tables.row import Row, UtcTime, enum_column


class Audit(Row, table=True):
    """Who or what did what to which subject, when, from which state to which, and why."""

    __tablename__ = "audit"
    __table_args__ = (Index(None, "subject_kind", "subject"), {"sqlite_autoincrement": True})

    id: int | None = Field(default=None, primary_key=True)
    at: datetime = Field(sa_type=UtcTime)
    actor: str
    action: str
    subject_kind: str
    subject: str
    from_state: str | None = None
    to_state: str | None = None
    why: str = ""
    detail: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True), nullable=True))


class Sequence(Row, table=True):
    """The last number of a channel: the highest consumed of one coming in, the last given of one going out."""

    __tablename__ = "sequence"

    channel: str = Field(primary_key=True)
    direction: Direction = Field(sa_column=Column(enum_column(Direction).type, primary_key=True))
    last: int | None = None


class NumberAhead(Row, table=True):
    """A number of an incoming channel that was consumed while earlier ones are missing, and what came under it.

    An operator who gives up the numbers missing before it makes it `released`.
    """

    __tablename__ = "number_ahead"

    channel: str = Field(primary_key=True)
    number: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    submission_ref: str = Field(foreign_key="submission.ref", index=True)
    released: bool = False


class Lease(Row, table=True):
    """Who may work on a thing until when. `token` grows with every claim and is never given twice."""

    __tablename__ = "lease"

    name: str = Field(primary_key=True)
    owner: str
    token: int
    expires_at: datetime = Field(sa_type=UtcTime)


class PolicyVersion(Row, table=True):
    """A text of policy.toml as loaded; the last one is in force."""

    __tablename__ = "policy_version"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: int | None = Field(default=None, primary_key=True)
    version: str
    loaded_at: datetime = Field(sa_type=UtcTime)
    sha256: str
    text: str
