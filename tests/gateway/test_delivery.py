"""What happens to the answers behind one of which nobody knows whether the party has it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway import delivery
from gateway.delivery import Deliveries, recover
from gateway.doctor import differences
from gateway.redelivery import redeliver
from gateway.sample_cases import read_cases
from store import answers, submissions
from store.database import reading, writing
from store.states import AnswerState
from tests.samples.exchange import Exchange

CASE = read_cases()["K0151001/seasonal_accepted"]


@pytest.fixture
def exchange(made_market: Path, exchange_root: Path) -> Iterator[Exchange]:
    made = Exchange(made_market, exchange_root)
    made.home.make_account("acme")
    yield made
    made.close()


def states(exchange: Exchange) -> list[tuple[str, AnswerState]]:
    with reading(exchange.engine) as session:
        (submission,) = submissions.find(session, limit=1)
        return [(one.name, one.state) for one in answers.of(session, submission.ref)]


def test_a_report_leaves_though_nobody_knows_of_the_answer_before_it(
    exchange: Exchange, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The gateway is killed between the outbox and the row, and the party is faster than its restart."""
    exchange.receive(CASE)
    outbox = exchange.home.outbox("acme")
    assert Deliveries(exchange.office).deliver() == 1
    with monkeypatch.context() as killed:
        killed.setattr(delivery, "_record", lambda *_: None)
        Deliveries(exchange.office).deliver()
    (taken,) = [path for path in outbox.iterdir() if not path.name.endswith(".ADT")]
    taken.unlink()
    (doubtful,) = recover(exchange.office)
    assert doubtful.name == taken.name
    restarted = Deliveries(exchange.office)
    assert (restarted.deliver(), restarted.deliver()) == (0, 1)
    assert (outbox / "BP000000000001.VAL").exists()
    assert states(exchange) == [
        ("BP000000000001.ADT", AnswerState.DELIVERED),
        (taken.name, AnswerState.STAGED),
        ("BP000000000001.VAL", AnswerState.DELIVERED),
    ]
    found = [one for one in differences(exchange.home, exchange.engine) if one.place == "outgoing"]
    assert [one.what for one in found] == ["it is neither staged nor in the outbox"]
    with writing(exchange.engine) as session:
        (submission,) = submissions.find(session, limit=1)
        again = redeliver(session, exchange.home, submission, actor="operator ann", why="asked", at=exchange.now)
        assert [one.redelivery_of for one in again] == [one.id for one in answers.of(session, submission.ref)][:3]


def test_an_answer_that_waits_holds_up_those_behind_it(exchange: Exchange, monkeypatch: pytest.MonkeyPatch) -> None:
    exchange.receive(CASE)
    deliveries = Deliveries(exchange.office)
    assert deliveries.deliver() == 1

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as disk:
        disk.setattr(delivery.outbox, "publish", full)
        assert deliveries.deliver() == 0
    assert deliveries.deliver() == 0
    assert [state for _, state in states(exchange)] == [AnswerState.DELIVERED, AnswerState.STAGED, AnswerState.PENDING]
