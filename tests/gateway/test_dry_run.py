"""A check says what the exchange does: of every sample case the same receipt, outcome, units and breaches."""

import shutil
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import text

from gateway.dry_run import Checked, UnitCounts, check
from gateway.sample_cases import SAMPLES, Case, read_cases, records, with_earlier
from market.character_set import made_safe
from market.home import Home
from outbound.csv_writer import neutral
from outbound.names import CSV_REPORT
from store import policy
from store.database import open_store, reading, writing
from store.tables import METADATA
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


def shown(case: Case, text: str) -> str:
    """A text as answers of the case's profile show it."""
    if any(name.endswith(CSV_REPORT) for name in case.answers):
        return pl.select(neutral(pl.lit(text))).item() or ""
    return made_safe(text)


def rows(exchange: Exchange) -> dict[str, int]:
    with reading(exchange.engine) as session:
        return {name: session.connection().scalar(text(f"select count(*) from {name}")) for name in METADATA.tables}


@pytest.mark.parametrize("name", CASES)
def test_a_check_says_what_the_answers_say(exchange: Exchange, name: str) -> None:
    *earlier, case = with_earlier(CASES, CASES[name])
    for one in earlier:
        exchange.receive(one)
    before = rows(exchange)
    found = checked(exchange, case)
    assert rows(exchange) == before
    answers: dict[str, list[list[str]]] = {"ADT": [], "VRH": [], "VRB": []}
    for record in (record for body in case.answers.values() for record in records(body)):
        answers.setdefault(record[0], []).append(record[1:])
    assert [(str(code), made_safe(data)) for code, data in found.receipt] == [tuple(one[3:5]) for one in answers["ADT"]]
    if not answers["VRH"]:
        assert found.outcome == ("DUPLICATE" if case.receipt == 101 else "NACKED")
        assert found.units == UnitCounts()
        assert found.breaches.is_empty()
        return
    head = answers["VRH"][0]
    assert found.outcome == head[7]
    assert found.units == UnitCounts(*map(int, head[8:12]))
    assert sum(found.counts.values()) == int(head[12])
    # a report has no H: what holds a unit is told as information
    severity = pl.col("severity").replace("H", "I")
    said = found.breaches.select("line", "record", "item", "rule", severity, "value", "message").rows()
    assert [tuple(shown(case, "" if value is None else str(value)) for value in row) for row in said] == [
        tuple(one) for one in answers["VRB"]
    ]


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
