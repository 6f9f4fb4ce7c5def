"""How fast `gridpost check` judges a file of a million declared values, and how much memory it takes.

Prints records per second of the whole process after its start-up, the peak memory, and where the time goes: for a file
that is accepted, and for one in which a value in a hundred is refused for a slipped sign.
"""

import resource
import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl

from gateway.dry_run import check
from gateway.pipeline import read_through
from market.home import Home
from market.policy import read_policy
from outbound.writer import sealed
from store import policy, reference_load
from store.database import open_store, writing

RECEIVED_AT = datetime(2026, 9, 1, 9, 30, tzinfo=UTC)
FIRST_DAY = date(2026, 9, 2)
DAYS = 90
POLICY = Path(__file__).parent.parent / "policy.toml"
START_UP_TRIES = 3


def made_home(folder: Path, units: int) -> Home:
    """A home whose register has so many BM Units, all led by one party."""
    home = Home(folder)
    home.make()
    numbers = pl.int_range(units, eager=True)
    names = pl.select(pl.format("E_U{}", numbers)).to_series()
    register = pl.DataFrame({"bm_unit_id": names, "netso_name": None, "bm_unit_name": names}).with_columns(
        lead_party_id=pl.lit("ACME"),
        bm_unit_type=pl.lit("E"),
        gsp_group_id=pl.lit("_C"),
        generation_capacity=pl.lit("40"),
        demand_capacity=pl.lit("-10"),
        production_consumption_flag=pl.lit("P"),
        fpn_flag=pl.lit("T"),
        baselined=pl.lit("F"),
        interconnector_id=None,
        effective_from=None,
        effective_to=None,
    )
    files = {
        "parties": "party_id,party_name,role,effective_from,effective_to\nACME,Acme,BP,,\n",
        "signatories": "party_id,name,category,effective_from,effective_to\nACME,Ann Archer,F,,\n",
        "bm-units": register.write_csv(),
    }
    engine = open_store(home.root)
    with writing(engine) as session:
        policy.load(session, POLICY.read_text(), at=RECEIVED_AT, actor="benchmark")
        for kind, text in files.items():
            path = folder / f"{kind}.csv"
            path.write_text(text)
            reference_load.load(session, kind, path, at=RECEIVED_AT, actor="benchmark")
    engine.dispose()
    return home


def declarations(path: Path, values: int, units: int, slipped_every: int) -> None:
    """Writes a mid-season file of so many declared values: each BM Unit day by day a little more generation."""
    row = pl.int_range(values, eager=True)
    day = row // units
    date_ = pl.Series([f"{FIRST_DAY + timedelta(days=n):%Y%m%d}" for n in range(DAYS)]).gather(day % DAYS)
    sign = pl.select(
        pl.when(row % slipped_every == slipped_every - 1).then(pl.lit("")).otherwise(pl.lit("-"))
    ).to_series()
    text = pl.select(
        pl.format("GCV|E_U{}|{}|{}.{}|{}10.{}|||", row % units, date_, 40 + day // 9, 1 + day % 9, sign, 1 + day % 9)
    ).to_series()
    head = "AAA|K0151001|D|20260901092000|BP|ACME|CR|UKDC|1||\nGCH|M|AUT|2026|Ann Archer|\n"
    path.write_bytes(sealed(f"{head}{text.str.join(chr(10)).item()}\n".encode()))


def run(home: Home, path: Path) -> tuple[float, float, str]:
    """Seconds and peak MiB of a whole `gridpost check`, and what it said of the outcome."""
    command = [str(Path(sys.executable).with_name("gridpost")), "--home", str(home.root), "check", str(path)]
    began = time.perf_counter()
    with subprocess.Popen([*command, "--received-at", RECEIVED_AT.isoformat()], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        said = process.stdout.read().decode()
    seconds = time.perf_counter() - began
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return seconds, peak, next(line.strip() for line in said.splitlines() if "outcome" in line)


def main(values: int = 1_000_000) -> None:
    units = -(-values // DAYS)
    with tempfile.TemporaryDirectory(prefix="gridpost-bench-") as folder:
        home = made_home(Path(folder) / "home", units)
        paths = {"one value": (1, values), "all accepted": (values, values * 2), "one in 100 slipped": (values, 100)}
        for number, (what, (count, slipped_every)) in enumerate(paths.items()):
            path = Path(folder) / f"BP{number:012d}"
            declarations(path, count, units, slipped_every)
            if count == 1:
                start_up = min(run(home, path)[0] for _ in range(START_UP_TRIES))
                print(f"{what}: {start_up:.2f} s, start-up and reference data of {units:,} BM Units")
                continue
            seconds, peak, outcome = run(home, path)
            print(
                f"{what}: {count:,} values, {path.stat().st_size / 1e6:.1f} MB; {seconds:.2f} s in all, "
                f"{count / (seconds - start_up):,.0f} records/s after start-up, {peak:,.0f} MiB at most\n  {outcome}"
            )
            split(home, path)


def split(home: Home, path: Path) -> None:
    """Prints where the time goes, measured in this process."""
    limits = read_policy(POLICY.read_text()).on(RECEIVED_AT.date())
    began = time.perf_counter()
    read_through(path.read_bytes(), path.name, limits)
    read_in = time.perf_counter() - began
    engine = open_store(home.root)
    began = time.perf_counter()
    check(engine, home, path, None, RECEIVED_AT, lambda done, records: None)
    whole = time.perf_counter() - began
    engine.dispose()
    print(f"  hash, envelope, structure {read_in:.2f} s; references, fields, rules, units {whole - read_in:.2f} s")


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
