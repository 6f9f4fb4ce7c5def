"""What `gridpost submissions`, `show` and `status` tell, as structures for JSON; the command line makes them texts.

Passwords never stand in them: breaches and reports have them masked, and received bytes are not shown.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from gateway import gaps
from gateway.declaration_pages import history_of
from gateway.notification_pages import in_force_of
from gateway.office import LEASE
from market.disk import Space
from market.home import Home
from store import answers, breaches, policy, reference, runs, search, submissions
from store.refused import RefusedError
from store.states import SubmissionState
from store.tables import Answer, Run, Submission

AGES = (("an hour", timedelta(hours=1)), ("a day", timedelta(days=1)), ("a month", timedelta(days=30)))
"""The ages by which uncollected answers are counted."""

FACTS = (
    *("ref", "party_id", "account", "file_name", "received_at", "state", "outcome", "receipt_code"),
    *("profile", "file_type", "test_flag", "channel", "sequence", "skipped", "creation_time", "arrival"),
    *("size", "sha256", "landing_name", "fault", "attempts", "next_try_at"),
)
"""What a submission's page says of the submission itself, in this order."""

_NAMED = 5


def named(session: Session, text: str) -> Submission:
    """The one submission that a reference, a beginning of one, or `account/file name` means; else RefusedError."""
    found = search.submissions_named(session, text, _NAMED)
    if not found:
        raise RefusedError(f"{text} is no submission's reference, nor the beginning of one, nor ACCOUNT/FILE NAME")
    if len(found) > 1:
        more = " and more" if len(found) == _NAMED else ""
        raise RefusedError(f"{text} means several submissions: {', '.join(one.ref for one in found)}{more}")
    return found[0]


def row(submission: Submission) -> dict[str, Any]:
    """A submission in a list."""
    return {
        "ref": submission.ref,
        "received_at": submission.received_at,
        "party_id": submission.party_id,
        "file_type": submission.file_type,
        "test_flag": submission.test_flag,
        "receipt": submission.receipt_code,
        "state": submission.state,
        "outcome": submission.outcome,
        "size": submission.size,
        "file_name": submission.file_name,
    }


def page(session: Session, home: Home | None, submission: Submission) -> dict[str, Any]:
    """Everything that is known of a submission but its bytes; what it notified only where a home is named."""
    notified = []
    if home is not None and submission.file_type == "K0011001":
        notified = in_force_of(session, home, submission)
    declared = history_of(session, submission) if submission.file_type == "K4191001" else []
    return {
        **{name: getattr(submission, name) for name in FACTS},
        "waits_for": gaps.told_missing(gaps.missing_of(session, submission)) or None,
        "notified": notified,
        "declared": declared,
        "history": [
            {
                "at": event.at,
                "actor": event.actor,
                "action": event.action,
                "subject": event.subject if event.subject_kind == "answer" else None,
                "from_state": event.from_state,
                "to_state": event.to_state,
                "why": event.why,
            }
            for event in search.history(session, submission)
        ],
        "runs": [_run(session, run) for run in runs.of(session, submission.ref)],
        "answers": [answer(one) for one in answers.of(session, submission.ref)],
    }


def _run(session: Session, run: Run) -> dict[str, Any]:
    assert run.id is not None
    facts = run.model_dump(exclude={"id", "submission_ref", "breaches_file"})
    return {**facts, "breaches": breaches.listed(session, run.id).drop("position").to_dicts()}


def answer(found: Answer) -> dict[str, Any]:
    """An answer but its bytes."""
    wanted = ("id", "kind", "file_type", "state", "created_at", "delivered_at", "collected_at", "redelivery_of")
    return {**{name: getattr(found, name) for name in wanted}, "size": found.size, "name": found.name}


def faults(session: Session) -> list[dict[str, Any]]:
    """The submissions that are undecided because of the gateway, and those in quarantine, in order of arrival."""
    found: Sequence[Submission] = [
        *submissions.faults(session),
        *submissions.by_state(session, SubmissionState.QUARANTINED),
    ]
    return [
        {
            "ref": one.ref,
            "received_at": one.received_at,
            "party_id": one.party_id,
            "state": one.state,
            "attempts": one.attempts,
            "next_try_at": one.next_try_at,
            "file_name": one.file_name,
            "fault": one.fault or why(session, one),
        }
        for one in sorted(found, key=lambda one: (one.arrival, one.ref))
    ]


def why(session: Session, submission: Submission) -> str:
    """Why a submission came into its state."""
    events = search.history(session, submission)
    return next((event.why for event in reversed(events) if event.to_state == submission.state), "")


def status(session: Session, now: datetime, disk: Space | None) -> dict[str, Any]:
    """How the gateway and its store stand at an instant (aware), and the space on the home's disk if that is known."""
    gateway = search.holder(session, LEASE)
    return {
        "gateway": gateway and {"name": gateway.owner, "holds_the_lease_until": gateway.expires_at},
        "policy": policy.version(session),
        "reference_version": reference.version(session),
        "submissions": {str(state): count for state, count in submissions.counts(session).items()},
        "answers": {str(state): count for state, count in answers.counts(session).items()},
        "gaps": gaps.waiting(session),
        "disk": disk and {**vars(disk), "deciding_paused": disk.is_short},
        "faults": len(submissions.faults(session)),
        "uncollected": uncollected(session, now),
    }


def uncollected(session: Session, now: datetime) -> dict[str, Any]:
    """How many answers wait in outboxes at an instant (aware), by age, and since when the oldest does."""
    waiting = search.uncollected_since(session)
    older = {f"over {name}": sum(now - at > age for at in waiting) for name, age in AGES}
    return {"all": len(waiting), **older, "oldest_delivered_at": waiting[0] if waiting else None}
