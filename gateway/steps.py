"""The steps of a submission with their effects: entered, archived, acknowledged, decided.

Each step can be done again after a crash: the row says what was done, and every change of state is a compare-and-set
in one transaction with what follows from it. Bytes are durable before a row says so.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlmodel import Session

from gateway import answers_out, gaps
from gateway.effects import put_in_force
from gateway.knowledge import knowledge
from gateway.office import Office
from gateway.pipeline import DUPLICATE, RECEIVED, Acknowledgement, Reading, acknowledge
from gateway.signed_receipts import add_signed
from gateway.valuation import Valuation, is_stale
from ingest.csv_profile_columns import CsvFlow, csv_flow_of
from ingest.csv_profile_header import CsvForm
from ingest.envelope import HEADER_BYTES, read_header
from ingest.landing import Landed
from market.clock import london_day
from market.header import Header, csv_channel
from market.home import Home
from outbound.csv_receipt import csv_receipt
from outbound.receipt import receipt, returned, unreadable
from rules.catalogue import rules_version
from store import answers, breaches, changes, effects, parties, runs, sequences, submissions
from store import policy as policies
from store.states import AnswerKind, Outcome, Profile, RunKind, SubmissionState
from store.tables import Answer, Run, Submission

ACTOR = "gateway"
"""Who does these steps, in the audit."""


class StaleError(Exception):
    """What a judgement was based on has changed since: it is computed again."""


def enter(office: Office, landed: Sequence[Landed]) -> list[Submission]:
    """Enters landed files as submissions, with what their headers say; those entered before are given back."""
    peeked = [(one, _peek(office, one)) for one in landed]
    with office.committing() as session:
        return [_enter(session, office, one, header) for one, header in peeked]


def _peek(office: Office, landed: Landed) -> Header | CsvFlow | None:
    """The header of a landed file, where it has one of its own party: a forged one must not touch another's channel.

    Of a CSV file the flow that its name stands for.
    """
    try:
        with (office.home.landing / landed.path).open("rb") as file:
            first = file.read(HEADER_BYTES + 5)
    except FileNotFoundError:
        return None  # archived since: the row stands already
    csv = csv_flow_of(landed.file_name, first)
    header = read_header(first)
    return csv or (header if isinstance(header, Header) and header.from_id == landed.party_id else None)


def _enter(session: Session, office: Office, landed: Landed, header: Header | CsvFlow | None) -> Submission:
    said = _said(landed, header)
    submission = submissions.enter(session, landed, actor=ACTOR, at=office.clock(), **said)
    if not said or submission.channel is not None or submission.state is not SubmissionState.RECEIVED:
        return submission
    return submissions.record(session, submission.ref, SubmissionState.RECEIVED, **said)


def _said(landed: Landed, header: Header | CsvFlow | None) -> dict[str, Any]:
    """The columns of a submission that its header fills."""
    if header is None:
        return {}
    if isinstance(header, CsvFlow):
        file_type = header.flow.file_type
        channel = str(csv_channel(landed.party_id, file_type))
        return {"profile": Profile.CSV, "file_type": file_type, "channel": channel}
    return {
        "profile": Profile.IDD,
        "file_type": header.file_type,
        "channel": str(header.channel),
        "sequence": header.sequence,
        "test_flag": header.flag,
        "creation_time": header.creation_time,
    }


def acknowledged(office: Office, ref: str, reading: Reading) -> Submission:
    """Answers a read submission with its receipt and consumes its number; changes nothing where that was done."""
    with office.committing() as session:
        submission = submissions.get(session, ref)
        assert submission is not None
        if submission.state is not SubmissionState.RECEIVED:
            return submission
        if submission.channel is not None:
            sequences.hold(session, submission.channel)
        verdict = acknowledge(reading, knowledge(session, submission, reading))
        gaps.consume(session, submission, verdict.consumed, ahead=verdict.ahead)
        told = _answer_receipt(session, office, submission, reading, verdict)
        add_signed(session, office.home, submission, told, verdict.code, reading.sha256)
        received = SubmissionState.HELD if verdict.ahead else SubmissionState.ACKED
        state = {RECEIVED: received, DUPLICATE: SubmissionState.DUPLICATE}
        done = submissions.change_state(
            session,
            ref,
            SubmissionState.RECEIVED,
            state.get(verdict.code, SubmissionState.NACKED),
            actor=ACTOR,
            why=verdict.entries[0][1] or f"receipt {verdict.code}",
            at=office.clock(),
            sha256=reading.sha256,
            receipt_code=verdict.code,
            skipped=verdict.skipped,
            **({"test_flag": reading.header.test_flag or "OPER"} if isinstance(reading.header, CsvForm) else {}),
        )
        return gaps.go_on(session, done, actor=ACTOR, at=office.clock())


def _answer_receipt(
    session: Session, office: Office, submission: Submission, reading: Reading, verdict: Acknowledgement
) -> Answer:
    name, received_at, now = submission.file_name, submission.received_at, office.clock()
    if submission.profile is Profile.CSV:
        body = csv_receipt(name, received_at, now, verdict.entries, reading.separator)
    elif isinstance(reading.header, Header):
        body = receipt(returned(reading.header), name, received_at, now, verdict.entries)
    else:
        role = parties.roles(session, submission.party_id)[0].role
        gateway_id = policies.in_force(session).on(london_day(received_at)).gateway_id
        header = unreadable(gateway_id, role, submission.party_id, received_at)
        body = receipt(header, name, received_at, now, verdict.entries)
    return answers.add(
        session,
        account=submission.account,
        kind=AnswerKind.RECEIPT,
        name=answers_out.free_name(session, submission, AnswerKind.RECEIPT, None),
        at=now,
        body=body,
        submission_ref=submission.ref,
    )


def decided(office: Office, ref: str, valuation: Valuation) -> Submission:
    """Commits a judgement: run, breaches, values in force, answers, outcome, all or nothing.

    Raises StaleError where what it was judged against has changed since; changes nothing where it was decided before.
    """
    with office.committing() as session:
        submission = submissions.get(session, ref)
        assert submission is not None
        if submission.state is not SubmissionState.ACKED:
            return submission
        changes.hold(session)
        if is_stale(session, valuation):
            raise StaleError(ref)
        for other, joined in valuation.joined:
            decide_held(session, office.home, other, joined, why=f"complete with {ref}", at=office.clock())
        done = _decide(session, office.home, submission, valuation, RunKind.ARRIVAL, at=office.clock())
        return gaps.go_on(session, done, actor=ACTOR, at=office.clock())


def decide_held(session: Session, home: Home, ref: str, valuation: Valuation, *, why: str, at: datetime) -> Submission:
    """Commits another judgement on a held submission: its effects are those of this run from now on.

    It stays held while a unit of it is. Raises StaleError where it is no longer held.
    """
    submission = submissions.get(session, ref)
    if submission is None or submission.state is not SubmissionState.HELD:
        raise StaleError(ref)
    effects.withdraw(session, ref, at=at)
    return _decide(session, home, submission, valuation, RunKind.RERUN, why, at=at)


def _decide(
    session: Session,
    home: Home,
    submission: Submission,
    valuation: Valuation,
    kind: RunKind,
    why: str = "",
    *,
    at: datetime,
) -> Submission:
    run = add_run(session, submission, valuation, kind, at)
    put_in_force(session, home, submission, run, valuation)
    answers_out.add(session, at, submission, run, valuation)
    told = f"run {run.number}: {valuation.judgement.outcome}" + (f"; {why}" if why else "")
    return submissions.change_state(
        session,
        submission.ref,
        submission.state,
        SubmissionState.HELD if run.outcome is None else SubmissionState.VALIDATED,
        actor=ACTOR,
        why=told,
        at=at,
        outcome=run.outcome,
    )


def add_run(
    session: Session, submission: Submission, valuation: Valuation, kind: RunKind, at: datetime, *, applied: bool = True
) -> Run:
    """Adds the run that a judgement makes, with its breaches and the units that it did not simply accept."""
    judgement = valuation.judgement
    run = runs.add(
        session,
        Run(
            submission_ref=submission.ref,
            kind=kind,
            started_at=valuation.started_at,
            finished_at=at,
            # what holds a unit leaves the submission without an outcome
            outcome=None if judgement.outcome == SubmissionState.HELD else Outcome(judgement.outcome),
            units_in=judgement.units.height,
            units_accepted=judgement.units_with("A", "W", "N"),
            units_rejected=judgement.units_with("R"),
            units_held=judgement.units_with("H"),
            breaches_total=sum(judgement.counts.values()),
            breaches_listed=judgement.breaches.height,
            policy_version=valuation.policy_version,
            rules_version=rules_version(),
            reference_version=valuation.reference_version,
            applied=applied,
        ),
    )
    assert run.id is not None
    if not judgement.breaches.is_empty():
        breaches.add(session, run.id, breaches.of_units(judgement.breaches, judgement.units))
    runs.tell(session, run.id, judgement.units)
    return run


def quarantined(office: Office, ref: str, state: SubmissionState, why: str, sha256: str | None) -> Submission:
    """Keeps a submission away from the workers until an operator decides; its channel goes on.

    `sha256` is that of its archived bytes where the row does not have it yet.
    """
    archived = {} if sha256 is None else {"sha256": sha256}
    with office.committing() as session:
        kept = submissions.change_state(
            session, ref, state, SubmissionState.QUARANTINED, actor=ACTOR, why=why, at=office.clock(), **archived
        )
        return gaps.go_on(session, kept, actor=ACTOR, at=office.clock())
