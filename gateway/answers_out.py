"""The answers to a judged submission: the flow's own, then the validation report."""

from datetime import datetime
from functools import partial

import polars as pl
from sqlmodel import Session

from gateway import gaps
from gateway.declaration_effects import confirmed
from gateway.notices import add_notice
from gateway.valuation import Valuation
from market.clock import london_day
from market.header import CsvHeader, Header
from market.policy import Policy
from market.reference import BM_UNITS
from outbound.answered import Answered
from outbound.declaration_confirmation import FILE_TYPE as CONFIRMATION
from outbound.declaration_confirmation import declaration_confirmation
from outbound.flow_answers import ANSWERS
from outbound.names import CSV_RECEIPT, CSV_REPORT, RECEIPT, REPORT, outgoing_name
from outbound.registration_report import registration_report
from outbound.report import Verdict, report
from rules.declaration import FLOW as DECLARATIONS_FLOW
from store import accounts, answers, reference, sequences
from store import policy as policies
from store.states import AnswerKind, Profile
from store.tables import Run, Submission

ENDINGS = {AnswerKind.RECEIPT: RECEIPT, AnswerKind.REPORT: REPORT}
CSV_ENDINGS = {AnswerKind.RECEIPT: CSV_RECEIPT, AnswerKind.REPORT: CSV_REPORT}
"""What answers add to the name of a file; the flow's own answers to a CSV file add their file type."""


SUPPLIER = "BP"
"""The role in which a Supplier declares."""


def add(
    session: Session,
    at: datetime,
    submission: Submission,
    run: Run,
    valuation: Valuation,
    answered: Valuation | None = None,
    given_back: pl.DataFrame | None = None,
) -> None:
    """Adds the answers of a run in the order in which they leave: the flow's own first, the report last.

    The flow's own speak of the units of `answered` alone, where it is given. `given_back` are BM Units (BM_UNITS) whose
    GC and DC before the submission hold again.
    """
    answered = answered or valuation
    policy = policies.in_force(session).on(london_day(submission.received_at))
    if submission.file_type == DECLARATIONS_FLOW:
        _add_declaration_confirmations(session, at, submission, run, valuation, policy)
    if submission.file_type == "K0151001":
        back = BM_UNITS.to_frame() if given_back is None else given_back
        _add_registration_report(session, at, submission, run, answered, back, policy)
    judgement = answered.judgement
    for answer in ANSWERS.get(valuation.header.file_type, ()):
        records = answer.records(Answered(judgement.effect, judgement.refused, judgement.warned))
        if records:
            header = _header(session, at, valuation, answer.file_type, policy)
            _add_flow_answer(session, at, submission, run, header, answer.write(header, records))
    _add_report(session, at, submission, run, valuation, policy)


def _header(session: Session, at: datetime, valuation: Valuation, file_type: str, policy: Policy) -> Header:
    """The header of an outgoing file to the sender of a submission, with the next number of its channel."""
    sender = valuation.header
    if isinstance(sender, CsvHeader):
        there_and_back = (sender.to_role, policy.gateway_id, sender.from_role, sender.from_id)
        return CsvHeader(file_type, "D", at, *there_and_back, 0, sender.test_flag, separator=sender.separator)
    header = Header(
        file_type, "D", at, sender.to_role, policy.gateway_id, sender.from_role, sender.from_id, 0, sender.test_flag
    )
    number = sequences.take_outgoing(session, str(header.channel))
    return Header(**{**vars(header), "sequence": number})


def free_name(session: Session, submission: Submission, kind: AnswerKind, file_type: str | None) -> str:
    """A name beside the submission's own that the account was never given: all answers to CSV files have one.

    Of an answer to an IDD file only the receipt and the report have.
    """
    endings = CSV_ENDINGS if submission.profile is Profile.CSV else ENDINGS
    ending = endings.get(kind, f"{file_type}.csv")
    return answers.free_name(session, submission.account, submission.file_name, ending)


