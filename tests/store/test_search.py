import datetime as dt
import hashlib
from collections.abc import Callable

from sqlalchemy import Engine

from store import answers, audit, leases, search, submissions
from store.database import reading, writing
from store.states import AnswerKind, SubmissionState
from store.tables import Submission

NOON = dt.datetime(2026, 11, 10, 12, 0, 0, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)
Enter = Callable[..., Submission]


def refs(found: list[Submission]) -> list[str]:
    return [one.ref for one in found]


def test_a_submission_is_found_by_its_reference_a_beginning_or_its_name(acme: Engine, enter: Enter) -> None:
    with writing(acme) as session:
        first, second = enter(session), enter(session, after=SECOND, name="A%_B")
    with reading(acme) as session:
        assert refs(search.submissions_named(session, first.ref, 5)) == [first.ref]
        assert refs(search.submissions_named(session, first.ref[:20].lower(), 5)) == [first.ref]
        assert refs(search.submissions_named(session, "0", 5)) == [second.ref, first.ref]
        assert refs(search.submissions_named(session, "0", 1)) == [second.ref]
        assert refs(search.submissions_named(session, "acme/A%_B", 5)) == [second.ref]
        assert refs(search.submissions_named(session, "othr/A%_B", 5)) == []
        for pattern in ("%", "_", f"%{first.ref[1:]}"):
            assert refs(search.submissions_named(session, pattern, 5)) == []


def test_the_history_is_that_of_a_submission_and_its_answers(acme: Engine, enter: Enter) -> None:
    with writing(acme) as session:
        one, other = enter(session), enter(session, after=SECOND)
        submissions.change_state(
            session, one.ref, SubmissionState.RECEIVED, SubmissionState.ACKED, actor="test", why="", at=NOON
        )
        for name, ref in (("A.ADT", one.ref), ("B.ADT", other.ref)):
            added = answers.add(
                session, account="acme", kind=AnswerKind.RECEIPT, name=name, at=NOON, body=b"x", submission_ref=ref
            )
            assert added.id is not None
            answers.stage(session, added.id, 1, at=NOON)
            answers.deliver(session, added.id, 1, actor="test", at=NOON)
        # Subjects of another kind may have the same text.
        audit.write(session, at=NOON, actor="test", action="odd", subject_kind="party", subject=one.ref)
    with reading(acme) as session:
        told = [(event.action, event.subject) for event in search.history(session, one)]
    assert told == [("enter", one.ref), ("change state", one.ref), ("deliver", "acme/A.ADT")]


def test_what_lies_in_an_outbox_is_told_by_its_delivery(acme: Engine, enter: Enter) -> None:
    with writing(acme) as session:
        for seconds, name in ((2, "A"), (1, "B"), (3, "C")):
            added = answers.add(session, account="acme", kind=AnswerKind.NOTICE, name=name, at=NOON, body=b"x")
            assert added.id is not None
            answers.stage(session, added.id, 1, at=NOON)
            answers.deliver(session, added.id, 1, actor="test", at=NOON + seconds * SECOND)
        answers.collect(session, "acme", "C", actor="acme", at=NOON)
    with reading(acme) as session:
        assert search.uncollected_since(session) == [NOON + SECOND, NOON + 2 * SECOND]


def test_a_lease_has_a_holder_until_it_ends(acme: Engine) -> None:
    with writing(acme) as session:
        assert search.holder(session, "exchange") is None
        token = leases.claim(session, "exchange", "one", 60)
        assert token is not None
    with reading(acme) as session:
        found = search.holder(session, "exchange")
        assert found is not None
        assert found.owner == "one"
    with writing(acme) as session:
        leases.release(session, "exchange", "one", token)
        assert search.holder(session, "exchange") is None


def test_rows_say_what_their_files_are(acme: Engine, enter: Enter) -> None:
    with writing(acme) as session:
        ref = enter(session).ref
        answers.add(session, account="acme", kind=AnswerKind.NOTICE, name="A", at=NOON, body=b"x")
    with reading(acme) as session:
        files, kept = search.submission_files(session), search.answer_files(session)
        assert search.account_names(session) == ["acme"]
    assert files.schema == search.SUBMISSION_FILES
    assert files.select("ref", "state", "sha256").rows() == [(ref, "RECEIVED", None)]
    assert kept.schema == search.ANSWER_FILES
    assert kept.drop("id").rows() == [("acme", "A", "PENDING", None, hashlib.sha256(b"x").hexdigest(), None)]
