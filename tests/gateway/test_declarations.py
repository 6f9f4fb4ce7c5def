"""Changes and ends of declarations, their ids, reruns, and what operators see."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from gateway import reruns, withdrawal
from market.frames import OPEN_END
from market.header import Header
from outbound.writer import header_record, sealed
from rules.declaration.example import FACILITY, IMPORT, declaration
from store import reference_load, submissions
from store.database import reading, writing
from tests.gateway.conftest import Gridpost
from tests.gateway.declaring import FIRST, NEXT_DAY, OWN, SMALL, Post, acme, in_force_set, othr
from tests.samples.exchange import Exchange


@pytest.fixture
def post(made_market: Path, exchange_root: Path) -> Iterator[Post]:
    exchange = Exchange(made_market, exchange_root)
    yield Post(exchange)
    exchange.close()


def test_a_change_of_supplier_on_a_day_of_46_periods(post: Post) -> None:
    in_force_set(post)
    day = date(2027, 3, 28)
    row = IMPORT.replace("ACME", "OTHR").replace("2__CACME000", "2__COTHR000")
    at = datetime(2027, 3, 27, 23, 59, 59, tzinfo=UTC)
    one = FACILITY.replace("20260401|2", "20260401|1")
    ref = post.send("OTHR", at, declaration(f"CoS|1|SET-10|{day:%Y%m%d}||Otto Orme", fac=one, msi=(row,)))
    assert post.state(ref) == ("VALIDATED", "ACCEPTED"), post.told("OTHR")[-1]
    assert post.in_force() == [
        (1, "ACME", "1200000000606", date(2026, 12, 1), date(2027, 3, 27)),
        (2, "OTHR", "1200000000800", date(2026, 12, 1), OPEN_END),
        (3, "OTHR", "1200000000606", day, OPEN_END),
    ]
    assert post.confirmed("ACME")[-1] == ["SET-9", "1", "STORE-9", "ENDED", "20261201", "20270327"]
    assert post.confirmed("OTHR")[-1] == ["SET-10", "3", "STORE-9", "IN FORCE", "20270328", ""]


@pytest.mark.parametrize(("hour", "outcome"), [(22, "ACCEPTED"), (23, "ACCEPTED")])
def test_the_day_of_receipt_is_londons_when_clocks_go_back(post: Post, hour: int, outcome: str) -> None:
    at = datetime(2026, 10, 24, hour, 30, tzinfo=UTC)
    day = "20261024" if hour == 22 else "20261025"
    director = "Dora Dean|T|20261001"
    assert (
        post.state(post.send("ACME", at, declaration(f"New||SET-9|{day}||Ann Archer", director=director)))[1] == outcome
    )


def test_a_declaration_for_the_day_before_is_late_a_second_after_london_midnight(post: Post) -> None:
    at = datetime(2026, 10, 24, 23, 0, 0, tzinfo=UTC)
    body = declaration("New||SET-9|20261024||Ann Archer", director="Dora Dean|T|20261001")
    assert post.state(post.send("ACME", at, body))[1] == "REJECTED"


def test_a_withdrawal_ends_a_declaration_on_its_last_day_and_taking_it_back_opens_it_again(post: Post) -> None:
    in_force_set(post)
    at = datetime(2026, 12, 10, 12, tzinfo=UTC)
    ref = post.send("ACME", at, declaration("Withdraw|1|SET-11|20261210|20261231|Ann Archer", msi=()))
    assert post.state(ref) == ("VALIDATED", "ACCEPTED"), post.told("ACME")[-1]
    assert post.confirmed("ACME")[-1] == ["SET-9", "1", "STORE-9", "WITHDRAWN", "20261201", "20261231"]
    assert post.in_force()[0][-1] == date(2026, 12, 31)
    with writing(post.exchange.engine) as session:
        found = submissions.get(session, ref)
        assert found is not None
        withdrawal.withdraw(session, found, actor="ann", reason="asked", at=at)
    assert post.in_force()[0][-1] == OPEN_END


def test_ids_are_never_given_twice(post: Post) -> None:
    post.send("ACME", FIRST, acme("New||SET-1|20261201||Kim Kent"))
    one = post.send("ACME", FIRST.replace(minute=31), acme())
    with writing(post.exchange.engine) as session:
        found = submissions.get(session, one)
        assert found is not None
        withdrawal.withdraw(session, found, actor="ann", reason="asked", at=NEXT_DAY)
    post.send("ACME", NEXT_DAY, acme())
    assert [record[1] for record in post.confirmed("ACME")] == ["1", "2"]


def test_declarations_are_listed_as_they_stand_on_a_day(post: Post, gridpost: Gridpost) -> None:
    in_force_set(post)
    post.send(
        "ACME",
        NEXT_DAY.replace(hour=17),
        acme("New||SET-7|20261201||Ann Archer", fac=SMALL.replace("|1|1 Q", "|3|1 Q"), msi=(OWN,)),
    )
    post.send("ACME", NEXT_DAY.replace(hour=18), declaration("Withdraw|1|SET-11|20261104|20261231|Ann Archer", msi=()))
    home = post.exchange.home.root

    def stand(*options: str) -> list[tuple[int, str]]:
        listed = gridpost("declarations", "--home", home, "--format", "json", *options).json
        return [(row["declaration_id"], row["standing"]) for row in listed]

    assert stand("--date", "2026-11-30") == [(3, "HELD"), (1, "TO COME"), (2, "TO COME")]
    assert stand("--date", "2026-12-31", "--party", "ACME") == [(3, "HELD"), (1, "IN FORCE")]
    assert stand("--date", "2027-01-01", "--facility", "STORE-9") == [(2, "IN FORCE")]
    assert stand("--date", "2027-01-01", "--facility", "STORE-9", "--all") == [(1, "ENDED"), (2, "IN FORCE")]
    text = gridpost("declarations", "--home", home, "--date", "2026-12-01")
    assert "1 of 3" in text.out
    assert gridpost("declarations", "--home", home, "--facility", "NONE").out == "nothing is declared\n"
    assert gridpost("declarations", "--home", home, "--date", "1 May").code == 2


def test_show_tells_the_history_of_the_facility(post: Post, gridpost: Gridpost) -> None:
    in_force_set(post)
    ref = post.send(
        "ACME", NEXT_DAY.replace(hour=18), declaration("Withdraw|1|SET-11|20261104|20261231|Ann Archer", msi=())
    )
    shown = gridpost("show", ref, "--home", post.exchange.home.root, "--format", "json").json["declared"]
    assert [(row["declaration_type"], row["declaration_id"], row["names"], row["effective_to"]) for row in shown] == [
        ("New", 1, None, "2026-12-31"),
        ("New", 2, None, None),
        ("Withdraw", None, 1, "2026-12-31"),
    ]
    assert "declared" in gridpost("show", ref, "--home", post.exchange.home.root).out


def test_a_rerun_of_a_joint_set_changes_nothing_and_keeps_its_ids(post: Post) -> None:
    refs = [post.send("ACME", FIRST, acme()), post.send("OTHR", NEXT_DAY, othr())]
    before, told = post.in_force(), post.confirmed("ACME") + post.confirmed("OTHR")
    home, engine = post.exchange.home, post.exchange.engine
    for ref in refs:
        rerun = reruns.compare(home, engine, ref, NEXT_DAY, as_received=False)
        assert not rerun.changes
        reruns.apply(home, engine, rerun, actor="ann", reason="to see", at=NEXT_DAY)
    assert post.in_force() == before
    assert post.confirmed("ACME") + post.confirmed("OTHR") == told


def test_a_rerun_of_a_declaration_that_was_changed_since_leaves_the_change_in_force(post: Post) -> None:
    ref = post.send("ACME", FIRST, declaration())
    changed = (IMPORT.replace("20261201", "20270328"),)
    one = FACILITY.replace("20260401|2", "20260401|1")
    post.send("ACME", NEXT_DAY, declaration("CoM|1|SET-10|20270328||Ann Archer", fac=one, msi=changed))
    before = post.in_force()
    assert [(row[0], row[4]) for row in before] == [(1, date(2027, 3, 27)), (1, date(2027, 3, 27)), (2, OPEN_END)]
    rerun = reruns.compare(post.exchange.home, post.exchange.engine, ref, NEXT_DAY, as_received=False)
    assert not rerun.changes
    reruns.apply(post.exchange.home, post.exchange.engine, rerun, actor="ann", reason="to see", at=NEXT_DAY)
    assert post.in_force() == before


def test_a_rerun_that_accepts_the_missing_part_decides_the_whole_set(post: Post, tmp_path: Path) -> None:
    held = post.send("ACME", FIRST, acme())
    wrong = post.send("OTHR", NEXT_DAY, othr("New||SET-9|20261201||Nora New"))
    assert (post.state(held)[0], post.state(wrong)[1]) == ("HELD", "REJECTED")
    signatories = tmp_path / "signatories.csv"
    signatories.write_text("party_id,name,category,effective_from,effective_to\nOTHR,Nora New,A,,\n")
    home, engine = post.exchange.home, post.exchange.engine
    with writing(engine) as session:
        reference_load.load(session, "signatories", signatories, at=NEXT_DAY, actor="test")
    rerun = reruns.compare(home, engine, wrong, NEXT_DAY, as_received=False)
    reruns.apply(home, engine, rerun, actor="ann", reason="late registration", at=NEXT_DAY)
    assert post.state(held) == post.state(wrong) == ("VALIDATED", "ACCEPTED")
    assert [row[1] for row in post.in_force()] == ["ACME", "OTHR"]
    assert [record[3] for record in post.confirmed("ACME")] == ["HELD", "IN FORCE"]
    assert [record[3] for record in post.confirmed("OTHR")] == ["IN FORCE"]


def test_a_rerun_of_a_part_whose_other_was_withdrawn_waits_again(post: Post) -> None:
    in_force_set(post)
    with reading(post.exchange.engine) as session:
        first, second = (submissions.find(session, party_id=party)[0].ref for party in ("ACME", "OTHR"))
    home, engine = post.exchange.home, post.exchange.engine
    with writing(engine) as session:
        found = submissions.get(session, second)
        assert found is not None
        withdrawal.withdraw(session, found, actor="ann", reason="asked", at=NEXT_DAY)
    rerun = reruns.compare(home, engine, first, NEXT_DAY, as_received=False)
    assert rerun.outcome == "HELD"
    reruns.apply(home, engine, rerun, actor="ann", reason="the other part is gone", at=NEXT_DAY)
    assert post.state(first) == ("HELD", None)
    assert post.in_force() == []


def test_a_check_tells_what_would_be_held(post: Post, gridpost: Gridpost, tmp_path: Path) -> None:
    header = Header("K4191001", "D", FIRST, "BP", "ACME", "G", "UKDC", 1, "")
    file = tmp_path / "BP000000000001"
    file.write_bytes(sealed(header_record(header) + f"{acme()}\n".encode()))
    home = post.exchange.home.root
    options = ("--home", home, "--format", "json", "--received-at", "2026-11-02T09:30:00Z")
    (checked,) = gridpost("check", file, *options).json
    assert checked["outcome"] == "HELD"
    assert checked["units"] == {"in": 1, "accepted": 0, "rejected": 0, "held": 1}
    assert [(one["rule"], one["severity"]) for one in checked["breaches"]] == [("DEC-06", "I")]
    post.send("OTHR", FIRST, othr())
    (checked,) = gridpost("check", file, *options).json
    assert checked["outcome"] == "ACCEPTED"
