"""The audit: every change that matters, who or what made it, and why. Rows are only ever added."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, insert, select

from store.tables import Audit


def write(
    session: Session,
    *,
    at: datetime,
    actor: str,
    action: str,
    subject_kind: str,
    subject: str,
    from_state: str | None = None,
    to_state: str | None = None,
    why: str = "",
    detail: dict[str, Any] | None = None,
) -> None:
    """Adds one row. `at` is aware; `detail` holds what JSON can."""
    session.add(
        Audit(
            at=at,
            actor=actor,
            action=action,
            subject_kind=subject_kind,
            subject=subject,
            from_state=from_state,
            to_state=to_state,
            why=why,
            detail=detail,
        )
    )


def loaded(session: Session, subject: str, told: dict[str, Any], *, at: datetime, actor: str) -> None:
    """Adds the row of a load of reference data; `told` names the file and counts what it brought."""
    write(session, at=at, actor=actor, action="load reference", subject_kind="reference", subject=subject, detail=told)


def write_all(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    """Adds many rows at once, each with the columns of `write` that it has; all have the same."""
    session.connection().execute(insert(Audit), rows)


def of(session: Session, subject_kind: str, subject: str) -> Sequence[Audit]:
    """What happened to one subject, oldest first."""
    statement = select(Audit).where(Audit.subject_kind == subject_kind, Audit.subject == subject)
    return session.exec(statement.order_by(col(Audit.id))).all()
