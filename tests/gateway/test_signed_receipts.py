"""Signed receipts through the real steps: behind each receipt, in a chain, verified by a party that has the package."""

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway import signed_receipts as gateway_receipts
from gateway.doctor import differences
from gateway.redelivery import redeliver
from gateway.sample_cases import read_cases
from outbound.receipt_keys import KEYS_PAGE
from outbound.signed_receipt import Signed, read_signed
from store import answers, signed_receipts, submissions
from store.database import reading, writing
from store.states import AnswerKind
from tests.gateway.conftest import Gridpost
from tests.samples.exchange import Exchange

CASES = read_cases()
ACCEPTED, SLIPPED = CASES["K0151001/seasonal_accepted"], CASES["K0151001/seasonal_with_a_slipped_sign"]
KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))


@pytest.fixture
def exchange(made_market: Path, tmp_path: Path) -> Iterator[Exchange]:
    """An exchange whose account acme gets signed receipts."""
    made = Exchange(made_market, tmp_path / "home")
    with writing(made.engine) as session:
        gateway_receipts.make_key(session, made.home, KEY, actor="test", at=made.now)
        signed_receipts.begin(session, "acme", actor="test", at=made.now)
    yield made
    made.close()


def deliver(exchange: Exchange) -> None:
    exchange.deliver()
    with reading(exchange.engine) as session:
        gateway_receipts.publish(session, exchange.home)


def signed_of(found: dict[str, bytes]) -> dict[str, Signed]:
    return {name: read_signed(body) for name, body in found.items() if name.endswith(".sig")}


def test_a_receipt_is_followed_by_its_signed_one_and_nothing_else_changes(exchange: Exchange) -> None:
    found = exchange.receive(ACCEPTED)
    names = list(found)
    assert names[:2] == ["BP000000000001.ADT", "BP000000000001.ADT.sig"]
    assert {name: body for name, body in found.items() if not name.endswith(".sig")} == ACCEPTED.answers
    said = signed_of(found)["BP000000000001.ADT.sig"].receipt
    assert (said.account, said.number, said.previous) == ("acme", 1, None)
    assert (said.file_name, said.size, said.receipt_code) == ("BP000000000001", len(ACCEPTED.content), 100)
    assert said.received_at == ACCEPTED.received_at


def test_an_account_that_did_not_ask_gets_none(exchange: Exchange) -> None:
    with writing(exchange.engine) as session:
        signed_receipts.end(session, "acme", actor="test", at=exchange.now)
    assert exchange.receive(ACCEPTED) == ACCEPTED.answers


def test_refused_files_duplicates_and_csv_are_signed_for_in_one_chain(exchange: Exchange) -> None:
    names = ["K0151001/seasonal_accepted", "K0151001/csv_from_a_spreadsheet", "envelope/digit_changed_on_the_way"]
    sent = [
        replace(CASES[name], received_at=ACCEPTED.received_at + timedelta(hours=at)) for at, name in enumerate(names)
    ]
    chain = [one for case in sent for one in signed_of(exchange.receive(case)).items()]
    assert len(chain) == 3
    assert [one.receipt.number for _, one in chain] == [1, 2, 3]
    assert [one.receipt.previous for _, one in chain] == [None, chain[0][1].sha256, chain[1][1].sha256]
    assert {one.receipt.receipt_code for _, one in chain} == {100, 3}
    assert [name for name, _ in chain] == [
        "BP000000000001.ADT.sig",
        "gcdc_winter 2026.csv.ack.csv.sig",
        "BP000000000001.2.ADT.sig",
    ]


def test_a_party_verifies_with_the_package_alone(exchange: Exchange, gridpost: Gridpost, tmp_path: Path) -> None:
    for case in (ACCEPTED, SLIPPED):
        exchange.receive(case)
        (tmp_path / case.file_name).write_bytes(case.content)
    deliver(exchange)
    outbox = exchange.home.outbox("acme")
    assert differences(exchange.home, exchange.engine) == []
    receipt, file = outbox / f"{SLIPPED.file_name}.ADT.sig", tmp_path / SLIPPED.file_name
    done = gridpost("verify", receipt, file, "--chain", outbox)
    assert (done.code, done.err) == (0, "")
    assert "as number 2 of the account; the 2 receipts of the folder follow each other." in done.out
    assert gridpost("verify", receipt, file).code == 0
    told = gridpost("verify", receipt, file, "--format", "json").json
    assert (told["verified"], told["chain"], told["differences"]) == (True, None, [])

    other = tmp_path / "other" / SLIPPED.file_name
    other.parent.mkdir()
    other.write_bytes(SLIPPED.content.replace(b"7.5", b"0.5"))
    done = gridpost("verify", receipt, other)
    assert done.code == 1
    assert done.out.startswith("the SHA-256 in the receipt is ")
    (outbox / f"{ACCEPTED.file_name}.ADT.sig").unlink()
    assert gridpost("verify", receipt, file, "--chain", outbox).code == 0


def test_what_a_forger_makes_is_told(exchange: Exchange, gridpost: Gridpost, tmp_path: Path) -> None:
    exchange.receive(ACCEPTED)
    deliver(exchange)
    file = tmp_path / ACCEPTED.file_name
    file.write_bytes(ACCEPTED.content)
    outbox = exchange.home.outbox("acme")
    genuine = (outbox / f"{ACCEPTED.file_name}.ADT.sig").read_bytes()
    forged = tmp_path / "forged.sig"
    forged.write_bytes(genuine.replace(b"receipt: 100", b"receipt: 101"))
    done = gridpost("verify", forged, file, "--key", outbox / KEYS_PAGE)
    assert done.code == 1
    assert done.out == "the signature is not of key 56475aa75463474c over these lines\n"
    forged.write_bytes(genuine.replace(b"acme", b"\x1b[2J"))
    done = gridpost("verify", forged, file, "--key", outbox / KEYS_PAGE)
    assert (done.code, done.out) == (2, "")
    assert done.err == f"gridpost: {forged}: line 2 is not 'account: ' and a value of its form\n"
    assert gridpost("verify", forged, file).code == 2
    assert gridpost("verify", forged, file, "--key", file).code == 2


