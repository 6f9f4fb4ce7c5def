"""Declaration sets over the submissions of several Suppliers: held until complete, then decided as one.

A set is complete when the last Supplier's part is judged: then the parts that were held are judged again, with all the
others beside them, and decided with it in one transaction. A part that is refused does not count, and the others wait
on for its correction, until policy's `set_hold_days` are over.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime

import polars as pl
from sqlalchemy import Engine
from sqlmodel import Session

from gateway import steps
from gateway.declaration_effects import listed
from gateway.valuation import Basis, Valuation, is_stale, valuate
from market.clock import london_day
from market.declarations import HELD, SET
from market.home import Home
from market.reference import DECLARATIONS
from market.working_days import add_working_days
from rules.declaration import FLOW
from rules.declaration.refusal import refused
from store import changes, declarations
from store import policy as policies
from store.database import reading

OTHER_REFUSED = "another Supplier's part of the set is refused"

_SET = list(SET)
_KEY = pl.concat_str(SET, separator=" ")


def valuate_jointly(
    home: Home, engine: Engine, ref: str, started_at: datetime, token: int, basis: Basis | None = None
) -> Valuation:
    """As gateway.valuation.valuate; a declaration that completes sets brings the judgements of their held parts."""
    valuation = valuate(home, engine, ref, started_at, token, basis)
    if valuation.header.file_type != FLOW:
        return valuation
    complete = valuation.judgement.effect.filter(pl.col("others").list.len() > 0)
    if complete.is_empty():
        return valuation
    beside = {"declarations": _as_held(complete, ref, started_at)}
    held = {
        other: valuate(home, engine, other, started_at, token, basis, beside)
        for other in complete["others"].explode().unique().sort()
    }
    keys = complete.select(_KEY).to_series()
    failed = {key for one in held.values() for key in _not_accepted(one, keys)}
    joined = tuple((other, _refused(one, failed, OTHER_REFUSED)) for other, one in held.items())
    return replace(_refused(valuation, failed, OTHER_REFUSED), joined=joined)


def _as_held(units: pl.DataFrame, ref: str, at: datetime) -> pl.DataFrame:
    """The declarations of units as the others of their sets meet them: DECLARATIONS."""
    given = {"declaration_id": None, "standing": HELD, "received_at": at, "submission_ref": ref}
    return listed(units, "declarations").select(
        pl.lit(given[name]).cast(dtype).alias(name) if name in given else pl.col(name)
        for name, dtype in DECLARATIONS.items()
    )


def _not_accepted(valuation: Valuation, keys: pl.Series) -> list[str]:
    units = valuation.judgement.units.filter(pl.col("key").is_in(keys.implode()))
    return units.filter(pl.col("outcome").is_in(["R", "H"]))["key"].to_list()


def _refused(valuation: Valuation, keys: set[str], message: str) -> Valuation:
    return replace(valuation, judgement=refused(valuation.judgement, keys, message))


def expired_sets(home: Home, engine: Engine, day: date, at: datetime, token: int) -> dict[str, Valuation]:
    """The held submissions with a set whose time is over on a London day, each with the judgement that refuses it.

    A set waits policy's `set_hold_days`, in Working Days after the day on which its first part was received; on the
    last of them it still may be completed.
    """
    judged: dict[str, Valuation] = {}
    for key, told, refs in _expired(engine, day):
        for ref in refs:
            judged[ref] = _refused(judged.get(ref) or valuate(home, engine, ref, at, token), {key}, told)
    return judged


def refuse_expired(session: Session, home: Home, judged: Mapping[str, Valuation], at: datetime) -> None:
    """Decides held submissions by `expired_sets`; raises StaleError where something changed since."""
    changes.hold(session)
    for ref, valuation in judged.items():
        if is_stale(session, valuation):
            raise steps.StaleError(ref)
    for ref, valuation in judged.items():
        steps.decide_held(session, home, ref, valuation, why="the set is not complete in time", at=at)


def _expired(engine: Engine, day: date) -> list[tuple[str, str, list[str]]]:
    """The key of each set whose time is over, what its parties are told, and its submissions."""
    with reading(engine) as session:
        waiting = declarations.waiting(session)
        policy = policies.in_force(session)
    found = []
    for _, parts in waiting.group_by(*_SET, "test_flag", maintain_order=True):
        first = london_day(min(parts["received_at"].to_list()))
        hold_days = policy.on(first).set_hold_days
        last = add_working_days(first, hold_days)
        if day > last:
            told = f"the set is not complete by {last:%Y%m%d}, {hold_days} Working Days after {first:%Y%m%d}"
            found.append((parts.select(_KEY).to_series()[0], told, parts["submission_ref"].unique().sort().to_list()))
    return found
