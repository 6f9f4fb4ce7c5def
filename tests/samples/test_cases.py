"""Every sample case gets the answers that stand beside it, byte for byte, and says truly what it shows."""

import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest
from sqlalchemy import text

from gateway.dry_run import Checked, UnitCounts, check
from gateway.sample_cases import CALENDAR, DESCRIPTION, MARKET, SAMPLES, Case, read_cases, records, with_earlier
from gateway.schedule.catalogue import all_checks
from market.character_set import made_safe
from outbound.csv_writer import neutral
from outbound.names import CSV_RECEIPT, CSV_REPORT, RECEIPT, REPORT
from rules.catalogue import all_rules
from store.database import reading
from store.reference import frames
from store.tables import METADATA
from tests.rules import world
from tests.samples.exchange import Exchange, make_market

CASES = read_cases()
TESTS = Path(__file__).parents[1]
REGENERATE = "read the difference, then write it with: python -m tests.samples.regenerate"

IMPLIED = {3: "ENV-06", 101: "ENV-07"}
"""Receipt codes whose data name no rule, and the rule that each stands for."""

WRITERS_ONLY = {"FLD-02"}
"""No inbound flow has an unused item: tests/outbound/test_writer.py shows that none is ever written."""

SCHEDULED = {rule.id for rule in all_rules() if rule.stage == "nightly"}
"""What scheduled runs find stands in no file: no answer to one names these rules. Tests of their checks show them."""


