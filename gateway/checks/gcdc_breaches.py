"""The checks of GC/DC breaches: metered power beyond declared values, and estimates that nobody challenged."""

from sqlmodel import Session

from gateway.gcdc_breaches import record
from gateway.gcdc_estimates import put_estimates
from gateway.gcdc_evaluation import evaluate
from gateway.gcdc_withdrawn import tell_withdrawn
from gateway.gcdc_wrong_direction import tell_wrong_direction
from gateway.schedule.check import Apply, Check, Occasion, Summary
from store import changes


def _breaches(occasion: Occasion) -> Apply:
    evaluation = evaluate(occasion)

    def apply(session: Session) -> Summary:
        changes.hold(session)
        done = record(session, occasion, evaluation)
        wrong = tell_wrong_direction(session, occasion, evaluation.wrong_direction)
        return {
            "days": len(evaluation.days),
            "volumes": evaluation.volumes,
            "days_without_limits": evaluation.without_limits,
            **done,
            "withdrawal_notices": tell_withdrawn(session, occasion),
            "wrong_direction": wrong,
        }

    return apply


GCDC_BREACHES = Check(
    name="gcdc-breaches",
    title="Metered power beyond GC or DC and its limit raises a GC/DC breach; interconnectors of the wrong direction.",
    rules=("MON-01", "MON-02", "MON-03", "MON-04", "MON-05"),
    work=_breaches,
)
"""Evaluates the Settlement Days of metered volumes received since the last run, and the business date itself."""


def _estimates(occasion: Occasion) -> Apply:
    def apply(session: Session) -> Summary:
        changes.hold(session)
        return put_estimates(session, occasion)

    return apply


GCDC_ESTIMATES = Check(
    name="gcdc-estimates",
    title="The estimated value of a GC/DC breach that nobody challenged takes effect after its Challenge By date.",
    rules=("MON-10",),
    work=_estimates,
)
"""Looks after the open breaches whose Challenge By date is before the business date."""
