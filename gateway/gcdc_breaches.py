"""The life of GC/DC breaches: opened and updated by what an evaluation finds, told to their Lead Party."""

from collections.abc import Collection, Mapping
from datetime import timedelta
from typing import Any

import polars as pl
from sqlmodel import Session

from gateway.gcdc_evaluation import Evaluation
from gateway.gcdc_notification import tell_open
from gateway.schedule.check import Occasion, Summary
from gateway.steps import ACTOR
from market.fault import Fault
from market.number_text import number_text
from market.working_days import add_working_days
from rules.monitoring.declared import DeclaredValues
from store import gcdc_breaches, policy
from store.gcdc_breaches import DAYS
from store.states import GcdcBreachState
from store.tables import GcdcBreach

COLUMN = {"GC": "generation_capacity", "DC": "demand_capacity"}
"""The column of the declared value of each side."""

_KEY = ["bm_unit_id", "side", "season", "season_start_year"]
_STANDING = pl.Schema(
    {
        "reference": pl.String(),
        "bm_unit_id": pl.String(),
        "side": pl.String(),
        "season": pl.String(),
        "season_start_year": pl.Int64(),
        "is_open": pl.Boolean(),
        "effective_from": pl.Date(),
        "covers": pl.Int64(),
    }
)
Row = Mapping[str, Any]
"""Columns of one row by their names."""


def record(session: Session, occasion: Occasion, evaluation: Evaluation) -> Summary:
    """Opens and updates breaches by what was found, tells their Lead Parties, and sums it up.

    Raises Fault where another run has evaluated the same volumes meanwhile: what it found may be newer.
    """
    new_sets = [one.id for one in gcdc_breaches.unevaluated(session, occasion.at)]
    if new_sets != [one.id for one in evaluation.sets]:
        raise Fault("metered volumes were evaluated by another run meanwhile")
    known = {breach.reference: breach for breach in gcdc_breaches.listed(session)}
    after = _assigned(session, evaluation.found, _standing(known.values()))
    before = gcdc_breaches.days(session, between=(evaluation.days[0], evaluation.days[-1])).filter(
        pl.col("settlement_date").is_in(list(evaluation.days))
    )
    changed = _changed(before, after)
    gcdc_breaches.replace_days(session, evaluation.days, after)
    gcdc_breaches.note_evaluated(session, evaluation.sets)
    found = after.select("reference", *_KEY).unique("reference")
    new = {row["reference"]: row for row in found.filter(~pl.col("reference").is_in(list(known))).iter_rows(named=True)}
    worst = _worst(session, changed)
    counted = {"opened": len(new), "updated": 0, "withdrawn": 0}
    for reference in changed:
        breach = known.get(reference)
        if reference not in worst:
            assert breach is not None
            counted["withdrawn"] += _withdraw(session, occasion, breach)
        elif breach is None:
            _open(session, occasion, evaluation.declared, new[reference], worst[reference])
        else:
            counted["updated"] += 1
            _update(session, occasion, evaluation.declared, breach, worst[reference])
    return {**counted, **tell_open(session, occasion)}


def _standing(breaches: Collection[GcdcBreach]) -> pl.DataFrame:
    """Breaches as what is found is laid to them: `covers` is the power up to which a closed one stands for its days."""
    rows = [
        (
            *(one.reference, one.bm_unit_id, one.side, one.season, one.season_start_year, one.closed_at is None),
            *(one.effective_from, max(abs(one.value_kw or 0), 2 * abs(one.volume_kwh))),
        )
        for one in breaches
        if one.state is not GcdcBreachState.WITHDRAWN
    ]
    return pl.DataFrame(rows, _STANDING, orient="row")


def _assigned(session: Session, found: pl.DataFrame, standing: pl.DataFrame) -> pl.DataFrame:
    """What was found as DAYS with the columns of _KEY: days before a closed breach's value took effect are that one's
    as far as it covers them, others those of the open one, or of a new one of their BM Unit, side and season.
    """
    rows = found.rename({"volume": "volume_kwh", "declared": "declared_kw", "limit": "limit_kw"}).with_row_index("row")
    joined = rows.join(standing, on=_KEY, how="left")
    open_ = pl.col("is_open")
    closed = ~open_ & (pl.col("settlement_date") < pl.col("effective_from"))
    covered = closed & (2 * pl.col("volume_kwh").abs() <= pl.col("covers"))
    laid = joined.filter(covered | open_).sort("is_open", "reference").unique("row", keep="first", maintain_order=True)
    alone = rows.join(laid, on="row", how="anti")
    fresh = alone.select(_KEY).unique().sort(_KEY)
    names = pl.Series("reference", [gcdc_breaches.next_reference(session) for _ in range(fresh.height)], pl.String)
    opened = alone.join(fresh.with_columns(names), on=_KEY, how="left")
    wanted = [*DAYS.names(), *_KEY]
    return pl.concat([laid.select(wanted), opened.select(wanted)])


