"""Seconds to store the breaches of one run, on SQLite and on PostgreSQL where GRIDPOST_BENCH_STORE names one.

python benchmarks/store_breaches.py [NUMBER]
"""

import os
import sys
import tempfile
import time
from pathlib import Path

import polars as pl

from store import breaches
from store.database import open_store, writing


def made_up(number: int) -> pl.DataFrame:
    """As many breaches, with the columns of `store.breaches.STORED`."""
    line = pl.int_range(3, number + 3, dtype=pl.UInt32, eager=True).alias("line")
    return pl.DataFrame({"line": line}).select(
        "line",
        record=pl.lit("GCV"),
        item=pl.lit("Demand Capacity"),
        position=pl.lit(4, pl.UInt8),
        rule=pl.lit("GCD-01"),
        severity=pl.lit("E"),
        value=pl.format("{}.5", pl.col("line")),
        message=pl.format("Demand Capacity is {}.5 MW, zero or negative is wanted: -{}.5?", "line", "line"),
        unit_key=pl.format("2__AACME{} 2026-12-01", "line"),
    )


def main() -> None:
    """Prints one line a database."""
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    frame = made_up(number)
    with tempfile.TemporaryDirectory() as folder:
        locations: list[str | Path] = [Path(folder)]
        if "GRIDPOST_BENCH_STORE" in os.environ:
            locations.append(os.environ["GRIDPOST_BENCH_STORE"])
        for location in locations:
            engine = open_store(location)
            begun = time.perf_counter()
            with writing(engine) as session:
                breaches.add(session, int(time.time()), frame)
            taken = time.perf_counter() - begun
            print(f"{engine.dialect.name}: {number:,} breaches in {taken:.2f} s")
            engine.dispose()


if __name__ == "__main__":
    main()