def _name(session: Session, submission: Submission, header: Header) -> str:
    """A name that the account was never given: of the market's own form, or beside the CSV file's."""
    if isinstance(header, CsvHeader):
        return free_name(session, submission, AnswerKind.FLOW, header.file_type)
    return outgoing_name(
        header.from_role, sequences.take_outgoing(session, f"names of {header.from_role} to {submission.account}")
    )


def _add_registration_report(
    session: Session,
    at: datetime,
    submission: Submission,
    run: Run,
    valuation: Valuation,
    given_back: pl.DataFrame,
    policy: Policy,
) -> None:
    """R0145005: the units whose GC or DC changes, once each where rows stand twice, and those that are given back."""
    changed = valuation.judgement.effect.filter(pl.col("outcome") != "N").unique(
        ["bm_unit_id", "effective_from_date"], keep="first", maintain_order=True
    )
    if changed.is_empty() and given_back.is_empty():
        return
    ids = changed["bm_unit_id"].unique().to_list()
    version = valuation.reference_version
    units = reference.frames(session, ["bm_units"], as_of=version, bm_units=ids)["bm_units"]
    rows = (
        changed.join(units, on="bm_unit_id", how="inner", maintain_order="left")
        .filter(pl.col("effective_from_date").is_between("effective_from", "effective_to"))
        .with_columns(
            generation_capacity="declared.generation_capacity",
            demand_capacity="declared.demand_capacity",
            effective_from="effective_from_date",
        )
        .select(BM_UNITS.names())
    )
    header = _header(session, at, valuation, "R0145005", policy)
    body = registration_report(header, submission.party_id, pl.concat([rows, given_back]))
    _add_flow_answer(session, at, submission, run, header, body)


def _add_declaration_confirmations(
    session: Session, at: datetime, submission: Submission, run: Run, valuation: Valuation, policy: Policy
) -> None:
    """K4193001: to the sender how its declarations stand, to other Suppliers which of theirs ended.

    What test traffic ends is still in force for the others: they are told nothing.
    """
    for supplier, told in confirmed(session, submission, run).items():
        if supplier == submission.party_id:
            header = _header(session, at, valuation, CONFIRMATION, policy)
            _add_flow_answer(session, at, submission, run, header, declaration_confirmation(header, told))
        elif valuation.header.flag == "OPER" and accounts.for_notices(session, supplier) is not None:
            write = partial(declaration_confirmation, declarations=told)
            add_notice(session, supplier, CONFIRMATION, valuation.header.to_role, at, write, to_roles=(SUPPLIER,))


def _add_flow_answer(
    session: Session, at: datetime, submission: Submission, run: Run, header: Header, body: bytes
) -> None:
    answers.add(
        session,
        account=submission.account,
        kind=AnswerKind.FLOW,
        name=_name(session, submission, header),
        at=at,
        body=body,
        submission_ref=submission.ref,
        run_number=run.number,
        file_type=header.file_type,
    )


def _add_report(
    session: Session, at: datetime, submission: Submission, run: Run, valuation: Valuation, policy: Policy
) -> None:
    judgement = valuation.judgement
    header = _header(session, at, valuation, "K9001001", policy)
    assert submission.channel is not None
    assert submission.sha256 is not None
    is_csv = submission.profile is Profile.CSV
    verdict = Verdict(
        file_name=submission.file_name,
        file_type=valuation.header.file_type,
        sequence_number=submission.sequence,
        received_time=submission.received_at,
        sha_256=submission.sha256,
        submission_reference=submission.ref,
        run_number=run.number,
        outcome=judgement.outcome,
        units_in=run.units_in,
        units_accepted=run.units_accepted,
        units_rejected=run.units_rejected,
        units_held=run.units_held,
        breaches=run.breaches_total,
        next_sequence_number=None if is_csv else gaps.expected(session, submission.channel),
    )
    body = report(
        header,
        verdict,
        judgement.units,
        judgement.breaches,
        unit_limit=policy.unit_limit,
        report_limit=policy.report_limit,
    )
    answers.add(
        session,
        account=submission.account,
        kind=AnswerKind.REPORT,
        name=free_name(session, submission, AnswerKind.REPORT, None),
        at=at,
        body=body,
        submission_ref=submission.ref,
        run_number=run.number,
        file_type=header.file_type,
    )
