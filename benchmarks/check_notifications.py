"""How fast `gridpost check` judges the notifications of a whole market day, and how much memory a year of them takes.

Prints segments per second from the bytes to the outcome, where the time goes, and the memory of one process that judges
one market day after the other.
"""

import resource
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
from sqlalchemy import Engine

import rules.judge
import rules.notification.units
from gateway.dry_run import Checked, check
from gateway.pipeline import read_through
from market.home import Home
from market.policy import read_policy
from market.profile import Numbers
from market.settlement_period import day_start, periods_in_day
from outbound.writer import sealed
from store import policy, reference_load
from store.database import open_store, writing

FIRST_DAY = date(2026, 3, 1)
UNITS = 5_000
PN_SEGMENTS, LIMIT_SEGMENTS = 20, 4
"""How many segments a BM Unit's PN has, and its MEL (every second BM Unit) and its MIL (the others)."""
POLICY = Path(__file__).parent.parent / "policy.toml"
TRIES = 5


def made_home(folder: Path) -> tuple[Home, Engine]:
    """A home whose register has UNITS BM Units, all led by one party."""
    home = Home(folder)
    home.make()
    names = pl.select(pl.format("T_U{}", pl.int_range(UNITS))).to_series()
    register = pl.DataFrame({"bm_unit_id": names, "netso_name": names.str.slice(2), "bm_unit_name": names})
    register = register.with_columns(
        lead_party_id=pl.lit("ACME"),
        bm_unit_type=pl.lit("T"),
        gsp_group_id=None,
        generation_capacity=pl.lit("600"),
        demand_capacity=pl.lit("-600"),
        production_consumption_flag=pl.lit("P"),
        fpn_flag=pl.lit("T"),
        baselined=pl.lit("F"),
        interconnector_id=None,
        effective_from=None,
        effective_to=None,
    )
    files = {
        "parties": "party_id,party_name,role,effective_from,effective_to\nACME,Acme,BP,,\n",
        "bm-units": register.write_csv(),
    }
    engine = open_store(home.root)
    at = datetime(2026, 1, 1, tzinfo=UTC)
    with writing(engine) as session:
        policy.load(session, POLICY.read_text(), at=at, actor="benchmark")
        for kind, text in files.items():
            path = folder / f"{kind}.csv"
            path.write_text(text)
            reference_load.load(session, kind, path, at=at, actor="benchmark")
    return home, engine


def _texts(record: str, up: Numbers, segments: int, levels: Numbers, day: date) -> pl.DataFrame:
    """The lines of the segments of some BM Units, which cover the day without a step."""
    minutes = periods_in_day(day) * 30
    cuts = np.linspace(0, minutes, segments + 1).astype(np.int64)
    midnight = pl.lit(day_start(day)).cast(pl.Datetime("us", "UTC"))
    place = np.tile(np.arange(segments), len(up))
    unit = np.repeat(up, segments)
    return pl.DataFrame({"up": unit, "place": place}).select(
        "up",
        pl.format(
            record + "|{}|{}|{}|{}|",
            (midnight + pl.duration(minutes=pl.lit(pl.Series(cuts[place])))).dt.strftime("%Y%m%d%H%M%S"),
            pl.Series(levels[(unit + place) % len(levels)]),
            (midnight + pl.duration(minutes=pl.lit(pl.Series(cuts[place + 1])))).dt.strftime("%Y%m%d%H%M%S"),
            pl.Series(levels[(unit + place + 1) % len(levels)]),
        ).alias("text"),
    )


def market_day(path: Path, day: date) -> int:
    """Writes the notifications of all BM Units for a day; gives the number of segments."""
    unit = np.arange(UNITS)
    wave = (200 * np.sin(np.arange(97) / 97 * 2 * np.pi)).astype(np.int64)
    heads = pl.DataFrame({"up": unit}).select("up", pl.format("PNU|T_U{}|", "up").alias("text"))
    segments = [
        _texts("PNL", unit, PN_SEGMENTS, wave, day),
        _texts("MEL", unit[::2], LIMIT_SEGMENTS, 250 + wave // 4, day),
        _texts("MIL", unit[1::2], LIMIT_SEGMENTS, -250 - wave // 4, day),
    ]
    body = pl.concat([heads, *segments]).sort("up", maintain_order=True)["text"].str.join("\n").item()
    head = f"AAA|K0011001|D|{day - timedelta(days=1):%Y%m%d}090000|BP|ACME|SO|UKDC|1||\nPNH|{day:%Y%m%d}|\n"
    path.write_bytes(sealed(f"{head}{body}\n".encode()))
    return sum(frame.height for frame in segments)


def checked(home: Home, engine: Engine, path: Path, day: date) -> tuple[float, Checked]:
    """Seconds from the bytes to the outcome of a market day, received on the morning before; and what was found."""
    received_at = datetime(day.year, day.month, day.day, 9, 30, tzinfo=UTC) - timedelta(days=1)
    began = time.perf_counter()
    found = check(engine, home, path, None, received_at, lambda done, records: None)
    return time.perf_counter() - began, found


@contextmanager
def timed(module: object, name: str, spent: dict[str, float]) -> Iterator[None]:
    """Adds up the seconds that a function of a module takes."""
    step = getattr(module, name)

    def call(*given: object, **named: object) -> object:
        began = time.perf_counter()
        try:
            return step(*given, **named)
        finally:
            spent[name] = spent.get(name, 0) + time.perf_counter() - began

    setattr(module, name, call)
    try:
        yield
    finally:
        setattr(module, name, step)


def split(home: Home, engine: Engine, path: Path) -> None:
    """Prints where the time goes."""
    limits = read_policy(POLICY.read_text()).on(FIRST_DAY)
    began = time.perf_counter()
    read_through(path.read_bytes(), path.name, limits)
    read_in = time.perf_counter() - began
    spent: dict[str, float] = {}
    with (
        timed(rules.judge, "joined", spent),
        timed(rules.judge, "run_checks", spent),
        timed(rules.judge, "_derive_units", spent),
        timed(rules.judge, "_verdict", spent),
    ):
        whole, _ = checked(home, engine, path, FIRST_DAY)
    told = {
        "hash, envelope, structure": read_in,
        "contexts": spent["joined"],
        "fields and rules": spent["run_checks"],
        "units": spent["_derive_units"],
        "verdict": spent["_verdict"],
    }
    told["typed frames, references"] = whole - sum(told.values())
    print("  " + "; ".join(f"{what} {seconds:.3f} s" for what, seconds in told.items()))


def main(days: int = 365) -> None:
    with tempfile.TemporaryDirectory(prefix="gridpost-bench-") as folder:
        home, engine = made_home(Path(folder) / "home")
        path = Path(folder) / "BP000000000001"
        segments = market_day(path, FIRST_DAY)
        runs = [checked(home, engine, path, FIRST_DAY) for _ in range(TRIES)]
        seconds = min(seconds for seconds, _ in runs)
        found = runs[0][1]
        print(
            f"{segments:,} segments of {UNITS:,} BM Units, {path.stat().st_size / 1e6:.1f} MB, {found.units.all:,} "
            f"acceptance units, {found.outcome}: {seconds:.2f} s, {segments / seconds:,.0f} segments/s"
        )
        split(home, engine, path)
        for number in range(1, days + 1):
            day = FIRST_DAY + timedelta(days=number - 1)
            market_day(path, day)
            _, found = checked(home, engine, path, day)
            assert found.outcome == "ACCEPTED", found.breaches
            if number in (1, 100, days):
                peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
                print(f"  after {number} market days at most {peak:,.0f} MiB")
        engine.dispose()


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
