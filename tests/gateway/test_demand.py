"""Aggregated demand through a whole gateway: put on record, answered, replaced, compared."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest

from gateway.sample_cases import Case, records
from market.header import Header
from outbound.writer import header_record, sealed
from rules.demand.examples import DECLARED, OF_DECLARED, OF_UNDECLARED, UNDECLARED, run_of, unit_of
from store import effects, reference, submissions
from store.database import reading, writing
from tests.rules.demand import declared_metering_systems
from tests.samples.exchange import Exchange

MORNING = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
NOON = datetime(2026, 11, 2, 12, tzinfo=UTC)
SUNDAY = date(2026, 10, 25)


@pytest.fixture
def exchange(made_market: Path, exchange_root: Path) -> Iterator[Exchange]:
    made = Exchange(made_market, exchange_root)
    with writing(made.engine) as session:
        frame = declared_metering_systems()
        effects.add(session, "declared_metering_systems", frame, test_flag="OPER", run_number=1)
    yield made
    made.close()


def sent(exchange: Exchange, number: int, at: datetime, body: str, test_flag: str = "") -> dict[str, list[list[str]]]:
    """Takes a file to its decision; the body records of its answers by flow."""
    header = Header("K4192001", "D", at, "BP", "ACME", "G", "UKDC", number, test_flag)
    content = sealed(header_record(header) + f"{body}\n".encode())
    case = Case(f"file {number}", "", "ACME", f"BP{number:012d}", at, (), 100, (), content, {})
    answers = exchange.receive(case)
    return {body.split(b"|")[1].decode(): records(body) for name, body in answers.items() if not name.endswith(".ADT")}


def on_record(exchange: Exchange, test_flag: str = "OPER") -> pl.DataFrame:
    with reading(exchange.engine) as session:
        days = (SUNDAY, SUNDAY)
        found = reference.frames(
            session, ["aggregated_demand"], days=days, home=exchange.home, party_id="ACME", test_flag=test_flag
        )
    return found["aggregated_demand"]


def test_a_day_is_put_on_record_and_a_later_file_replaces_it(exchange: Exchange) -> None:
    body = run_of(unit_of(DECLARED, OF_DECLARED, periods=50), day="20261025")
    first = sent(exchange, 1, MORNING, body)
    assert set(first) == {"K9001001"}
    assert first["K9001001"][0][8] == "ACCEPTED"
    second = sent(exchange, 2, NOON, body)
    assert [record[4] for record in second["K9001001"] if record[0] == "VRB"] == ["NFD-13"]
    found = on_record(exchange)
    assert found["received_at"].to_list() == [MORNING, NOON]
    assert found["gross_demand"].to_list() == [[125_000] * 50] * 2
    with reading(exchange.engine) as session:
        refs = [one.ref for one in submissions.find(session, party_id="ACME", limit=2)]
    assert set(found["submission_ref"]) == set(refs)


def test_missing_and_unexpected_demand_are_told_and_leave_nothing_on_record(exchange: Exchange) -> None:
    units = (
        unit_of(DECLARED, OF_UNDECLARED, periods=50),
        unit_of(UNDECLARED, OF_DECLARED, periods=50),
        unit_of(UNDECLARED, OF_UNDECLARED, periods=50, measurement_class="E"),
    )
    answers = sent(exchange, 1, MORNING, run_of(*units, day="20261025"))
    assert answers["K9001001"][0][8:12] == ["PARTIAL", "3", "1", "2"]
    assert [record[4] for record in answers["P0310001"]] == ["1200000000207", "1200000000401"]
    assert [record[0] for record in answers["P0311001"]] == ["HDI", "MDI"]
    assert answers["P0311001"][1][6] == "NFD-06 Non-Final Demand unexpected"
    assert on_record(exchange).select("bm_unit_id", "measurement_class").rows() == [(UNDECLARED, "E")]


def test_test_traffic_is_on_no_live_record(exchange: Exchange) -> None:
    body = run_of(unit_of(DECLARED, OF_DECLARED, periods=50), day="20261025")
    sent(exchange, 1, MORNING, body, "TR01")
    assert on_record(exchange).is_empty()
    assert on_record(exchange, "TR01").height == 1
