"""Breaches whose Challenge By date is past: the estimated value of those that nobody challenged takes effect."""

from collections.abc import Collection

from sqlmodel import Session, col, select

from gateway.gcdc_values import take_effect
from gateway.schedule.check import Occasion, Summary
from gateway.steps import ACTOR
from market.clock import london_day
from store import gcdc_breaches
from store.states import GcdcBreachState, SubmissionState
from store.tables import GcdcBreach, Submission

FLOW = "K0152001"
_UNDECIDED = (
    SubmissionState.RECEIVED,
    SubmissionState.ACKED,
    SubmissionState.HELD,
    SubmissionState.QUARANTINED,
)


def put_estimates(session: Session, occasion: Occasion) -> Summary:
    """Puts the estimates of unchallenged breaches in force, and sums up what became of each breach that is due.

    A breach waits while a file of challenges of its Lead Party that came in time is not decided.
    """
    counted = {"taken_effect": 0, "superseded": 0, "challenged": 0, "waiting": 0}
    untold: dict[str, str] = {}
    undecided = session.exec(
        select(Submission).where(Submission.file_type == FLOW, col(Submission.state).in_(_UNDECIDED))
    ).all()
    for breach in gcdc_breaches.open_ones(session):
        if breach.challenge_by >= occasion.business_date:
            continue
        if gcdc_breaches.challenge_of(session, breach.reference) is not None:
            counted["challenged"] += 1
        elif _may_be_challenged(breach, undecided):
            counted["waiting"] += 1
        else:
            state, why = _put(session, occasion, breach)
            counted["taken_effect" if state is GcdcBreachState.TAKEN_EFFECT else "superseded"] += 1
            untold |= {breach.party_id: why} if why else {}
    return {**counted, "untold": untold}


def _may_be_challenged(breach: GcdcBreach, undecided: Collection[Submission]) -> bool:
    return any(
        one.party_id == breach.party_id and london_day(one.received_at) <= breach.challenge_by for one in undecided
    )


def _put(session: Session, occasion: Occasion, breach: GcdcBreach) -> tuple[GcdcBreachState, str]:
    """The state that a breach ends in, and why its Lead Party is not told, if it is not."""
    done = take_effect(
        session, breach, breach.estimated_value_kw, "ESTIMATE", received_at=occasion.at, now=occasion.now
    )
    state = GcdcBreachState.TAKEN_EFFECT if done.changed else GcdcBreachState.SUPERSEDED
    value = done.value_kw if done.changed else None
    gcdc_breaches.close(session, breach, state, value, actor=ACTOR, at=occasion.now, why=done.why)
    return state, done.untold
