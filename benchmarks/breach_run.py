"""How fast a breach run goes through a year of metered volumes, and how much memory it takes.

Makes 5,000 BM Units with a declared value in each season and a record set of metered volumes a Settlement Day (87.6
million half-hours), five of them in breach each day; then carries the run out as the scheduler does.
Prints its time, what a day takes in each tenth of the year, and the most memory that the process took.
"""

import resource
import sys
import tempfile
import time
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
from sqlalchemy import Engine

from gateway import gcdc_evaluation
from gateway.office import Office
from gateway.schedule.carrying_out import carry_out
from market.home import Home
from market.reference import CAPACITY_VALUES, METERED_VOLUMES
from market.season import Season
from market.settlement_period import periods_in_day
from store import effects, policy, record_sets, reference_load, scheduled_runs
from store.database import open_store, writing

FIRST_DAY = date(2026, 3, 1)
DAYS = 365
UNITS = 5_000
POLICY = Path(__file__).parent.parent / "policy.toml"
SEASONS = [Season("SPR", 2026), Season("SUM", 2026), Season("AUT", 2026), Season("WIN", 2026)]
AT = datetime(2027, 3, 2, 4, tzinfo=UTC)
LIMITS = """
[[capacity_limit]]
season = "{0.code}"
start_year = {0.start_year}
generation = {{ abs_mw = "1", pct = "2" }}
demand = {{ abs_mw = "1", pct = "2" }}
"""


def made_home(folder: Path, units: pl.Series) -> tuple[Home, Engine]:
    """A home with the register, and GC and DC declared for each season of the year."""
    home = Home(folder)
    home.make()
    engine = open_store(home.root)
    at = datetime(2026, 1, 1, tzinfo=UTC)
    register = pl.DataFrame({"bm_unit_id": units, "lead_party_id": "ACME", "bm_unit_type": "T"}).with_columns(
        *(pl.lit(None, pl.String).alias(name) for name in ("gsp_group_id", "interconnector_id")),
        *(pl.lit(None, pl.String).alias(name) for name in ("effective_from", "effective_to")),
        netso_name=units.str.slice(2),
        bm_unit_name=units,
        generation_capacity=pl.lit("90"),
        demand_capacity=pl.lit("-2"),
        production_consumption_flag=pl.lit("P"),
        fpn_flag=pl.lit("T"),
        baselined=pl.lit("F"),
    )
    files = {
        "parties": "party_id,party_name,role,effective_from,effective_to\nACME,Acme,BP,,\n",
        "bm-units": register.write_csv(),
    }
    with writing(engine) as session:
        text = POLICY.read_text() + "".join(LIMITS.format(season) for season in SEASONS)
        policy.load(session, text, at=at, actor="benchmark")
        for kind, content in files.items():
            path = folder / f"{kind}.csv"
            path.write_text(content)
            reference_load.load(session, kind, path, at=at, actor="benchmark")
        for season in SEASONS:
            effects.add(session, "capacity_values", _declared(units, season, at), test_flag="OPER", run_number=1)
    return home, engine


def _declared(units: pl.Series, season: Season, at: datetime) -> pl.DataFrame:
    made = pl.DataFrame({"bm_unit_id": units}).with_columns(
        effective_from=pl.lit(season.first_day),
        generation_capacity=pl.lit(99_000, pl.Int64),
        demand_capacity=pl.lit(-2_000, pl.Int64),
        source=pl.lit("DECLARATION"),
        declaration_type=pl.lit("S"),
        season=pl.lit(season.code),
        season_start_year=pl.lit(season.start_year, pl.Int32),
        received_at=pl.lit(at).cast(pl.Datetime("us", "UTC")),
        submission_ref=pl.lit("declared"),
        line=pl.int_range(pl.len(), dtype=pl.UInt32),
    )
    return made.select(CAPACITY_VALUES.names())


def add_day(home: Home, engine: Engine, units: pl.Series, day: date, chance: np.random.Generator) -> int:
    """The metered volumes of a day, as a feed puts them in force; how many there are."""
    periods = periods_in_day(day)
    volumes = chance.integers(-900, 50_000, UNITS * periods)
    volumes[chance.integers(0, UNITS * periods, UNITS // 1_000)] += 52_000
    frame = pl.DataFrame(
        {
            "bm_unit_id": np.repeat(units.to_numpy(), periods),
            "settlement_period": np.tile(np.arange(1, periods + 1), UNITS),
            "volume": volumes,
        }
    ).with_columns(
        settlement_date=pl.lit(day),
        run_type=pl.lit("II"),
        received_at=pl.lit(None, METERED_VOLUMES["received_at"]),
        submission_ref=pl.lit(None, pl.String),
        line=pl.int_range(2, pl.len() + 2, dtype=pl.UInt32),
    )
    received = datetime(day.year, day.month, day.day, tzinfo=UTC) + timedelta(days=1)
    staged = record_sets.stage(home, "METERED", f"day-{day}", 1, 0, frame.select(METERED_VOLUMES.names()))
    with writing(engine) as session:
        record_sets.add(session, home, staged, party_id="UKDC", test_flag="OPER", received_at=received)
    return frame.height


def main() -> None:
    """Makes the year and measures the run; the number of days may be given."""
    days = int(sys.argv[1]) if len(sys.argv) > 1 else DAYS
    units = pl.select(pl.format("T_U{}", pl.int_range(UNITS))).to_series()
    with tempfile.TemporaryDirectory() as folder:
        home, engine = made_home(Path(folder), units)
        chance = np.random.default_rng(5)
        made = sum(add_day(home, engine, units, FIRST_DAY + timedelta(days=n), chance) for n in range(days))
        print(f"made {made:,} half-hours of {days} days")
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        office = Office(home, engine, "", lambda: AT, "benchmark")
        times: list[float] = []
        read = gcdc_evaluation._metered

        def timed(*arguments: object) -> pl.DataFrame:
            times.append(time.perf_counter())
            return read(*arguments)  # type: ignore[arg-type]

        gcdc_evaluation._metered = timed  # type: ignore[assignment]
        begun = time.perf_counter()
        with writing(engine) as session:
            run = scheduled_runs.start_by_hand(session, "gcdc-breaches", AT.date(), owner="benchmark", at=AT)
        summary = carry_out(office, run, {})
        took = time.perf_counter() - begun
        engine.dispose()
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    steps = np.diff(times) * 1000
    tenths = " ".join(f"{part.mean():.0f}" for part in np.array_split(steps, 10))
    print(f"{took:.1f} s for {summary['volumes']:,} half-hours, {summary['opened']} breaches opened")
    print(f"a day takes so many ms, by tenths of the year: {tenths}")
    print(f"most memory {most / 2**20:.2f} GiB (before the run {before / 2**20:.2f} GiB)")


if __name__ == "__main__":
    main()
