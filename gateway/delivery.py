"""Answers on their way: staged out of sight, renamed into the outbox, recorded; collected by the party's own delete.

What goes wrong with one answer holds up that answer, and those of its submission that come after it; no other. One that
was staged and is nowhere holds up none: it left its folder for the outbox, and who took it from there is not on record.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlmodel import Session

from gateway.dispatch import retry_after
from gateway.office import LeaseLostError, Office
from gateway.steps import ACTOR
from market.fault import Fault
from market.home import Home
from outbound import outbox
from outbound.outbox import Staged
from store import answers, audit
from store.database import reading, writing
from store.states import AnswerState
from store.tables import Answer

BATCH = 64
"""How many answers one transaction moves on."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class _Failed:
    """An answer that could not be moved on: how often after the first time, and when to try again."""

    attempts: int
    not_before: datetime


class InDoubtError(Fault):
    """An answer that was staged is neither staged nor in its outbox: the operator decides whether the party has it."""


class Deliveries:
    """Delivers answers while this gateway holds the lease; called by one thread at a time."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._failed: dict[int, _Failed] = {}
        self._in_doubt: set[int] = set()

    def deliver(self) -> int:
        """Moves on a batch of answers that may leave now; how many reached their outbox."""
        office, token = self._office, self._office.token
        if token is None:
            raise LeaseLostError(f"gateway {office.name} does not hold the lease")
        now = office.clock()
        held = {answer_id for answer_id, failed in self._failed.items() if failed.not_before > now}
        with reading(office.engine) as session:
            left = [answer for answer in answers.staged(session) if _id(answer) not in held]
            may_leave = answers.pending(session, BATCH + len(held), self._in_doubt)
            waiting = [answer for answer in may_leave if _id(answer) not in held]
        if not left and not waiting:
            return 0
        ready = self._each(waiting, lambda answer: _stage(office, answer, token))
        with office.committing() as session:
            staged = [answers.stage(session, _id(answer), token, at=office.clock()) for answer in ready]
        published = self._each([*left, *staged], lambda answer: _put_in_outbox(office, answer))
        _record(office, published)
        return len(published)

    def _each(self, waiting: Iterable[Answer], step: Callable[[Answer], None]) -> list[Answer]:
        """Takes a step with every answer and gives those that it succeeded with; the others are tried again later."""
        done = []
        for answer in waiting:
            try:
                step(answer)
            except Exception as error:
                self._note(answer, error)
            else:
                self._failed.pop(_id(answer), None)
                done.append(answer)
        return done

    def _note(self, answer: Answer, error: Exception) -> None:
        _log.exception("answer %s to %s waits", answer.name, answer.account)
        if isinstance(error, InDoubtError):
            self._in_doubt.add(_id(answer))
        before = self._failed.get(_id(answer))
        if before is None:
            self._tell(answer, error)
        attempts = before.attempts + 1 if before else 0
        self._failed[_id(answer)] = _Failed(attempts, self._office.clock() + retry_after(attempts))

    def _tell(self, answer: Answer, error: Exception) -> None:
        """Lets the operator see why an answer waits."""
        try:
            with self._office.committing() as session:
                audit.write(
                    session,
                    at=self._office.clock(),
                    actor=ACTOR,
                    action="fault",
                    subject_kind="answer",
                    subject=f"{answer.account}/{answer.name}",
                    from_state=answer.state,
                    why=f"{type(error).__name__}: {error}"[:1000],
                )
        except Exception:
            _log.exception("the fault of answer %s cannot be kept", answer.name)


def body_of(office: Office, answer: Answer) -> bytes:
    """The bytes of an answer, from its row or its file; Fault where the file is missing."""
    if answer.body is not None:
        return answer.body
    assert answer.body_file is not None
    try:
        return (office.home.answers / answer.body_file).read_bytes()
    except FileNotFoundError as error:
        raise Fault(f"the bytes of answer {answer.id} are missing: {answer.body_file}") from error


def outbox_of(office: Office, answer: Answer) -> Path:
    """The outbox to which an answer goes."""
    return office.home.outbox(answer.account)


def _stage(office: Office, answer: Answer, token: int) -> None:
    outbox.stage(office.home.outgoing, Staged(_id(answer), token), body_of(office, answer))


def _put_in_outbox(office: Office, answer: Answer) -> None:
    """Renames a staged answer into its outbox; InDoubtError where it is neither staged nor there."""
    assert answer.token is not None
    folder, staged = outbox_of(office, answer), Staged(_id(answer), answer.token)
    if not folder.is_dir():
        raise Fault(f"the outbox of account {answer.account} is missing")
    try:
        outbox.publish(office.home.outgoing, staged, folder, answer.name)
    except FileNotFoundError as error:
        if not outbox.in_outbox(folder, answer.name):
            raise InDoubtError(f"answer {answer.name} is neither staged nor in its outbox") from error


def _record(office: Office, published: Sequence[Answer]) -> None:
    if published:
        with office.committing() as session:
            for answer in published:
                assert answer.token is not None
                answers.deliver(session, _id(answer), answer.token, actor=ACTOR, at=office.clock())


def _id(answer: Answer) -> int:
    assert answer.id is not None
    return answer.id


def is_in_doubt(home: Home, answer: Answer) -> bool:
    """Whether an answer was staged and is nowhere: only its party can know where it is."""
    if answer.state is not AnswerState.STAGED or answer.token is None:
        return False
    staged = Staged(_id(answer), answer.token) in set(outbox.staged_files(home.outgoing))
    return not staged and not outbox.in_outbox(home.outbox(answer.account), answer.name)


def recover(office: Office) -> list[Answer]:
    """Finishes deliveries that a crash cut off and notes collections that nobody saw; gives those it cannot tell.

    An answer that is staged with its own file is published; one that is in the outbox is delivered. One that is
    neither was collected if its party's deletion is known; else the operator decides. Called while nothing else is
    delivered.
    """
    with reading(office.engine) as session:
        staged = answers.staged(session)
    doubtful = [answer for answer in staged if not _finish(office, answer)]
    note_collections(office)
    with reading(office.engine) as session:
        wanted = [Staged(_id(answer), answer.token) for answer in answers.staged(session) if answer.token is not None]
    outbox.remove_leftovers(office.home.outgoing, wanted)
    return doubtful


def _finish(office: Office, answer: Answer) -> bool:
    """Whether a staged answer's delivery is now known to be done; what is wrong with one stops no other."""
    try:
        _put_in_outbox(office, answer)
        _record(office, [answer])
    except LeaseLostError:
        raise
    except Exception:
        with office.committing() as session:
            if _deletion_is_known(session, answer):
                return answers.collect(session, answer.account, answer.name, actor=ACTOR, at=office.clock())
        _log.exception("answer %s to %s is staged and cannot be delivered", answer.name, answer.account)
        return False
    return True