def test_a_new_key_signs_and_the_one_before_it_stays_known(
    exchange: Exchange, gridpost: Gridpost, tmp_path: Path
) -> None:
    first = signed_of(exchange.receive(ACCEPTED))["BP000000000001.ADT.sig"]
    done = gridpost("--home", exchange.home.root, "receipt-key", "rotate")
    assert done.code == 0
    second = signed_of(exchange.receive(SLIPPED))["BP000000000002.ADT.sig"]
    assert second.receipt.previous == first.sha256
    assert first.receipt.key_id != second.receipt.key_id
    assert second.receipt.key_id in done.out
    listed = gridpost("--home", exchange.home.root, "receipt-key", "list", "--format", "json").json
    assert [(key["key_id"], key["valid_to"] is None) for key in listed] == [
        (second.receipt.key_id, True),
        (first.receipt.key_id, False),
    ]
    deliver(exchange)
    for case in (ACCEPTED, SLIPPED):
        (tmp_path / case.file_name).write_bytes(case.content)
        receipt = exchange.home.outbox("acme") / f"{case.file_name}.ADT.sig"
        assert gridpost("verify", receipt, tmp_path / case.file_name, "--chain", receipt.parent).code == 0


def test_the_page_of_keys_comes_back_and_is_no_answer(exchange: Exchange, gridpost: Gridpost) -> None:
    deliver(exchange)
    page = exchange.home.outbox("acme") / KEYS_PAGE
    before = page.read_bytes()
    page.unlink()
    assert differences(exchange.home, exchange.engine) == []
    deliver(exchange)
    assert page.read_bytes() == before
    assert not (exchange.home.outbox("volt") / KEYS_PAGE).exists()
    status = gridpost("--home", exchange.home.root, "status", "--format", "json").json
    assert status["uncollected"]["all"] == 0


def test_what_stands_in_the_place_of_the_page_gives_way_or_harms_nobody_else(exchange: Exchange) -> None:
    """Behind a plain sshd a party can write into its outbox."""
    with writing(exchange.engine) as session:
        signed_receipts.begin(session, "volt", actor="test", at=exchange.now)
    acme, volt = (exchange.home.outbox(name) / KEYS_PAGE for name in ("acme", "volt"))
    acme.mkdir()
    volt.symlink_to("/etc/hostname")
    deliver(exchange)
    assert acme.is_dir()
    assert not volt.is_symlink()
    assert volt.read_bytes().startswith(b"Receipts of this gateway are signed with these Ed25519 keys")
    volt.write_bytes(b"x" * volt.stat().st_size)
    deliver(exchange)
    assert b"key 56475aa75463474c from " in volt.read_bytes()


def test_an_operator_turns_it_on_and_off(market: Path, gridpost: Gridpost) -> None:
    done = gridpost("--home", market, "account", "sign-receipts", "volt")
    assert (done.code, done.out) == (0, "receipts of account volt are signed from now on\n")
    (page,) = (market / "accounts" / "volt" / "outbox").iterdir()
    assert page.name == KEYS_PAGE
    (key,) = json.loads(gridpost("--home", market, "receipt-key", "list", "--format", "json").out)
    private = market / "keys" / f"receipts_{key['key_id']}_key"
    assert private.stat().st_mode & 0o777 == 0o600
    assert gridpost("--home", market, "account", "sign-receipts", "volt").code == 2
    assert gridpost("--home", market, "account", "sign-receipts", "volt", "--end").code == 0
    assert gridpost("--home", market, "account", "sign-receipts", "nobody").code == 2


def test_a_signed_receipt_goes_out_again_byte_for_byte_beside_its_receipt(exchange: Exchange) -> None:
    first = exchange.receive(ACCEPTED)
    deliver(exchange)
    with writing(exchange.engine) as session:
        (submission,) = submissions.find(session, limit=1)
        again = redeliver(session, exchange.home, submission, actor="ann", why="asked", at=exchange.now)
    assert [one.name for one in again][:2] == ["BP000000000001.2.ADT", "BP000000000001.2.ADT.sig"]
    assert [one.body for one in again] == list(first.values())
    deliver(exchange)
    assert differences(exchange.home, exchange.engine) == []


def test_without_the_private_key_nothing_is_acknowledged(exchange: Exchange) -> None:
    (private,) = exchange.home.keys.glob("receipts_*")
    private.unlink()
    with pytest.raises(Exception, match="that signs receipts is missing: receipts_56475aa75463474c_key"):
        exchange.receive(ACCEPTED)
    with reading(exchange.engine) as session:
        (submission,) = submissions.find(session, limit=1)
        assert list(answers.of(session, submission.ref)) == []


def test_the_kind_of_a_signed_receipt_is_its_own(exchange: Exchange) -> None:
    exchange.receive(ACCEPTED)
    with reading(exchange.engine) as session:
        (submission,) = submissions.find(session, limit=1)
        kinds = [one.kind for one in answers.of(session, submission.ref)]
    assert kinds[:2] == [AnswerKind.RECEIPT, AnswerKind.SIGNED_RECEIPT]
