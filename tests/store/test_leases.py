import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine

from store import leases
from store.database import connect, writing

LONG = 3600


def claim(engine: Engine, owner: str, seconds: float = LONG) -> int | None:
    with writing(engine) as session:
        return leases.claim(session, "submission 1", owner, seconds)


@pytest.fixture
def others(store: Engine, store_location: str) -> Iterator[list[Engine]]:
    engines = [connect(store_location) for _ in range(4)]
    yield engines
    for engine in engines:
        engine.dispose()


def test_a_lease_is_held_by_one(store: Engine) -> None:
    token = claim(store, "one")
    assert token == 1
    assert claim(store, "other") is None
    assert claim(store, "one") is None
    with writing(store) as session:
        assert leases.holds(session, "submission 1", "one", 1)
        assert not leases.holds(session, "submission 1", "other", 1)
        assert not leases.holds(session, "submission 1", "one", 2)
        assert not leases.holds(session, "submission 2", "one", 1)


def test_a_released_lease_is_claimed_under_a_larger_token(store: Engine) -> None:
    assert claim(store, "one") == 1
    with writing(store) as session:
        assert leases.release(session, "submission 1", "one", 1)
        assert not leases.release(session, "submission 1", "one", 1)
        assert not leases.holds(session, "submission 1", "one", 1)
    assert claim(store, "other") == 2
    with writing(store) as session:
        assert leases.holds(session, "submission 1", "other", 2)
        assert not leases.holds(session, "submission 1", "one", 1)
        assert not leases.renew(session, "submission 1", "one", 1, LONG)


def test_who_comes_back_late_holds_nothing(store: Engine) -> None:
    assert claim(store, "slow", seconds=-1) == 1
    with writing(store) as session:
        assert not leases.holds(session, "submission 1", "slow", 1)
        assert not leases.renew(session, "submission 1", "slow", 1, LONG)
    assert claim(store, "next") == 2


def test_a_renewed_lease_goes_on(store: Engine) -> None:
    assert claim(store, "one") == 1
    with writing(store) as session:
        assert leases.renew(session, "submission 1", "one", 1, LONG)
        assert leases.holds(session, "submission 1", "one", 1)


def test_of_many_claims_one_wins(store: Engine, others: list[Engine]) -> None:
    assert claim(store, "gone", seconds=-1) == 1
    barrier = threading.Barrier(len(others))

    def compete(number: int) -> int | None:
        barrier.wait()
        return claim(others[number], f"worker {number}")

    with ThreadPoolExecutor(len(others)) as pool:
        tokens = list(pool.map(compete, range(len(others))))
    assert sorted(token for token in tokens if token is not None) == [2]


def test_a_lease_stays_held_until_the_transaction_ends(store: Engine, others: list[Engine]) -> None:
    assert claim(store, "one", seconds=0.3) == 1
    tokens = list[int | None]()
    with writing(store) as session:
        assert leases.holds(session, "submission 1", "one", 1)
        thread = threading.Thread(target=lambda: tokens.append(claim(others[0], "other")))
        thread.start()
        thread.join(0.6)
        assert tokens == []
    thread.join()
