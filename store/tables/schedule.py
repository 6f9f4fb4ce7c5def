"""Scheduled runs and the notices that they send."""

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Column, Index, UniqueConstraint
from sqlmodel import Field

from store.states import ScheduledRunState
from store.tables.row import Row, UtcTime, enum_column


class ScheduledRun(Row, table=True):
    """One run of one check for one business date. The schedule makes attempt 1, starts by hand the others.

    `due_at` is the instant whose state it looks at: when it was due, or started by hand. `token` counts how often it
    was taken up, and fences those who had it before; `heartbeat` is by the database's clock.
    """

    __tablename__ = "scheduled_run"
    __table_args__ = (
        UniqueConstraint("check", "business_date", "attempt"),
        Index(None, "state"),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, primary_key=True)
    check: str
    business_date: date
    attempt: int
    due_at: datetime = Field(sa_type=UtcTime)
    state: ScheduledRunState = Field(sa_column=enum_column(ScheduledRunState))
    owner: str
    token: int
    heartbeat: datetime = Field(sa_type=UtcTime)
    started_at: datetime = Field(sa_type=UtcTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcTime)
    next_try_at: datetime | None = Field(default=None, sa_type=UtcTime)
    fault: str | None = None
    summary: dict[str, Any] | None = Field(default=None, sa_column=Column(JSON(none_as_null=True), nullable=True))


class Notice(Row, table=True):
    """What a scheduled run told a party, once: `notice_date` is the day that it is about, `subject` what of."""

    __tablename__ = "notice"
    __table_args__ = (
        UniqueConstraint("check", "notice_date", "party_id", "subject"),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, primary_key=True)
    check: str
    notice_date: date
    party_id: str
    subject: str
    run_id: int = Field(foreign_key="scheduled_run.id")
    answer_id: int | None = Field(default=None, foreign_key="answer.id")
