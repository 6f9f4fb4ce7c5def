"""What a party writes is shown to people and never obeyed: not by a terminal, a log, or a spreadsheet program."""

import csv
import io
import json
import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from gateway.front_door import AuditedSessions
from gateway.logs import JsonLine
from gateway.sample_cases import SAMPLES, read_case
from ingest.sftp.interfaces import SessionEvent, SessionKind
from market.clock import system_clock
from store import parties, submissions
from store.database import writing
from tests.gateway.conftest import Gridpost
from tests.samples.exchange import Exchange

SPELLS = "\x1b[2J\x1b]0;owned\x07\r\x08\x9b1m\u202e\u200b\u2028[bold red]x[/]\nFORGED line"
NAME = SPELLS.replace("/", "")
SPREADSHEET = read_case(SAMPLES, "K0151001/csv_from_a_spreadsheet")
FORMULA = re.compile("^\\s*[=+\\-@\uff0b\uff0d\uff1d\uff20]|^[\t\r\n]")
NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")

Tried = Callable[[str, str, int], None]


@pytest.fixture
def exchange(made_market: Path, tmp_path: Path) -> Iterator[Exchange]:
    """An exchange whose party gives hostile names and values; one of its files is in quarantine."""
    exchange = Exchange(made_market, tmp_path / "home")
    text = SPREADSHEET.content.decode("utf-8-sig")
    quoted = '"' + SPELLS.replace('"', '""') + '"'
    content = text.replace("T_DINO-1", quoted).replace("Ann Archer", quoted).encode()
    assert content != SPREADSHEET.content
    exchange.receive(replace(SPREADSHEET, file_name=f"gcdc_{NAME}.csv", content=content))
    later = SPREADSHEET.received_at + timedelta(minutes=1)
    case = replace(SPREADSHEET, file_name=f"{NAME}.idd", content=b"AAA|" + SPELLS.encode(), received_at=later)
    exchange.receive(case)
    unread = replace(case, file_name=f"2{NAME}", received_at=later + timedelta(minutes=1))
    ref = exchange._enter(unread)
    with writing(exchange.engine) as session:
        found = submissions.get(session, ref)
        assert found is not None
        found.fault, found.next_try_at = f"a fault that quotes {SPELLS}", system_clock()
        parties.get(session, "ACME").name = SPELLS
    (exchange.home.outbox("acme") / NAME).write_bytes(b"litter")
    (exchange.home.landing / NAME).write_bytes(b"litter")
    (exchange.home.archive / NAME).write_bytes(b"litter")
    exchange.office.release()
    yield exchange
    exchange.close()


def _refs(gridpost: Gridpost, home: Path) -> list[str]:
    return [row["ref"] for row in gridpost("--home", home, "submissions", "--format", "json").json]


def _is_plain(text: str) -> bool:
    return all(line.isprintable() for line in text.split("\n")) and not re.search("(?m)^FORGED", text)


