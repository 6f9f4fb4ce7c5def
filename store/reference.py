"""Reference data as the frames of `market.reference`, of any version of it."""

from collections.abc import Collection
from datetime import datetime
from typing import Any

import polars as pl
from sqlalchemy import ColumnElement, Select, and_, func, or_
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select

from market.reference import SCHEMAS
from store import frames as stored
from store.tables import BmUnit, CapacityValue, Distributor, MsidPair, PartyRole, ReferenceLoad, Row, Signatory

TABLES: dict[str, type[Row]] = {
    "parties": PartyRole,
    "signatories": Signatory,
    "bm_units": BmUnit,
    "capacity_values": CapacityValue,
    "msid_pairs": MsidPair,
    "distributors": Distributor,
}
"""The table behind each reference frame."""

OF_UNITS = ("bm_units", "capacity_values", "msid_pairs")
"""The frames that can be read for some BM Units only."""

FEW = 1000
"""Up to how many BM Units the database looks for one by one; above it reads them all."""


def version(session: Session) -> int:
    """The reference version in force: it grows with every change of reference data, from 0."""
    return session.exec(select(func.max(ReferenceLoad.id))).one() or 0


def version_at(session: Session, instant: datetime) -> int:
    """The reference version that was in force at an instant."""
    return session.exec(select(func.max(ReferenceLoad.id)).where(ReferenceLoad.at <= instant)).one() or 0


def frames(
    session: Session,
    names: Collection[str],
    *,
    test_flag: str = "OPER",
    before: tuple[datetime, str] | None = None,
    as_of: int | None = None,
    bm_units: Collection[str] | None = None,
) -> dict[str, pl.DataFrame]:
    """The named frames, each with its schema of `market.reference.SCHEMAS`, rows by their first column and
    `effective_from`.

    `test_flag` adds to the live values those of that test traffic. `before` (received time, submission) leaves out
    what that submission and later ones put in force. `as_of` is a reference version; None is the one in force.
    `bm_units` (ids) leaves out other BM Units.
    """
    found = {}
    for name in names:
        table = TABLES[name]
        wanted = _values(test_flag, before) if table is CapacityValue else _standing(table, as_of)
        some = bm_units if name in OF_UNITS else None
        if some is not None and len(some) <= FEW:
            wanted.append(_column(table, "bm_unit_id").in_(some))
        read = stored.read(session, _select(name, table).where(*wanted), SCHEMAS[name])
        # Sorted here: the databases' collations differ.
        frame = read.sort(read.columns[0], "effective_from", maintain_order=True)
        found[name] = frame if some is None else frame.filter(pl.col("bm_unit_id").is_in(list(some)))
    return found


def _select(name: str, table: type[Row]) -> Select[*tuple[Any, ...]]:
    columns = [_column(table, f"{item}_kw" if item.endswith("_capacity") else item) for item in SCHEMAS[name].names()]
    return select_columns(*columns).order_by(_column(table, "id"))


def _standing(table: type[Row], as_of: int | None) -> list[ColumnElement[bool]]:
    since, until = _column(table, "since_version"), _column(table, "until_version")
    return [until.is_(None)] if as_of is None else [since <= as_of, or_(until.is_(None), until > as_of)]


def _values(test_flag: str, before: tuple[datetime, str] | None) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = [
        col(CapacityValue.withdrawn_at).is_(None),
        col(CapacityValue.test_flag).in_({"OPER", test_flag}),
    ]
    if before is not None:
        received_at, ref = before
        same_second = and_(col(CapacityValue.received_at) == received_at, col(CapacityValue.submission_ref) < ref)
        wanted.append(or_(col(CapacityValue.received_at) < received_at, same_second))
    return wanted


def _column(table: type[Row], name: str) -> ColumnElement[object]:
    column: ColumnElement[object] = getattr(table, name)
    return column
