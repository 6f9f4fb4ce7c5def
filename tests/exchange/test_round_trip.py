"""A file's way through a whole gateway, and what the party sees of it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from market.home import Home
from tests.exchange import sshd
from tests.exchange.client import Client, openssh
from tests.exchange.made_market import copy_home, declaration, records
from tests.exchange.market_time import market_clock
from tests.exchange.running import Gateway, eventually
from tests.exchange.sshd import SshdGateway

MakeClient = Callable[[Gateway, str], Client]
NUMBERS = iter(range(1, 1000))


@pytest.fixture(params=["embedded", "sshd"])
def either(request: pytest.FixtureRequest, template_home: Home, tmp_path: Path) -> Iterator[Gateway]:
    """A gateway of a test's own, not started: with its own server, and behind a real sshd."""
    home = copy_home(template_home, tmp_path / "home")
    if request.param == "sshd" and (reason := sshd.why_not()):
        pytest.skip(reason)
    made = Gateway(home) if request.param == "embedded" else SshdGateway(home, compact=True)
    yield made
    made.kill()


def code(receipt: bytes) -> str:
    return records(receipt, "ADT")[0][3]


def test_an_accepted_declaration_takes_effect_and_its_answers_are_collected(
    either: Gateway, client_of: MakeClient
) -> None:
    either.start()
    acme = client_of(either, "acme")
    acme.send("BP000000000001", declaration(1, "T_DINO-1|20261201|120|-3|||", at=market_clock()))
    receipt, report = acme.answers("BP000000000001")
    assert code(receipt) == "100"
    assert records(report, "VRH")[0][7:12] == ["ACCEPTED", "1", "1", "0", "0"]
    assert acme.outbox() == ["BP000000000001.ADT", "BP000000000001.VAL", "CR000000000001"]
    registered = records(acme.read("CR000000000001"), "BU3")[0]
    assert (registered[3], registered[9], registered[10]) == ("T_DINO-1", "120", "-3")
    values = either.rows("SELECT bm_unit_id, generation_capacity_kw, demand_capacity_kw FROM capacity_value")
    assert values == [("T_DINO-1", 120_000, -3_000)]
    for name in acme.outbox():
        acme.collect(name)
    eventually(lambda: {state for (state,) in either.rows("SELECT state FROM answer")} == {"COLLECTED"})
    told = "SELECT action FROM audit WHERE actor = 'acme'"
    # The front door writes down that the answer is collected, then that a session collected it.
    eventually(lambda: {"login", "upload", "taken", "collected"} <= {action for (action,) in either.rows(told)})
    assert either.stop() == 0


def test_a_slipped_sign_is_refused_at_its_line_and_the_rest_accepted(
    shared_gateway: Gateway, client_of: MakeClient
) -> None:
    othr = client_of(shared_gateway, "othr")
    rows = ("T_OTTR-1|20261201|10|-2|||", "T_OTTR-1|20261201|10|2|||")
    othr.send("BP000000000001", declaration(1, rows[0], at=market_clock(), party_id="OTHR"))
    _, accepted = othr.answers("BP000000000001")
    assert records(accepted, "VRH")[0][7] == "ACCEPTED"
    othr.send("BP000000000002", declaration(2, rows[1], at=market_clock(), party_id="OTHR"))
    _, refused = othr.answers("BP000000000002")
    assert [(row[0], row[3], row[4]) for row in records(refused, "VRB") if row[4] == "E"] == [("3", "GCD-01", "E")]


def test_numbers_duplicates_and_test_traffic(either: Gateway, client_of: MakeClient) -> None:
    either.start()
    acme = client_of(either, "acme")
    first = declaration(1, at=market_clock())
    for name, content, expected in (
        ("BP000000000001", first, "100"),
        ("BP000000000002", first, "101"),
        ("BP000000000003", declaration(1, "E_ABRTW-9|20261201|16|-5|||", at=market_clock()), "3"),
        ("BP000000000004", declaration(1, at=market_clock(), test_flag="TR01"), "100"),
        ("BP000000000005", declaration(2, at=market_clock(), party_id="OTHR"), "1"),
    ):
        acme.send(name, content)
        (receipt,) = acme.wait_for(f"{name}.ADT")
        assert (name, code(receipt)) == (name, expected)
    acme.wait_for("BP000000000001.VAL", "BP000000000004.VAL")
    flags = either.rows("SELECT test_flag, count(*) FROM capacity_value GROUP BY 1 ORDER BY 1")
    assert flags == [("OPER", 1), ("TR01", 1)]
    assert either.stop() == 0


