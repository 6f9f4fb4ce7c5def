"""What a check is told, and that it changes nothing; tests/samples shows that it says what the exchange does."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from gateway.dry_run import Checked, check
from gateway.sample_cases import SAMPLES, Case, read_cases
from market.home import Home
from store import policy
from store.database import open_store, writing
from tests.samples.exchange import Exchange

CASES = read_cases()


@pytest.fixture
def exchange(made_market: Path, exchange_root: Path) -> Iterator[Exchange]:
    exchange = Exchange(made_market, exchange_root)
    yield exchange
    exchange.close()


def checked(exchange: Exchange, case: Case) -> Checked:
    path = SAMPLES / case.name / case.file_name
    return check(exchange.engine, exchange.home, path, case.party_id, case.received_at, lambda done, records: None)


def test_the_party_is_the_headers_unless_another_is_named(exchange: Exchange) -> None:
    case = CASES["K0151001/seasonal_accepted"]
    path = SAMPLES / case.name / case.file_name
    assert check(exchange.engine, exchange.home, path, None, case.received_at, lambda *_: None).outcome == "ACCEPTED"
    other = check(exchange.engine, exchange.home, path, "OTHR", case.received_at, lambda *_: None)
    assert other.receipt[0][0] == 1
    assert "ENV-04" in other.receipt[0][1]


def test_a_party_that_is_not_known_holds_no_role(exchange: Exchange, tmp_path: Path) -> None:
    case = CASES["K0151001/seasonal_accepted"]
    path = tmp_path / case.file_name
    path.write_bytes(case.content.replace(b"|ACME|", b"|NONE|"))
    found = check(exchange.engine, exchange.home, path, None, case.received_at, lambda *_: None)
    assert (found.outcome, found.receipt[0][0]) == ("NACKED", 1)


@pytest.mark.parametrize(
    "name",
    [
        *("K4192001/non_final_demand_left_out", "K4192001/values_that_are_no_values", "K4192001/accepted"),
        *("P0328001/accepted_refused_and_warned", "K4192001/csv_non_final_demand_left_out"),
    ],
)
def test_the_first_breaches_are_those_of_all_breaches(exchange: Exchange, name: str) -> None:
    case = CASES[name]
    path, at = SAMPLES / case.name / case.file_name, case.received_at
    every = checked(exchange, case)
    for listed in (1, 2, 20):
        found = check(exchange.engine, exchange.home, path, case.party_id, at, lambda *_: None, listed)
        assert found.breaches.head(listed).equals(every.breaches.head(listed))
        assert (found.counts, found.units, found.outcome) == (every.counts, every.units, every.outcome)


def test_what_is_judged_is_told_slice_by_slice(exchange: Exchange) -> None:
    case = CASES["K0151001/seasonal_accepted"]
    told: list[tuple[int, int]] = []
    check(
        exchange.engine,
        exchange.home,
        SAMPLES / case.name / case.file_name,
        None,
        case.received_at,
        lambda done, records: told.append((done, records)),
    )
    lines = case.content.count(b"\n")
    assert told == [(0, lines), (lines - 2, lines)]


def test_a_check_of_an_hour_ago_sees_nothing_that_came_since(
    made_market: Path, tmp_path: Path, exchange_root: Path
) -> None:
    exchange = Exchange(made_market, exchange_root)
    case = CASES["K0151001/seasonal_accepted"]
    exchange.receive(case)
    path = tmp_path / "BP000000000002"
    shutil.copyfile(SAMPLES / "K0151001/seasonal_declared_again/BP000000000002", path)
    late, early = (datetime(2026, 11, 2, hour, tzinfo=UTC) for hour in (23, 1))
    since = check(exchange.engine, exchange.home, path, None, late, lambda *_: None)
    earlier = check(exchange.engine, exchange.home, path, None, early, lambda *_: None)
    assert "GCS-04" in {*since.counts}
    assert "GCS-04" not in {*earlier.counts}
    exchange.close()


def test_a_store_without_submissions_is_enough(tmp_path: Path) -> None:
    engine, at = open_store(tmp_path), datetime(2026, 1, 1, tzinfo=UTC)
    with writing(engine) as session:
        policy.load(session, (SAMPLES.parent / "policy.toml").read_text(), at=at, actor="test")
    path = tmp_path / "x"
    path.write_bytes(b"")
    found = check(engine, Home(tmp_path), path, None, at, lambda *_: None)
    assert (found.outcome, found.file_type, found.receipt[0][0]) == ("NACKED", None, 1)
    engine.dispose()
