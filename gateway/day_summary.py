"""The operator's summary of a London day: what came, what was wrong with it, what waits, what is due."""

from datetime import date, datetime
from typing import Any

from sqlmodel import Session

from gateway import submission_pages
from market.clock import london_day
from market.season import season_of
from market.working_days import working_days_before
from rules.catalogue import all_rules
from rules.monitoring.season import REMINDED
from store import day as days
from store import gcdc_breaches, scheduled_runs, submissions
from store.states import SubmissionState

LATE = ("GCS-02", "GCS-03", "GCC-02", "PNT-01", "PNT-02", "SEV-02", "SEV-03", "DLV-06")
"""The rules that what was received too late breaks."""

REFUSING = ("F", "E")
"""The severities that refuse."""


def summary(session: Session, day: date, now: datetime) -> dict[str, Any]:
    """The summary of a London day; what waits is that of `now` (aware)."""
    received = days.received(session, day)
    broken = days.broken(session, day)
    titles = {rule.id: rule.title for rule in all_rules()}
    return {
        "date": day,
        "received": {"files": int(received["files"].sum()), "by_flow": received.to_dicts()},
        "refused_by_rule": [
            {"rule": row["rule"], "files": row["files"], "breaches": row["breaches"], "title": titles[row["rule"]]}
            for row in broken.to_dicts()
            if row["severity"] in REFUSING
        ],
        "late": [{**_named(submission), "rules": rules} for submission, rules in days.that_break(session, day, LATE)],
        "held": [
            {**_named(one), "why": submission_pages.why(session, one)}
            for one in submissions.by_state(session, SubmissionState.HELD)
        ],
        "faults": submission_pages.faults(session),
        "uncollected": submission_pages.uncollected(session, now),
        "outboxes": days.uncollected(session).to_dicts(),
        "unfinished_runs": [
            {"check": run.check, "business_date": run.business_date, "state": run.state, "fault": run.fault}
            for run in scheduled_runs.unfinished(session)
        ],
        "deadlines": deadlines(session, day),
    }


def deadlines(session: Session, day: date) -> list[dict[str, Any]]:
    """What is due from a London day on: the reminders and the deadline of the next season, the ends of challenges."""
    season = season_of(day).next
    found: list[tuple[date, datetime | None, str]] = [
        (working_days_before(season.first_day, count), None, f"reminder of {season}, {count} Working Days before")
        for count in REMINDED
    ]
    found.append((london_day(season.deadline), season.deadline, f"declarations for {season} close"))
    found.append((season.first_day, None, f"{season} begins"))
    found += [
        (breach.challenge_by, None, f"{breach.reference} of {breach.bm_unit_id} can be challenged until then")
        for breach in gcdc_breaches.open_ones(session)
    ]
    return [{"on": on, "at": at, "what": what} for on, at, what in sorted(found, key=_when) if on >= day]


def _when(due: tuple[date, datetime | None, str]) -> tuple[date, str]:
    return due[0], due[2]


def _named(submission: Any) -> dict[str, Any]:
    wanted = ("ref", "received_at", "party_id", "file_type", "outcome", "file_name")
    return {name: getattr(submission, name) for name in wanted}
