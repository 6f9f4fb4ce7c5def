"""gridpost against the same checks written plainly in pandera, dataframely, DuckDB, pydantic and the csv module.

Every contestant reads the same file of aggregated demand and must find the same lines by the same rules, those that
the generator broke; else the comparison stops. The rules are all that the records of such a file can break: presence
and form of items, IDN-01, IDN-02 and IDN-04 against the register, NFD-01 to NFD-10 with the declarations in force, in
exact decimals throughout (no binary float was needed). The peers do less than gridpost, which in the same time also
tells the bytes' SHA-256 and checksum, the envelope, the structure, what is on record of earlier runs, and the outcome
of each unit with messages.

Each contestant runs in a process of its own, warmed up with a file of one BM Unit, whose time is taken off as start-up.
Of three tries, in turns, the fastest counts, the least CPU time (which says more on a machine that does other things)
and the highest peak. Those that take row by row get a tenth of the periods. Prints Markdown tables.
"""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import demand_files
import polars as pl

sys.path.append(str(Path(__file__).with_name("peer_checks")))
from shared_checks import RULES

TRIES = 3
BAD_SHARES = (0.001, 0.2)
MOST_BAD = 200_000
"""With more bad periods the store limit of gridpost would cut what it lists of a rule."""
GRIDPOST = "with_gridpost_command"
SMALL, WHOLE, TENTH = "BP000000000001", "BP000000000002", "BP000000000003"


@dataclass(frozen=True)
class Contestant:
    module: str
    name: str
    file: str = WHOLE


CONTESTANTS = (
    Contestant(GRIDPOST, "`gridpost check`"),
    Contestant("with_gridpost", "gridpost in process"),
    Contestant("with_duckdb", "DuckDB"),
    Contestant("with_dataframely", "dataframely"),
    Contestant("with_pandera", "pandera (polars)"),
    Contestant("with_csv", "csv module, a tenth", TENTH),
    Contestant("with_pydantic", "pydantic, a tenth", TENTH),
)


@dataclass(frozen=True)
class Measured:
    """Periods per second after start-up, CPU microseconds of a period, and the peak MiB of the process."""

    speed: float
    cpu: float
    peak: float


def sorted_findings(found: pl.DataFrame) -> pl.DataFrame:
    """The `line` and `rule` of what is found by the shared rules, each once."""
    shared = found.filter(pl.col("rule").is_in(RULES))
    return shared.select(pl.col("line").cast(pl.Int64), "rule").unique().sort("line", "rule")


def measure(module: str, path: Path, found: Path) -> dict[str, float]:
    """What peer_checks prints of one contestant; what it finds is in `found`."""
    command = [sys.executable, str(Path(__file__).with_name("peer_checks")), module]
    files = [str(path.with_name(SMALL)), str(path), str(found)]
    done = subprocess.run([*command, *files], stdout=subprocess.PIPE, check=True)
    taken: dict[str, float] = json.loads(done.stdout)
    return taken


def made_files(folder: Path, periods: int, bad_share: float) -> dict[str, pl.DataFrame]:
    """Writes the whole file and its tenth; gives what is to be found in each."""
    return {
        name: sorted_findings(demand_files.write(folder / name, count, bad_share))
        for name, count in ((WHOLE, periods), (TENTH, periods // 10))
    }


def compared(folder: Path, periods: int, bad_share: float) -> dict[Contestant, Measured]:
    """Measures everyone in turns; raises SystemExit where one finds other lines."""
    due = made_files(folder, periods, bad_share)
    taken: dict[Contestant, list[dict[str, float]]] = {contestant: [] for contestant in CONTESTANTS}
    found = folder / "found"
    for _ in range(TRIES):
        for contestant in CONTESTANTS:
            taken[contestant].append(measure(contestant.module, folder / contestant.file, found))
            if contestant.module != GRIDPOST and not sorted_findings(pl.read_csv(found)).equals(due[contestant.file]):
                raise SystemExit(f"{contestant.name} finds other lines than the {due[contestant.file].height:,} broken")
    counts = {WHOLE: periods, TENTH: periods // 10}
    return {contestant: best(counts[contestant.file], tries) for contestant, tries in taken.items()}


def best(periods: int, tries: list[dict[str, float]]) -> Measured:
    """Raises SystemExit where the file took no longer than the start-up."""
    seconds = min(one["seconds"] for one in tries) - min(one["start_up"] for one in tries)
    if seconds <= 0:
        raise SystemExit(f"{periods:,} periods are too few to be told from the start-up")
    cpu = min(one["cpu"] for one in tries) - min(one["start_up_cpu"] for one in tries)
    return Measured(periods / seconds, cpu / periods * 1e6, max(one["peak"] for one in tries))


def table(measured: dict[Contestant, Measured]) -> Iterator[str]:
    """The lines of a Markdown table; ratios are to `gridpost check`."""
    own = next(value for contestant, value in measured.items() if contestant.module == GRIDPOST)
    yield "| | periods/s | `gridpost check` is faster | CPU µs/period | peak MiB | `gridpost check` needs |"
    yield "|---|---:|---:|---:|---:|---:|"
    for contestant, value in measured.items():
        faster, needs = f"{own.speed / value.speed:.1f} times", f"{own.peak / value.peak:.0%} of it"
        yield f"| {contestant.name} | {value.speed:,.0f} | {faster} | {value.cpu:.2f} | {value.peak:,.0f} | {needs} |"


def main(periods: int = 1_000_000) -> None:
    with tempfile.TemporaryDirectory(prefix="gridpost-bench-") as made:
        folder = Path(made)
        demand_files.made_home(folder / "home", -(-periods // demand_files.PERIODS))
        demand_files.write(folder / SMALL, demand_files.PERIODS, 0.0)
        for bad_share in BAD_SHARES:
            count = min(periods, round(MOST_BAD / bad_share))
            measured = compared(folder, count, bad_share)
            print(f"{count:,} periods, {bad_share:.1%} of them bad; all find the same lines\n")
            print("\n".join(table(measured)), end="\n\n", flush=True)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
