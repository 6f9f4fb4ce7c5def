"""Reference data as the frames of `market.reference`, of any version of it."""

from collections.abc import Collection, Mapping
from datetime import date, datetime
from functools import lru_cache
from typing import Any

import polars as pl
from sqlalchemy import ColumnElement, Select, bindparam, func, or_
from sqlalchemy import select as select_columns
from sqlmodel import Session, select

from market.home import Home
from market.reference import SCHEMAS
from store import declarations, effects, gcdc_breaches, in_force, kept_frames, record_sets
from store import frames as stored
from store.refused import RefusedError
from store.tables import BmUnit, Distributor, MsidPair, PartyRole, ReferenceLoad, Row, SettlementCalendarRow, Signatory
from store.tables.row import Dated

DATED: dict[str, type[Dated]] = {
    "parties": PartyRole,
    "signatories": Signatory,
    "bm_units": BmUnit,
    "msid_pairs": MsidPair,
    "distributors": Distributor,
    "settlement_calendar": SettlementCalendarRow,
}
"""The dated tables behind reference frames; the other frames are effects or record sets."""

VOLUMES = {of.frame: kind for kind, of in record_sets.KINDS.items()}
"""The kind of record set behind each reference frame of volumes."""

OF_PARTY = ("notifications", "expected_volumes", "aggregated_demand")
"""The frames of volumes that can be read for one Party only."""

FEW = 1000
"""Up to how many BM Units the database looks for one by one; above it reads them all."""


_VERSION = select(func.max(ReferenceLoad.id))


def version(session: Session) -> int:
    """The reference version in force: it grows with every change of reference data, from 0."""
    return session.exec(_VERSION).one() or 0


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
    days: tuple[date, date] | None = None,
    home: Home | None = None,
    party_id: str | None = None,
) -> dict[str, pl.DataFrame]:
    """The named frames, each with its schema of `market.reference.SCHEMAS`, rows by their first column and date;
    those of volumes in the order in which their submissions were received.

    `test_flag` adds to the live values those of that test traffic. `before` (received time, submission) leaves out
    what that submission and later ones put in force. `as_of` is a reference version; None is the one in force.
    `bm_units` (ids) leaves out other BM Units. Volumes are read of the `days` from the first to the last, from below
    `home`, and where they are of one Party's submissions only, of those of `party_id`; without days they are empty.
    """
    found = {}
    for name in names:
        if name in VOLUMES:
            frame = _volumes(session, name, days, home, party_id, test_flag, before)
        elif name == "gcdc_breaches":
            frame = gcdc_breaches.known(session)
        elif name in effects.KINDS:
            frame = _effects(session, name, bm_units, test_flag, before)
        else:
            frame = _dated(session, name, bm_units, as_of)
        some = bm_units is not None and "bm_unit_id" in frame.columns
        found[name] = frame.filter(pl.col("bm_unit_id").is_in(list(bm_units or ()))) if some else frame
    return found


def _volumes(
    session: Session,
    name: str,
    days: tuple[date, date] | None,
    home: Home | None,
    party_id: str | None,
    test_flag: str,
    before: tuple[datetime, str] | None,
) -> pl.DataFrame:
    if days is None:
        return SCHEMAS[name].to_frame()
    if home is None:
        raise RefusedError(f"{name} are read from below a home, and none is named")
    party = party_id if name in OF_PARTY else None
    return record_sets.read(session, home, VOLUMES[name], days=days, party_id=party, test_flag=test_flag, before=before)


def _effects(
    session: Session,
    name: str,
    bm_units: Collection[str] | None,
    test_flag: str,
    before: tuple[datetime, str] | None,
) -> pl.DataFrame:
    if name == "declarations":
        return declarations.known(session, test_flag, before)
    few = bm_units is not None and len(bm_units) <= FEW
    params: dict[str, object] = {"test_flag": test_flag}
    if before is not None:
        params |= {"received_at": before[0], "submission_ref": before[1]}
    if few:
        params["bm_units"] = list(bm_units or ())
    frame = _sorted(session, _effects_statement(name, before is not None, few), effects.KINDS[name].schema, params)
    ends = name == "declared_metering_systems"
    return declarations.ended(session, frame, test_flag, before) if ends else frame


@lru_cache
def _effects_statement(name: str, before: bool, few: bool) -> Select[*tuple[Any, ...]]:
    """The effects of a kind: those before a submission or all, those of a few BM Units or of all."""
    kind = effects.KINDS[name]
    columns = [_column(kind.table, kind.column(column)) for column in kind.schema.names()]
    place: in_force.Place | None = (bindparam("received_at"), bindparam("submission_ref")) if before else None
    wanted = in_force.conditions(kind.table, bindparam("test_flag"), place)
    if few:
        wanted.append(_column(kind.table, "bm_unit_id").in_(bindparam("bm_units", expanding=True)))
    return select_columns(*columns).where(*wanted).order_by(_column(kind.table, "id"))


def _dated(session: Session, name: str, bm_units: Collection[str] | None, as_of: int | None) -> pl.DataFrame:
    if as_of is not None and (kept := kept_frames.of(session, name, as_of)) is not None:
        return kept
    table, schema = DATED[name], SCHEMAS[name]
    columns = [_column(table, f"{item}_kw" if item.endswith("_capacity") else item) for item in schema.names()]
    units = _of_units(table, bm_units) if "bm_unit_id" in schema else []
    wanted = [*_standing(table, as_of), *units]
    statement = select_columns(*columns).where(*wanted).order_by(_column(table, "id"))
    frame = _sorted(session, statement, schema)
    if as_of is not None and not units:
        kept_frames.keep(session, name, as_of, frame)
    return frame


def _sorted(
    session: Session,
    statement: Select[*tuple[Any, ...]],
    schema: pl.Schema,
    params: Mapping[str, object] | None = None,
) -> pl.DataFrame:
    days = [name for name in ("event_day", "effective_from") if name in schema][:1]
    # Sorted here: the databases' collations differ.
    return stored.read(session, statement, schema, params).sort(schema.names()[0], *days, maintain_order=True)


def _of_units(table: type[Row], bm_units: Collection[str] | None) -> list[ColumnElement[bool]]:
    few = bm_units is not None and len(bm_units) <= FEW
    return [_column(table, "bm_unit_id").in_(bm_units or ())] if few else []


def _standing(table: type[Dated], as_of: int | None) -> list[ColumnElement[bool]]:
    since, until = _column(table, "since_version"), _column(table, "until_version")
    return [until.is_(None)] if as_of is None else [since <= as_of, or_(until.is_(None), until > as_of)]


def _column(table: type[Row], name: str) -> ColumnElement[object]:
    column: ColumnElement[object] = getattr(table, name)
    return column
