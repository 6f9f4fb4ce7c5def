"""An operator's decision on a challenge: the value that takes effect, and the K0155001 that tells it."""

from datetime import datetime
from enum import StrEnum

import polars as pl
from sqlmodel import Session

from gateway.gcdc_notification import ROLES
from gateway.gcdc_values import TakenEffect, take_effect
from gateway.notices import add_notice
from market.frames import typed_schema
from market.layout import layout
from market.number_text import number_text
from outbound.gcdc_breaches import DECISION, challenge_decision
from store import changes, gcdc_breaches
from store.refused import RefusedError
from store.states import GcdcBreachState
from store.tables import GcdcBreach, GcdcChallenge


class Decision(StrEnum):
    """How a challenge is decided."""

    UPHELD = "U"
    REJECTED = "R"
    PART_UPHELD = "P"


_STATES = {
    Decision.UPHELD: GcdcBreachState.UPHELD,
    Decision.REJECTED: GcdcBreachState.REJECTED,
    Decision.PART_UPHELD: GcdcBreachState.PART_UPHELD,
}


def decide(
    session: Session,
    reference: str,
    decision: Decision,
    value_kw: int | None,
    *,
    reason: str,
    actor: str,
    at: datetime,
) -> TakenEffect:
    """Decides on the challenge of an open breach and tells its Lead Party.

    Upheld is the proposed value, rejected the estimated one, upheld in part `value_kw`; the value never is below the
    one in force. Raises RefusedError where the breach is not open or not challenged, the value is not one that the
    decision can give, or the party cannot be told.
    """
    changes.hold(session)
    breach = gcdc_breaches.get(session, reference)
    if breach.closed_at is not None:
        raise RefusedError(f"GC/DC breach {reference} is {breach.state}: there is nothing left to decide")
    challenge = gcdc_breaches.challenge_of(session, reference)
    if challenge is None:
        raise RefusedError(f"GC/DC breach {reference} is not challenged")
    value = _value(breach, challenge, decision, value_kw)
    done = take_effect(session, breach, value, "DECISION", received_at=at, now=at)
    why = f"{reason}; {done.why}"
    gcdc_breaches.close(session, breach, _STATES[decision], done.value_kw, actor=actor, at=at, why=why)
    row = {
        "breach_reference": reference,
        "bm_unit_id": breach.bm_unit_id,
        "side": breach.side,
        "decision": decision.value,
        "value": done.value_kw,
        "effective_from_date": breach.effective_from,
        "reason": reason,
    }
    frame = pl.DataFrame([row], typed_schema(layout(DECISION).record("GCD")))
    add_notice(
        session,
        breach.party_id,
        DECISION,
        "CR",
        at,
        lambda header: challenge_decision(header, frame),
        to_roles=ROLES,
    )
    return done


def _value(breach: GcdcBreach, challenge: GcdcChallenge, decision: Decision, value_kw: int | None) -> int:
    given = {
        Decision.UPHELD: ("proposed", challenge.proposed_value_kw),
        Decision.REJECTED: ("estimated", breach.estimated_value_kw),
    }.get(decision)
    if given is None:
        if value_kw is None:
            raise RefusedError("a challenge that is upheld in part needs the value that takes effect: --value MW")
        if value_kw * (1 if breach.side == "GC" else -1) < 0:
            raise RefusedError(f"{breach.side} is zero or {'positive' if breach.side == 'GC' else 'negative'}")
        return value_kw
    name, value = given
    if value_kw not in (None, value):
        given_, asked = number_text(value, 3), number_text(value_kw or 0, 3)
        raise RefusedError(f"decision {decision} gives the {name} value {given_} MW, not {asked} MW")
    return value
