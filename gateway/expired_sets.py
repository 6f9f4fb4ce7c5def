"""Retention of record sets: those taken back long ago, and those superseded about days that are past their days.

Superseded is a set of metered volumes or of aggregated demand none of whose rows counts any longer: for everything that
it tells, another set has a later Settlement Run, or of the same run what was received later. It is given up when
nothing that is about its days can be judged again.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import polars as pl
from sqlalchemy import Engine
from sqlmodel import Session

from market.home import Home
from market.in_force import AGGREGATED, metered_volumes_in_force
from market.policy import Policy
from market.settlement_period import day_start
from market.settlement_run import run_order_expr
from store import changes, expired_sets, gcdc_breaches, record_sets
from store.database import reading
from store.expired_sets import SETS
from store.tables import RecordSet

TAKEN_BACK, SUPERSEDED = "it was taken back", "later runs or files tell all of it"
"""Why a set is given up."""


def _latest_demand(frame: pl.DataFrame) -> pl.DataFrame:
    """AGGREGATED_DEMAND of the latest Settlement Run of each BM Unit, measurement class and day, the last received."""
    key = [name for name in AGGREGATED if name != "settlement_run_type"]
    ranked = frame.with_columns(order=run_order_expr(pl.col("settlement_run_type")))
    return ranked.sort("order", "received_at", "submission_ref", "line").unique(key, keep="last").drop("order")


LATEST: dict[str, Callable[[pl.DataFrame], pl.DataFrame]] = {
    "METERED": metered_volumes_in_force,
    "NFD": _latest_demand,
}
"""The kinds that come by Settlement Day and run, with what of them counts out."""


@dataclass(frozen=True)
class ExpiredSets:
    """The record sets that are given up on a London day, as store.expired_sets.SETS; `mark` is the last change of
    effects that was looked at.
    """

    taken_back: pl.DataFrame
    superseded: pl.DataFrame
    mark: int

    @property
    def all(self) -> pl.DataFrame:
        """Both, with `why`."""
        whys = ((self.taken_back, TAKEN_BACK), (self.superseded, SUPERSEDED))
        return pl.concat([frame.with_columns(why=pl.lit(why)) for frame, why in whys])


def expired(engine: Engine, home: Home, policy: Policy, day: date) -> ExpiredSets:
    """The record sets that are past their days on a London day; changes nothing."""
    kept_from = day - timedelta(days=policy.retention_archive)
    before = day_start(kept_from)
    with reading(engine) as session:
        mark = changes.mark(session)
        found = [_superseded(session, home, kind, before, kept_from) for kind in LATEST]
        return ExpiredSets(expired_sets.taken_back(session, before), pl.concat(found), mark)


def give_up(session: Session, found: ExpiredSets, *, actor: str, at: datetime) -> pl.DataFrame:
    """Gives record sets up, SETS, as one transaction with what was looked at: none superseded where that changed."""
    superseded = found.superseded
    changed = set(changes.since(session, found.mark)["kind"])
    if changed & {record_sets.KINDS[kind].frame for kind in LATEST}:
        superseded = SETS.to_frame()
    for ref in superseded["submission_ref"].unique().sort():
        record_sets.withdraw(session, ref, at=at)
    metered = superseded.filter(kind="METERED")["id"].to_list()
    gcdc_breaches.note_evaluated(session, [session.get_one(RecordSet, one) for one in metered])
    for sets, why in ((found.taken_back, TAKEN_BACK), (superseded, SUPERSEDED)):
        expired_sets.give_up(session, sets, actor=actor, at=at, why=why)
    return pl.concat([found.taken_back, superseded])


def _superseded(session: Session, home: Home, kind: str, before: datetime, day: date) -> pl.DataFrame:
    """SETS of a kind that are settled and of whose rows none counts on any of their days."""
    sets = expired_sets.standing(session, kind, before, day)
    days = sets.select(
        "id", "party_id", "settled", "submission_ref", day=pl.date_ranges("first_day", "last_day")
    ).explode("day")
    together = ["party_id", "day"]
    contested = pl.col("settled").all().over(together) & (pl.len().over(together) > 1)
    told = days.with_columns(contested=contested)
    needed = set(told.filter(~pl.col("contested"))["submission_ref"])
    for (party_id, on), of in told.filter("contested").group_by(together, maintain_order=True):
        if not set(of["submission_ref"]) <= needed:
            rows = record_sets.read(session, home, kind, days=(on, on), party_id=party_id)
            needed |= set(LATEST[kind](rows)["submission_ref"])
    return sets.filter(~pl.col("submission_ref").is_in(list(needed))).drop("settled")
