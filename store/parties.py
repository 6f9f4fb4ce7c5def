"""Parties and the roles that they hold."""

from collections.abc import Collection, Sequence
from datetime import date, datetime

import polars as pl
from sqlalchemy import bindparam
from sqlmodel import Session, col, select

from market.frames import OPEN_END
from market.reference import MARKET_START
from store import audit, dated
from store.dated_tables import PARTY_ROLES
from store.refused import RefusedError
from store.tables import Party, PartyRole

_ROLES = (
    select(PartyRole)
    .where(PartyRole.party_id == bindparam("party_id"), col(PartyRole.until_version).is_(None))
    .order_by(col(PartyRole.id))
)
_ROLES_ON = _ROLES.where(PartyRole.effective_from <= bindparam("day"), PartyRole.effective_to >= bindparam("day"))


def add(
    session: Session,
    party_id: str,
    name: str,
    roles: Collection[str],
    *,
    effective_from: date = MARKET_START,
    effective_to: date = OPEN_END,
    actor: str,
    at: datetime,
) -> Party:
    """Adds a party that holds the roles on the days given, both included. Raises RefusedError where it is known."""
    if session.get(Party, party_id) is not None:
        raise RefusedError(f"party {party_id} is there already")
    party = Party(party_id=party_id, name=name)
    session.add(party)
    add_roles(session, party_id, roles, effective_from=effective_from, effective_to=effective_to, actor=actor, at=at)
    return party


def add_roles(
    session: Session,
    party_id: str,
    roles: Collection[str],
    *,
    effective_from: date = MARKET_START,
    effective_to: date = OPEN_END,
    actor: str,
    at: datetime,
) -> None:
    """Gives a party roles on the days given, both included, whatever it held on them before."""
    get(session, party_id)
    if effective_to < effective_from:
        raise RefusedError(f"the last day {effective_to} is before the first day {effective_from}")
    rows = pl.DataFrame({"role": list(roles)}, schema={"role": pl.String}).select(
        pl.lit(party_id).alias("party_id"),
        "role",
        pl.lit(effective_from).alias("effective_from"),
        pl.lit(effective_to).alias("effective_to"),
    )
    load = dated.begin(session, "parties", at=at)
    dated.apply(session, PARTY_ROLES, rows.unique(maintain_order=True), load)
    detail = {"roles": list(roles), "effective_from": str(effective_from), "effective_to": str(effective_to)}
    audit.write(session, at=at, actor=actor, action="add roles", subject_kind="party", subject=party_id, detail=detail)


def end(
    session: Session, party_id: str, last_day: date, *, role: str | None = None, actor: str, at: datetime, why: str = ""
) -> int:
    """Ends one role of a party, or all, after a day; returns how many rows that ended."""
    get(session, party_id)
    keys = pl.DataFrame({"party_id": [party_id]} | ({"role": [role]} if role else {}))
    load = dated.begin(session, "parties", at=at)
    dated.end(session, PARTY_ROLES, keys, last_day, load)
    detail = {"role": role, "last_day": str(last_day), "ended": load.ended}
    audit.write(
        session, at=at, actor=actor, action="end roles", subject_kind="party", subject=party_id, why=why, detail=detail
    )
    return load.ended


def get(session: Session, party_id: str) -> Party:
    """The party of that participant id; raises RefusedError where there is none."""
    party = session.get(Party, party_id)
    if party is None:
        raise RefusedError(f"party {party_id} is not known")
    return party


def listed(session: Session) -> Sequence[Party]:
    """Every party, by participant id."""
    return session.exec(select(Party).order_by(col(Party.party_id))).all()


def roles(session: Session, party_id: str, day: date | None = None) -> Sequence[PartyRole]:
    """The role rows of a party, or those that hold on a day, in the order in which the roles were given."""
    if day is None:
        return session.exec(_ROLES, params={"party_id": party_id}).all()
    return session.exec(_ROLES_ON, params={"party_id": party_id, "day": day}).all()
