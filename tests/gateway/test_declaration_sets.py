"""Declaration sets over two Suppliers: held, completed a day later, refused, expired."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from gateway import withdrawal
from gateway.checks.held_sets import HELD_SETS
from gateway.schedule.check import Occasion
from market.frames import OPEN_END
from rules.declaration.example import FACILITY, IMPORT, declaration
from store import declarations, runs, submissions
from store.database import reading, writing
from store.states import SubmissionState
from tests.gateway.declaring import FIRST, NEXT_DAY, Post, acme, othr
from tests.samples.exchange import Exchange


def night(post: Post, day: date) -> list[str]:
    """The submissions whose sets the scheduled run of a day refuses."""
    exchange = post.exchange
    occasion = Occasion(
        check=HELD_SETS.name,
        run_id=1,
        business_date=day,
        at=exchange.now,
        now=exchange.now,
        token=1,
        engine=exchange.engine,
        home=exchange.home,
        parameters={},
    )
    apply = HELD_SETS.work(occasion)
    with writing(exchange.engine) as session:
        refused: list[str] = apply(session)["refused"]
    return refused


@pytest.fixture
def post(made_market: Path, exchange_root: Path) -> Iterator[Post]:
    exchange = Exchange(made_market, exchange_root)
    yield Post(exchange)
    exchange.close()


def test_a_set_whose_second_supplier_comes_a_day_later(post: Post) -> None:
    first = post.send("ACME", FIRST, acme())
    assert post.state(first) == ("HELD", None)
    assert post.in_force() == []
    assert post.confirmed("ACME") == [["SET-9", "1", "STORE-9", "HELD", "20261201", ""]]
    assert post.outcomes("ACME") == [("HELD", "H")]
    second = post.send("OTHR", NEXT_DAY, othr())
    assert post.state(first) == post.state(second) == ("VALIDATED", "ACCEPTED")
    assert post.in_force() == [
        (1, "ACME", "1200000000606", date(2026, 12, 1), OPEN_END),
        (2, "OTHR", "1200000000800", date(2026, 12, 1), OPEN_END),
    ]
    assert post.confirmed("ACME")[1:] == [["SET-9", "1", "STORE-9", "IN FORCE", "20261201", ""]]
    assert post.confirmed("OTHR") == [["SET-9", "2", "STORE-9", "IN FORCE", "20261201", ""]]
    assert post.outcomes("ACME")[1:] == [("ACCEPTED", "A")]
    with reading(post.exchange.engine) as session:
        assert [run.kind for run in runs.of(session, first)] == ["ARRIVAL", "RERUN"]
        assert declarations.waiting(session).is_empty()


def test_the_report_on_a_held_set_tells_what_is_missing(post: Post) -> None:
    post.send("ACME", FIRST, acme())
    (_, report) = post.told("ACME")[-1]
    assert report[0][12] == "1", "units held"
    assert [record[4:6] + record[7:8] for record in report if record[0] == "VRB"] == [
        ["DEC-06", "I", "1 of 2 metering systems of the set SET-9 are declared"]
    ]


def test_a_supplier_alone_waits_for_nobody(post: Post) -> None:
    ref = post.send("ACME", FIRST, declaration())
    assert post.state(ref) == ("VALIDATED", "ACCEPTED")
    assert len(post.in_force()) == 2


def test_a_refused_part_does_not_count_and_the_set_waits_for_its_correction(post: Post) -> None:
    first = post.send("ACME", FIRST, acme())
    wrong = post.send("OTHR", NEXT_DAY, othr("New||SET-9|20261201||Kim Kent"))
    assert post.state(wrong) == ("VALIDATED", "REJECTED")
    assert post.state(first) == ("HELD", None)
    right = post.send("OTHR", NEXT_DAY.replace(minute=30), othr())
    assert post.state(first) == post.state(right) == ("VALIDATED", "ACCEPTED")
    assert [row[0] for row in post.in_force()] == [1, 2]


def test_a_part_that_differs_is_refused_and_tells_no_more_than_where(post: Post) -> None:
    post.send("ACME", FIRST, acme())
    post.send("OTHR", NEXT_DAY, othr(fac=FACILITY.replace("Dock Battery", "Dock Storage")))
    (_, report) = post.told("OTHR")[-1]
    messages = [record[7] for record in report if record[4:5] == ["DEC-05"]]
    assert messages == ["another declaration of the set SET-9 differs in Facility Name"]


def test_test_traffic_completes_no_live_set(post: Post) -> None:
    live = post.send("ACME", FIRST, acme())
    test = post.send("OTHR", NEXT_DAY, othr(), test_flag="TR01")
    assert post.state(live) == post.state(test) == ("HELD", None)
    assert post.in_force("TR01") == []


def test_a_file_is_held_while_any_set_in_it_is(post: Post) -> None:
    whole = declaration(
        "New||SET-8|20261201||Ann Archer",
        fac=FACILITY.replace("STORE-9", "STORE-8").replace("20260401|2", "20260401|1"),
        msi=(IMPORT.replace("0606", "0703"),),
    )
    ref = post.send("ACME", FIRST, f"{whole}\n{acme()}")
    assert post.state(ref) == ("HELD", None)
    assert post.outcomes("ACME") == [("HELD", "AH")]
    assert [row[0] for row in post.in_force()] == [1]
    post.send("OTHR", NEXT_DAY, othr())
    assert post.state(ref) == ("VALIDATED", "ACCEPTED")
    assert [row[0] for row in post.in_force()] == [1, 2, 3]
    assert [record[3] for record in post.confirmed("ACME")] == ["IN FORCE", "HELD", "IN FORCE"]


@pytest.mark.parametrize(("day", "expired"), [(date(2026, 11, 16), False), (date(2026, 11, 17), True)])
def test_a_set_is_refused_when_its_working_days_are_over(post: Post, day: date, expired: bool) -> None:
    ref = post.send("ACME", FIRST, acme())
    post.exchange.now = datetime(day.year, day.month, day.day, 1, 0, tzinfo=UTC)
    assert night(post, day) == ([ref] if expired else [])
    assert post.state(ref) == (("VALIDATED", "REJECTED") if expired else ("HELD", None))
    assert [row[3] for row in post.confirmed("ACME")] == (["HELD", "WITHDRAWN"] if expired else ["HELD"])
    if expired:
        (_, report) = post.told("ACME")[-1]
        assert [record[4:6] + record[7:8] for record in report if record[0] == "VRB"] == [
            ["DEC-06", "E", "the set is not complete by 20261116, 10 Working Days after 20261102"]
        ]
        assert night(post, day) == []


def test_a_withdrawn_part_leaves_its_set(post: Post) -> None:
    first = post.send("ACME", FIRST, acme())
    with writing(post.exchange.engine) as session:
        found = submissions.get(session, first)
        assert found is not None
        withdrawal.withdraw(session, found, actor="ann", reason="asked", at=NEXT_DAY)
    assert post.state(post.send("OTHR", NEXT_DAY, othr())) == ("HELD", None)
    assert post.state(first) == (SubmissionState.WITHDRAWN, None)
