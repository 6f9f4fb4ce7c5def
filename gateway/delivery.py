"""Answers on their way: staged out of sight, renamed into the outbox, recorded; collected by the party's own delete."""

from collections.abc import Sequence
from pathlib import Path

from gateway.office import Office
from gateway.steps import ACTOR
from market.fault import Fault
from outbound import outbox
from outbound.outbox import Staged
from store import answers
from store.database import reading
from store.tables import Answer

BATCH = 64
"""How many answers one transaction moves on."""


def deliver_pending(office: Office) -> int:
    """Delivers a batch of answers that may leave now; how many there were."""
    with reading(office.engine) as session:
        waiting = answers.pending(session, BATCH)
    token = office.token
    if not waiting or token is None:
        return 0
    for answer in waiting:
        outbox.stage(office.home.outgoing, _staged(answer, token), body_of(office, answer))
    with office.committing() as session:
        for answer in waiting:
            answers.stage(session, _id(answer), token, at=office.clock())
    for answer in waiting:
        _publish(office, answer, token)
    with office.committing() as session:
        for answer in waiting:
            answers.deliver(session, _id(answer), token, actor=ACTOR, at=office.clock())
    return len(waiting)


def body_of(office: Office, answer: Answer) -> bytes:
    """The bytes of an answer, from its row or its file; Fault where the file is missing."""
    if answer.body is not None:
        return answer.body
    assert answer.body_file is not None
    try:
        return (office.home.answers / answer.body_file).read_bytes()
    except FileNotFoundError as error:
        raise Fault(f"the bytes of answer {answer.id} are missing: {answer.body_file}") from error


def _publish(office: Office, answer: Answer, token: int) -> None:
    outbox.publish(office.home.outgoing, _staged(answer, token), outbox_of(office, answer), answer.name)


def outbox_of(office: Office, answer: Answer) -> Path:
    """The outbox to which an answer goes."""
    return office.home.outbox(answer.account)


def _staged(answer: Answer, token: int) -> Staged:
    return Staged(_id(answer), token)


def _id(answer: Answer) -> int:
    assert answer.id is not None
    return answer.id


def recover(office: Office) -> list[Answer]:
    """Finishes deliveries that a crash cut off and notes collections that nobody saw; gives those it cannot tell.

    An answer that is staged with its own file is published; one that is in the outbox is delivered. One that is
    neither may have been collected by a party faster than its row: the operator decides.
    """
    with reading(office.engine) as session:
        staged, delivered = answers.staged(session), answers.delivered(session)
    doubtful = [answer for answer in staged if not _finish(office, answer)]
    gone = [answer for answer in delivered if not outbox.in_outbox(outbox_of(office, answer), answer.name)]
    _note_collected(office, [answer for answer in gone if not _finish(office, answer)])
    with reading(office.engine) as session:
        wanted = [_staged(answer, answer.token) for answer in answers.staged(session) if answer.token is not None]
    outbox.remove_leftovers(office.home.outgoing, wanted)
    return doubtful


def _finish(office: Office, answer: Answer) -> bool:
    assert answer.token is not None
    folder = outbox_of(office, answer)
    if not outbox.in_outbox(folder, answer.name):
        try:
            _publish(office, answer, answer.token)
        except FileNotFoundError:
            return False
    with office.committing() as session:
        answers.deliver(session, _id(answer), answer.token, actor=ACTOR, at=office.clock())
    return True


def _note_collected(office: Office, gone: Sequence[Answer]) -> None:
    with office.committing() as session:
        for answer in gone:
            answers.collect(session, answer.account, answer.name, actor=ACTOR, at=office.clock())
