"""What `gridpost breaches` and `breach` tell of GC/DC breaches, as structures for JSON; MW and MWh are texts."""

from datetime import datetime
from typing import Any

from sqlmodel import Session

from market.home import Home
from market.in_force import metered_volumes_in_force
from market.number_text import number_text
from market.settlement_period import PERIOD, period_start
from store import audit, gcdc_breaches, record_sets
from store.tables import GcdcBreach

CHALLENGED = "CHALLENGED"
"""Where an open breach stands that its Lead Party has challenged."""


def rows(session: Session, *, only_open: bool = False) -> list[dict[str, Any]]:
    """A row a breach, by reference."""
    found = gcdc_breaches.open_ones(session) if only_open else gcdc_breaches.listed(session)
    return [_row(session, breach) for breach in found]


def page(session: Session, home: Home, reference: str) -> dict[str, Any]:
    """The life of one breach, and the metered power of its worst day against the declared value and the limit.

    Raises RefusedError where there is no such breach.
    """
    breach = gcdc_breaches.get(session, reference)
    challenge = gcdc_breaches.challenge_of(session, reference)
    days = gcdc_breaches.days(session, references=[reference])
    return {
        **_row(session, breach),
        "party_id": breach.party_id,
        "declared_mw": _mw(breach.declared_kw),
        "limit_mw": _mw(breach.limit_kw),
        "bound_mw": _mw(breach.declared_kw + (breach.limit_kw if breach.side == "GC" else -breach.limit_kw)),
        "metered_mwh": number_text(breach.volume_kwh, 3),
        "opened_at": breach.opened_at,
        "closed_at": breach.closed_at,
        "effective_from": breach.effective_from,
        "value_mw": None if breach.value_kw is None else _mw(breach.value_kw),
        "challenge": challenge
        and {
            "received_at": challenge.received_at,
            "submission_ref": challenge.submission_ref,
            "proposed_mw": _mw(challenge.proposed_value_kw),
            "reason": challenge.reason,
        },
        "days": [
            {
                "settlement_date": day["settlement_date"],
                "periods": day["periods"],
                "worst_period": day["settlement_period"],
                "metered_mw": _mw(2 * day["volume_kwh"]),
            }
            for day in days.iter_rows(named=True)
        ],
        "metered": _metered(session, home, breach),
        "history": [
            {"at": event.at, "actor": event.actor, "action": event.action, "state": event.to_state, "why": event.why}
            for event in audit.of(session, gcdc_breaches.SUBJECT, reference)
        ],
    }


def _row(session: Session, breach: GcdcBreach) -> dict[str, Any]:
    challenged = breach.closed_at is None and gcdc_breaches.challenge_of(session, breach.reference) is not None
    return {
        "reference": breach.reference,
        "bm_unit_id": breach.bm_unit_id,
        "side": breach.side,
        "season": f"{breach.season} {breach.season_start_year}",
        "state": CHALLENGED if challenged else breach.state.value,
        "periods": breach.periods_in_breach,
        "worst": f"{breach.settlement_date} period {breach.settlement_period}",
        "metered_mw": _mw(2 * breach.volume_kwh),
        "estimate_mw": _mw(breach.estimated_value_kw),
        "challenge_by": breach.challenge_by,
    }


def _metered(session: Session, home: Home, breach: GcdcBreach) -> list[dict[str, Any]]:
    """The periods of the worst day, from when to when and with which power they were metered."""
    day = breach.settlement_date
    volumes = record_sets.read(session, home, "METERED", days=(day, day)).filter(bm_unit_id=breach.bm_unit_id)
    told = metered_volumes_in_force(volumes).sort("settlement_period")
    return [
        {
            "settlement_period": period,
            "from": _start(breach, period),
            "to": _start(breach, period) + PERIOD,
            "mw": _mw(2 * volume),
            "run_type": run_type,
        }
        for period, volume, run_type in told.select("settlement_period", "volume", "run_type").iter_rows()
    ]


def _start(breach: GcdcBreach, period: int) -> datetime:
    return period_start(breach.settlement_date, period)


def _mw(kilowatts: int) -> str:
    return number_text(kilowatts, 3)
