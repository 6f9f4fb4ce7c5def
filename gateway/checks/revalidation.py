"""The nightly revalidation: what was received the day before, against reference data that came since."""

from datetime import timedelta

from sqlmodel import Session

from gateway import reruns
from gateway.schedule.check import Apply, Check, Occasion, Summary
from gateway.selected_reruns import compare_each
from market.settlement_period import day_start
from rules.catalogue import rules_version
from store import policy, reference, runs, submissions
from store.database import reading
from store.states import RunKind, SubmissionState
from store.tables import Run

ACTOR = "revalidation"
_DAY = timedelta(days=1)


def _overtaken(occasion: Occasion) -> list[str]:
    """The submissions received on the day before whose run stands on other data or rules than those of now."""
    last = day_start(occasion.business_date)
    with reading(occasion.engine) as session:
        now = (policy.version(session), rules_version(), reference.version(session))
        found = submissions.find(
            session,
            state=SubmissionState.VALIDATED,
            received_from=day_start(occasion.business_date - _DAY),
            received_until=last - timedelta(seconds=1),
        )
        return [one.ref for one in reversed(found) if _versions(runs.applied(session, one.ref)) != now]


def _versions(run: Run | None) -> tuple[str, str, int] | None:
    return None if run is None else (run.policy_version, run.rules_version, run.reference_version)


def _flips(found: reruns.Difference) -> bool:
    return bool(found.refused.height or found.accepted.height)


def _revalidate(occasion: Occasion) -> Apply:
    home, engine = occasion.home, occasion.engine
    refs, flipping = _overtaken(occasion), list[reruns.Difference]()
    applies = occasion.policy().on(occasion.business_date).revalidation == "apply"
    location = engine.url.render_as_string(hide_password=False)
    for found in compare_each(home, engine, location, refs, lambda: occasion.now, as_received=False):
        if _flips(found):
            flipping.append(found)
        if not (applies and _flips(found)):
            reruns.discard(home, engine, found)

    def apply(session: Session) -> Summary:
        for found in flipping:
            if applies:
                reruns.put_into_effect(
                    session,
                    occasion.home,
                    found,
                    RunKind.REVALIDATION,
                    actor=ACTOR,
                    reason=f"late reference data, {occasion.business_date}",
                    at=occasion.now,
                )
            else:
                reruns.put_on_record(session, found, RunKind.REVALIDATION, occasion.now)
        return {
            "judged": len(refs),
            "applied": applies,
            "flips": [
                {
                    "ref": found.submission.ref,
                    "accepted": found.accepted["key"].to_list(),
                    "refused": found.refused["key"].to_list(),
                    "because": list(found.because),
                }
                for found in flipping
            ],
        }

    return apply


REVALIDATION = Check(
    name="revalidation",
    title="Units of the day before that late reference data would turn.",
    rules=(),
    work=_revalidate,
)
