"""Metered volumes as an operator loads them and as feeds put them in force."""

import datetime as dt
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import Engine

from gateway.metered_volumes import load
from gateway.sample_cases import Case
from market.header import Header
from market.home import Home
from market.in_force import metered_volumes_in_force
from market.reference import METERED_VOLUMES
from market.settlement_period import periods_in_day
from outbound.writer import header_record, sealed
from rules.metered.units import METERED, metered_volumes
from store import policy, reference
from store.database import reading, writing
from store.metered_volumes import MeteredVolumesLoad
from store.refused import RefusedError
from tests.gateway.conftest import Gridpost
from tests.rules.world import judged
from tests.samples.exchange import Exchange

NOON = dt.datetime(2026, 11, 10, 12, tzinfo=dt.UTC)
SPRING, AUTUMN, PLAIN = dt.date(2026, 3, 29), dt.date(2026, 10, 25), dt.date(2026, 11, 9)
POLICY = (Path(__file__).parents[2] / "policy.toml").read_text()
HEADER = "bm_unit_id,settlement_date,run_type,settlement_period,qm_mwh\n"


@pytest.fixture
def home(tmp_path: Path) -> Home:
    made = Home(tmp_path / "home")
    made.make()
    return made


def flow_body(day: dt.date, run: str = "II", unit: str = "T_DINO-1", volume: str = "1.5", side: str = "E") -> str:
    head = f"ABV|{unit}|{day:%Y%m%d}|{run}|1|20261110|\n"
    return head + "".join(f"ABP|{number}|F|{volume}|{side}|\n" for number in range(1, periods_in_day(day) + 1))


def flow_bytes(body: str) -> bytes:
    return sealed(header_record(Header("C0421002", "D", NOON, "CD", "UKDC", "CR", "UKDC", 1)) + body.encode())


def put(store: Engine, home: Home, content: bytes | str, at: dt.datetime = NOON) -> MeteredVolumesLoad:
    path = home.root / "volumes"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    with writing(store) as session:
        policy.load(session, POLICY, at=NOON, actor="operator")
        return load(session, home, path, at=at, actor="operator")


def in_force(store: Engine, home: Home, day: dt.date) -> list[tuple[object, ...]]:
    with reading(store) as session:
        found = reference.frames(session, ["metered_volumes"], days=(day, day), home=home)["metered_volumes"]
    assert found.schema == METERED_VOLUMES
    counts = metered_volumes_in_force(found).sort("bm_unit_id", "settlement_period")
    return counts.select("bm_unit_id", "run_type", "settlement_period", "volume").rows()


@pytest.mark.parametrize("day", [SPRING, AUTUMN, PLAIN])
def test_a_flow_file_is_loaded_with_the_sign_of_its_indicator(store: Engine, home: Home, day: dt.date) -> None:
    done = put(store, home, flow_bytes(flow_body(day) + flow_body(day, unit="E_ABRTW-9", side="I")))
    last = periods_in_day(day)
    assert (done.bm_units, done.days, done.volumes) == (2, 1, 2 * last)
    found = in_force(store, home, day)
    assert found[0] == ("E_ABRTW-9", "II", 1, -1_500)
    assert found[-1] == ("T_DINO-1", "II", last, 1_500)


def test_the_signed_csv_carries_supplier_units_too(store: Engine, home: Home) -> None:
    put(store, home, HEADER + "2__CACME000,2026-10-25,II,50,-12.5\n2__CACME000,2026-10-25,II,1,0.001\n")
    assert in_force(store, home, AUTUMN) == [("2__CACME000", "II", 1, 1), ("2__CACME000", "II", 50, -12_500)]


