"""Submissions, their runs and breaches, and the answers that go out."""

from datetime import datetime

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlmodel import Field

from store.states import AnswerKind, AnswerState, Outcome, Profile, RunKind, SubmissionState
from store.tables.row import Row, UtcTime, enum_column


class Submission(Row, table=True):
    """One file received once. `received_at` is cut to the second and decides; `arrival` is the full stamp."""

    __tablename__ = "submission"
    __table_args__ = (
        Index(None, "channel", "sequence"),
        Index(None, "state", "arrival"),
        Index(None, "party_id", "file_name"),
        Index(None, "sha256"),
        Index(None, "received_at"),
    )

    ref: str = Field(primary_key=True)
    landing_name: str = Field(unique=True)
    account: str = Field(foreign_key="account.name")
    party_id: str
    file_name: str
    size: int = Field(sa_type=BigInteger)
    sha256: str | None = None
    received_at: datetime = Field(sa_type=UtcTime)
    arrival: datetime = Field(sa_type=UtcTime)
    profile: Profile | None = Field(default=None, sa_column=enum_column(Profile, nullable=True))
    file_type: str | None = None
    channel: str | None = None
    sequence: int | None = None
    test_flag: str | None = None
    creation_time: datetime | None = Field(default=None, sa_type=UtcTime)
    state: SubmissionState = Field(sa_column=enum_column(SubmissionState))
    outcome: Outcome | None = Field(default=None, sa_column=enum_column(Outcome, nullable=True))
    receipt_code: int | None = None
    skipped: int = 0
    attempts: int = 0
    next_try_at: datetime | None = Field(default=None, sa_type=UtcTime)
    fault: str | None = None


class Run(Row, table=True):
    """One validation of one submission. `breaches_listed` of `breaches_total` stand as rows."""

    __tablename__ = "run"
    __table_args__ = (UniqueConstraint("submission_ref", "number"), {"sqlite_autoincrement": True})

    id: int | None = Field(default=None, primary_key=True)
    submission_ref: str = Field(foreign_key="submission.ref")
    number: int = 0
    kind: RunKind = Field(sa_column=enum_column(RunKind))
    started_at: datetime = Field(sa_type=UtcTime)
    finished_at: datetime = Field(sa_type=UtcTime)
    outcome: Outcome | None = Field(default=None, sa_column=enum_column(Outcome, nullable=True))
    units_in: int = 0
    units_accepted: int = 0
    units_rejected: int = 0
    units_held: int = 0
    breaches_total: int = 0
    breaches_listed: int = 0
    policy_version: str
    rules_version: str
    reference_version: int
    breaches_file: str | None = None
    applied: bool = True


class ToldUnits(Row, table=True):
    """The units of a run that were not simply accepted (R, H, N and W), as one small parquet file."""

    __tablename__ = "told_units"

    run_id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    frame: bytes


class Breach(Row, table=True):
    """One place where a rule is broken. `seq` keeps the order of the report; `unit_key` names the acceptance unit."""

    __tablename__ = "breach"
    # No foreign key to run: checking a million of them costs more than writing them.
    __table_args__ = ({"sqlite_with_rowid": False},)

    run_id: int = Field(primary_key=True)
    seq: int = Field(primary_key=True)
    line: int | None = None
    record: str | None = None
    item: str | None = None
    position: int
    rule: str
    severity: str
    unit_key: str | None = None
    value: str | None = None
    message: str


class Answer(Row, table=True):
    """One file for one account. Names are never used twice; answers of a submission leave by `position`."""

    __tablename__ = "answer"
    __table_args__ = (
        UniqueConstraint("account", "name"),
        UniqueConstraint("submission_ref", "position"),
        Index(None, "state", "id"),
        {"sqlite_autoincrement": True},
    )

    id: int | None = Field(default=None, primary_key=True)
    submission_ref: str | None = Field(default=None, foreign_key="submission.ref")
    run_number: int | None = None
    account: str = Field(foreign_key="account.name")
    kind: AnswerKind = Field(sa_column=enum_column(AnswerKind))
    file_type: str | None = None
    name: str
    body: bytes | None = None
    body_file: str | None = None
    sha256: str
    size: int = Field(sa_type=BigInteger)
    position: int
    state: AnswerState = Field(sa_column=enum_column(AnswerState))
    token: int | None = None
    created_at: datetime = Field(sa_type=UtcTime)
    staged_at: datetime | None = Field(default=None, sa_type=UtcTime)
    delivered_at: datetime | None = Field(default=None, sa_type=UtcTime)
    collected_at: datetime | None = Field(default=None, sa_type=UtcTime)
    redelivery_of: int | None = Field(default=None, foreign_key="answer.id")
