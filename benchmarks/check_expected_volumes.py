"""How fast `gridpost check` judges a million Submitted Expected Volumes, and how much memory it takes.

Prints records per second of the whole process after its start-up, the peak memory, and where the time goes: for a file
of one day, for the same file with the day's Gate Closures half gone, for a Default SEV, and for a week's range.
"""

import cProfile
import os
import pstats
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import polars as pl

from gateway.dry_run import check
from market.home import Home
from outbound.writer import sealed
from store import policy, reference_load
from store.database import open_store, writing

DAY = date(2026, 9, 15)
PERIODS = 48
POLICY = Path(__file__).parent.parent / "policy.toml"
TRIES = 3
STEPS = {
    "pipeline.read_through": "hash, envelope, structure",
    "reference.frames": "references",
    "records._texts": "texts",
    "records._frames": "frames with texts and types",
    "joined.joined": "contexts",
    "fused_pass.run_checks": "fields and rules",
    "units.units": "units",
    "judge._verdict": "verdict",
}
"""Functions whose time is told, and what they do."""


@dataclass(frozen=True)
class File:
    """A file to check: how many volumes it has, its last day (None: a Default SEV), and when it is received."""

    volumes: int
    last: date | None
    received_at: datetime


def files(volumes: int) -> dict[str, File]:
    """What is checked, by what it shows."""
    before, midday = (datetime(2026, 9, day, 11, tzinfo=UTC) for day in (14, 15))
    return {
        "one volume": File(1, DAY, before),
        "one day": File(volumes, DAY, before),
        "one day, at midday": File(volumes, DAY, midday),
        "Default": File(volumes, None, before),
        "seven days": File(volumes // 7, DAY + timedelta(days=6), before),
    }


def made_home(folder: Path, units: int) -> Home:
    """A home whose register has so many Baselined Secondary BM Units, all led by one party, each with an S pair."""
    home = Home(folder)
    home.make()
    numbers = pl.int_range(units, eager=True)
    names = pl.select(pl.format("V__F{}", numbers.cast(pl.String).str.zfill(7))).to_series()
    register = pl.DataFrame({"bm_unit_id": names, "netso_name": None, "bm_unit_name": names}).with_columns(
        lead_party_id=pl.lit("VOLT"),
        bm_unit_type=pl.lit("V"),
        gsp_group_id=pl.lit("_F"),
        generation_capacity=pl.lit("0"),
        demand_capacity=pl.lit("0"),
        production_consumption_flag=pl.lit("P"),
        fpn_flag=None,
        baselined=pl.lit("T"),
        interconnector_id=None,
        effective_from=None,
        effective_to=None,
    )
    pairs = pl.DataFrame({"bm_unit_id": names, "pair_indicator": "T"}).with_columns(
        import_msid=pl.format("15{}", numbers.cast(pl.String).str.zfill(11)),
        export_msid=None,
        import_amsid=None,
        export_amsid=None,
        baselining_indicator=pl.lit("S"),
        baselining_methodology=None,
        effective_from=None,
        effective_to=None,
    )
    loaded = {
        "parties": "party_id,party_name,role,effective_from,effective_to\nVOLT,Volt,VP,,\n",
        "bm-units": register.write_csv(),
        "msid-pairs": pairs.write_csv(),
    }
    engine = open_store(home.root)
    at = datetime(2026, 9, 1, tzinfo=UTC)
    with writing(engine) as session:
        policy.load(session, POLICY.read_text(), at=at, actor="benchmark")
        for kind, text in loaded.items():
            path = folder / f"{kind}.csv"
            path.write_text(text)
            reference_load.load(session, kind, path, at=at, actor="benchmark")
    engine.dispose()
    return home


def expected_volumes(path: Path, file: File) -> None:
    """Writes a file of so many volumes: each BM Unit with 48 periods."""
    row = pl.int_range(file.volumes, eager=True)
    unit, period = row // PERIODS, row % PERIODS + 1
    volume = pl.select(pl.format("{}{}.{}", pl.lit("-"), unit % 40 + 1, row % 9 + 1)).to_series()
    text = pl.select(
        pl.when(period == 1)
        .then(pl.format("BSB|V__F{}|\nBSP|{}|{}|", unit.cast(pl.String).str.zfill(7), period, volume))
        .otherwise(pl.format("BSP|{}|{}|", period, volume))
    ).to_series()
    until = "" if file.last is None else f"{file.last:%Y%m%d}"
    head = f"AAA|P0328001|D|20260914110000|VP|VOLT|G|UKDC|1||\nBSD|{DAY:%Y%m%d}|{until}|\n"
    path.write_bytes(sealed(f"{head}{text.str.join(chr(10)).item()}\n".encode()))


def run(home: Home, path: Path, file: File) -> tuple[float, float, str]:
    """Seconds and peak MiB of a whole `gridpost check`, and what it said of the outcome."""
    command = [str(Path(sys.executable).with_name("gridpost")), "--home", str(home.root), "check", str(path)]
    command += ["--received-at", file.received_at.isoformat()]
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    assert process.stdout is not None
    said = process.stdout.read().decode()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - began
    return seconds, usage.ru_maxrss / 1024, next(line.strip() for line in said.splitlines() if "outcome" in line)


def main(volumes: int = 1_000_000) -> None:
    start_up = 0.0
    with tempfile.TemporaryDirectory(prefix="gridpost-bench-") as folder:
        home = made_home(Path(folder) / "home", -(-volumes // PERIODS))
        for number, (what, file) in enumerate(files(volumes).items()):
            path = Path(folder) / f"VP{number:012d}"
            expected_volumes(path, file)
            if file.volumes == 1:
                start_up = min(run(home, path, file)[0] for _ in range(TRIES))
                print(f"{what}: {start_up:.2f} s, start-up and reference data")
                continue
            seconds, peak, outcome = min(run(home, path, file) for _ in range(TRIES))
            print(
                f"{what}: {file.volumes:,} volumes, {path.stat().st_size / 1e6:.1f} MB; {seconds:.2f} s in all, "
                f"{file.volumes / (seconds - start_up):,.0f} volumes/s after start-up, {peak:,.0f} MiB\n  {outcome}"
            )
        print("\nwhere the time goes, in this process; steps that stand inside others count in both")
        for number, (what, file) in enumerate(files(volumes).items()):
            if file.volumes > 1:
                print(f"{what}: {split(home, Path(folder) / f'VP{number:012d}', file)}")


def split(home: Home, path: Path, file: File) -> str:
    """The seconds of a check in this process and of its steps."""
    engine = open_store(home.root)
    profile = cProfile.Profile()
    began = time.perf_counter()
    profile.runcall(check, engine, home, path, None, file.received_at, lambda done, records: None)
    whole = time.perf_counter() - began
    engine.dispose()
    found: dict[str, float] = {}
    for (module, _, function), (_, _, _, cumulative, _) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        name = f"{Path(module).stem}.{function}"
        found[name] = found.get(name, 0.0) + cumulative
    told = ", ".join(f"{what} {found.get(name, 0.0):.2f}" for name, what in STEPS.items())
    return f"{whole:.2f} s: {told}"


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
