"""The strict sequence policy: what a channel received behind a gap is held, and decided in order of sequence.

A gap is filled by the numbers that are missing, or given up by an operator. The next held submission is let go in the
transaction that decides the one before it, so that a crash leaves none behind, and one at a time is in work.
"""

from datetime import datetime
from typing import Any

import polars as pl
from sqlmodel import Session

from ingest.sequence import LAST_NUMBER, distance, next_number
from market.declarations import SET
from store import audit, declarations, numbers_ahead, sequences, submissions
from store.refused import RefusedError
from store.states import SubmissionState
from store.tables import Submission

Missing = tuple[int, int]
"""The first and the last of numbers that follow one another and are missing."""


def consume(session: Session, submission: Submission, number: int | None, *, ahead: bool) -> None:
    """Consumes the number of a submission, if any: as the highest of its channel, or ahead of missing ones."""
    channel = submission.channel
    if channel is None or number is None:
        return
    if ahead:
        numbers_ahead.add(session, channel, number, submission.ref)
    else:
        sequences.consume(session, channel, number)


def go_on(session: Session, after: Submission, *, actor: str, at: datetime) -> Submission:
    """Lets the held submission that follows one in its channel be decided, where its turn has come; gives that one.

    Nothing changes while one is in work; numbers on the way whose files were refused or withdrawn are passed.
    """
    channel = after.channel
    if channel is not None and numbers_ahead.any_of(session, channel):
        sequences.hold(session, channel)
        if submissions.in_work(session, channel) is None:
            _let_go(session, channel, actor, at)
    return after


def _let_go(session: Session, channel: str, actor: str, at: datetime) -> None:
    while True:
        due = next_number(sequences.state(session, channel))
        first = numbers_ahead.following(session, channel, due)
        if first is None:
            return
        number, ref, skipped = first.number, first.submission_ref, distance(due, first.number)
        if skipped and not first.released:
            return
        numbers_ahead.remove(session, channel, number)
        sequences.consume(session, channel, number)
        submission = submissions.get(session, ref)
        if submission is not None and submission.state is SubmissionState.HELD:
            why = f"released, {skipped} numbers before {number} are given up" if skipped else f"{number} is due"
            ours, theirs = SubmissionState.HELD, SubmissionState.ACKED
            submissions.change_state(session, ref, ours, theirs, actor=actor, why=why, at=at, skipped=skipped)
            return


def release(session: Session, submission: Submission, *, actor: str, reason: str, at: datetime) -> dict[str, Any]:
    """Gives up the numbers that are missing before a held submission; tells which.

    It is decided, and before it what is held in front of it, in order of sequence. Raises RefusedError where it is not
    held at a gap: a declaration set that is not complete cannot be decided.
    """
    ref, channel = submission.ref, submission.channel
    if submission.state is not SubmissionState.HELD:
        raise RefusedError(f"submission {ref} is {submission.state}: there is nothing to release")
    found = numbers_ahead.of_submission(session, ref)
    if found is None or channel is None:
        raise RefusedError(_incomplete(session, ref))
    sequences.hold(session, channel)
    given_up = missing_before(session, channel, found.number)
    told = told_missing(given_up) or "nothing"
    audit.write(
        session,
        at=at,
        actor=actor,
        action="release",
        subject_kind="submission",
        subject=ref,
        why=f"{reason}; given up: {told}",
    )
    numbers_ahead.release(session, channel, next_number(sequences.state(session, channel)), found.number)
    go_on(session, submission, actor=actor, at=at)
    return {"ref": ref, "channel": channel, "given_up": told}


def reset(session: Session, channel: str, number: int | None, *, actor: str, reason: str, at: datetime) -> None:
    """An operator's reset of a channel; raises RefusedError where submissions are held at a gap of it."""
    sequences.hold(session, channel)
    held = [submission.ref for submission, _ in numbers_ahead.held(session, channel)]
    if held:
        some = ", ".join(held[:3]) + (", ..." if held[3:] else "")
        raise RefusedError(f"{len(held)} submissions of channel {channel} are held: release or withdraw {some} first")
    numbers_ahead.clear(session, channel)
    sequences.reset(session, channel, number, actor=actor, why=reason, at=at)


def expected(session: Session, channel: str) -> int:
    """The number that the next file of a channel must carry: those that came ahead of missing ones need none."""
    start = due = next_number(sequences.state(session, channel))
    while (first := numbers_ahead.following(session, channel, due)) is not None:
        behind = distance(start, first.number) < distance(start, due)
        if behind or not (first.number == due or first.released):
            break
        due = next_number(numbers_ahead.end_of_stretch(session, channel, first.number))
    return due


def missing_before(session: Session, channel: str, number: int) -> list[Missing]:
    """The numbers that are missing before one that came ahead of them, in order of sequence."""
    due = next_number(sequences.state(session, channel))
    came = sorted(numbers_ahead.numbers(session, channel), key=lambda one: distance(due, one))
    found = []
    for one in came:
        if one != due:
            found.append((due, (one - 1) % (LAST_NUMBER + 1)))
        due = next_number(one)
        if one == number:
            break
    return found


def missing_of(session: Session, submission: Submission) -> list[Missing]:
    """The numbers that are missing before a submission; none where it is not held at a gap."""
    found = numbers_ahead.of_submission(session, submission.ref)
    if found is None or submission.state is not SubmissionState.HELD:
        return []
    return missing_before(session, found.channel, found.number)


def told_missing(missing: list[Missing]) -> str:
    """Missing numbers as a text: `5 to 7, 9`; empty where none is."""
    return ", ".join(f"{first} to {last}" if first != last else f"{first}" for first, last in missing)


def waiting(session: Session) -> list[dict[str, Any]]:
    """The channels in which submissions are held at a gap: the number that each expects, and how many are held."""
    held = pl.Series([submission.channel for submission, _ in numbers_ahead.held(session)], dtype=pl.String)
    counted = held.value_counts(sort=False, name="held").sort(held.name).rows()
    return [
        {"channel": channel, "expects": next_number(sequences.state(session, channel)), "held": count}
        for channel, count in counted
    ]


def _incomplete(session: Session, ref: str) -> str:
    """Why a held declaration set is not released: who sent its parts, and how much of it is missing."""
    parts = declarations.waiting(session)
    own = parts.filter(pl.col("submission_ref") == ref).select(*SET, "test_flag").unique(maintain_order=True)
    count = pl.col("msids").str.split(" ").list.filter(pl.element() != "").list.len()
    sets = (
        parts.join(own, on=own.columns, how="semi")
        .group_by(own.columns, maintain_order=True)
        .agg(count.sum(), pl.col("number_of_metering_systems").first().alias("of"), pl.col("supplier_id").unique())
    )
    told = [
        f"{row['msids']} of {row['of']} metering systems of the set {row['declaration_set_id']} are declared, by "
        f"{', '.join(sorted(row['supplier_id']))}"
        for row in sets.to_dicts()
    ]
    return (
        f"submission {ref} waits for parts of other Suppliers, and without them nothing is decided: {'; '.join(told)}"
    )
