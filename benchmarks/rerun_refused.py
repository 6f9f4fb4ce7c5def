"""How long it takes to rerun a thousand refused files after a correction of reference data.

As `gridpost rerun --dry-run` does it and then `gridpost rerun`. Prints the seconds for the difference of all, shown
first, for putting all into effect, answers included and compared once more, and for the delivery of all answers into
the outbox, which a gateway at work does meanwhile. Each has the CPU time of all processes beside it: other work on the
machine lengthens the one and not the other.
"""

import os
import sys
import tempfile
import time
from collections.abc import Generator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

from gateway import archive, selected_reruns, steps
from gateway.delivery import Deliveries
from gateway.office import Office
from gateway.pipeline import read
from gateway.reruns import Difference
from gateway.valuation import valuate
from ingest.landing import parse
from market.clock import idd_time
from market.home import Home
from market.policy import read_policy
from outbound.writer import sealed
from store import accounts, policy, reference_load, submissions
from store.database import open_store, reading, writing
from store.states import Outcome

POLICY = Path(__file__).parent.parent / "policy.toml"
BEGAN = datetime(2026, 11, 2, 9, 0, tzinfo=UTC)
LATER = datetime(2026, 11, 3, 9, 0, tzinfo=UTC)
UNITS = (
    "bm_unit_id,netso_name,bm_unit_name,lead_party_id,bm_unit_type,gsp_group_id,generation_capacity,demand_capacity,"
    "production_consumption_flag,fpn_flag,baselined,interconnector_id,effective_from,effective_to\n"
)


def load(home: Home, office: Office, kind: str, text: str, at: datetime) -> None:
    """Loads reference data."""
    path = home.root / f"{kind}.csv"
    path.write_text(text)
    with writing(office.engine) as session:
        reference_load.load(session, kind, path, at=at, actor="benchmark")


def receive(home: Home, office: Office, number: int) -> None:
    """Takes the file of that number, whose BM Unit nobody has registered yet, to its decision."""
    assert office.renew()
    at = BEGAN + timedelta(seconds=number)
    body = f"GCH|S|WIN|2026|Ann Archer|\nGCV|T_LATE-{number}|20261201|100|-2|||\n"
    content = sealed(f"AAA|K0151001|D|{idd_time(at)}|BP|ACME|CR|UKDC|{number}||\n{body}".encode())
    path = f"ACME/acme/{at:%Y%m%dT%H%M%S%fZ}-{1:012d}-BP{number:012d}"
    landed = home.landing / path
    landed.parent.mkdir(parents=True, exist_ok=True)
    landed.write_bytes(content)
    ref = steps.enter(office, [parse(path, len(content))])[0].ref
    sha256 = archive.keep(home, path)
    limits = read_policy(POLICY.read_text()).on(at.date())
    submission = steps.acknowledged(office, ref, read(archive.load(home, sha256), landed.name, limits))
    archive.let_go(home, submission.landing_name, sha256)
    assert office.token is not None
    steps.decided(office, ref, valuate(home, office.engine, ref, at, office.token))


def compared(home: Home, office: Office, refs: list[str]) -> Generator[Difference, None, None]:
    """The differences as `gridpost rerun` makes them."""
    return selected_reruns.compare_each(home, office.engine, office.location, refs, lambda: LATER, as_received=False)


def settled(home: Home, office: Office, found: Generator[Difference, None, None]) -> Generator[Difference, None, None]:
    """Puts differences into effect as `gridpost rerun` does."""
    return selected_reruns.settle_each(
        home, office.engine, found, lambda: LATER, as_received=False, actor="benchmark", reason="late registration"
    )


def delivered(office: Office) -> int:
    """Delivers every answer, as the gateway does; how many they are."""
    assert office.renew() or office.claim()
    deliveries = Deliveries(office)
    return sum(iter(deliveries.deliver, 0))


def cpu_seconds() -> float:
    """The CPU time of this process and of those that it started and that have ended."""
    return sum(os.times()[:4])


def main(files: int = 1000) -> None:
    with tempfile.TemporaryDirectory(prefix="gridpost-bench-") as folder:
        home = Home(Path(folder) / "home")
        home.make()
        engine = open_store(home.root)
        office = Office(home, engine, f"sqlite:///{home.database}", lambda: BEGAN, "benchmark")
        assert office.claim()
        with writing(engine) as session:
            policy.load(session, POLICY.read_text(), at=BEGAN, actor="benchmark")
        load(home, office, "parties", "party_id,party_name,role,effective_from,effective_to\nACME,Acme,BP,,\n", BEGAN)
        load(
            home,
            office,
            "signatories",
            "party_id,name,category,effective_from,effective_to\nACME,Ann Archer,F,,\n",
            BEGAN,
        )
        with writing(engine) as session:
            accounts.add(session, "acme", "ACME", [], actor="benchmark", at=BEGAN)
        home.make_account("acme")
        for number in range(1, files + 1):
            receive(home, office, number)
        delivered(office)
        rows = "".join(f"T_LATE-{number},,,ACME,T,,99,-2,P,T,F,,,\n" for number in range(1, files + 1))
        load(home, office, "bm-units", UNITS + rows, LATER)
        with reading(engine) as session:
            refs = [one.ref for one in submissions.find(session, outcome=Outcome.REJECTED)]
        began, busy = time.perf_counter(), cpu_seconds()
        shown_accepted = sum(one.accepted.height for one in compared(home, office, refs))
        shown, shown_busy = time.perf_counter() - began, cpu_seconds() - busy
        began, busy = time.perf_counter(), cpu_seconds()
        with closing(compared(home, office, refs)) as found:
            put_accepted = sum(one.accepted.height for one in settled(home, office, found))
        put, put_busy = time.perf_counter() - began, cpu_seconds() - busy
        began, busy = time.perf_counter(), cpu_seconds()
        answers = delivered(office)
        sent, sent_busy = time.perf_counter() - began, cpu_seconds() - busy
        print(
            f"{len(refs):,} refused files: difference {shown:.1f} s ({shown_busy:.1f} s of CPU), "
            f"put into effect {put:.1f} s ({put_busy:.1f} s of CPU); "
            f"{answers:,} answers delivered {sent:.1f} s ({sent_busy:.1f} s of CPU); "
            f"{shown_accepted:,} units shown as accepted, {put_accepted:,} accepted"
        )
        engine.dispose()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
