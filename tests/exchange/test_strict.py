"""A gateway with the strict sequence policy, killed between a gap's filling and the last decision behind it."""

from collections.abc import Callable

import pytest

from gateway import gaps
from gateway.doctor import differences
from market.clock import system_clock
from store import policy, submissions
from store.database import connect, reading, writing
from tests.exchange.client import Client
from tests.exchange.made_market import REPOSITORY, declaration, records
from tests.exchange.market_time import OPENING, market_clock
from tests.exchange.running import Gateway, eventually

MakeClient = Callable[[Gateway, str], Client]
Tried = Callable[[str, str, int], None]

KILLS = (
    *("decided before:2", "acknowledged before:3", "decided after:1", "answers added after:3", "acknowledged after:3"),
    *("decided before:1", "in force after:2", "answers added after:2", "decided after:2", "decided before:3"),
)
"""Where the gateway ends while the file that fills a gap, its third, and the two behind it are worked on."""

SOME = 3
"""So many of them are tried where not all are."""


def make_strict(gateway: Gateway) -> None:
    text = (REPOSITORY / "policy.toml").read_text().replace('"monotonic"', '"strict"')
    engine = connect(gateway.home.root)
    with writing(engine) as session:
        policy.load(session, text, at=OPENING, actor="operator")
    engine.dispose()


def name(number: int) -> str:
    return f"BP{number:012d}"


def send(client: Client, number: int) -> None:
    content = declaration(number, f"T_DINO-1|20261201|{100 + number}|-3|||", at=market_clock())
    client.send(name(number), content)


def decided(gateway: Gateway) -> list[int]:
    """The numbers whose files got a run, in the order in which they did."""
    order = "SELECT sequence FROM run JOIN submission ON submission_ref = ref ORDER BY run.id"
    return [number for (number,) in gateway.rows(order)]


def told(gateway: Gateway) -> list[tuple[int, str, int]]:
    """How many receipts and reports each number got."""
    counted = """SELECT sequence, kind, count(*) FROM answer JOIN submission ON submission_ref = ref
        WHERE kind IN ('RECEIPT', 'REPORT') GROUP BY 1, 2 ORDER BY 1, 2"""
    return gateway.rows(counted)


@pytest.mark.proof
def test_what_is_held_is_decided_once_and_in_order_wherever_the_gateway_ends(
    gateway: Gateway, client_of: MakeClient, tried: Tried, whole: bool
) -> None:
    gateway.compact = True
    make_strict(gateway)
    acme = client_of(gateway, "acme")
    points = KILLS if whole else KILLS[:SOME]
    for life, point in enumerate(points):
        first, second, third = range(3 * life + 1, 3 * life + 4)
        gateway.start(point)
        send(acme, third)
        send(acme, second)
        (receipt, _) = acme.wait_for(f"{name(second)}.ADT", f"{name(third)}.ADT")
        held = f"ENV-13 held: {second} follows a gap of 1, the channel expects {first}"
        assert records(receipt, "ADT")[0][3:5] == ["100", held]
        send(acme, first)
        eventually(lambda: not gateway.is_alive())
        gateway.kill()
        gateway.start()
        acme.wait_for(*(f"{name(number)}.VAL" for number in (first, second, third)))
        gateway.kill()
    every = range(1, 3 * len(points) + 1)
    assert decided(gateway) == [*every]
    assert told(gateway) == [(number, kind, 1) for number in every for kind in ("RECEIPT", "REPORT")]
    assert gateway.rows("SELECT count(*) FROM number_ahead") == [(0,)]
    gateway.start()
    assert gateway.stop() == 0
    engine = connect(gateway.home.root)
    assert differences(gateway.home, engine) == []
    engine.dispose()
    tried("kill points", "a gap filled under the strict policy", len(points))


def test_an_operator_releases_what_is_held_while_the_gateway_works(gateway: Gateway, client_of: MakeClient) -> None:
    gateway.compact = True
    make_strict(gateway)
    gateway.start()
    acme = client_of(gateway, "acme")
    for number in (5, 3, 4):
        send(acme, number)
    acme.wait_for(*(f"{name(number)}.ADT" for number in (3, 4, 5)))
    assert decided(gateway) == []
    engine = connect(gateway.home.root)
    with reading(engine) as session:
        refs = {one.sequence: one.ref for one in submissions.find(session, party_id="ACME")}
    with writing(engine) as session:
        held = submissions.get(session, refs[5])
        assert held is not None
        done = gaps.release(session, held, actor="operator", reason="they are lost", at=system_clock())
        assert done["given_up"] == "1 to 2"
    engine.dispose()
    reports = acme.wait_for(*(f"{name(number)}.VAL" for number in (3, 4, 5)))
    found = [{record[3] for record in records(report, "VRB")} for report in reports]
    assert ["ENV-13" in rules for rules in found] == [True, False, False]
    assert decided(gateway) == [3, 4, 5]
    send(acme, 6)
    acme.answers(name(6))
    assert gateway.stop() == 0
