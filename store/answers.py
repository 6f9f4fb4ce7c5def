"""Answers on their way to the parties: PENDING, STAGED, DELIVERED, COLLECTED.

Every step is a compare-and-set; names are given once and never again.
"""

import hashlib
from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, exists, select, update

from market.fault import Fault
from store import audit
from store.states import AnswerKind, AnswerState
from store.tables import Account, Answer

LEFT = (AnswerState.DELIVERED, AnswerState.COLLECTED)
"""The states of an answer that has reached its outbox."""

_ACCOUNT = select(Account.name).where(Account.name == bindparam("account")).with_for_update(key_share=True)
_GIVEN = select(Answer.id).where(Answer.account == bindparam("account"), Answer.name == bindparam("name"))
_LAST_POSITION = select(func.max(Answer.position)).where(Answer.submission_ref == bindparam("ref"))


def free_name(session: Session, account: str, base: str, suffix: str) -> str:
    """`base.suffix`, or with the first number that was never given to the account: `base.2.suffix`, ...

    Other writers of the account's names wait until the transaction ends.
    """
    session.exec(_ACCOUNT, params={"account": account}).one()

    def name(number: int) -> str:
        return f"{base}.{suffix}" if number == 1 else f"{base}.{number}.{suffix}"

    def given(number: int) -> bool:
        return session.exec(_GIVEN, params={"account": account, "name": name(number)}).first() is not None

    # Doubling, then halving: a name sent ten thousand times costs 28 look-ups, not ten thousand.
    taken, free = 0, 1
    while given(free):
        taken, free = free, free * 2
    while free - taken > 1:
        middle = (taken + free) // 2
        taken, free = (middle, free) if given(middle) else (taken, middle)
    return name(free)


def add(
    session: Session,
    *,
    account: str,
    kind: AnswerKind,
    name: str,
    at: datetime,
    body: bytes | None = None,
    body_file: str | None = None,
    sha256: str = "",
    size: int = 0,
    submission_ref: str | None = None,
    run_number: int | None = None,
    file_type: str | None = None,
    redelivery_of: int | None = None,
) -> Answer:
    """Adds a pending answer behind those that its submission has.

    The bytes are given as `body`, or stand in `body_file` with their `sha256` (lower-case hex) and `size`.
    """
    if body is not None:
        sha256, size = hashlib.sha256(body).hexdigest(), len(body)
    answer = Answer(
        submission_ref=submission_ref,
        run_number=run_number,
        account=account,
        kind=kind,
        file_type=file_type,
        name=name,
        body=body,
        body_file=body_file,
        sha256=sha256,
        size=size,
        position=_next_position(session, submission_ref),
        state=AnswerState.PENDING,
        created_at=at,
        redelivery_of=redelivery_of,
    )
    session.add(answer)
    session.flush()
    return answer


def pending(session: Session, limit: int | None = None, in_doubt: Collection[int] = ()) -> Sequence[Answer]:
    """Answers that may leave now, oldest first: of a submission only the first that has not reached its outbox.

    Those `in_doubt` (ids) hold up no later one: they have left, though it is not known how far they came.
    """
    earlier = aliased(Answer)
    waits = exists().where(
        col(earlier.submission_ref) == Answer.submission_ref,
        col(earlier.position) < col(Answer.position),
        col(earlier.state).not_in(LEFT),
        col(earlier.id).not_in(in_doubt),
    )
    statement = select(Answer).where(Answer.state == AnswerState.PENDING, ~waits)
    return session.exec(statement.order_by(col(Answer.id)).limit(limit)).all()


def staged(session: Session) -> Sequence[Answer]:
    """Answers that were staged and not seen in their outbox: in work, or left behind by a crash."""
    return _in_state(session, AnswerState.STAGED)


def delivered(session: Session) -> Sequence[Answer]:
    """Answers that lie in their outbox, as far as is known."""
    return _in_state(session, AnswerState.DELIVERED)


