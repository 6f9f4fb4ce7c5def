import datetime as dt
import hashlib
from collections.abc import Callable, Sequence

import pytest
from sqlalchemy import Engine
from sqlalchemy.exc import IntegrityError
from sqlmodel import Session

from market.fault import Fault
from store import answers, audit
from store.database import reading, writing
from store.states import AnswerKind, AnswerState
from store.tables import Answer, Submission

NOON = dt.datetime(2026, 11, 10, 12, 0, 0, tzinfo=dt.UTC)
LATER = NOON + dt.timedelta(seconds=5)
RECEIPT, REPORT, NOTICE = AnswerKind.RECEIPT, AnswerKind.REPORT, AnswerKind.NOTICE
Enter = Callable[..., Submission]


def add(session: Session, name: str, kind: AnswerKind = RECEIPT, ref: str | None = None) -> int:
    answer = answers.add(session, account="acme", kind=kind, name=name, at=NOON, body=name.encode(), submission_ref=ref)
    assert answer.id is not None
    return answer.id


def deliver(session: Session, answer_id: int) -> None:
    answers.stage(session, answer_id, 1, at=NOON)
    assert answers.deliver(session, answer_id, 1, actor="worker", at=NOON)


def names(found: Sequence[Answer]) -> list[str]:
    return [answer.name for answer in found]


def test_an_answer_keeps_its_bytes(acme: Engine, enter: Enter) -> None:
    with writing(acme) as session:
        ref = enter(session).ref
        add(session, "A.ADT", ref=ref)
    with reading(acme) as session:
        (answer,) = answers.of(session, ref)
        assert answer.body == b"A.ADT"
        assert (answer.sha256, answer.size) == (hashlib.sha256(b"A.ADT").hexdigest(), 5)
        assert (answer.state, answer.position, answer.kind) == (AnswerState.PENDING, 0, RECEIPT)


def test_a_report_never_leaves_before_its_receipt(acme: Engine, enter: Enter) -> None:
    with writing(acme) as session:
        first, second = enter(session).ref, enter(session).ref
        receipt, report = add(session, "A.ADT", ref=first), add(session, "A.VAL", REPORT, ref=first)
        add(session, "B.ADT", ref=second)
        add(session, "N.1", NOTICE)
        add(session, "N.2", NOTICE)
        assert names(answers.pending(session)) == ["A.ADT", "B.ADT", "N.1", "N.2"]
        assert names(answers.pending(session, limit=1)) == ["A.ADT"]
        answers.stage(session, receipt, 1, at=NOON)
        assert names(answers.pending(session)) == ["B.ADT", "N.1", "N.2"]
        answers.deliver(session, receipt, 1, actor="worker", at=NOON)
        assert names(answers.pending(session)) == ["A.VAL", "B.ADT", "N.1", "N.2"]
        deliver(session, report)
        assert names(answers.delivered(session)) == ["A.ADT", "A.VAL"]


def test_an_answer_is_collected_once_and_recorded(acme: Engine, enter: Enter) -> None:
    with writing(acme) as session:
        deliver(session, add(session, "A.ADT", ref=enter(session).ref))
        assert answers.collect(session, "acme", "A.ADT", actor="acme", at=LATER)
        assert not answers.collect(session, "acme", "A.ADT", actor="acme", at=LATER)
        assert not answers.collect(session, "acme", "never there", actor="acme", at=LATER)
        rows = audit.of(session, "answer", "acme/A.ADT")
        assert [(row.action, row.from_state, row.to_state) for row in rows] == [
            ("deliver", "STAGED", "DELIVERED"),
            ("collect", "DELIVERED", "COLLECTED"),
        ]
        assert answers.counts(session) == dict.fromkeys(AnswerState, 0) | {AnswerState.COLLECTED: 1}


def test_a_party_may_collect_before_the_row_says_delivered(acme: Engine) -> None:
    with writing(acme) as session:
        answer = add(session, "N.1", NOTICE)
        answers.stage(session, answer, 4, at=NOON)
        assert names(answers.staged(session)) == ["N.1"]
        assert answers.collect(session, "acme", "N.1", actor="acme", at=LATER)
        assert not answers.deliver(session, answer, 4, actor="worker", at=LATER)
        found = session.get_one(Answer, answer)
        assert (found.state, found.delivered_at, found.collected_at) == (AnswerState.COLLECTED, LATER, LATER)


def test_what_was_not_staged_cannot_be_collected(acme: Engine) -> None:
    with writing(acme) as session:
        add(session, "N.1", NOTICE)
        assert not answers.collect(session, "acme", "N.1", actor="acme", at=LATER)


def test_steps_out_of_order_are_faults(acme: Engine) -> None:
    with writing(acme) as session:
        answer = add(session, "N.1", NOTICE)
        with pytest.raises(Fault, match="PENDING"):
            answers.deliver(session, answer, 1, actor="worker", at=NOON)
        answers.stage(session, answer, 2, at=NOON)
        with pytest.raises(Fault, match="STAGED under token 2"):
            answers.stage(session, answer, 3, at=NOON)
        with pytest.raises(Fault, match="STAGED under token 2"):
            answers.deliver(session, answer, 1, actor="late worker", at=NOON)
        assert answers.deliver(session, answer, 2, actor="worker", at=NOON)
        with pytest.raises(Fault, match="unknown"):
            answers.stage(session, 999, 1, at=NOON)


def test_names_are_never_given_twice(acme: Engine) -> None:
    with writing(acme) as session:
        given = []
        for _ in range(20):
            given.append(answers.free_name(session, "acme", "BP000000000017", "ADT"))
            add(session, given[-1])
        assert given[:3] == ["BP000000000017.ADT", "BP000000000017.2.ADT", "BP000000000017.3.ADT"]
        assert given[-1] == "BP000000000017.20.ADT"
        assert answers.free_name(session, "acme", "BP000000000017", "VAL") == "BP000000000017.VAL"
        assert answers.free_name(session, "acme", "pn_%_", "ack.csv") == "pn_%_.ack.csv"


def test_a_file_named_like_a_numbered_answer_gets_a_name_of_its_own(acme: Engine) -> None:
    with writing(acme) as session:
        add(session, "A.ADT")
        add(session, "A.2.ADT")
        assert answers.free_name(session, "acme", "A.2", "ADT") == "A.2.2.ADT"
        assert answers.free_name(session, "acme", "A", "ADT") == "A.3.ADT"


def test_the_store_refuses_a_name_that_was_given(acme: Engine) -> None:
    with writing(acme) as session:
        add(session, "A.ADT")
    with pytest.raises(IntegrityError), writing(acme) as session:
        add(session, "A.ADT")
