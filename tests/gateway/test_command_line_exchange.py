"""The commands that look at an exchange, and those that mend it."""

import hashlib
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from gateway.sample_cases import SAMPLES, read_case
from ingest.landing import Landed, parse
from market.clock import system_clock
from store import submissions
from store.database import writing
from store.states import SubmissionState
from tests.gateway.conftest import Gridpost
from tests.samples.exchange import Exchange

ACCEPTED, SLIPPED = "K0151001/seasonal_accepted", "K0151001/seasonal_with_a_slipped_sign"
CUT_OFF = "envelope/cut_off_before_its_footer"
KEYS = ["file", "profile", "file_type", "receipt", "outcome", "units", "breaches"]


def file_of(name: str) -> Path:
    case = read_case(SAMPLES, name)
    return SAMPLES / case.name / case.file_name


def received_at(name: str) -> str:
    return read_case(SAMPLES, name).received_at.isoformat()


@pytest.fixture
def exchange(made_market: Path, tmp_path: Path) -> Iterator[Exchange]:
    """An exchange that has received an accepted file and one with a slipped sign."""
    exchange = Exchange(made_market, tmp_path / "home")
    for name in (ACCEPTED, SLIPPED):
        exchange.receive(read_case(SAMPLES, name))
    exchange.office.release()
    yield exchange
    exchange.close()


def state_of(root: Path) -> dict[str, str]:
    """Every file below a home with its hash, but the database's own."""
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file() and not path.name.startswith("gridpost.db")
    }