def _deletion_is_known(session: Session, answer: Answer) -> bool:
    """Whether the front door saw the party delete an answer whose row never said that it was delivered."""
    events = audit.of(session, "session", f"/outbox/{answer.name}")
    return any(event.action == "collected" and event.actor == answer.account for event in events)


def note_removal(office: Office, account: str, name: str) -> bool:
    """Notes a collection where a file of that name has just left an outbox; False where no answer left with it.

    Behind an sshd a party can put a file of its own into its outbox and take it away again.
    """
    if outbox.in_outbox(office.home.outbox(account), name):
        return False
    with writing(office.engine) as session:
        answer = answers.named(session, account, name)
        if answer is None or answer.token is None:
            return False
        if (office.home.outgoing / Staged(_id(answer), answer.token).name).exists():
            return False
        return answers.collect(session, account, name, actor=account, at=office.clock())


def note_collections(office: Office) -> None:
    """Notes what parties collected while nobody could write it down: DELIVERED, and no longer in the outbox.

    An outbox that is missing altogether is no party's doing.
    """
    with reading(office.engine) as session:
        delivered = answers.delivered(session)
    staged = set(outbox.staged_files(office.home.outgoing))
    for answer in delivered:
        folder, token = outbox_of(office, answer), answer.token
        if outbox.in_outbox(folder, answer.name) or not folder.is_dir():
            continue
        if token is not None and Staged(_id(answer), token) in staged:
            _put_in_outbox(office, answer)
            continue
        with office.committing() as session:
            answers.collect(session, answer.account, answer.name, actor=ACTOR, at=office.clock())
