"""Realistic files of aggregated demand (K4192001) whose bad lines are known, and a market to judge them in.

BM Units are Supplier BM Units of one party with every measurement class; those with an even number have a declaration
in force. The date has 50 Settlement Periods. Bad lines are of every kind in KINDS, one after the other, and none of
them breaks another rule than its own.
"""

from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from market.checksum import Checksum
from market.frames import OPEN_END
from market.home import Home
from market.number_text import decimal_text
from market.reference import DECLARED_METERING_SYSTEMS, MARKET_START
from store import effects, policy, reference_load
from store.database import open_store, writing

DAY = date(2026, 10, 25)
PERIODS = 50
RECEIVED_AT = datetime(2026, 11, 2, 9, 30, tzinfo=UTC)
CLASSES = ("C", "D", "E", "F", "G")
LARGEST_KW = 60_000
POLICY = Path(__file__).parent.parent / "policy.toml"

KINDS = ("NFD-01", "NFD-02", "NFD-03", "FLD-04", "FLD-05", "NFD-06", "NFD-07", "NFD-04", "NFD-05")
"""The rules that bad lines break, by what is done to the period whose turn it is."""

_UNITS_AT_ONCE = 4_000
_RECORDS_OF_UNIT = PERIODS + 2

Numbers = npt.NDArray[np.int64]


def unit_names(units: int) -> pl.Series:
    """The ids of so many BM Units."""
    return pl.select(pl.format("2__C{}", pl.int_range(units).cast(pl.String).str.zfill(7)).alias("id")).to_series()


