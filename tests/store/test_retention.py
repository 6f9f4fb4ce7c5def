"""What may be given up, on both stores."""

import datetime as dt
from collections.abc import Callable

from sqlalchemy import Engine

from store import answers, audit, retention, submissions
from store.database import reading, writing
from store.states import AnswerKind, SubmissionState
from store.tables import Submission
from tests.store.conftest import NOON

LATER = NOON + dt.timedelta(days=40)
DAY = NOON.date()


def refused(acme: Engine, enter: Callable[..., Submission], sha256: str, **arguments: object) -> tuple[str, int]:
    """A refused submission with those bytes and its receipt, not yet collected."""
    with writing(acme) as session:
        ref = enter(session, **arguments).ref
        receipt = answers.add(
            session, account="acme", kind=AnswerKind.RECEIPT, name=ref, at=NOON, body=b"x", submission_ref=ref
        )
        report = answers.add(
            session, account="acme", kind=AnswerKind.REPORT, name=f"{ref}.VAL", at=NOON, body=b"x", submission_ref=ref
        )
        received, nacked = SubmissionState.RECEIVED, SubmissionState.NACKED
        submissions.change_state(session, ref, received, nacked, actor="test", why="", at=NOON, sha256=sha256)
        for answer in (receipt, report):
            assert answer.id is not None
            answers.stage(session, answer.id, 1, at=NOON)
            answers.deliver(session, answer.id, 1, actor="test", at=NOON)
    return ref, receipt.id or 0


def collect(acme: Engine, ref: str) -> None:
    with writing(acme) as session:
        for name in (ref, f"{ref}.VAL"):
            assert answers.collect(session, "acme", name, actor="acme", at=NOON)


def expired(acme: Engine) -> list[str]:
    with reading(acme) as session:
        return retention.expired_bytes(session, LATER, DAY)["ref"].to_list()


def test_only_what_is_decided_and_collected_is_given_up_and_once(
    acme: Engine, enter: Callable[..., Submission]
) -> None:
    ref, _ = refused(acme, enter, "aa")
    with writing(acme) as session:
        undecided = enter(session, after=dt.timedelta(seconds=1)).ref
    assert expired(acme) == []
    collect(acme, ref)
    assert expired(acme) == [ref]
    with reading(acme) as session:
        assert retention.expired_bytes(session, NOON, DAY).is_empty()
    with writing(acme) as session:
        retention.give_up(session, [ref], actor="test", at=LATER)
    assert expired(acme) == []
    with reading(acme) as session:
        assert retention.given_up(session) == {ref}
        assert (retention.given_up_at(session, ref), retention.given_up_at(session, undecided)) == (LATER, None)


def test_bytes_go_when_nobody_needs_them(acme: Engine, enter: Callable[..., Submission]) -> None:
    first, _ = refused(acme, enter, "aa")
    second, _ = refused(acme, enter, "aa", after=dt.timedelta(seconds=1))
    for ref, kept in ((first, True), (second, False)):
        with writing(acme) as session:
            assert list(retention.removable(session)) == []
            retention.give_up(session, [ref], actor="test", at=LATER)
            assert retention.is_kept_by(session, "aa") is kept
    with reading(acme) as session:
        assert list(retention.removable(session)) == ["aa"]


def test_answers_lose_their_bytes_but_receipts_and_reports_on_what_can_be_judged_again(
    acme: Engine, enter: Callable[..., Submission]
) -> None:
    ref, _ = refused(acme, enter, "aa")
    with writing(acme) as session:
        assert retention.empty_answers(session, LATER) == 0
    collect(acme, ref)
    with writing(acme) as session:
        assert retention.expired_answers(session, LATER) == retention.empty_answers(session, LATER) == 0
        retention.give_up(session, [ref], actor="test", at=LATER)
        assert retention.expired_answers(session, NOON) == 0
        assert retention.expired_answers(session, LATER) == retention.empty_answers(session, LATER) == 1
        assert [one.body for one in answers.of(session, ref)] == [b"x", None]


def test_the_audit_keeps_what_was_given_up(acme: Engine, enter: Callable[..., Submission]) -> None:
    ref, _ = refused(acme, enter, "aa")
    with writing(acme) as session:
        retention.give_up(session, [ref], actor="test", at=NOON)
        assert retention.expired_audit(session, NOON) == 0
        found = retention.expired_audit(session, LATER)
        assert retention.remove_audit(session, LATER) == found > 3
        assert retention.given_up(session) == {ref}


def test_what_was_opened_for_writing_goes_with_the_audit(acme: Engine) -> None:
    opened = {"actor": "acme", "action": "upload", "subject_kind": "session", "why": "opened for writing"}
    with writing(acme) as session:
        before = retention.expired_audit(session, LATER)
        rows = [{"at": NOON + dt.timedelta(seconds=n), "subject": f"/temp/{n}", **opened} for n in range(3)]
        audit.write_all(session, rows)
        assert retention.expired_audit(session, LATER) == before + 3
        assert retention.remove_audit(session, NOON + dt.timedelta(seconds=2)) == before + 2
        assert [len(audit.of(session, "session", f"/temp/{n}")) for n in range(3)] == [0, 0, 1]
