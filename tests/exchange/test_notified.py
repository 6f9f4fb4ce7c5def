"""Notifications, expected volumes and baselining through a whole gateway, as their parties see them over SFTP."""

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Callable
from datetime import date, datetime

import pytest

from market.clock import idd_time
from outbound.writer import sealed
from tests.exchange.client import Client
from tests.exchange.made_market import records
from tests.exchange.market_time import market_clock
from tests.exchange.running import Gateway, eventually

MakeClient = Callable[[Gateway, str], Client]

TODAY, TOMORROW = date(2026, 11, 2), date(2026, 11, 3)


class Desk:
    """A party's desk: numbers its files by channel and collects their answers."""

    def __init__(self, client: Client, party_id: str, role: str) -> None:
        self.client, self.party_id, self.role = client, party_id, role
        self.sent: Counter[str] = Counter()

    def send(self, flow: str, *body: str) -> str:
        """Sends a file; its name."""
        to_role = "SO" if flow == "K0011001" else "G"
        self.sent[to_role] += 1
        name = f"{self.role}{self.sent.total():012d}"
        channel = f"{self.role}|{self.party_id}|{to_role}|UKDC|{self.sent[to_role]}"
        head = f"AAA|{flow}|D|{idd_time(market_clock())}|{channel}|OPER|"
        self.client.send(name, sealed("\n".join([head, *body, ""]).encode()))
        return name

    def collected(self, name: str) -> dict[str, bytes]:
        """All answers in the outbox once the report on a file is there, by file type in the order of arrival.

        They are deleted. Answers that are found at one look count in the order in which their names are given.
        """
        arrived: dict[str, bytes] = {}

        def look() -> bool:
            names = self.client.outbox()
            for answer in sorted(names, key=lambda one: (not one.endswith(".ADT"), one.endswith(".VAL"), one)):
                content = self.client.collect(answer)
                arrived["receipt" if answer.endswith(".ADT") else kind(content)] = content
            return f"{name}.VAL" in names

        eventually(look)
        return arrived


def kind(answer: bytes) -> str:
    return answer.split(b"|", 2)[1].decode()


def number(answer: bytes) -> int:
    """The number of an answer in its channel."""
    return int(answer.split(b"|", 9)[8])


def outcome(report: bytes) -> str:
    return records(report, "VRH")[0][7]


def breaches(report: bytes) -> list[tuple[str, str]]:
    """Line and rule of each breach that is more than a word of advice on the hour of the day."""
    return [(row[0], row[3]) for row in records(report, "VRB") if row[3] != "PNT-02"]


@pytest.fixture(scope="module")
def acme(shared_gateway: Gateway, party_keys: dict[str, object]) -> Desk:
    return Desk(Client(shared_gateway, "acme", party_keys["acme"]), "ACME", "BP")  # type: ignore[arg-type]


def pn(unit: str, *segments: str, day: date = TOMORROW) -> list[str]:
    return [f"PNH|{day:%Y%m%d}|", f"PNU|{unit}|", *(f"PNL|{segment}|" for segment in segments)]


def printed(gateway: Gateway, *arguments: str) -> str:
    command = [sys.executable, "-m", "gateway.command_line", "--home", str(gateway.home.root), *arguments]
    return subprocess.run(command, capture_output=True, check=True, text=True).stdout


def test_a_notification_is_answered_and_shown(shared_gateway: Gateway, acme: Desk) -> None:
    ramp = "20261103060000|45|20261103070000|90"
    name = acme.send(
        "K0011001", *pn("DINO-1", "20261103000000|45|20261103060000|45", ramp, "20261103070000|90|20261104000000|90")
    )
    answers = acme.collected(name)
    assert list(answers) == ["receipt", "K9001001"]
    assert outcome(answers["K9001001"]) == "ACCEPTED"
    assert records(answers["K9001001"], "VRH")[0][8:12] == ["48", "48", "0", "0"]
    assert breaches(answers["K9001001"]) == []
    page = json.loads(printed(shared_gateway, "pn", "T_DINO-1", str(TOMORROW), "--format", "json"))
    assert [(one["settlement_period"], one["mw_from"], one["mw_to"]) for one in page["profile"][11:15]] == [
        *((12, "45", "45"), (13, "45", "67.5"), (14, "67.5", "90"), (15, "90", "90"))
    ]
    text = printed(shared_gateway, "pn", "DINO-1", str(TOMORROW)).splitlines()
    assert text[0] == "T_DINO-1 on 2026-11-03, local time"
    assert sum(line.startswith("PN ") for line in text) == 48


