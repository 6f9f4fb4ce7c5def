"""`gridpost withdraw`: what a submission put in force is taken back, and the values before it hold again."""

from datetime import datetime
from typing import Any

from sqlmodel import Session

from gateway import given_back
from store import changes, effects, record_sets, submissions
from store.refused import RefusedError
from store.states import SubmissionState
from store.tables import Submission

WITHDRAWABLE = (SubmissionState.VALIDATED, SubmissionState.HELD, SubmissionState.QUARANTINED)


def withdraw(session: Session, submission: Submission, *, actor: str, reason: str, at: datetime) -> dict[str, Any]:
    """Takes back the effects of a submission, which then is WITHDRAWN; tells how many, and what was built on them.

    Its bytes, runs and answers stay; values of GC and DC that hold again are reported to its Party (R0145005), and
    `untold` says why where they cannot be. Raises RefusedError where it is not decided, held or in quarantine.
    """
    if submission.state not in WITHDRAWABLE:
        raise RefusedError(f"submission {submission.ref} is {submission.state}: there is nothing to withdraw")
    ref, after = submission.ref, (submission.received_at, submission.ref)
    changes.hold(session)
    later = {
        one
        for kind, names in effects.subjects(session, ref).items()
        for one in effects.later(session, kind, names, after)
    }
    for found in record_sets.sets_of(session, ref):
        days = (found.first_day, found.last_day)
        later |= {*record_sets.later(session, found.kind, found.party_id, days, after)}
    put_before = given_back.put_by(session, submission)
    done = {
        "ref": ref,
        "rows": effects.withdraw(session, ref, at=at),
        "sets": record_sets.withdraw(session, ref, at=at),
        "built_on_by": sorted(later),
    }
    back = given_back.given_back(session, submission, put_before)
    done["untold"] = given_back.tell(session, submission, back, at)
    submissions.change_state(session, ref, submission.state, SubmissionState.WITHDRAWN, actor=actor, why=reason, at=at)
    return done
