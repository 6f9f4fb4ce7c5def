import datetime as dt
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine

from store import audit, sequences
from store.database import connect, on_sqlite, reading, writing

NOON = dt.datetime(2026, 11, 10, 12, 0, 0, tzinfo=dt.UTC)
CHANNEL = "BP|ACME|CR|UKDC|OPER"


def test_a_new_channel_has_consumed_nothing(store: Engine) -> None:
    with writing(store) as session:
        assert sequences.state(session, CHANNEL) is None
        sequences.hold(session, CHANNEL)
        assert sequences.state(session, CHANNEL) is None


def test_the_last_consumed_number_is_kept(store: Engine) -> None:
    for number in (1, 999_999_999, 0):
        with writing(store) as session:
            sequences.hold(session, CHANNEL)
            sequences.consume(session, CHANNEL, number)
        with reading(store) as session:
            assert sequences.state(session, CHANNEL) == number
            assert sequences.state(session, CHANNEL + "x") is None


def test_a_reset_is_audited(store: Engine) -> None:
    with writing(store) as session:
        sequences.consume(session, CHANNEL, 41)
        sequences.reset(session, CHANNEL, 7, actor="operator", why="agreed by phone", at=NOON)
        assert sequences.state(session, CHANNEL) == 7
        sequences.reset(session, CHANNEL, None, actor="operator", why="new system", at=NOON)
        assert sequences.state(session, CHANNEL) is None
        rows = [(row.from_state, row.to_state, row.why) for row in audit.of(session, "channel", CHANNEL)]
    assert rows == [("41", "7", "agreed by phone"), ("7", None, "new system")]


def test_outgoing_numbers_begin_at_1_and_incoming_ones_do_not_touch_them(store: Engine) -> None:
    with writing(store) as session:
        sequences.consume(session, CHANNEL, 500)
        assert [sequences.take_outgoing(session, CHANNEL) for _ in range(3)] == [1, 2, 3]
        assert sequences.take_outgoing(session, "another") == 1
        assert sequences.state(session, CHANNEL) == 500


def test_the_last_outgoing_number_is_followed_by_0(store: Engine) -> None:
    with writing(store) as session:
        sequences.take_outgoing(session, CHANNEL)
        session.connection().exec_driver_sql("UPDATE sequence SET last = 999999998")
        assert [sequences.take_outgoing(session, CHANNEL) for _ in range(3)] == [999_999_999, 0, 1]


def test_a_number_of_a_failed_transaction_is_given_again(store: Engine) -> None:
    def fails() -> None:
        with writing(store) as session:
            assert sequences.take_outgoing(session, CHANNEL) == 1
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    with writing(store) as session:
        assert sequences.take_outgoing(session, CHANNEL) == 1


def test_no_number_is_given_twice(store: Engine, store_location: str) -> None:
    def take(_: int) -> list[int]:
        engine, taken = connect(store_location), []
        for _ in range(10):
            with writing(engine) as session:
                taken.append(sequences.take_outgoing(session, CHANNEL))
        engine.dispose()
        return taken

    with ThreadPoolExecutor(4) as pool:
        taken = [number for numbers in pool.map(take, range(4)) for number in numbers]
    assert sorted(taken) == list(range(1, 41))


def test_who_holds_a_channel_makes_others_wait(store: Engine, store_location: str) -> None:
    other, seen, begun = connect(store_location), list[int | None](), threading.Event()

    def follow() -> None:
        begun.set()
        with writing(other) as session:
            sequences.hold(session, CHANNEL)
            seen.append(sequences.state(session, CHANNEL))

    with writing(store) as session:
        sequences.hold(session, CHANNEL)
        thread = threading.Thread(target=follow)
        thread.start()
        begun.wait()
        thread.join(0.2)
        assert seen == []
        sequences.consume(session, CHANNEL, 17)
    thread.join()
    other.dispose()
    assert seen == [17]


def test_on_postgresql_another_channel_is_not_waited_for(store: Engine, store_location: str) -> None:
    other = connect(store_location)
    with writing(store) as session:
        sequences.hold(session, CHANNEL)
        if not on_sqlite(session):
            with writing(other) as second:
                sequences.hold(second, "another")
    other.dispose()