def test_the_answers_to_expected_volumes_come_in_their_order(acme: Desk) -> None:
    day = f"{TODAY:%Y%m%d}"
    volumes = ["BSP|1|0.5|", "BSP|47|0.5|", "BSP|48|0|"]
    answers = acme.collected(acme.send("P0328001", f"BSD|{day}|{day}|", "BSB|2__CACME001|", *volumes))
    assert list(answers) == ["receipt", "P0330001", "P0329001", "P0331001", "K9001001"]
    _, *numbered = answers.values()
    assert [number(answer) - number(answers["P0330001"]) for answer in numbered] == [0, 1, 2, 3]
    assert records(answers["P0330001"], "BSA") == [["2__CACME001"]]
    (refused,) = records(answers["P0329001"], "BSR")
    assert refused[:5] == ["2__CACME001", day, day, "1", "0.5"]
    assert refused[5].startswith("SEV-03 received 2026-11-02 ")
    assert records(answers["P0331001"], "BSX") == [["2__CACME001", day]]
    assert [row[:2] for row in records(answers["P0331001"], "BSW")] == [["47", "0.5"]]
    assert outcome(answers["K9001001"]) == "PARTIAL"
    assert [row[1] for row in records(answers["K9001001"], "VRU")] == ["R", "W", "A"]


def test_an_accepted_change_of_a_pair_is_in_force_for_the_next_file(acme: Desk) -> None:
    volumes = ["BSD|20261103|20261103|", "BSB|2__CACME001|", "BSP|1|0.5|"]
    before = acme.collected(acme.send("P0328001", *volumes))
    assert list(before) == ["receipt", "P0330001", "P0331001", "K9001001"]
    assert breaches(before["K9001001"]) == [("4", "SEV-08")]
    changed = acme.collected(acme.send("P0326001", "PT1|ACME|2__CACME001|T||1200000000207|20261103|S||"))
    assert list(changed) == ["receipt", "P0334001", "K9001001"]
    after = acme.collected(acme.send("P0328001", *volumes))
    assert list(after) == ["receipt", "P0330001", "K9001001"]
    assert breaches(after["K9001001"]) == []


def test_submissions_of_one_bm_unit_are_decided_in_the_order_of_their_receipt(
    shared_gateway: Gateway, client_of: MakeClient
) -> None:
    othr = Desk(client_of(shared_gateway, "othr"), "OTHR", "BP")
    levels = (10, 20, 30, 40, 50, 60)
    whole = "20261103000000|{0}|20261104000000|{0}".format
    names = [othr.send("K0011001", *pn("T_OTTR-1", whole(level))) for level in levels]
    reports = othr.client.wait_for(*(f"{name}.VAL" for name in names))
    assert [outcome(report) for report in reports] == ["ACCEPTED"] * len(levels)
    assert [records(report, "VRH")[0][0] for report in reports] == names
    assert [number(report) for report in reports] == sorted(number(report) for report in reports)
    decided = [datetime.strptime(report.split(b"|", 4)[3].decode(), "%Y%m%d%H%M%S") for report in reports]  # noqa: DTZ007
    assert decided == sorted(decided)
    page = json.loads(printed(shared_gateway, "pn", "T_OTTR-1", str(TOMORROW), "--format", "json"))
    assert {one["mw_from"] for one in page["profile"]} == {"60"}
    assert sorted(one["in_force"] for one in page["history"]) == [0, 0, 0, 0, 0, 48]
