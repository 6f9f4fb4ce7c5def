"""What is missing for tomorrow, told to Lead Parties once; and the commands that start, list and sum up."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import col, select

from gateway.sample_cases import SAMPLES, read_case
from gateway.schedule.carrying_out import carry_out
from store import accounts, parties, scheduled_runs
from store.database import reading, writing
from store.states import AnswerKind
from store.tables import Answer
from tests.gateway.conftest import Gridpost
from tests.samples.exchange import Exchange

NOTIFIED = "K0011001/accepted_for_tomorrow"
SLIPPED = "K0151001/seasonal_with_a_slipped_sign"
CHANGES = (date(2026, 3, 29), date(2026, 10, 25))


@pytest.fixture
def exchange(made_market: Path, exchange_root: Path) -> Iterator[Exchange]:
    made = Exchange(made_market, exchange_root)
    yield made
    made.close()


def run(exchange: Exchange, check: str, day: date) -> dict[str, Any]:
    """A run of a check at 11:05 GMT of a day."""
    exchange.now = max(exchange.now, datetime(day.year, day.month, day.day, 11, 5, tzinfo=UTC))
    with writing(exchange.engine) as session:
        found = scheduled_runs.start_by_hand(session, check, day, owner="test", at=exchange.now)
    return carry_out(exchange.office, found, {})


def sent(exchange: Exchange) -> list[tuple[str, list[list[str]]]]:
    """The notices that went out, in order: account and records."""
    with reading(exchange.engine) as session:
        rows = session.exec(select(Answer).where(Answer.kind == AnswerKind.NOTICE).order_by(col(Answer.id))).all()
    return [(row.account, [line.split("|")[:-1] for line in (row.body or b"").decode().splitlines()]) for row in rows]


def units_told(exchange: Exchange) -> dict[str, list[str]]:
    return {account: [record[3] for record in records[1:-1]] for account, records in sent(exchange)}


def test_units_without_a_pn_for_tomorrow_are_listed_to_their_lead_party(exchange: Exchange) -> None:
    case = read_case(SAMPLES, NOTIFIED)
    exchange.receive(case)
    (day,) = {line.split("|")[1] for line in case.content.decode().splitlines() if line.startswith("PNH")}
    notified = {line.split("|")[1] for line in case.content.decode().splitlines() if line.startswith("PNU")}
    tomorrow = datetime.strptime(day, "%Y%m%d").replace(tzinfo=UTC).date()
    done = run(exchange, "missing-notifications", tomorrow - timedelta(days=1))
    told = units_told(exchange)
    assert notified & {"T_DINO-1", "E_ABRTW-9"}
    assert not notified & set(told["acme"])
    assert "T_ZERO-1" in told["acme"]
    assert "T_OTTR-1" in told["othr"]
    assert done["told"] == done["found"] == sum(map(len, told.values()))
    (_, records), *_ = sent(exchange)
    assert records[0][1:8] == ["K9002001", "D", records[0][3], "SO", "UKDC", "BP", "ACME"]
    line = next(record for record in records if record[3:4] == ["T_ZERO-1"])
    message = f"0 of 48 periods of {day} have a PN, the FPN flag of the BM Unit is T"
    assert line == ["NOT", "MON-08", f"{tomorrow - timedelta(days=1):%Y%m%d}", "T_ZERO-1", "", message]


def test_nobody_is_told_twice_and_the_next_day_is_told_anew(exchange: Exchange) -> None:
    day = date(2026, 11, 10)
    first = run(exchange, "missing-notifications", day)
    again = run(exchange, "missing-notifications", day)
    assert (again["told"], again["told_before"]) == (0, first["told"])
    count = len(sent(exchange))
    assert run(exchange, "missing-notifications", day + timedelta(days=1))["told"] == first["told"]
    assert len(sent(exchange)) == 2 * count


def test_a_party_without_an_account_is_named_and_told_later(exchange: Exchange) -> None:
    with writing(exchange.engine) as session:
        accounts.end(session, "othr", actor="test", at=exchange.now)
    day = date(2026, 11, 10)
    done = run(exchange, "missing-notifications", day)
    assert done["untold"] == {"OTHR": "party OTHR has no live account: nothing can be sent"}
    assert {account for account, _ in sent(exchange)} == {"acme"}
    with writing(exchange.engine) as session:
        accounts.add(session, "othr2", "OTHR", [], actor="test", at=exchange.now)
        parties.end(session, "ACME", date(2026, 11, 9), actor="test", at=exchange.now)
    again = run(exchange, "missing-notifications", day)
    assert list(again["untold"]) == ["ACME"]
    assert again["told"] == 1
    assert [account for account, _ in sent(exchange)] == ["acme", "othr2"]


@pytest.mark.parametrize("change", CHANGES)
def test_baselined_units_without_a_sev_are_listed(exchange: Exchange, change: date) -> None:
    count = {3: 46, 10: 50}[change.month]
    done = run(exchange, "missing-expected-volumes", change - timedelta(days=1))
    assert (done["found"], done["told"]) == (1, 1)
    ((account, records),) = sent(exchange)
    assert account == "volt"
    assert records[0][4] == "G"
    message = f"0 of {count} periods of {change:%Y%m%d} have a SEV in force"
    assert records[1] == ["NOT", "MON-09", f"{change - timedelta(days=1):%Y%m%d}", "V__FEXMP001", "", message]


def test_schedules_are_listed_with_last_and_next_times(gridpost: Gridpost, market: Path) -> None:
    listed = {row["check"]: row for row in gridpost("--home", market, "schedule", "--format", "json").json}
    assert listed["missing-notifications"]["rules"] == ["MON-08"]
    assert listed["missing-notifications"]["last"] is None
    assert listed["missing-notifications"]["next_due_at"]
    done = gridpost("--home", market, "run", "missing-notifications", "--date", "2026-11-10", "--format", "json")
    assert done.code == 0, done.err
    assert (done.json["attempt"], done.json["state"], done.json["business_date"]) == (2, "DONE", "2026-11-10")
    assert gridpost("--home", market, "run", "missing-notifications", "--date", "2026-11-10").out.startswith(
        "attempt 3 at missing-notifications for 2026-11-10: found "
    )
    (listed,) = [
        row
        for row in gridpost("--home", market, "schedule", "--format", "json").json
        if row["check"] == "missing-notifications"
    ]
    assert listed["last"]["attempt"] == 3
    text = gridpost("--home", market, "schedule").out
    assert "5 11 * * *" in text
    assert "next due (London)" in text
    runs = gridpost("--home", market, "schedule", "missing-notifications", "--format", "json").json
    assert [row["attempt"] for row in runs] == [3, 2]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("run", "nothing"), "nothing is no check; there are "),
        (("run", "missing-notifications", "--date", "tomorrow"), "tomorrow is no day YYYY-MM-DD"),
        (("schedule", "nothing"), "nothing is no check; there are "),
        (("summary", "--date", "tomorrow"), "tomorrow is no day YYYY-MM-DD"),
    ],
)
def test_what_cannot_be_done_is_said(gridpost: Gridpost, market: Path, arguments: tuple[str, ...], reason: str) -> None:
    done = gridpost("--home", market, *arguments)
    assert done.code == 2
    assert reason in done.err


def test_a_day_is_summed_up(gridpost: Gridpost, exchange: Exchange) -> None:
    slipped = read_case(SAMPLES, SLIPPED)
    late = read_case(SAMPLES, "K0151001/autumn_a_second_after_the_deadline")
    cases = sorted((slipped, late), key=lambda case: case.received_at)
    for case in cases:
        exchange.receive(case)
    exchange.office.release()
    home = exchange.home.root

    def summed(day: date) -> dict[str, Any]:
        found: dict[str, Any] = gridpost("--home", home, "summary", "--date", day, "--format", "json").json
        return found

    found = summed(slipped.received_at.date())
    assert found["received"]["files"] == 1
    assert {row["rule"] for row in found["refused_by_rule"]} <= set(slipped.rules)
    assert found["refused_by_rule"][0]["files"] == 1
    assert found["late"] == []
    assert (found["held"], found["faults"], found["outboxes"]) == ([], [], [])
    found = summed(late.received_at.date())
    assert [row["rules"] for row in found["late"]] == [["GCS-03"]]
    assert found["late"][0]["file_name"] == late.file_name
    nothing = summed(date(2026, 3, 28))
    assert nothing["received"] == {"files": 0, "by_flow": []}
    assert nothing["deadlines"][-1] == {"on": "2026-06-01", "at": None, "what": "SUM 2026 begins"}
    assert {"on": "2026-05-15", "at": "2026-05-15T16:00:00Z", "what": "declarations for SUM 2026 close"} in nothing[
        "deadlines"
    ]
    text = gridpost("--home", home, "summary", "--date", late.received_at.date()).out
    assert text.startswith(f"{late.received_at.date()}: 1 files received")
    assert "GCS-03" in text
