"""Metered volumes held against declared values, Settlement Day by Settlement Day: what a breach run finds."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl

from gateway.schedule.check import Occasion
from market.season import season_of
from rules.monitoring.declared import DeclaredValues
from rules.monitoring.metered import BREACH_DAYS, WRONG_DIRECTION, breach_days, looked_through
from store import gcdc_breaches, record_sets
from store.database import reading
from store.tables import RecordSet

FOUND = pl.Schema({**BREACH_DAYS, "season": pl.String(), "season_start_year": pl.Int64()})
"""BREACH_DAYS with the season of the day."""


@dataclass(frozen=True)
class Evaluation:
    """What a run finds on the Settlement Days that it evaluates: FOUND and WRONG_DIRECTION.

    `sets` are the sets of metered volumes that are new to it, `volumes` how many it looked at; `without_limits` are the
    days that have volumes and no GC/DC Limit, by season.
    """

    sets: Sequence[RecordSet]
    days: Sequence[date]
    volumes: int
    found: pl.DataFrame
    wrong_direction: pl.DataFrame
    without_limits: dict[str, int]
    declared: DeclaredValues


def evaluate(occasion: Occasion) -> Evaluation:
    """Evaluates the days of new metered volumes, and the business date itself; has no effect.

    One day after the other is read, so that memory and the cost of a day do not grow with their number.
    """
    with reading(occasion.engine) as session:
        sets = gcdc_breaches.unevaluated(session, occasion.at)
    days = _days(sets, occasion.business_date)
    declared = DeclaredValues(**occasion.references("bm_units", "capacity_values"))
    policy = occasion.policy()
    found, wrong = [FOUND.to_frame()], [WRONG_DIRECTION.to_frame()]
    volumes, without = 0, dict[str, int]()
    for day in days:
        metered = _metered(occasion, day)
        if metered.is_empty():
            continue
        volumes += metered.height
        season = season_of(day)
        limits = policy.limits(season.code, season.start_year)
        if limits is None:
            without[str(season)] = without.get(str(season), 0) + 1
        shown = looked_through(metered, declared.on(day), limits)
        named = breach_days(shown.in_breach).with_columns(
            season=pl.lit(season.code), season_start_year=pl.lit(season.start_year, pl.Int64)
        )
        found.append(named.select(FOUND.names()))
        wrong.append(shown.wrong_direction)
    return Evaluation(sets, days, volumes, pl.concat(found), pl.concat(wrong), without, declared)


def _days(sets: Sequence[RecordSet], business_date: date) -> list[date]:
    found = {business_date}
    for one in sets:
        found |= {one.first_day + timedelta(days=number) for number in range((one.last_day - one.first_day).days + 1)}
    return sorted(found)


def _metered(occasion: Occasion, day: date) -> pl.DataFrame:
    until = (occasion.at + timedelta(microseconds=1), "")
    with reading(occasion.engine) as session:
        return record_sets.read(session, occasion.home, "METERED", days=(day, day), before=until)
