"""Reruns: a decided submission judged once more, what would change and why, and that put into effect.

A run judges against the state without the effects of its own submission and of those received later, so that no
rerun makes an accepted file refuse itself, nor an old file override a newer one.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import polars as pl
from sqlalchemy import Engine
from sqlmodel import Session

from gateway import answers_out, given_back, later
from gateway.declaration_sets import valuate_jointly
from gateway.effects import put_in_force
from gateway.retention import refuse_given_up
from gateway.steps import StaleError, add_run, decide_held
from gateway.valuation import Basis, Valuation, basis_now, is_stale
from market.frames import UNITS
from market.home import Home
from rules.catalogue import rules_version
from store import answers, breaches, changes, effects, record_sets, runs, submissions
from store.database import reading, writing
from store.refused import RefusedError
from store.states import AnswerKind, RunKind, SubmissionState
from store.tables import Run, Submission

OPERATOR_TOKEN = 0
"""Stands in the names of record sets that no gateway staged."""

RERUNNABLE = (SubmissionState.VALIDATED, SubmissionState.QUARANTINED)

_PLACE = ["line", "position", "rule", "unit_key", "message"]
_UNIT = ["key", "line"]


class OvertakenError(RefusedError):
    """What a comparison was made against changed before it was put into effect."""


@dataclass(frozen=True)
class Difference:
    """What a rerun of a submission would change, against the run on which its outcome stands.

    `gone` and `new` are breaches as store.breaches.STORED; `refused` and `accepted` are the units that flip, as
    market.frames.UNITS. `because` names the versions that differ: of the rules, the policy, the reference data.
    `built_on` are later submissions whose effects are about what flips to refused.
    """

    submission: Submission
    before: Run | None
    outcome: str
    gone: pl.DataFrame
    new: pl.DataFrame
    refused: pl.DataFrame
    accepted: pl.DataFrame
    because: tuple[str, ...]
    built_on: tuple[str, ...]
    valuation: Valuation

    @property
    def changes(self) -> bool:
        """Whether anything that the party was told would be told otherwise."""
        before = self.before.outcome if self.before is not None else None
        differs = any(frame.height for frame in (self.gone, self.new, self.refused, self.accepted))
        return differs or before is None or str(before) != self.outcome


def compare(home: Home, engine: Engine, ref: str, at: datetime, *, as_received: bool) -> Difference:
    """Judges a submission once more and tells what differs; changes nothing but files that nobody names.

    `as_received` takes the policy and the reference data of its first run, else those of now. Raises RefusedError where
    the submission is not decided.
    """
    with reading(engine) as session:
        submission = submissions.get(session, ref)
        if submission is None or submission.state not in RERUNNABLE:
            raise RefusedError(f"submission {ref} is {submission.state if submission else 'unknown'}: nothing to rerun")
        known = runs.of(session, ref)
        first, before = (known[0] if known else None), next((run for run in reversed(known) if run.applied), None)
        basis = Basis(first.policy_version, first.reference_version) if as_received and first else basis_now(session)
    valuation = valuate_jointly(home, engine, ref, at, OPERATOR_TOKEN, basis)
    with reading(engine) as session:
        gone, new = _breaches(session, before, valuation)
        refused, accepted = _flips(session, before, valuation)
        return Difference(
            submission=submission,
            before=before,
            outcome=valuation.judgement.outcome,
            gone=gone,
            new=new,
            refused=refused,
            accepted=accepted,
            because=_because(before, valuation),
            built_on=tuple(later.built_on(session, submission, valuation, refused)),
            valuation=valuation,
        )


def apply(home: Home, engine: Engine, found: Difference, *, actor: str, reason: str, at: datetime) -> Run:
    """Puts a rerun into effect in one transaction; as `put_into_effect`."""
    with writing(engine) as session:
        return put_into_effect(session, home, found, RunKind.RERUN, actor=actor, reason=reason, at=at)


def put_into_effect(
    session: Session, home: Home, found: Difference, kind: RunKind, *, actor: str, reason: str, at: datetime
) -> Run:
    """Puts a rerun into effect: run, effects, outcome, answers.

    The flow's own answers go out for units that flip alone; the report always does, with the bytes of the one before
    where nothing changes. Raises OvertakenError where the submission or what it was judged against has changed since,
    RefusedError where its bytes were given up.
    """
    ref = found.submission.ref
    changes.hold(session)
    refuse_given_up(session, ref)
    submission = submissions.get(session, ref)
    assert submission is not None
    last = runs.applied(session, ref)
    if submission.state is not found.submission.state or (last and last.id) != (found.before and found.before.id):
        raise OvertakenError(f"submission {ref} was decided otherwise meanwhile: look again")
    if is_stale(session, found.valuation):
        raise OvertakenError(f"what submission {ref} was judged against changed meanwhile: look again")
    try:
        for other, joined in found.valuation.joined:
            decide_held(session, home, other, joined, why=f"complete with {ref}", at=at)
    except StaleError as error:
        raise OvertakenError(f"submission {error} is no longer held: look again") from error
    put_before = given_back.put_by(session, submission)
    effects.withdraw(session, ref, at=at)
    record_sets.withdraw(session, ref, at=at)
    run = add_run(session, submission, found.valuation, kind, at)
    put_in_force(session, home, submission, run, found.valuation)
    _answer(session, submission, run, found, given_back.given_back(session, submission, put_before), at)
    _decide(session, submission, run, actor, reason, at)
    return run


def put_on_record(session: Session, found: Difference, kind: RunKind, at: datetime) -> Run:
    """Keeps a rerun that is not put into effect: a run with its breaches, and nothing else."""
    return add_run(session, found.submission, found.valuation, kind, at, applied=False)


def discard(home: Home, engine: Engine, found: Difference) -> None:
    """Removes the record sets that a rerun staged, unless an equal rerun was put into effect and names them."""
    if not found.valuation.staged:
        return
    with reading(engine) as session:
        left = [staged for staged in found.valuation.staged if not record_sets.is_named(session, staged)]
    for staged in left:
        record_sets.discard(home, staged)


def _decide(session: Session, submission: Submission, run: Run, actor: str, reason: str, at: datetime) -> None:
    submissions.change_state(
        session,
        submission.ref,
        submission.state,
        SubmissionState.HELD if run.outcome is None else SubmissionState.VALIDATED,
        actor=actor,
        why=f"run {run.number}: {run.outcome}; {reason}",
        at=at,
        outcome=run.outcome,
    )


def _answer(
    session: Session, submission: Submission, run: Run, found: Difference, back: pl.DataFrame, at: datetime
) -> None:
    """The answers of a rerun: byte for byte the last report where nothing changes; `back` is what holds again."""
    told = [one for one in answers.of(session, submission.ref) if one.kind is AnswerKind.REPORT]
    if found.changes or not told:
        flipped = _of_flips(found.valuation, found.refused, found.accepted) if found.before else found.valuation
        answers_out.add(session, at, submission, run, found.valuation, flipped, back)
        return
    answers.add(
        session,
        account=submission.account,
        kind=AnswerKind.REPORT,
        name=answers_out.free_name(session, submission, AnswerKind.REPORT, None),
        at=at,
        body=told[-1].body,
        body_file=told[-1].body_file,
        sha256=told[-1].sha256,
        size=told[-1].size,
        submission_ref=submission.ref,
        run_number=run.number,
        file_type=told[-1].file_type,
    )


def _of_flips(valuation: Valuation, refused: pl.DataFrame, accepted: pl.DataFrame) -> Valuation:
    """A valuation whose units are those that flip alone."""
    judgement = valuation.judgement
    return replace(
        valuation,
        judgement=replace(
            judgement,
            effect=_in(judgement.effect, accepted, _UNIT),
            refused=_in(judgement.refused, refused, _UNIT),
            warned=_in(judgement.warned, accepted, _UNIT),
        ),
    )


def _in(rows: pl.DataFrame, others: pl.DataFrame, key: list[str]) -> pl.DataFrame:
    """The rows whose key others have; mostly either are none, and to join them costs as much as any."""
    if rows.is_empty() or others.is_empty():
        return rows.clear()
    return rows.join(others, on=key, how="semi", nulls_equal=True, maintain_order="left")


def _not_in(rows: pl.DataFrame, others: pl.DataFrame, key: list[str]) -> pl.DataFrame:
    """The rows whose key none of the others have."""
    if rows.is_empty() or others.is_empty():
        return rows
    return rows.join(others, on=key, how="anti", nulls_equal=True, maintain_order="left")


def _breaches(session: Session, before: Run | None, valuation: Valuation) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The stored breaches that the new judgement does not find, and those that it finds besides."""
    found = breaches.STORED.to_frame()
    if not valuation.judgement.breaches.is_empty():
        found = breaches.of_units(valuation.judgement.breaches, valuation.judgement.units)
    known = breaches.STORED.to_frame() if before is None or before.id is None else breaches.listed(session, before.id)
    return _not_in(known, found, _PLACE), _not_in(found, known, _PLACE)


def _flips(session: Session, before: Run | None, valuation: Valuation) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The units that were accepted and are refused now, and those that were refused and are accepted now."""
    units, was_refused = valuation.judgement.units, UNITS.to_frame()
    if before is not None and before.id is not None and before.units_rejected:
        was_refused = runs.told(session, before.id).filter(pl.col("outcome") == "R")
    now_refused = _not_in(units.filter(pl.col("outcome") == "R"), was_refused, _UNIT)
    now_accepted = units.filter(pl.col("outcome").is_in(["A", "W", "N"]))
    return now_refused, now_accepted if before is None else _in(now_accepted, was_refused, _UNIT)


def _because(before: Run | None, valuation: Valuation) -> tuple[str, ...]:
    """Which versions differ between the run on which the outcome stands and the new one."""
    if before is None:
        return ("it was not decided before",)
    versions: Sequence[tuple[str, object, object]] = (
        ("rules", before.rules_version, rules_version()),
        ("policy", before.policy_version, valuation.policy_version),
        ("reference data", before.reference_version, valuation.reference_version),
    )
    return tuple(f"{name} {old} -> {new}" for name, old, new in versions if old != new)