@pytest.fixture(scope="session")
def market(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("market") / "home"
    make_market(folder)
    return folder


def answered(case: Case, *endings: str) -> list[list[str]]:
    return [record for name, body in case.answers.items() if name.endswith(endings) for record in records(body)]


def breaches(case: Case) -> list[list[str]]:
    return [record for record in answered(case, REPORT, CSV_REPORT) if record[0] == "VRB"]


def is_held(case: Case) -> bool:
    """Whether the file waits at a gap after all that the case tells of."""
    return case.released_at is None and any("held" in record[5] for record in answered(case, RECEIPT))


def rules_named(case: Case) -> list[str]:
    named = {record[4] for record in breaches(case)}
    for _, _, _, _, code, data in answered(case, RECEIPT, CSV_RECEIPT):
        words = data.removeprefix("line ").split()
        named |= {IMPLIED[int(code)]} if int(code) in IMPLIED else {word for word in words if word in KNOWN}
    return sorted(named)


KNOWN = {rule.id for rule in all_rules()} - SCHEDULED
"""The rules that files are judged by."""


@dataclass(frozen=True)
class Played:
    """A case as it goes: what a check says of its file, whether that adds rows to the store, and what leaves for it."""

    case: Case
    checked: Checked
    check_adds: bool
    left: dict[str, bytes]


def rows(exchange: Exchange) -> dict[str, int]:
    with reading(exchange.engine) as session:
        return {name: session.connection().scalar(text(f"select count(*) from {name}")) for name in METADATA.tables}


@pytest.fixture(scope="module", params=CASES)
def played(request: pytest.FixtureRequest, market: Path, exchange_root: Path) -> Iterator[Played]:
    """A case after the files that came earlier."""
    *earlier, case = with_earlier(CASES, CASES[request.param])
    exchange = Exchange(market, exchange_root)
    for one in earlier:
        exchange.receive(one)
    before, path = rows(exchange), SAMPLES / case.name / case.file_name
    checked = check(exchange.engine, exchange.home, path, case.party_id, case.received_at, lambda done, records: None)
    check_adds = rows(exchange) != before
    yield Played(case, checked, check_adds, exchange.receive(case))
    exchange.close()


def test_a_case_gets_exactly_its_answers(played: Played) -> None:
    expected = {**played.case.answers, **played.case.told}
    assert sorted(played.left) == sorted(expected), REGENERATE
    for answer, body in played.left.items():
        assert body.decode() == expected[answer].decode(), f"{answer}: {REGENERATE}"
        assert body == expected[answer], f"{answer}: {REGENERATE}"


def shown(case: Case, text: str) -> str:
    """A text as answers of the case's profile show it."""
    if any(name.endswith(CSV_REPORT) for name in case.answers):
        return pl.select(neutral(pl.lit(text))).item() or ""
    return made_safe(text)


def test_a_check_says_what_the_answers_say(played: Played) -> None:
    case, found = played.case, played.checked
    assert not played.check_adds
    answers: dict[str, list[list[str]]] = {"ADT": [], "VRH": [], "VRB": []}
    for record in (record for body in case.answers.values() for record in records(body)):
        answers.setdefault(record[0], []).append(record[1:])
    assert [(str(code), made_safe(data)) for code, data in found.receipt] == [tuple(one[3:5]) for one in answers["ADT"]]
    if is_held(case):
        # its own report is that of the day on which its turn has come
        assert (found.outcome, tuple(found.counts)) == ("ACCEPTED", case.rules)
        return
    if not answers["VRH"]:
        assert found.outcome == ("DUPLICATE" if case.receipt == 101 else "NACKED")
        assert found.units == UnitCounts()
        assert found.breaches.is_empty()
        return
    head = answers["VRH"][0]
    assert found.outcome == head[7]
    assert found.units == UnitCounts(*map(int, head[8:12]))
    assert sum(found.counts.values()) == int(head[12])
    said = found.breaches.select("line", "record", "item", "rule", "severity", "value", "message").rows()
    assert [tuple(shown(case, "" if value is None else str(value)) for value in row) for row in said] == [
        tuple(one) for one in answers["VRB"]
    ]


@pytest.mark.parametrize("name", CASES)
def test_a_case_says_truly_what_its_answers_are(name: str) -> None:
    case = CASES[name]
    assert rules_named(case) == sorted(case.rules)
    assert {int(record[4]) for record in answered(case, RECEIPT, CSV_RECEIPT)} == {case.receipt}
    described = set(tomllib.loads((SAMPLES / name / DESCRIPTION).read_text()))
    assert described <= {
        *("shows", "party", "file", "received_at", "before", "released_at", "decisions", "runs", "receipt", "rules")
    }
    assert case.shows.endswith(".")


@pytest.mark.parametrize("name", CASES)
def test_a_report_follows_receipt_100_alone_and_its_counts_are_what_it_lists(name: str) -> None:
    case = CASES[name]
    heads = [record for record in answered(case, REPORT, CSV_REPORT) if record[0] == "VRH"]
    assert len(heads) == (case.receipt == 100 and not is_held(case))
    for head in heads:
        units_in, accepted, rejected, held, found, listed = map(int, head[9:15])
        outcomes = [record[2] for record in answered(case, REPORT, CSV_REPORT) if record[0] == "VRU"]
        assert units_in == accepted + rejected + held == len(outcomes)
        assert (rejected, held) == (outcomes.count("R"), outcomes.count("H"))
        assert found == listed == len(breaches(case))


def test_every_rule_and_every_receipt_code_stands_in_a_case() -> None:
    shown = {rule for case in CASES.values() for rule in case.rules}
    assert sorted(KNOWN - shown) == sorted(WRITERS_ONLY)
    assert {case.receipt for case in CASES.values()} == {1, 2, 3, 4, 5, 6, 7, 100, 101}


def test_every_rule_of_a_scheduled_run_is_shown_by_a_test_of_its_check() -> None:
    check_of = {rule: check.name for check in all_checks() for rule in check.rules}
    tests = "".join(path.read_text() for path in TESTS.glob("gateway/test_*.py"))
    assert sorted(rule for rule in SCHEDULED if f'"{check_of[rule]}"' not in tests) == []


def test_accepted_cases_without_any_breach_stand_beside_the_others() -> None:
    assert sum(case.receipt == 100 and not case.rules for case in CASES.values()) >= 10


def test_no_file_of_the_samples_is_unused() -> None:
    used = {
        SAMPLES / name / file
        for name, case in CASES.items()
        for file in (DESCRIPTION, case.file_name, *case.answers, *case.told)
    }
    found = {path for path in SAMPLES.glob("*/*/**/*") if path.is_file()}
    assert found - used == set()
    assert {path.name for path in (SAMPLES / "market").iterdir()} == {
        *(file for _, file in MARKET),
        CALENDAR,
        "policy.toml",
    }


def test_what_comes_before_a_case_is_received_before_it() -> None:
    for case in CASES.values():
        times = [at for one in with_earlier(CASES, case) for at in (one.received_at, *(run.at for run in one.runs))]
        assert times == sorted(set(times)), case.name


def test_the_market_of_the_samples_is_the_one_in_which_rules_are_tried(market: Path, tmp_path: Path) -> None:
    exchange = Exchange(market, tmp_path / "home")
    with reading(exchange.engine) as session:
        known = frames(session, [*(kind.replace("-", "_") for kind, _ in MARKET), "settlement_calendar"])
    exchange.close()
    for name, frame in known.items():
        expected = world.references()[name]
        assert frame.sort(frame.columns).equals(expected.sort(expected.columns)), name