def test_the_latest_run_wins_and_of_a_run_the_last_received(store: Engine, home: Home) -> None:
    second = dt.timedelta(seconds=1)
    put(store, home, HEADER + "T_DINO-1,2026-11-09,SF,1,2\nT_DINO-1,2026-11-09,SF,2,2\n")
    put(store, home, HEADER + "T_DINO-1,2026-11-09,II,1,9\n", NOON + second)
    assert [row[-1] for row in in_force(store, home, PLAIN)] == [2_000, 2_000]
    put(store, home, HEADER + "T_DINO-1,2026-11-09,R1,1,3\n", NOON + 2 * second)
    put(store, home, HEADER + "T_DINO-1,2026-11-09,R1,1,4\n", NOON + 3 * second)
    assert [row[1:] for row in in_force(store, home, PLAIN)] == [("R1", 1, 4_000), ("SF", 2, 2_000)]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (HEADER + "T_A,2026-03-29,II,47,1\n", "47 is not on 2026-03-29, which has periods 1 to 46"),
        (HEADER + "T_A,2026-11-09,I1,1,1\n", "I1 is not one of II, SF"),
        (HEADER + "T_A,2026-11-09,II,1,1.0001\n", "1.0001 is not MWh with at most three decimals"),
        (HEADER + "T_A,2026-11-09,II,1,1\nT_A,2026-11-09,II,1,2\n", "stand on an earlier line"),
        (HEADER, "it has no volume"),
        (flow_bytes(flow_body(PLAIN, volume="x")), "FLD-"),
        (flow_bytes(flow_body(AUTUMN).replace("20261025", "20261024")), "2 of its periods are on no day"),
        (flow_bytes(flow_body(PLAIN)).replace(b"C0421002", b"K0151001"), "ENV-10"),
        (flow_bytes(flow_body(PLAIN))[:-20], "ENV-"),
    ],
)
def test_a_file_with_a_problem_changes_nothing(store: Engine, home: Home, content: bytes | str, told: str) -> None:
    with pytest.raises(RefusedError) as caught:
        put(store, home, content)
    assert told in str(caught.value)
    assert not [file for file in home.record_sets.rglob("*") if file.is_file()]


def test_a_unit_of_a_feed_is_a_bm_unit_day_and_run() -> None:
    bad = flow_body(PLAIN, unit="E_ABRTW-9").replace("ABP|7|F|1.5", "ABP|7|F|x", 1)
    judgement = judged((flow_body(AUTUMN) + bad).rstrip("\n"), flow="C0421002", sender="UKDC")
    assert judgement.units.select("key", "outcome").rows() == [
        ("T_DINO-1 20261025 II", "A"),
        ("E_ABRTW-9 20261109 II", "R"),
    ]
    rows = metered_volumes(judgement.effect)
    assert rows.select("bm_unit_id", "settlement_period", "volume", "line").row(49) == ("T_DINO-1", 50, 1_500, 52)
    assert rows.height == 50
    assert METERED.puts is not None


def test_periods_that_a_day_does_not_have_say_nothing() -> None:
    body = flow_body(AUTUMN).replace("20261025", "20260329").rstrip("\n")
    rows = metered_volumes(judged(body, flow="C0421002", sender="UKDC").effect)
    assert rows["settlement_period"].to_list() == list(range(1, 47))
    assert rows["settlement_date"].unique().to_list() == [SPRING]
    assert isinstance(rows, pl.DataFrame)


def test_a_feed_of_the_central_participant_is_put_in_force(made_market: Path, tmp_path: Path) -> None:
    exchange = Exchange(made_market, tmp_path / "exchange")
    content = flow_bytes(flow_body(AUTUMN) + flow_body(SPRING, "SF", side="I"))
    answers = exchange.receive(Case("feed", "", "UKDC", "CD000000000001", NOON, (), 100, (), content, {}))
    report = next(body.decode() for name, body in answers.items() if name.endswith(".VAL"))
    assert "|ACCEPTED|2|2|0|0|0|0|" in report
    assert "VRU|T_DINO-1 20261025 II|A|2|" in report
    assert len(in_force(exchange.engine, exchange.home, AUTUMN)) == 50
    assert in_force(exchange.engine, exchange.home, SPRING)[-1] == ("T_DINO-1", "SF", 46, -1_500)
    exchange.close()


def test_the_command_line_loads_both_forms(gridpost: Gridpost, market: Path, tmp_path: Path) -> None:
    path = tmp_path / "volumes.csv"
    path.write_text(HEADER + "2__CACME000,2026-10-25,II,50,-12.5\n")
    said = gridpost("--home", market, "reference", "load", "metered-volumes", path)
    assert said.code == 0
    assert said.out.startswith("metered-volumes: 1 volumes of 1 BM Units on 1 days, as load-")
    path.write_bytes(flow_bytes(flow_body(SPRING)))
    done = gridpost("--home", market, "reference", "load", "metered-volumes", path, "--format", "json").json
    assert (done["kind"], done["volumes"]) == ("metered-volumes", 46)