def test_openssh_uploads_by_rename_and_directly(either: Gateway, client_of: MakeClient, tmp_path: Path) -> None:
    either.start()
    acme = client_of(either, "acme")
    (tmp_path / "one").write_bytes(declaration(1, at=market_clock()))
    (tmp_path / "two").write_bytes(declaration(2, at=market_clock()))
    openssh(acme, tmp_path, "put one temp/BP000000000001", "rename temp/BP000000000001 inbox/BP000000000001")
    openssh(acme, tmp_path, "put -p two inbox/BP000000000002")
    for name in ("BP000000000001", "BP000000000002"):
        receipt, _ = acme.answers(name)
        assert (name, code(receipt)) == (name, "100")
    openssh(acme, tmp_path, "get outbox/BP000000000001.VAL report", "rm outbox/BP000000000001.VAL")
    assert records((tmp_path / "report").read_bytes(), "VRH")[0][0] == "BP000000000001"
    assert "BP000000000001.VAL" not in acme.outbox()
    refusals = ["rm inbox/nothing", "ls ../othr", "mkdir temp/folder", "ln one temp/link", "ln -s one temp/link"]
    if not isinstance(either, SshdGateway):
        refusals.append("put one outbox/forged")  # who may delete in a folder of a file system may write there
    for refused in refusals:
        assert openssh(acme, tmp_path, refused, check=False).returncode != 0
    assert either.stop() == 0


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        pytest.param(b"", "1", id="empty"),
        pytest.param(bytes(range(256)) * 40_000, "1", id="10 MB of bytes"),
        pytest.param(b"AAA|K0151001|D|20261102093000|BP|VOLT|CR|UKDC|1||\n" + b"GCH|" * 10, "5", id="no footer"),
        pytest.param(b"AAA|K0151001|D|20261102093000|BP|VOLT|CR|UKDC|1||\nGCH" + b"|" * 10**6 + b"\nZZZ|3|0|\n", "7"),
    ],
)
def test_bad_input_gets_its_receipt_and_the_gateway_goes_on(
    shared_gateway: Gateway, client_of: MakeClient, content: bytes, expected: str
) -> None:
    volt = client_of(shared_gateway, "volt")
    (highest,) = shared_gateway.rows("SELECT coalesce(max(last), 0) FROM sequence WHERE channel LIKE 'BP|VOLT|CR%'")
    number = highest[0] + 1
    name = f"BAD{next(NUMBERS):011d}"
    volt.send(name, content.replace(b"UKDC|1|", f"UKDC|{number}|".encode()))
    (receipt,) = volt.wait_for(f"{name}.ADT")
    assert code(receipt) == expected
    good = f"BP{next(NUMBERS):012d}"
    volt.send(good, declaration(number + 1, "V__FEXMP001|20261201|0|0|||", at=market_clock(), party_id="VOLT"))
    receipt, _ = volt.answers(good)
    assert code(receipt) == "100"


@pytest.mark.parametrize("name", ["a\nb", "..", "../x", "x" * 10_000, "a/b", "\x00"])
def test_strange_names_are_refused_at_once(shared_gateway: Gateway, client_of: MakeClient, name: str) -> None:
    acme = client_of(shared_gateway, "acme")
    with pytest.raises((OSError, ValueError)):
        acme.send(name, b"anything")


def test_a_second_gateway_stands_by_and_takes_over(gateway: Gateway, client_of: MakeClient) -> None:
    gateway.start()
    second = Gateway(gateway.home, name="second")
    second.start(wait=False)
    try:
        acme = client_of(gateway, "acme")
        acme.send("BP000000000001", declaration(1, at=market_clock()))
        acme.answers("BP000000000001")
        assert not second.is_ready
        assert gateway.stop() == 0
        second.await_ready()
        later = client_of(second, "acme")
        later.send("BP000000000002", declaration(2, at=market_clock()))
        receipt, _ = later.answers("BP000000000002")
        assert code(receipt) == "100"
        assert second.stop() == 0
    finally:
        second.kill()
