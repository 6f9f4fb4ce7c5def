"""How fast `gridpost check` judges ten million periods of aggregated demand, and how much memory it takes.

Prints, for files from a hundred thousand to ten million periods with one line in a thousand bad, and for one with one
in five bad: seconds of the whole process, periods per second of all of it and without its start-up (a file of one BM
Unit, which reads the same reference data), and the peak memory. Each file's breaches are counted against the lines that
were made bad. Then it says where the time of one million goes.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import demand_files

from gateway import dry_run
from market.home import Home
from store.database import open_store

START_UP_TRIES = 3
SPLIT = ("read_through", "judged_by", "validate")
"""The steps of a check: envelope and structure; reference data; fields, rules and units."""


def run(home: Home, path: Path) -> tuple[float, float]:
    """Seconds and peak MiB of a whole `gridpost check`."""
    command = [str(Path(sys.executable).with_name("gridpost")), "--home", str(home.root), "check", str(path)]
    began = time.perf_counter()
    process = subprocess.Popen(
        [*command, "--received-at", demand_files.RECEIVED_AT.isoformat()], stdout=subprocess.DEVNULL
    )
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    seconds = time.perf_counter() - began
    if process.returncode not in (0, 1):
        raise SystemExit(f"the check of {path.name} could not be done")
    return seconds, usage.ru_maxrss / 1024


def found(home: Home, path: Path) -> dict[str, int]:
    """How many breaches of each rule a check finds."""
    engine = open_store(home.root)
    checked = dry_run.check(engine, home, path, None, demand_files.RECEIVED_AT, lambda done, records: None)
    engine.dispose()
    return {rule: count for rule, count in checked.counts.items() if count}


def timed(step: str, spent: dict[str, float]) -> Callable[..., Any]:
    """The step of a check, adding its seconds to `spent`."""
    does: Callable[..., Any] = getattr(dry_run, step)

    def measured(*arguments: Any) -> Any:
        began = time.perf_counter()
        result = does(*arguments)
        spent[step] = spent.get(step, 0.0) + time.perf_counter() - began
        return result

    return measured


def split(home: Home, path: Path) -> None:
    """Prints where the time goes, measured in this process."""
    spent: dict[str, float] = {}
    for step in SPLIT:
        setattr(dry_run, step, timed(step, spent))
    found(home, path)
    print("; ".join(f"{step} {spent[step]:.2f} s" for step in SPLIT))


def main(most: int = 10_000_000) -> None:
    with tempfile.TemporaryDirectory(prefix="gridpost-bench-") as folder:
        home = demand_files.made_home(Path(folder) / "home", most // demand_files.PERIODS)
        path = Path(folder) / "BP000000000001"
        demand_files.write(path, demand_files.PERIODS, 0.0)
        start_up = min(run(home, path)[0] for _ in range(START_UP_TRIES))
        print(f"start-up and reference data: {start_up:.2f} s")
        for periods, bad_share in ((most // 100, 0.001), (most // 10, 0.001), (most, 0.001), (most, 0.2)):
            bad = demand_files.write(path, periods, bad_share)
            seconds, peak = run(home, path)
            after = periods / (seconds - start_up)
            print(
                f"{periods:,} periods, {path.stat().st_size / 1e6:.0f} MB, {bad_share:.1%} of them bad: "
                f"{seconds:.2f} s in all, {periods / seconds:,.0f} periods/s, {after:,.0f} after start-up, "
                f"{peak:,.0f} MiB at most"
            )
            if found(home, path) != dict(bad["rule"].value_counts().iter_rows()):
                raise SystemExit("the breaches found are not those that were made")
        demand_files.write(path, most // 10, 0.001)
        split(home, path)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