def _changed(before: pl.DataFrame, after: pl.DataFrame) -> list[str]:
    """The breaches whose days differ, by reference."""
    days = after.select(DAYS.names())
    sides = pl.concat([before.join(days, on=days.columns, how="anti"), days.join(before, on=days.columns, how="anti")])
    return sides["reference"].unique().sort().to_list()


def _worst(session: Session, references: Collection[str]) -> dict[str, Row]:
    """Of breaches that have days left: the periods in breach, and what is told of the worst."""
    days = gcdc_breaches.days(session, references=references)
    order = [pl.col("volume_kwh").abs().neg(), pl.col("settlement_date")]
    worst = days.sort(order).group_by("reference", maintain_order=True)
    told = worst.agg(pl.col("periods").sum(), pl.first("settlement_date", *DAYS.names()[3:]))
    return {row.pop("reference"): row for row in told.rename({"periods": "periods_in_breach"}).iter_rows(named=True)}


def _open(
    session: Session,
    occasion: Occasion,
    declared: DeclaredValues,
    key: Row,
    worst: Row,
) -> None:
    breach = GcdcBreach(
        reference=key["reference"],
        **{name: key[name] for name in _KEY},
        **worst,
        state=GcdcBreachState.OPEN,
        party_id="",
        estimated_value_kw=0,
        **_times(session, occasion),
        opened_at=occasion.now,
    )
    _complete(breach, occasion, declared)
    session.add(breach)
    gcdc_breaches.tell(session, breach, "open", actor=ACTOR, at=occasion.now, why=_why(breach))
    gcdc_breaches.note(session, [breach])
    session.flush()


def _update(session: Session, occasion: Occasion, declared: DeclaredValues, breach: GcdcBreach, worst: Row) -> None:
    """What is known of the worst period; while it is open the estimate too, and when it has grown the time to
    challenge it begins again, unless it is challenged already.
    """
    for name, value in worst.items():
        setattr(breach, name, value)
    if breach.closed_at is None:
        before = abs(breach.estimated_value_kw)
        _complete(breach, occasion, declared)
        grown = abs(breach.estimated_value_kw) > before
        times = _times(session, occasion)
        if grown and times["challenge_by"] > breach.challenge_by and not _challenged(session, breach):
            breach.challenge_by, breach.effective_from = times["challenge_by"], times["effective_from"]
            _complete(breach, occasion, declared)
        gcdc_breaches.note(session, [breach])
    session.add(breach)
    gcdc_breaches.tell(session, breach, "update", actor=ACTOR, at=occasion.now, why=_why(breach))
    session.flush()


def _withdraw(session: Session, occasion: Occasion, breach: GcdcBreach) -> bool:
    """An open breach without any period in breach is none."""
    if breach.closed_at is not None:
        return False
    breach.periods_in_breach = 0
    why = "no metered period is beyond the declared value and its limit any more"
    gcdc_breaches.close(session, breach, GcdcBreachState.WITHDRAWN, None, actor=ACTOR, at=occasion.now, why=why)
    return True


def _challenged(session: Session, breach: GcdcBreach) -> bool:
    return gcdc_breaches.challenge_of(session, breach.reference) is not None


def _times(session: Session, occasion: Occasion) -> Row:
    """Until when a breach of this run can be challenged, and from when its estimated value holds."""
    day = occasion.business_date
    challenge_by = add_working_days(day, policy.in_force(session).on(day).challenge_days)
    return {"challenge_by": challenge_by, "effective_from": challenge_by + timedelta(days=1)}


def _complete(breach: GcdcBreach, occasion: Occasion, declared: DeclaredValues) -> None:
    """The Lead Party, on the business date or else on the worst day, and the estimate: the largest metered power seen,
    never below the value in force on the day from which it holds.
    """
    for day in (occasion.business_date, breach.settlement_date):
        lead = declared.of(breach.bm_unit_id, day)
        if lead is not None:
            breach.party_id = lead["lead_party_id"]
            break
    power = 2 * breach.volume_kwh
    then = declared.of(breach.bm_unit_id, breach.effective_from)
    in_force = (then and then[COLUMN[breach.side]]) or 0
    breach.estimated_value_kw = max(power, in_force, key=abs)


def _why(breach: GcdcBreach) -> str:
    volume, power = number_text(breach.volume_kwh, 3), number_text(2 * breach.volume_kwh, 3)
    return f"{volume} MWh is {power} MW in period {breach.settlement_period} of {breach.settlement_date}"
