"""The reference exchange: all kinds of files and outcomes, reruns and a nightly run, over five weeks of a market."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway.sample_cases import SAMPLES, read_case
from gateway.seal import sealed_content
from ingest.sftp.paths import Folder
from market.home import Home
from tests.exchange.acting import (
    Memory,
    Step,
    collect,
    late_signatories,
    redeliver,
    rerun,
    schedule,
    send,
    withdraw,
)
from tests.exchange.life import Life
from tests.exchange.made_market import declaration
from tests.samples.exchange import make_market

_MORNING = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
_NEXT_DAY = datetime(2026, 11, 3, 8, 0, tzinfo=UTC)


def _file(name: str) -> bytes:
    return read_case(SAMPLES, name).content


def _numbered(content: bytes, number: int) -> bytes:
    """A file under another sequence number, with the footer that goes with it."""
    header, _, rest = content.partition(b"\n")
    items = header.split(b"|")
    items[8] = b"%d" % number
    return sealed_content(b"|".join(items) + b"\n" + rest, "the file")[0]


def _steps() -> list[Step]:
    """One after the other, each at an instant of its own."""
    at = iter(_MORNING + timedelta(minutes=minutes) for minutes in range(300))
    first = _file("K0151001/seasonal_accepted")

    def good(number: int) -> bytes:
        return declaration(number, f"T_DINO-1|20261201|{90 + number}|-2|||", at=_MORNING)

    beginning = [
        send("acme", "DEC1", _file("K4191001/first_of_two_suppliers"), datetime(2026, 10, 1, 9, 30, tzinfo=UTC)),
        send("othr", "DEC2", _file("K4191001/second_supplier_a_day_later"), datetime(2026, 10, 2, 16, 0, tzinfo=UTC)),
        schedule(datetime(2026, 11, 2, 9, 0, tzinfo=UTC)),
    ]
    declared = [
        send("acme", "ACCEPTED", first, next(at)),
        send("acme", "PARTIAL", _file("K0151001/seasonal_with_a_slipped_sign"), next(at)),
        send("acme", "DUPLICATE", first, next(at), aside=False),
        send("acme", "REJECTED", declaration(3, "T_DINO-1|20261201|90|2|||", at=_MORNING), next(at)),
    ]
    refused = [
        send("acme", "CODE1", b"", next(at)),
        send("othr", "FORGED", good(99), next(at)),
        send("acme", "CODE2", _file("envelope/addressed_to_another_gateway"), next(at)),
        send("acme", "CODE3", _file("envelope/number_used_before"), next(at)),
        send("acme", "CODE4", _numbered(_file("envelope/records_of_the_wrong_length"), 4), next(at), aside=False),
        send("acme", "CODE5", good(5)[:-30], next(at)),
        send("acme", "CODE6", good(6).replace(b"ZZZ|4|", b"ZZZ|5|"), next(at)),
        send("acme", "CODE7", good(7).replace(b"|97|", b"|98|"), next(at)),
    ]
    volumes = [
        send("acme", "gcdc_winter.csv", _file("K0151001/csv_from_a_spreadsheet"), next(at)),
        send("acme", "TEST", declaration(1, at=_MORNING, test_flag="TR01"), next(at)),
        send("acme", "PN1", _file("K0011001/accepted_for_tomorrow"), next(at)),
        send("acme", "PN2", _numbered(_file("K0011001/part_replaced_later"), 2), next(at)),
        send("acme", "NFD", _numbered(_file("K4192001/accepted"), 2), next(at)),
        send("acme", "p419_again.csv", _file("K4192001/csv_accepted"), next(at)),
        send("ukdc", "VOLUMES", _file("C0421002/metered_above_the_limit"), next(at)),
        send("acme", "CHECKED", good(9), next(at), folder=Folder.CHECK),
        collect("acme", "ACCEPTED.ADT", next(at)),
    ]
    expected = _file("P0328001/accepted_refused_and_warned")
    decisions = [
        late_signatories(next(at)),
        rerun("acme", "ACCEPTED", next(at)),
        withdraw("acme", "PN2", next(at)),
        redeliver("acme", "PARTIAL", next(at)),
        schedule(_NEXT_DAY),
        send("acme", "SEV", _numbered(expected, 3), _NEXT_DAY + timedelta(hours=1)),
        rerun("acme", "SEV", _NEXT_DAY + timedelta(hours=2)),
        collect("acme", "SEV.VAL", _NEXT_DAY + timedelta(hours=3)),
    ]
    return [*beginning, *declared, *refused, *volumes, *decisions]


STEPS = _steps()


def make(root: Path, location: str | None = None) -> None:
    """A home in which nothing has happened yet; its store is at a URL, or else in it."""
    make_market(root, location)
    for account in ("acme", "othr", "ukdc", "volt"):
        Home(root).make_account(account)


def live(root: Path, memory: Path, step: Step, location: str | None = None) -> None:
    """One life of a gateway, in which a step is done and everything that follows from it."""
    life = Life(root, step.at, location)
    try:
        step.do(life, Memory(memory))
        life.settle()
    finally:
        life.end()
