"""Signatories: who may sign for a party, in which category (BSCP38), on which days."""

from collections.abc import Sequence
from datetime import date, datetime

import polars as pl
from sqlmodel import Session, col, select

from market.frames import OPEN_END
from market.reference import MARKET_START
from store import audit, dated, parties
from store.dated_tables import SIGNATORIES
from store.refused import RefusedError
from store.tables import Signatory


def add(
    session: Session,
    party_id: str,
    name: str,
    category: str,
    *,
    effective_from: date = MARKET_START,
    effective_to: date = OPEN_END,
    actor: str,
    at: datetime,
) -> None:
    """Gives a person a category for a party on the days given, both included."""
    parties.get(session, party_id)
    if effective_to < effective_from:
        raise RefusedError(f"the last day {effective_to} is before the first day {effective_from}")
    row = {
        "party_id": party_id,
        "name": name,
        "category": category,
        "effective_from": effective_from,
        "effective_to": effective_to,
    }
    rows = pl.DataFrame([row], schema=pl.Schema(dict(SIGNATORIES.schema) | dict(dated.BOUNDS)))
    load = dated.begin(session, "signatories", at=at)
    dated.apply(session, SIGNATORIES, rows, load)
    detail = {"name": name, "category": category, "from": str(effective_from), "to": str(effective_to)}
    audit.write(
        session, at=at, actor=actor, action="add signatory", subject_kind="party", subject=party_id, detail=detail
    )


def end(
    session: Session,
    party_id: str,
    name: str,
    last_day: date,
    *,
    category: str | None = None,
    actor: str,
    at: datetime,
    why: str = "",
) -> int:
    """Ends one category of a signatory, or all, after a day; returns how many rows that ended.

    Raises RefusedError where the party has no such signatory.
    """
    if not any(row.name == name for row in listed(session, party_id)):
        raise RefusedError(f"party {party_id} has no signatory {name}")
    keys = pl.DataFrame({"party_id": [party_id], "name": [name]} | ({"category": [category]} if category else {}))
    load = dated.begin(session, "signatories", at=at)
    dated.end(session, SIGNATORIES, keys, last_day, load)
    detail = {"name": name, "category": category, "last_day": str(last_day), "ended": load.ended}
    audit.write(
        session,
        at=at,
        actor=actor,
        action="end signatory",
        subject_kind="party",
        subject=party_id,
        why=why,
        detail=detail,
    )
    return load.ended


def listed(session: Session, party_id: str | None = None) -> Sequence[Signatory]:
    """The signatory rows of a party, or of all, by party, name and category."""
    statement = select(Signatory).where(col(Signatory.until_version).is_(None))
    if party_id is not None:
        statement = statement.where(Signatory.party_id == party_id)
    order = (Signatory.party_id, Signatory.name, Signatory.category, Signatory.effective_from)
    return session.exec(statement.order_by(*map(col, order))).all()
