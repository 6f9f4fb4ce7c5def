"""Which effects are in force for a run."""

from datetime import datetime

from sqlalchemy import BindParameter, ColumnElement
from sqlmodel import and_, col, or_

from store.tables import Traced

Place = tuple[datetime | BindParameter[datetime], str | BindParameter[str]]
"""Where a submission stands among the others: its received time and reference."""


def conditions(
    table: type[Traced], test_flag: str | BindParameter[str], before: Place | None
) -> list[ColumnElement[bool]]:
    """The conditions on effects that were not taken back: live ones and those of that test traffic.

    `before` leaves out those of that submission and of later ones.
    """
    wanted: list[ColumnElement[bool]] = [
        col(table.withdrawn_at).is_(None),
        col(table.test_flag).in_({"OPER", test_flag}),
    ]
    if before is not None:
        received_at, ref = before
        same_second = and_(col(table.received_at) == received_at, col(table.submission_ref) < ref)
        wanted.append(or_(col(table.received_at) < received_at, same_second))
    return wanted


def conditions_after(table: type[Traced], after: tuple[datetime, str]) -> list[ColumnElement[bool]]:
    """The conditions on effects of submissions received after one (received time, submission) and not taken back."""
    received_at, ref = after
    same_second = and_(col(table.received_at) == received_at, col(table.submission_ref) > ref)
    return [col(table.withdrawn_at).is_(None), or_(col(table.received_at) > received_at, same_second)]