def stage(session: Session, answer_id: int, token: int, *, at: datetime) -> Answer:
    """PENDING becomes STAGED under a fencing token; raises Fault where it is not pending."""
    if not _step(session, answer_id, [AnswerState.PENDING], state=AnswerState.STAGED, token=token, staged_at=at):
        raise _unexpected(session, answer_id, AnswerState.PENDING)
    return session.get_one(Answer, answer_id, populate_existing=True)


def deliver(session: Session, answer_id: int, token: int, *, actor: str, at: datetime) -> bool:
    """STAGED becomes DELIVERED; False where the party was faster and has collected it already.

    Raises Fault where the answer is in another state or was staged under another token.
    """
    moved = _step(
        session,
        answer_id,
        [AnswerState.STAGED],
        col(Answer.token) == token,
        state=AnswerState.DELIVERED,
        delivered_at=at,
    )
    answer = session.get(Answer, answer_id, populate_existing=True)
    if answer is None or answer.token != token or answer.state not in LEFT:
        raise _unexpected(session, answer_id, AnswerState.STAGED)
    if moved:
        _audit(session, answer, actor, AnswerState.STAGED, at)
    return moved


def collect(session: Session, account: str, name: str, *, actor: str, at: datetime) -> bool:
    """The party deleted the file `name`: the answer becomes COLLECTED. False where there is nothing to record.

    A party can be faster than the row that says DELIVERED: then the answer goes from STAGED to COLLECTED.
    """
    answer = named(session, account, name)
    if answer is None or answer.id is None:
        return False
    before, delivered_at = answer.state, func.coalesce(col(Answer.delivered_at), at)
    there = [AnswerState.STAGED, AnswerState.DELIVERED]
    values = {"state": AnswerState.COLLECTED, "delivered_at": delivered_at, "collected_at": at}
    if not _step(session, answer.id, there, **values):
        return False
    session.refresh(answer)
    _audit(session, answer, actor, before, at)
    return True


def named(session: Session, account: str, name: str) -> Answer | None:
    """The answer to an account of that name."""
    wanted = (Answer.account == account, Answer.name == name)
    return session.exec(select(Answer).where(*wanted).execution_options(populate_existing=True)).one_or_none()


def of(session: Session, submission_ref: str) -> Sequence[Answer]:
    """The answers of a submission in the order in which they leave."""
    statement = select(Answer).where(Answer.submission_ref == submission_ref)
    return session.exec(statement.order_by(col(Answer.position))).all()


def counts(session: Session) -> dict[AnswerState, int]:
    """How many answers are in each state; every state is named."""
    found = session.exec(select(Answer.state, func.count()).group_by(col(Answer.state))).all()
    known = dict(found)
    return {state: known.get(state, 0) for state in AnswerState}


def _in_state(session: Session, state: AnswerState) -> Sequence[Answer]:
    return session.exec(select(Answer).where(Answer.state == state).order_by(col(Answer.id))).all()


def _next_position(session: Session, submission_ref: str | None) -> int:
    if submission_ref is None:
        return 0
    last = session.exec(_LAST_POSITION, params={"ref": submission_ref}).one()
    return 0 if last is None else last + 1


def _step(
    session: Session, answer_id: int, expected: list[AnswerState], *wanted: ColumnElement[bool], **columns: Any
) -> bool:
    statement = update(Answer).where(col(Answer.id) == answer_id, col(Answer.state).in_(expected), *wanted)
    statement = statement.values(columns).execution_options(synchronize_session=False)
    return session.exec(statement).rowcount == 1


def _unexpected(session: Session, answer_id: int, expected: AnswerState) -> Fault:
    answer = session.get(Answer, answer_id, populate_existing=True)
    found = f"{answer.state} under token {answer.token}" if answer else "unknown"
    return Fault(f"answer {answer_id} is {found}, not {expected} under the token of this worker")


def _audit(session: Session, answer: Answer, actor: str, before: AnswerState, at: datetime) -> None:
    audit.write(
        session,
        at=at,
        actor=actor,
        action="deliver" if answer.state is AnswerState.DELIVERED else "collect",
        subject_kind="answer",
        subject=f"{answer.account}/{answer.name}",
        from_state=before,
        to_state=answer.state,
    )
