"""How long `gridpost check` takes over the delivered volumes of 500 MSID Pairs on a day of 50 periods.

Prints the seconds of the whole process for a file of one volume and for the whole file: the difference is the file's.
"""

import subprocess
import sys
import tempfile
import time
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl

from market.home import Home
from market.msid import check_digit_expr
from outbound.writer import sealed
from store import policy, reference_load
from store.database import open_store, writing

DAY = date(2026, 10, 25)
RECEIVED_AT = datetime(2026, 10, 26, 9, 30, tzinfo=UTC)
PERIODS = 50
POLICY = Path(__file__).parent.parent / "policy.toml"
TRIES = 3
UNIT = "V__FEXMP001"


def msids(count: int) -> pl.Series:
    """So many MSIDs of one distributor, each with its check digit."""
    numbers = pl.DataFrame({"number": pl.int_range(count, eager=True) * 10 + 2_000_000_000_000})
    return numbers.select((pl.col("number") + check_digit_expr(pl.col("number"))).alias("msid")).to_series()


def made_home(folder: Path, pairs: pl.Series) -> Home:
    """A home with one Secondary BM Unit and its pairs."""
    home = Home(folder)
    home.make()
    columns = "pair_indicator,import_msid,export_msid,import_amsid,export_amsid,baselining_indicator"
    lines = pl.select(pl.format("{},T,{},,,,S,,,", pl.lit(UNIT), pairs)).to_series().str.join("\n").item()
    files = {
        "parties": "party_id,party_name,role,effective_from,effective_to\nVOLT,Volt,VP,,\n",
        "bm-units": "bm_unit_id,netso_name,bm_unit_name,lead_party_id,bm_unit_type,gsp_group_id,generation_capacity,"
        "demand_capacity,production_consumption_flag,fpn_flag,baselined,interconnector_id,effective_from,effective_to\n"
        f"{UNIT},,,VOLT,V,_F,0,0,P,,F,,,\n",
        "msid-pairs": f"bm_unit_id,{columns},baselining_methodology,effective_from,effective_to\n{lines}\n",
        "distributors": "distributor_id,participant_id,gsp_group_id,effective_from,effective_to\n20,NEDL,_F,,\n",
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


def delivered(path: Path, pairs: pl.Series, periods: int) -> None:
    """Writes a file of so many periods of each pair."""
    volumes = "".join(f"MSP|{period}|-0.{period:04}|\n" for period in range(1, periods + 1))
    body = pl.select(pl.format("MSJ|{}||\n{}", pairs, pl.lit(volumes))).to_series().str.join("").item()
    head = f"AAA|P0282002|D|20261026092000|VP|VOLT|G|UKDC|1||\nMSA|{DAY:%Y%m%d}|\nMSB|_F|\nMSC|{UNIT}|\n"
    path.write_bytes(sealed((head + body).encode()))


def run(home: Home, path: Path) -> tuple[float, str]:
    """The shortest seconds of a whole `gridpost check`, and what it said of the outcome."""
    command = [str(Path(sys.executable).with_name("gridpost")), "--home", str(home.root), "check", str(path)]
    times = []
    for _ in range(TRIES):
        began = time.perf_counter()
        done = subprocess.run([*command, "--received-at", RECEIVED_AT.isoformat()], capture_output=True, text=True)
        times.append(time.perf_counter() - began)
    return min(times), next(line.strip() for line in done.stdout.splitlines() if "outcome" in line)


def main(count: int = 500) -> None:
    with tempfile.TemporaryDirectory(prefix="gridpost-bench-") as folder:
        pairs = msids(count)
        home = made_home(Path(folder) / "home", pairs)
        small, whole = Path(folder) / "VP000000000001", Path(folder) / "VP000000000002"
        delivered(small, pairs[:1], 1)
        delivered(whole, pairs, PERIODS)
        start_up, _ = run(home, small)
        seconds, outcome = run(home, whole)
        print(f"one volume: {start_up:.2f} s, start-up and reference data of {count:,} pairs")
        print(
            f"{count:,} pairs x {PERIODS} periods, {whole.stat().st_size / 1e6:.1f} MB: {seconds:.2f} s, "
            f"{seconds - start_up:.2f} s after start-up\n  {outcome}"
        )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