def submitted(gridpost: Gridpost, home: Path, *args: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = gridpost("--home", home, "submissions", "--format", "json", *args).json
    return found


def test_a_check_prints_what_programs_know(gridpost: Gridpost, market: Path) -> None:
    before = state_of(market)
    files = [file_of(ACCEPTED), file_of(CUT_OFF)]
    done = gridpost("--home", market, "check", *files, "--received-at", received_at(ACCEPTED), "--format", "json")
    assert done.code == 1
    accepted, cut_off = done.json
    assert [list(one) for one in done.json] == [KEYS, KEYS]
    assert [one["file"] for one in done.json] == [str(file) for file in files]
    assert accepted["outcome"] == "ACCEPTED"
    assert accepted["receipt"] == [{"code": 100, "data": ""}]
    assert set(accepted["units"]) == {"in", "accepted", "rejected", "held"}
    assert accepted["units"]["in"] == accepted["units"]["accepted"] > 0
    assert cut_off["outcome"] == "NACKED"
    assert cut_off["receipt"][0]["code"] == 5
    assert cut_off["units"] == {"in": 0, "accepted": 0, "rejected": 0, "held": 0}
    assert cut_off["breaches"] == []
    assert state_of(market) == before


def test_a_breach_is_told_with_its_place(gridpost: Gridpost, exchange: Exchange, tmp_path: Path) -> None:
    path = tmp_path / "BP000000000003"
    path.write_bytes(file_of(SLIPPED).read_bytes().replace(b"|UKDC|2|", b"|UKDC|3|"))
    assert gridpost("seal", path).code == 0
    done = gridpost(
        "--home", exchange.home.root, "check", path, "--received-at", received_at(SLIPPED), "--format", "json"
    )
    assert done.code == 1
    (found,) = done.json
    assert found["outcome"] == "PARTIAL"
    (breach,) = [one for one in found["breaches"] if one["rule"] == "GCD-01"]
    assert breach == {
        "rule": "GCD-01",
        "severity": "E",
        "line": 5,
        "record": "GCV",
        "item": "Demand Capacity",
        "value": "7.5",
        "message": "Demand Capacity 7.5 MW is above 0, a slipped sign is likely",
    }
    shown = gridpost("--home", exchange.home.root, "check", path, "--received-at", received_at(SLIPPED)).out
    assert "PARTIAL" in shown
    assert "GCD-01" in shown


@pytest.mark.parametrize(("name", "code"), [(ACCEPTED, 0), (SLIPPED, 1), (CUT_OFF, 1)])
def test_a_check_ends_with_1_where_something_is_refused(gridpost: Gridpost, market: Path, name: str, code: int) -> None:
    done = gridpost("--home", market, "check", file_of(name), "--received-at", received_at(name))
    assert done.code == code
    assert "receipt" in done.out


def test_a_file_that_was_received_is_a_duplicate(gridpost: Gridpost, exchange: Exchange) -> None:
    done = gridpost("--home", exchange.home.root, "check", file_of(ACCEPTED), "--format", "json")
    assert done.json[0]["outcome"] == "DUPLICATE"
    assert done.code == 0


def test_a_long_list_is_cut_with_its_counts(gridpost: Gridpost, market: Path, tmp_path: Path) -> None:
    path = tmp_path / "BP000000000001"
    rows = "".join(f"GCV|T_NONE-{n}|20261201|1|-1|||\n" for n in range(50))
    path.write_text(f"AAA|K0151001|D|20261102092000|BP|ACME|CR|UKDC|1||\nGCH|S|WIN|2026|Ann Archer|\n{rows}")
    assert gridpost("seal", path).code == 0
    done = gridpost("--home", market, "check", path, "--received-at", "2026-11-02T09:30:00Z")
    assert "20 of 50 breaches are listed; in all: IDN-01 50" in done.out
    assert done.out.count("T_NONE-") >= 20


def test_what_a_party_wrote_is_not_obeyed(gridpost: Gridpost, market: Path, tmp_path: Path) -> None:
    path = tmp_path / "\x1b[31mred[bold]\x9b2J"
    path.write_bytes(file_of(ACCEPTED).read_bytes())
    args = ("--home", market, "check", path, "--received-at", received_at(ACCEPTED))
    shown = gridpost(*args)
    assert "[bold]" in shown.out
    assert not {"\x1b", "\x9b"} & set(shown.out)
    told = gridpost(*args, "--format", "json")
    assert told.out.isascii()
    assert "\x1b" not in told.out
    assert any("red[bold]" in str(one["value"]) for one in told.json[0]["breaches"])


def test_submissions_are_listed_newest_first_and_found(gridpost: Gridpost, exchange: Exchange) -> None:
    home = exchange.home.root
    both = submitted(gridpost, home)
    assert [one["outcome"] for one in both] == ["PARTIAL", "ACCEPTED"]
    assert submitted(gridpost, home, "--limit", "1") == both[:1]
    assert submitted(gridpost, home, "--outcome", "accepted") == both[1:]
    assert submitted(gridpost, home, "--state", "VALIDATED", "--flow", "K0151001", "--party", "ACME") == both
    assert submitted(gridpost, home, "--party", "OTHR") == []
    assert submitted(gridpost, home, "--from", "2026-11-02", "--to", "2026-11-02") == both
    assert submitted(gridpost, home, "--from", "2026-11-03") == []
    assert submitted(gridpost, home, "--to", both[1]["received_at"]) == both[1:]
    assert both[0]["file_name"] in gridpost("--home", home, "submissions").out


@pytest.mark.parametrize(
    ("day", "first", "last"),
    [
        ("2026-03-29", "2026-03-29T00:00:00Z", "2026-03-29T22:59:59Z"),
        ("2026-10-25", "2026-10-24T23:00:00Z", "2026-10-25T23:59:59Z"),
    ],
)
def test_a_day_is_a_london_day(
    gridpost: Gridpost, made_market: Path, tmp_path: Path, day: str, first: str, last: str
) -> None:
    exchange = Exchange(made_market, tmp_path / "home")
    begin, end = datetime.fromisoformat(first), datetime.fromisoformat(last)
    moments = (begin - timedelta(seconds=1), begin, end, end + timedelta(seconds=1))
    with writing(exchange.engine) as session:
        for at in moments:
            landed = Landed(f"ACME/acme/{at:%Y%m%dT%H%M%S%fZ}-1-x", "ACME", "acme", "x", at, at, 0)
            submissions.enter(session, landed, actor="test", at=at)
    exchange.close()
    found = submitted(gridpost, tmp_path / "home", "--from", day, "--to", day)
    assert [one["received_at"] for one in found] == [last, first]


def test_a_submission_is_shown_whole(gridpost: Gridpost, exchange: Exchange) -> None:
    home = exchange.home.root
    ref = submitted(gridpost, home)[0]["ref"]
    page = gridpost("--home", home, "show", ref, "--format", "json").json
    assert gridpost("--home", home, "show", ref[:20], "--format", "json").json == page
    assert gridpost("--home", home, "show", f"acme/{page['file_name']}", "--format", "json").json == page
    assert [event["to_state"] for event in page["history"]] == ["RECEIVED", "ACKED", "VALIDATED"]
    assert [one["kind"] for one in page["answers"]] == ["RECEIPT", "FLOW", "REPORT"]
    (run,) = page["runs"]
    assert (run["outcome"], [breach["rule"] for breach in run["breaches"]]) == ("PARTIAL", ["GCD-01"])
    shown = gridpost("--home", home, "show", ref).out
    assert all(text in shown for text in (ref, "GCD-01", "BP000000000002.VAL", "VALIDATED"))


def test_a_beginning_that_means_several_is_told(gridpost: Gridpost, exchange: Exchange) -> None:
    done = gridpost("--home", exchange.home.root, "show", "0")
    assert done.code == 2
    assert "means several submissions" in done.err
    assert all(one["ref"] in done.err for one in submitted(gridpost, exchange.home.root))


def test_the_status_counts(gridpost: Gridpost, exchange: Exchange) -> None:
    found = gridpost("--home", exchange.home.root, "status", "--format", "json").json
    assert found["gateway"] is None
    assert found["submissions"]["VALIDATED"] == 2
    assert found["answers"]["PENDING"] == 6
    assert exchange.office.claim()
    found = gridpost("--home", exchange.home.root, "status", "--format", "json").json
    assert found["gateway"]["name"] == "test"
    assert "test works" in gridpost("--home", exchange.home.root, "status").out


def fault(exchange: Exchange, ref: str) -> None:
    """Lets a received submission have a fault that is tried again in an hour."""
    with writing(exchange.engine) as session:
        submissions.note_fault(
            session,
            ref,
            SubmissionState.RECEIVED,
            "Fault: \x1b[31m the archive is gone",
            next_try_at=system_clock() + timedelta(hours=1),
            actor="test",
            at=system_clock(),
        )


@pytest.fixture
def undecided(exchange: Exchange) -> str:
    """A received submission that nobody has read."""
    path = "ACME/acme/20261102T100000000000Z-000000000001-BP000000000003"
    (exchange.home.landing / path).write_bytes(file_of(ACCEPTED).read_bytes())
    with writing(exchange.engine) as session:
        return submissions.enter(session, parse(path, 0), actor="test", at=system_clock()).ref


def test_faults_are_listed_and_tried_again(gridpost: Gridpost, exchange: Exchange, undecided: str) -> None:
    home = ("--home", exchange.home.root)
    assert gridpost(*home, "faults", "--format", "json").json == []
    assert gridpost(*home, "faults", "retry", undecided).code == 2
    fault(exchange, undecided)
    (found,) = gridpost(*home, "faults", "list", "--format", "json").json
    assert (found["ref"], found["attempts"]) == (undecided, 1)
    assert "\x1b" not in gridpost(*home, "faults").out
    assert gridpost(*home, "faults", "retry", undecided).code == 0
    (again,) = gridpost(*home, "faults", "--format", "json").json
    assert again["next_try_at"] < found["next_try_at"]
    page = gridpost(*home, "show", undecided, "--format", "json").json
    assert page["history"][-1]["action"] == "retry"
    assert page["history"][-1]["actor"].startswith("operator ")


def test_what_has_a_receipt_can_be_quarantined(gridpost: Gridpost, exchange: Exchange, undecided: str) -> None:
    home = ("--home", exchange.home.root)
    assert gridpost(*home, "faults", "quarantine", undecided, "--reason", "it kills").code == 2
    with writing(exchange.engine) as session:
        submissions.change_state(
            session,
            undecided,
            SubmissionState.RECEIVED,
            SubmissionState.ACKED,
            actor="test",
            why="",
            at=system_clock(),
        )
    assert gridpost(*home, "faults", "quarantine", undecided).code == 2
    assert gridpost(*home, "faults", "quarantine", undecided, "--reason", "it kills").code == 0
    (found,) = gridpost(*home, "faults", "--format", "json").json
    assert (found["state"], found["fault"]) == ("QUARANTINED", "it kills")


def test_answers_are_sent_again_byte_for_byte(gridpost: Gridpost, exchange: Exchange) -> None:
    home = ("--home", exchange.home.root)
    ref = submitted(gridpost, exchange.home.root)[0]["ref"]
    assert gridpost(*home, "redeliver", ref, "--reason", "lost").code == 2
    assert exchange.office.claim()
    exchange.deliver()
    outbox = exchange.home.outbox("acme")
    before = {path.name: path.read_bytes() for path in outbox.iterdir()}
    first = gridpost(*home, "show", ref, "--format", "json").json["answers"]

    assert gridpost(*home, "redeliver", ref).code == 2
    again = gridpost(*home, "redeliver", ref, "--reason", "lost", "--format", "json").json
    assert [(one["kind"], one["redelivery_of"]) for one in again] == [(one["kind"], one["id"]) for one in first]
    exchange.deliver()
    names = {one["name"]: one["name"] for one in first}
    sent = {path.name: path.read_bytes() for path in outbox.iterdir() if path.name not in before}
    assert [sent[one["name"]] for one in again] == [before[name] for name in names]
    assert len(sent) == len(first)
    assert gridpost(*home, "show", ref, "--format", "json").json["history"][-1]["subject"] is not None
    third = gridpost(*home, "redeliver", ref, "--reason", "lost again", "--format", "json").json
    assert len(third) == len(first)
    exchange.office.release()


def test_json_is_ascii(gridpost: Gridpost, exchange: Exchange) -> None:
    for command in (["submissions"], ["status"], ["account", "list"], ["policy"], ["flows"]):
        done = gridpost("--home", exchange.home.root, *command, "--format", "json")
        assert done.out.isascii()
        json.loads(done.out)
