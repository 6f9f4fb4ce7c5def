"""`gridpost breaches`, `breach` and `challenge decide`, after a challenge that came as a file through all steps."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from gateway.metered_volumes import load
from gateway.sample_cases import Case
from gateway.schedule.carrying_out import carry_out
from market.header import Header
from outbound.writer import header_record, sealed
from store import policy, scheduled_runs
from store.database import writing
from tests.gateway.conftest import Gridpost
from tests.samples.exchange import Exchange

LIMITS = """
[[capacity_limit]]
season = "WIN"
start_year = 2026
generation = { abs_mw = "1", pct = "2" }
demand = { abs_mw = "1", pct = "2" }
"""
POLICY = (Path(__file__).parents[2] / "policy.toml").read_text() + LIMITS
REF = "GCB00000000001"
VOLUMES = "bm_unit_id,settlement_date,run_type,settlement_period,qm_mwh\n" + "".join(
    f"T_DINO-1,2026-12-02,II,{period},{52 if period == 35 else 20}\n" for period in range(1, 49)
)


@pytest.fixture
def exchange(made_market: Path, tmp_path: Path, exchange_root: Path) -> Iterator[Exchange]:
    """The sample market with one GC breach of T_DINO-1, opened on 10 December 2026."""
    made = Exchange(made_market, exchange_root)
    made.now = datetime(2026, 12, 9, 12, tzinfo=UTC)
    path = tmp_path / "volumes.csv"
    path.write_text(VOLUMES)
    with writing(made.engine) as session:
        policy.load(session, POLICY, at=made.now, actor="test")
        load(session, made.home, path, at=made.now, actor="test")
    made.now = datetime(2026, 12, 10, 4, tzinfo=UTC)
    with writing(made.engine) as session:
        day = date(2026, 12, 10)
        run = scheduled_runs.start_by_hand(session, "gcdc-breaches", day, owner="test", at=made.now)
    assert carry_out(made.office, run, {})["opened"] == 1
    yield made
    made.close()


def challenge(exchange: Exchange, received_at: datetime, unit: str = "T_DINO-1", ref: str = REF) -> dict[str, bytes]:
    """The answers to a challenge of ACME's that proposes 101 MW."""
    header = Header("K0152001", "D", received_at, "BP", "ACME", "CR", "UKDC", 1)
    body = f"GCC|{ref}|{unit}|GC|101|Metering fault|Ann Archer|\n"
    content = sealed(header_record(header) + body.encode())
    case = Case("challenge", "", "ACME", "BP000000000077", received_at, (), 100, (), content, {})
    return exchange.receive(case)


def report(answers: dict[str, bytes]) -> str:
    return next(body.decode() for name, body in answers.items() if name.endswith(".VAL"))


def test_nothing_is_known_before_a_breach(gridpost: Gridpost, market: Path) -> None:
    assert gridpost("--home", market, "breaches").out == "no GC/DC breach is known\n"
    assert gridpost("--home", market, "breaches", "--open", "--format", "json").json == []
    said = gridpost("--home", market, "breach", REF)
    assert (said.code, said.err) == (2, f"gridpost: GC/DC breach {REF} is not known\n")


def test_a_breach_is_listed_and_drawn(gridpost: Gridpost, exchange: Exchange) -> None:
    home = exchange.home.root
    (row,) = gridpost("--home", home, "breaches", "--open", "--format", "json").json
    assert row == {
        "reference": REF,
        "bm_unit_id": "T_DINO-1",
        "side": "GC",
        "season": "WIN 2026",
        "state": "OPEN",
        "periods": 1,
        "worst": "2026-12-02 period 35",
        "metered_mw": "104",
        "estimate_mw": "104",
        "challenge_by": "2026-12-24",
    }
    assert REF in gridpost("--home", home, "breaches").out
    page = gridpost("--home", home, "breach", REF, "--format", "json").json
    assert (page["declared_mw"], page["limit_mw"], page["bound_mw"], page["value_mw"]) == ("99", "1.98", "100.98", None)
    assert [len(page["metered"]), page["metered"][34]["mw"], page["metered"][34]["from"]] == [
        *(48, "104", "2026-12-02T17:00:00Z"),
    ]
    assert [event["action"] for event in page["history"]] == ["open"]
    text = gridpost("--home", home, "breach", REF).out
    for part in (
        "T_DINO-1 on 2026-12-02, local time",
        "GC and limit MW",
        "52 MWh is 104 MW in period 35 of 2026-12-02",
    ):
        assert part in text


def test_a_challenge_in_time_is_accepted_and_decided(gridpost: Gridpost, exchange: Exchange) -> None:
    home = exchange.home.root
    answers = challenge(exchange, datetime(2026, 12, 24, 23, 59, 58, tzinfo=UTC))
    assert f"|ACCEPTED|{1}|{1}|" in report(answers)
    assert gridpost("--home", home, "breaches", "--format", "json").json[0]["state"] == "CHALLENGED"
    page = gridpost("--home", home, "breach", REF, "--format", "json").json
    assert (page["challenge"]["proposed_mw"], page["challenge"]["reason"]) == ("101", "Metering fault")
    decide = ("--home", home, "challenge", "decide", REF, "--reason", "Heard")
    said = gridpost(*decide, "--decision", "X")
    assert (said.code, said.err.startswith("gridpost: X is no decision")) == (2, True)
    assert gridpost(*decide, "--decision", "P", "--value", "102.5001").code == 2
    assert gridpost(*decide, "--decision", "P", "--value", "-102").code == 2
    said = gridpost(*decide, "--decision", "P", "--value", "102.5")
    assert (said.code, said.out) == (0, f"{REF} is decided P: 102.5 MW; 102.5 MW is in force from 2026-12-25\n")
    page = gridpost("--home", home, "breach", REF, "--format", "json").json
    assert (page["state"], page["value_mw"]) == ("PART_UPHELD", "102.5")
    assert [event["action"] for event in page["history"]] == ["open", "close"]
    assert gridpost("--home", home, "breaches", "--open").out == "no GC/DC breach is open\n"


@pytest.mark.parametrize(
    ("received_at", "ref", "rule"),
    [
        (datetime(2026, 12, 25, 0, 0, 0, tzinfo=UTC), REF, "GCC-02"),
        (datetime(2026, 12, 24, 12, 0, 0, tzinfo=UTC), "GCB00000000002", "GCC-01"),
    ],
)
def test_a_challenge_that_is_late_or_of_no_breach_is_refused(
    gridpost: Gridpost, exchange: Exchange, received_at: datetime, ref: str, rule: str
) -> None:
    assert rule in report(challenge(exchange, received_at, ref=ref))
    said = gridpost("--home", exchange.home.root, "challenge", "decide", REF, "--decision", "R", "--reason", "Late")
    assert (said.code, said.err) == (2, f"gridpost: GC/DC breach {REF} is not challenged\n")


def test_a_breach_is_drawn_as_a_picture(gridpost: Gridpost, exchange: Exchange, tmp_path: Path) -> None:
    picture = tmp_path / "breach.png"
    said = gridpost("--home", exchange.home.root, "breach", REF, "--png", picture)
    assert (said.code, said.err) == (0, "")
    assert picture.read_bytes().startswith(b"\x89PNG\r\n\x1a\n")
    assert picture.stat().st_size > 10_000
    said = gridpost("--home", exchange.home.root, "breach", REF, "--png", tmp_path / "none" / "breach.png")
    assert (said.code, said.err) == (
        2,
        f"gridpost: {tmp_path}/none/breach.png cannot be written: No such file or directory\n",
    )