@pytest.mark.proof
def test_no_command_prints_what_a_terminal_obeys(exchange: Exchange, gridpost: Gridpost, tried: Tried) -> None:
    home = exchange.home.root
    hostile = home / f"gcdc_{NAME}.csv"
    hostile.write_bytes(b"AAA|" + SPELLS.encode() + b"|\nZZZ|")
    reference = home / "parties.csv"
    reference.write_text(f'party_id,party_name,role,effective_from,effective_to\n"{SPELLS}","{SPELLS}",XX,,\n')
    refs = _refs(gridpost, home)
    assert len(refs) == 3
    commands: list[tuple[object, ...]] = [
        ("submissions",), ("status",), ("doctor",), ("faults",), ("summary",), ("breaches",), ("schedule",),
        ("party", "list"), ("account", "list"), ("signatory", "list"), ("declarations",), ("policy",),
        ("summary", "--date", f"{SPREADSHEET.received_at:%Y-%m-%d}"),
        *(("show", ref) for ref in refs), ("show", SPELLS), ("show", f"acme/{NAME}"),
        *(("rerun", ref, "--dry-run") for ref in refs), *(("redeliver", ref, "--reason", SPELLS) for ref in refs),
        ("check", "--party", "ACME", hostile), ("check", "--party", SPELLS, hostile), ("check", home / NAME),
        ("withdraw", refs[-1], "--reason", SPELLS), ("reset-sequence", SPELLS, "--to", "1", "--reason", SPELLS),
        ("reference", "load", "parties", reference), ("reference", "load", "signatories", hostile),
        ("convert", hostile), ("seal", hostile), ("template", SPELLS), ("flows", SPELLS), ("rules", SPELLS),
        ("account", "add", SPELLS, "--party", SPELLS), ("run", SPELLS), ("breach", SPELLS), ("release", SPELLS),
    ]  # fmt: skip
    shown = 0
    for command in commands:
        for format_ in ((), ("--format", "json")):
            said = gridpost("--home", home, *command, *format_)
            assert _is_plain(said.out), (command, said.out)
            assert _is_plain(said.err), (command, said.err)
            assert "Traceback" not in said.err, (command, said.err)
            shown += "FORGED" in said.out
    assert shown > 10
    listed = gridpost("--home", home, "submissions").out
    assert "[bold red]" in listed.replace("\n", "").replace(" ", "") or "[bold" in listed
    tried("hostile cases", "hostile texts in commands", 2 * len(commands))


def test_harmless_names_are_printed_as_they_are(exchange: Exchange, gridpost: Gridpost) -> None:
    home = exchange.home.root
    plain = home / "gcdc_Zählung 2026.csv"
    plain.write_bytes(SPREADSHEET.content)
    said = gridpost(
        "--home", home, "check", "--party", "ACME", plain, "--received-at", f"{SPREADSHEET.received_at:%FT%TZ}"
    )
    assert "gcdc_Zählung 2026.csv" in said.out


@pytest.mark.proof
def test_no_answer_holds_what_a_spreadsheet_computes(
    made_market: Path, tmp_path: Path, gridpost: Gridpost, tried: Tried
) -> None:
    """Each text item and the name of the file, in turn, as formulas; none stands in a cell of an answer."""
    exchange = Exchange(made_market, tmp_path / "home")
    spells = (
        "=1+1",
        "+1+cmd|' /C calc'!A0",
        "-2+3",
        "@SUM(A1)",
        "\t=1+1",
        " =1+1",
        "＝1+1",
        "=HYPERLINK(1)",
        "=1,=2;=3",
    )
    at, cells = SPREADSHEET.received_at, 0
    for number, spell in enumerate(spells):
        text = (
            SPREADSHEET.content.decode("utf-8-sig")
            .replace("T_DINO-1", f'"{spell}"')
            .replace("Ann Archer", f'"{spell}"')
        )
        case = replace(
            SPREADSHEET,
            file_name=f"gcdc_{spell.strip()}.csv".replace("/", ""),
            content=text.encode(),
            received_at=at + timedelta(minutes=number),
        )
        for name, answer in exchange.receive(case).items():
            assert name.endswith(".csv")
            for row in csv.reader(io.StringIO(answer.decode("utf-8-sig")), delimiter=";"):
                for cell in row:
                    assert not FORMULA.match(cell) or NUMBER.fullmatch(cell), (name, cell)
                    cells += 1
    exchange.close()
    assert cells > 100
    tried("hostile cases", "formulas in answers", len(spells))


def test_a_session_event_is_one_line_of_the_log(caplog: pytest.LogCaptureFixture, exchange: Exchange) -> None:
    events = AuditedSessions(exchange.engine)
    at = datetime.fromisoformat("2026-11-02T09:35:00+00:00")
    with caplog.at_level(logging.INFO):
        events.write(SessionEvent(at, SessionKind.REFUSED, "acme", "127.0.0.1", SPELLS, SPELLS))
    (record,) = [one for one in caplog.records if one.name == "gridpost.sessions"]
    line = JsonLine().format(record)
    assert line.isprintable()
    assert json.loads(line)["event"] == "session event"
    assert json.loads(line)["detail"] == SPELLS
