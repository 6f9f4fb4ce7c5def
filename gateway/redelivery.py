"""`gridpost redeliver`: the answers of a submission once more, byte for byte, under names that were never given."""

from datetime import datetime

from sqlmodel import Session

from gateway.answers_out import ENDINGS, free_name
from gateway.delivery import is_in_doubt
from market.home import Home
from outbound.names import SIGNED, outgoing_name
from store import answers, audit, sequences
from store.refused import RefusedError
from store.states import AnswerKind, Profile
from store.tables import Answer, Submission


def redeliver(
    session: Session, home: Home, submission: Submission, *, actor: str, why: str, at: datetime
) -> list[Answer]:
    """Adds every answer that has reached its outbox again, in their order; the gateway delivers them.

    Those in doubt, which left their folder and are nowhere, go out again too.

    Raises RefusedError where none has.
    """
    left = [
        one
        for one in answers.of(session, submission.ref)
        if one.redelivery_of is None and (one.state in answers.LEFT or is_in_doubt(home, one))
    ]
    if not left:
        raise RefusedError(f"submission {submission.ref} has no answer that was delivered")
    emptied = [one.name for one in left if one.body is None and one.body_file is None]
    if emptied:
        raise RefusedError(f"the bytes of {emptied[0]} are past their retention: it cannot go out again")
    again = [_again(session, submission, one, at) for one in left]
    audit.write(
        session,
        at=at,
        actor=actor,
        action="redeliver",
        subject_kind="submission",
        subject=submission.ref,
        why=why,
        detail={"names": [one.name for one in again]},
    )
    return again


def _again(session: Session, submission: Submission, answer: Answer, at: datetime) -> Answer:
    return answers.add(
        session,
        account=answer.account,
        kind=answer.kind,
        name=_name(session, submission, answer),
        at=at,
        body=answer.body,
        body_file=answer.body_file,
        sha256=answer.sha256,
        size=answer.size,
        submission_ref=submission.ref,
        run_number=answer.run_number,
        file_type=answer.file_type,
        redelivery_of=answer.id,
    )


def _name(session: Session, submission: Submission, answer: Answer) -> str:
    if answer.kind is AnswerKind.SIGNED_RECEIPT:
        # the receipt before it has just been given its new name
        receipts = [one.name for one in answers.of(session, submission.ref) if one.kind is AnswerKind.RECEIPT]
        return f"{receipts[-1]}.{SIGNED}"
    if submission.profile is Profile.CSV or answer.kind in ENDINGS:
        return free_name(session, submission, answer.kind, answer.file_type)
    role = answer.name[:2]
    return outgoing_name(role, sequences.take_outgoing(session, f"names of {role} to {answer.account}"))
