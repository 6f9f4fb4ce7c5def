"""The chain of an account's signed receipts: one after the other, whoever writes them."""

import datetime as dt
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import Engine

from market.fault import Fault
from store import accounts, signed_receipts
from store.database import reading, writing
from store.refused import RefusedError
from store.tables import ReceiptChain
from tests.store.conftest import NOON


def test_only_an_account_that_asked_has_a_chain(acme: Engine) -> None:
    with writing(acme) as session:
        assert signed_receipts.held(session, "acme") is None
        signed_receipts.begin(session, "acme", actor="ann", at=NOON)
    with writing(acme) as session:
        chain = signed_receipts.held(session, "acme")
        assert chain is not None
        assert (chain.number, chain.sha256) == (0, None)
        assert signed_receipts.held(session, "volt") is None
        with pytest.raises(RefusedError, match="receipts to account acme are signed already"):
            signed_receipts.begin(session, "acme", actor="ann", at=NOON)
        with pytest.raises(RefusedError, match="account volt is not known"):
            signed_receipts.begin(session, "volt", actor="ann", at=NOON)


def test_a_chain_that_ended_goes_on_where_it_was(acme: Engine) -> None:
    with writing(acme) as session:
        signed_receipts.begin(session, "acme", actor="ann", at=NOON)
        signed_receipts.extend(session, "acme", 1, "aa")
        signed_receipts.end(session, "acme", actor="ann", at=NOON)
        assert signed_receipts.held(session, "acme") is None
        assert list(signed_receipts.signed_accounts(session)) == ["acme"]
        with pytest.raises(RefusedError, match="receipts to account acme are not signed"):
            signed_receipts.end(session, "acme", actor="ann", at=NOON)
    with writing(acme) as session:
        signed_receipts.begin(session, "acme", actor="ann", at=NOON)
        chain = signed_receipts.held(session, "acme")
        assert chain is not None
        assert (chain.number, chain.sha256) == (1, "aa")
        accounts.end(session, "acme", actor="ann", at=NOON)
        assert list(signed_receipts.signed_accounts(session)) == []


def test_no_number_is_given_twice(acme: Engine) -> None:
    with writing(acme) as session:
        signed_receipts.begin(session, "acme", actor="ann", at=NOON)
        signed_receipts.extend(session, "acme", 1, "aa")
        for number in (1, 3):
            with pytest.raises(Fault, match=f"no room for number {number}"):
                signed_receipts.extend(session, "acme", number, "bb")


def test_writers_side_by_side_make_one_chain(acme: Engine) -> None:
    """Several channels of an account are acknowledged at once: each waits for the one before it."""
    with writing(acme) as session:
        signed_receipts.begin(session, "acme", actor="ann", at=NOON)
    together, links = threading.Barrier(6), []

    def extend(_: int) -> None:
        together.wait()
        for _ in range(5):
            with writing(acme) as session:
                chain = signed_receipts.held(session, "acme")
                assert chain is not None
                link = (chain.number + 1, chain.sha256, f"{chain.number + 1:064d}")
                signed_receipts.extend(session, "acme", link[0], link[2])
            links.append(link)

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(extend, range(6)))
    assert [number for number, *_ in sorted(links)] == list(range(1, 31))
    previous = [None, *(own for _, _, own in sorted(links))]
    assert [before for _, before, _ in sorted(links)] == previous[:-1]
    with reading(acme) as session:
        assert session.get_one(ReceiptChain, "acme").number == 30


def test_a_new_key_ends_the_one_before_it(store: Engine) -> None:
    later = NOON + dt.timedelta(days=1)
    with writing(store) as session:
        signed_receipts.add_key(session, "aa", "00", actor="ann", at=NOON)
        signed_receipts.add_key(session, "bb", "11", actor="ann", at=later)
    with reading(store) as session:
        found = [(key.key_id, key.valid_from, key.valid_to) for key in signed_receipts.keys(session)]
    assert found == [("bb", later, None), ("aa", NOON, later)]


def test_a_key_ends_when_nobody_signs_with_it_any_more(acme: Engine) -> None:
    """What is being signed as a new key comes is received before the instant at which the old one ends."""
    with writing(acme) as session:
        signed_receipts.begin(session, "acme", actor="ann", at=NOON)
    told, coming = [], threading.Event()

    def rotate() -> None:
        coming.set()
        with writing(acme) as session:
            signed_receipts.hold_all(session)
            told.append("ends")

    with ThreadPoolExecutor(1) as threads:
        with writing(acme) as session:
            assert signed_receipts.held(session, "acme") is not None
            rotating = threads.submit(rotate)
            assert coming.wait(30)
            time.sleep(0.1)
            told.append("signed")
        rotating.result(30)
    assert told == ["signed", "ends"]
