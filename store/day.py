"""One London day of the exchange, counted: what was received, and what was wrong with it."""

from collections.abc import Collection
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
from sqlalchemy import ColumnElement, Select, func
from sqlalchemy import select as select_columns
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from market.settlement_period import day_start
from store import frames
from store.states import AnswerState
from store.tables import Answer, Breach, Run, Submission

RECEIVED = pl.Schema(
    {
        "file_type": pl.String,
        "state": pl.String,
        "outcome": pl.String,
        "receipt_code": pl.Int64,
        "files": pl.Int64,
    }
)
"""One row a flow (null where no header could be read), state, outcome and receipt code: how many files they are."""

BROKEN = pl.Schema({"rule": pl.String, "severity": pl.String, "files": pl.Int64, "breaches": pl.Int64})
"""One row a rule and severity: in how many files it is broken, and at how many places that the store keeps."""

UNCOLLECTED = pl.Schema({"account": pl.String(), "files": pl.Int64(), "oldest_delivered_at": pl.Datetime("us", "UTC")})
"""One row an account with answers in its outbox."""


def received(session: Session, day: date) -> pl.DataFrame:
    """RECEIVED of a London day, by flow."""
    of = (col(Submission.file_type), col(Submission.state), col(Submission.outcome), col(Submission.receipt_code))
    statement = select_columns(*of, func.count()).where(*_of_day(day)).group_by(*of)
    return frames.read(session, statement, RECEIVED).sort(RECEIVED.names()[:-1])


def broken(session: Session, day: date) -> pl.DataFrame:
    """BROKEN of the runs on which the outcomes of a London day's submissions stand, by rule."""
    of = (col(Breach.rule), col(Breach.severity))
    files = func.count(func.distinct(col(Run.submission_ref)))
    statement = _standing(select_columns(*of, files, func.count()), day).group_by(*of)
    return frames.read(session, statement, BROKEN).sort("rule", "severity")


def that_break(session: Session, day: date, rules: Collection[str]) -> list[tuple[Submission, list[str]]]:
    """The submissions of a London day that break any of some rules, in order of receipt, each with those it breaks."""
    statement = _standing(select_columns(col(Run.submission_ref), col(Breach.rule)), day).distinct()
    pairs = session.connection().execute(statement.where(col(Breach.rule).in_(rules))).all()
    found = {ref: session.get_one(Submission, ref) for ref, _ in pairs}
    ordered = sorted(found.values(), key=lambda one: (one.arrival, one.ref))
    return [(one, sorted(rule for ref, rule in pairs if ref == one.ref)) for one in ordered]


def uncollected(session: Session) -> pl.DataFrame:
    """UNCOLLECTED, the account with the oldest answer first."""
    account, oldest = col(Answer.account), func.min(col(Answer.delivered_at))
    waiting = select(account, func.count(), oldest).where(Answer.state == AnswerState.DELIVERED).group_by(account)
    rows = [(name, files, at) for name, files, at in session.exec(waiting).all()]
    return pl.DataFrame(rows, UNCOLLECTED, orient="row").sort("oldest_delivered_at", "account")


def _bounds(day: date) -> tuple[datetime, datetime]:
    return day_start(day), day_start(day + timedelta(days=1))


def _of_day(day: date) -> tuple[ColumnElement[bool], ColumnElement[bool]]:
    first, until = _bounds(day)
    return col(Submission.received_at) >= first, col(Submission.received_at) < until


def _standing(statement: Select[*tuple[Any, ...]], day: date) -> Select[*tuple[Any, ...]]:
    """Joins breaches to the last applied run of each submission of a day."""
    later = aliased(Run)
    last = select(func.max(later.number)).where(later.submission_ref == Run.submission_ref, col(later.applied))
    return (
        statement.join_from(Breach, Run, col(Run.id) == col(Breach.run_id))
        .join(Submission, col(Submission.ref) == col(Run.submission_ref))
        .where(*_of_day(day), col(Run.number) == last.scalar_subquery())
    )
