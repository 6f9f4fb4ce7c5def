"""Values that take effect after a GC/DC breach: the estimate that nobody challenged, or what an operator decides."""

from dataclasses import dataclass
from datetime import datetime

import polars as pl
from sqlmodel import Session

from gateway.gcdc_breaches import COLUMN
from gateway.gcdc_notification import ROLES
from gateway.notices import add_notice
from market.number_text import number_text
from market.reference import BM_UNITS, CAPACITY_VALUES
from market.season import Season
from outbound.registration_report import registration_report
from rules.gcdc.contexts import in_force_ranges
from rules.monitoring.declared import DeclaredValues
from store import effects, reference
from store.refused import RefusedError
from store.tables import GcdcBreach


@dataclass(frozen=True)
class TakenEffect:
    """What became of a value: `value_kw` is in force of the breach's side from its day on; `why` tells it.

    `changed` says whether it was not before; `untold` why the Lead Party gets no registration report.
    """

    value_kw: int
    changed: bool
    why: str
    untold: str = ""


def take_effect(
    session: Session, breach: GcdcBreach, value_kw: int, source: str, *, received_at: datetime, now: datetime
) -> TakenEffect:
    """Puts a value of a breach's side in force from the breach's day on, and reports it to the Lead Party (R0145005).

    It never takes back a larger value, nor one that was declared for a later season. `source` is ESTIMATE or DECISION;
    the value ranks among those received at `received_at`.
    """
    day = breach.effective_from
    found = reference.frames(session, ["bm_units", "capacity_values"], bm_units=[breach.bm_unit_id])
    then = DeclaredValues(found["bm_units"], found["capacity_values"]).of(breach.bm_unit_id, day)
    if then is None:
        return TakenEffect(value_kw, changed=False, why=f"{breach.bm_unit_id} is not registered on {day}")
    before = then[COLUMN[breach.side]]
    if before is not None and abs(before) >= abs(value_kw):
        return TakenEffect(before, changed=False, why=f"{number_text(before, 3)} MW is in force on {day}")
    if _declared_later(found["capacity_values"], breach):
        return TakenEffect(
            value_kw, changed=False, why=f"{number_text(before, 3)} MW is declared for the season of {day}"
        )
    values = {**{column: then[column] for column in COLUMN.values()}, COLUMN[breach.side]: value_kw}
    _put(session, breach, values, source, received_at)
    untold = _report(session, breach, found["bm_units"], then["lead_party_id"], values, now)
    return TakenEffect(
        value_kw, changed=True, why=f"{number_text(value_kw, 3)} MW is in force from {day}", untold=untold
    )


def _declared_later(capacity_values: pl.DataFrame, breach: GcdcBreach) -> bool:
    """Whether what is in force on the breach's day was declared for a season after the breach's own."""
    day, season = breach.effective_from, Season(breach.season, breach.season_start_year)
    holds = pl.lit(day).is_between("effective_from", "effective_to")
    declared = in_force_ranges(capacity_values).filter(holds, pl.col("source") == "DECLARATION")
    return not declared.filter(pl.col("effective_from") > season.last_day).is_empty()


def _put(
    session: Session, breach: GcdcBreach, values: dict[str, int | None], source: str, received_at: datetime
) -> None:
    row = {
        **values,
        "bm_unit_id": breach.bm_unit_id,
        "effective_from": breach.effective_from,
        "source": source,
        "declaration_type": None,
        "season": breach.season,
        "season_start_year": breach.season_start_year,
        "received_at": received_at,
        "submission_ref": breach.reference,
        "line": 0,
    }
    frame = pl.DataFrame([row], CAPACITY_VALUES)
    effects.add(session, "capacity_values", frame, test_flag="OPER", run_number=0)


def _report(
    session: Session,
    breach: GcdcBreach,
    bm_units: pl.DataFrame,
    party_id: str,
    values: dict[str, int | None],
    now: datetime,
) -> str:
    """Adds the R0145005; why there is none where the party cannot be told."""
    day = pl.lit(breach.effective_from)
    registered = bm_units.filter(day.is_between("effective_from", "effective_to"))
    row = registered.with_columns(
        *(pl.lit(value, pl.Int64).alias(column) for column, value in values.items()), effective_from=day
    ).select(BM_UNITS.names())
    try:
        add_notice(
            session,
            party_id,
            "R0145005",
            "CR",
            now,
            lambda header: registration_report(header, party_id, row),
            to_roles=ROLES,
        )
    except RefusedError as error:
        return str(error)
    return ""