def write(path: Path, periods: int, bad_share: float) -> pl.DataFrame:
    """Writes a file of about so many period records, such a share of them bad; gives their `line` and `rule`."""
    pairs = -(-periods // PERIODS)
    checksum, count = Checksum(), 2
    bad = []
    with path.open("wb") as file:
        head = f"AAA|K4192001|D|20261102092000|BP|ACME|G|UKDC|1||\nNFH|{DAY:%Y%m%d}|SF|1|\n".encode()
        file.write(head)
        checksum.update(head)
        for first in range(0, pairs, _UNITS_AT_ONCE):
            text, lines = _units(first, min(first + _UNITS_AT_ONCE, pairs), bad_share)
            checksum.update(text)
            file.write(text)
            bad.append(lines)
            count += (min(first + _UNITS_AT_ONCE, pairs) - first) * _RECORDS_OF_UNIT
        file.write(f"ZZZ|{count + 1}|{checksum.value}|\n".encode())
    return pl.concat(bad).unique().sort("line", "rule")


def _units(first: int, after: int, bad_share: float) -> tuple[bytes, pl.DataFrame]:
    """The records of the units from `first` up to before `after`, and their bad lines."""
    random = np.random.default_rng(first)
    pairs = np.arange(first, after)
    shape = (len(pairs), PERIODS)
    declared = np.broadcast_to((pairs // len(CLASSES) % 2 == 0)[:, None], shape)
    gross = random.integers(10_000, 250_000, shape)
    non_final = np.where(declared, (gross * random.random(shape)).astype(np.int64) // 4, 0)
    kind = np.where(random.random(shape) < bad_share, random.integers(0, len(KINDS), shape), -1)
    kind = np.where(declared | ~np.isin(kind, [1, 5, 6]), kind, 0)  # what only declared units can break
    gross[kind == 6] = LARGEST_KW * 5 + 200_000
    non_final[kind == 6] = LARGEST_KW * 5 + 100_000
    non_final[kind == 1] = gross[kind == 1] + 1
    gross[kind == 2] = -gross[kind == 2]
    non_final[kind == 2] = 0
    non_final[kind == 5] = 0
    corrected = gross - non_final
    corrected[kind == 0] += 1
    gross[kind == 4] = gross[kind == 4] // 10_000 * 10_000 + 5_000
    corrected[kind == 4] = (gross - non_final)[kind == 4]
    stated = declared & (kind != 5)
    text = _text(pairs, kind, gross, non_final, corrected, stated)
    return text, _bad_lines(first, kind)


def _text(
    pairs: Numbers, kind: Numbers, gross: Numbers, non_final: Numbers, corrected: Numbers, stated: npt.NDArray[np.bool_]
) -> bytes:
    period = np.broadcast_to(np.arange(1, PERIODS + 1), kind.shape)
    rows = pl.DataFrame(
        {
            "kind": kind.ravel(),
            "period": np.where(kind == 7, 1 + period % PERIODS, period).ravel(),
            "gross": gross.ravel(),
            "non_final": non_final.ravel(),
            "corrected": corrected.ravel(),
            "stated": stated.ravel(),
        }
    )
    suffix = pl.when(kind=3).then(pl.lit("x")).when(kind=4).then(pl.lit("0")).otherwise(pl.lit(""))
    periods = rows.select(
        pl.concat_str(
            *(pl.lit("NFP|"), "period", pl.lit("|"), decimal_text(pl.col("gross"), 4), suffix, pl.lit("|")),
            pl.when("stated").then(decimal_text(pl.col("non_final"), 4)).otherwise(pl.lit("")),
            *(pl.lit("|"), decimal_text(pl.col("corrected"), 4), pl.lit("|\n")),
        ).alias("text")
    ).with_columns(
        place=pl.Series(np.arange(kind.size) // PERIODS * _RECORDS_OF_UNIT + np.arange(kind.size) % PERIODS + 1)
    )
    names = unit_names(int(pairs[-1]) // len(CLASSES) + 1).gather(pairs // len(CLASSES))
    classes = pl.Series(CLASSES).gather(pairs % len(CLASSES))
    place = np.arange(len(pairs)) * _RECORDS_OF_UNIT
    heads = pl.select(pl.format("NFU|{}|_C|{}|\n", names, classes).alias("text")).with_columns(place=pl.Series(place))
    totals = pl.DataFrame(
        {
            "gross": gross.sum(axis=1) + (kind == 8).any(axis=1),
            "non_final": non_final.sum(axis=1),
            "stated": stated.any(axis=1),
            "corrected": corrected.sum(axis=1),
        }
    ).select(
        pl.concat_str(
            *(pl.lit("NFT|"), decimal_text(pl.col("gross"), 4), pl.lit("|")),
            pl.when("stated").then(decimal_text(pl.col("non_final"), 4)).otherwise(pl.lit("")),
            *(pl.lit("|"), decimal_text(pl.col("corrected"), 4), pl.lit("|\n")),
        ).alias("text")
    )
    feet = totals.with_columns(place=pl.Series(place + PERIODS + 1))
    ordered = pl.concat([heads, periods, feet]).sort("place")["text"]
    text: str = ordered.str.join("").item()
    return text.encode()


def _bad_lines(first: int, kind: Numbers) -> pl.DataFrame:
    """The lines that break a rule: the period's own, or that of its unit or of its total."""
    unit, period = np.nonzero(kind >= 0)
    found = kind[unit, period]
    head = 3 + (first + unit) * _RECORDS_OF_UNIT
    line = np.select([found == 7, found == 8], [head, head + PERIODS + 1], head + 1 + period)
    # a malformed gross leaves its sum unknown, so that the total's is not told
    unreadable = (kind == 3).any(axis=1)[unit] & (found == 8)
    rules = pl.Series(KINDS).gather(found)
    return pl.DataFrame({"line": pl.Series(line, dtype=pl.UInt32), "rule": rules}).filter(pl.Series(~unreadable))


def made_home(folder: Path, pairs: int) -> Home:
    """A home that knows the BM Units of that many BM Units and measurement classes, and their declarations.

    What rules look up in it stands in it as CSV too: `bm-units.csv`, and `facilities.csv` of the day's declarations.
    """
    home = Home(folder)
    home.make()
    names = unit_names(-(-pairs // len(CLASSES)))
    register = pl.DataFrame({"bm_unit_id": names, "netso_name": None, "bm_unit_name": names}).with_columns(
        lead_party_id=pl.lit("ACME"),
        bm_unit_type=pl.lit("S"),
        gsp_group_id=pl.lit("_C"),
        generation_capacity=pl.lit("0"),
        demand_capacity=pl.lit("-40"),
        production_consumption_flag=pl.lit("C"),
        fpn_flag=None,
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
    with writing(engine) as session:
        policy.load(session, POLICY.read_text(), at=RECEIVED_AT, actor="benchmark")
        for kind, text in files.items():
            path = folder / f"{kind}.csv"
            path.write_text(text)
            reference_load.load(session, kind, path, at=RECEIVED_AT, actor="benchmark")
        declared = _declared(names)
        effects.add(session, "declared_metering_systems", declared, test_flag="OPER", run_number=1)
        declared.select("bm_unit_id", "facility_id", "maximum_import_capacity").write_csv(folder / "facilities.csv")
    engine.dispose()
    return home


def _declared(names: pl.Series) -> pl.DataFrame:
    """A facility on every second BM Unit, as market.reference.DECLARED_METERING_SYSTEMS."""
    row = pl.int_range(pl.len())
    return (
        names.gather_every(2)
        .alias("bm_unit_id")
        .to_frame()
        .with_columns(
            declaration_id=row + 1,
            declaration_set_id=pl.format("SET{}", row),
            operator_company_number=pl.lit("01234567"),
            facility_id=pl.format("FACILITY{}", row),
            facility_type=pl.lit("S"),
            maximum_import_capacity=pl.lit(LARGEST_KW),
            supplier_id=pl.lit("ACME"),
            msid=pl.format("12{}", row.cast(pl.String).str.zfill(11)),
            import_export_indicator=pl.lit("I"),
            gsp_group_id=pl.lit("_C"),
            measurement_class=pl.lit("C"),
            hhda_id=pl.lit("HHDA"),
            effective_from=pl.lit(MARKET_START),
            effective_to=pl.lit(OPEN_END),
            received_at=pl.lit(RECEIVED_AT).cast(pl.Datetime("us", "UTC")),
            submission_ref=pl.lit("DECLARED"),
            line=row,
        )
        .select(pl.col(name).cast(dtype) for name, dtype in DECLARED_METERING_SYSTEMS.items())
    )
