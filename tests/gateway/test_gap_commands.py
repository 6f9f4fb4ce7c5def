"""What operators see of files behind a gap, and do about them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.sample_cases import Case, read_cases
from tests.gateway.conftest import Gridpost
from tests.gateway.declaring import FIRST, Post, acme
from tests.samples.exchange import Exchange

CASES = read_cases()


@pytest.fixture
def exchange(made_market: Path, exchange_root: Path) -> Iterator[Exchange]:
    made = Exchange(made_market, exchange_root)
    yield made
    made.close()


def receive(exchange: Exchange, name: str, **other: object) -> Case:
    case = replace(CASES[name], **other)  # type: ignore[arg-type]
    exchange.receive(case)
    return case


def test_a_held_file_is_listed_shown_counted_and_released(exchange: Exchange, gridpost: Gridpost) -> None:
    receive(exchange, "envelope/held_until_released", released_at=None)
    at_home = ("--home", exchange.home.root)
    (listed,) = gridpost("submissions", *at_home, "--state", "held", "--format", "json").json
    assert (listed["receipt"], listed["state"], listed["outcome"]) == (100, "HELD", None)
    shown = gridpost("show", listed["ref"], *at_home, "--format", "json").json
    assert (shown["waits_for"], shown["runs"]) == ("1 to 3", [])
    assert shown["history"][-1]["why"] == "ENV-13 held: 4 follows a gap of 3, the channel expects 1"
    assert f"1 of {shown['channel']}, which expects 1" in gridpost("status", *at_home).out
    (held,) = gridpost("summary", *at_home, "--date", "2026-10-20", "--format", "json").json["held"]
    assert held["why"] == "ENV-13 held: 4 follows a gap of 3, the channel expects 1"
    refused = gridpost("reset-sequence", shown["channel"], "--reason", "a new system", *at_home)
    assert (refused.code, f"release or withdraw {listed['ref']} first" in refused.err) == (2, True)
    released = gridpost("release", listed["ref"], "--reason", "the files are lost", *at_home)
    assert (released.code, released.out) == (0, f"submission {listed['ref']} is released; given up: 1 to 3\n")
    assert gridpost("show", listed["ref"], *at_home, "--format", "json").json["state"] == "ACKED"
    assert gridpost("release", listed["ref"], "--reason", "again", *at_home).code == 2


def test_a_number_is_missing_for_each_flow_and_flag_by_itself(exchange: Exchange, gridpost: Gridpost) -> None:
    receive(exchange, "envelope/held_at_a_gap")
    exchange.now = datetime(2026, 10, 20, 9, 31, tzinfo=UTC)
    case = CASES["K4191001/accepted"]
    assert exchange.receive(replace(case, received_at=datetime(2026, 10, 20, 9, 32, tzinfo=UTC)))
    found = gridpost("submissions", "--home", exchange.home.root, "--format", "json").json
    assert [(one["file_type"], one["state"]) for one in found] == [("K4191001", "VALIDATED"), ("K0151001", "HELD")]


def test_an_incomplete_declaration_set_is_not_released(exchange: Exchange, gridpost: Gridpost) -> None:
    ref = Post(exchange).send("ACME", FIRST, acme())
    said = gridpost("release", ref, "--reason", "it is late", "--home", exchange.home.root)
    assert said.code == 2
    assert "1 of 2 metering systems of the set SET-9 are declared, by ACME" in " ".join(said.err.split())
