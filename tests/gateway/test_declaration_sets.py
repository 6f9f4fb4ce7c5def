"""Declaration sets over two Suppliers: held, completed a day later, expired; ids, ends, and what each is told."""

from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl
import pytest
from sqlmodel import col, select

from gateway import reruns, withdrawal
from gateway.declaration_sets import expire_held_sets
from gateway.sample_cases import Case, records
from market.frames import OPEN_END
from market.header import Header
from outbound.writer import header_record, sealed
from rules.declaration.example import FACILITY, IMPORT, declaration
from store import declarations, reference, reference_load, runs, submissions
from store.database import reading, writing
from store.states import SubmissionState
from store.tables import Answer
from tests.gateway.conftest import Gridpost
from tests.samples.exchange import Exchange

FIRST = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
NEXT_DAY = datetime(2026, 11, 3, 16, 0, tzinfo=UTC)
SMALL = FACILITY.replace("STORE-9", "STORE-7").replace("20260401|2", "20260401|1")
OWN = "1200000000703|I|ACME|2__CACME000|_C|C|HHD1|20261201|"
OTHERS = "1200000000800|I|OTHR|2__COTHR000|_C|C|HHD2|20261201|"


@pytest.fixture
def exchange(made_market: Path, tmp_path: Path) -> Iterator[Exchange]:
    made = Exchange(made_market, tmp_path / "home")
    yield made
    made.close()


class Post:
    """Sends declarations and reads what became of them."""

    def __init__(self, exchange: Exchange) -> None:
        self.exchange = exchange
        self.sent = 0

    def send(self, party: str, at: datetime, body: str, test_flag: str = "") -> str:
        """Takes a file to its decision; its reference."""
        self.sent += 1
        header = Header("K4191001", "D", at, "BP", party, "G", "UKDC", self.sent, test_flag)
        case = Case(
            name=f"file {self.sent}",
            shows="",
            party_id=party,
            file_name=f"BP{self.sent:012d}",
            received_at=at,
            before=(),
            receipt=100,
            rules=(),
            content=sealed(header_record(header) + f"{body}\n".encode()),
            answers={},
        )
        self.exchange.receive(case)
        with reading(self.exchange.engine) as session:
            return submissions.find(session, party_id=party, limit=1)[0].ref

    def told(self, party: str) -> list[tuple[str, list[list[str]]]]:
        """The flow and the body records of each answer but receipts to a party, in the order in which they leave."""
        with reading(self.exchange.engine) as session:
            wanted = select(Answer).where(Answer.account == party.lower(), col(Answer.file_type).is_not(None))
            found = session.exec(wanted.order_by(col(Answer.id))).all()
            return [(one.file_type or "", records(one.body or b"")) for one in found]

    def confirmed(self, party: str) -> list[list[str]]:
        """The NDC records that a party got, without their type."""
        return [record[1:] for flow, body in self.told(party) if flow == "K4193001" for record in body]

    def outcomes(self, party: str) -> list[tuple[str, str]]:
        """The outcome of each report to a party, with those of its units."""
        return [
            (body[0][8], "".join(record[2] for record in body if record[0] == "VRU"))
            for flow, body in self.told(party)
            if flow == "K9001001"
        ]

    def state(self, ref: str) -> tuple[str, str | None]:
        with reading(self.exchange.engine) as session:
            found = submissions.get(session, ref)
            assert found is not None
            return found.state, found.outcome

    def in_force(self, test_flag: str = "OPER") -> list[tuple[object, ...]]:
        """Declaration Id, Supplier, MSID and days of every declared metering system."""
        name = "declared_metering_systems"
        with reading(self.exchange.engine) as session:
            frame = reference.frames(session, [name], test_flag=test_flag)[name]
        return (
            frame.select("declaration_id", "supplier_id", "msid", "effective_from", "effective_to")
            .sort(pl.all())
            .rows()
        )


@pytest.fixture
def post(exchange: Exchange) -> Post:
    return Post(exchange)


def acme(dec: str = "New||SET-9|20261201||Ann Archer", **other: object) -> str:
    return declaration(dec, **({"msi": (IMPORT,)} | other))  # type: ignore[arg-type]


def othr(dec: str = "New||SET-9|20261201||Otto Orme", **other: object) -> str:
    return declaration(dec, **({"msi": (OTHERS,)} | other))  # type: ignore[arg-type]


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
    assert expire_held_sets(post.exchange.office, day) == ([ref] if expired else [])
    assert post.state(ref) == (("VALIDATED", "REJECTED") if expired else ("HELD", None))
    if expired:
        (_, report) = post.told("ACME")[-1]
        assert [record[4:6] + record[7:8] for record in report if record[0] == "VRB"] == [
            ["DEC-06", "E", "the set is not complete by 20261116, 10 Working Days after 20261102"]
        ]
        assert expire_held_sets(post.exchange.office, day) == []


def test_a_withdrawn_part_leaves_its_set(post: Post) -> None:
    first = post.send("ACME", FIRST, acme())
    with writing(post.exchange.engine) as session:
        found = submissions.get(session, first)
        assert found is not None
        withdrawal.withdraw(session, found, actor="ann", reason="asked", at=NEXT_DAY)
    assert post.state(post.send("OTHR", NEXT_DAY, othr())) == ("HELD", None)
    assert post.state(first) == (SubmissionState.WITHDRAWN, None)


def in_force_set(post: Post) -> None:
    post.send("ACME", FIRST, acme())
    post.send("OTHR", NEXT_DAY, othr())


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
