"""Metered volumes of BM Units that an operator loads, as record sets."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl
from sqlmodel import Session

from market.clock import london_day
from market.home import Home
from market.number_text import scaled_decimal
from market.reference import METERED_VOLUMES
from market.settlement_period import periods_in_day_expr
from market.settlement_run import RUNS
from store import audit, policy, record_sets
from store.reference_file import ReferenceFileError, checked_values, problems_of
from store.reference_kinds import DAY, Column

KIND = "metered-volumes"
"""The kind of reference data."""

COLUMNS = (
    Column(
        "bm_unit_id", r"^[A-Za-z0-9_-]{1,11}$", "a BM Unit Id of at most 11 letters, digits, _ and -", required=True
    ),
    Column("settlement_date", *DAY, required=True),
    Column("run_type", rf"^(?:{'|'.join(RUNS)})$", f"one of {', '.join(RUNS)}", required=True),
    Column("settlement_period", r"^(?:[1-9]|[1-4][0-9]|50)$", "a period from 1 to 50", required=True),
    Column(
        "qm_mwh",
        r"^-?(?:0|[1-9][0-9]{0,6})(?:\.[0-9]{1,3})?$",
        "MWh with at most three decimals, export positive",
        required=True,
    ),
)
"""The columns of the CSV file, which carries Supplier BM Units too."""

_KEY = ["bm_unit_id", "settlement_date", "run_type", "settlement_period"]


@dataclass(frozen=True)
class MeteredVolumesLoad:
    """What a load did: its name among submissions, and how many BM Units, days and volumes it has."""

    ref: str
    bm_units: int
    days: int
    volumes: int


def load(
    session: Session, home: Home, rows: pl.DataFrame, path: Path, *, at: datetime, actor: str
) -> MeteredVolumesLoad:
    """Puts rows of METERED_VOLUMES, read from the file at `path`, in force; there is at least one of them."""
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    ref = f"load-{at:%Y%m%dT%H%M%S%f}-{digest[:8]}"
    staged = record_sets.stage(home, "METERED", ref, 1, 0, rows)
    central = policy.in_force(session).on(london_day(at)).gateway_id
    record_sets.add(session, home, staged, party_id=central, test_flag="OPER", received_at=at)
    done = MeteredVolumesLoad(ref, rows["bm_unit_id"].n_unique(), rows["settlement_date"].n_unique(), rows.height)
    audit.write(
        session,
        at=at,
        actor=actor,
        action="load reference",
        subject_kind="reference",
        subject=KIND,
        detail={"file": path.name, "sha256": digest, **vars(done)},
    )
    session.flush()
    return done


def parsed(text: pl.DataFrame, file_name: str) -> pl.DataFrame:
    """The rows of a CSV file's text (`store.reference_file.read_text`), with the schema of METERED_VOLUMES.

    `received_at` and `submission_ref` are null. Raises ReferenceFileError, with every problem.
    """
    checked_values(COLUMNS, text, file_name)
    rows = text.with_columns(
        day=pl.col("settlement_date").str.to_date("%Y-%m-%d", strict=False),
        settlement_period=pl.col("settlement_period").cast(pl.Int64),
        volume=scaled_decimal(pl.col("qm_mwh"), 3),
    )
    problems = _problems(rows)
    if rows.is_empty() or not problems.is_empty():
        raise ReferenceFileError(file_name, problems.sort("line") if not rows.is_empty() else _NO_ROWS)
    return rows.select(
        "bm_unit_id",
        pl.col("day").alias("settlement_date"),
        *("run_type", "settlement_period", "volume"),
        *(pl.lit(None, METERED_VOLUMES[name]).alias(name) for name in record_sets.OF_SET),
        pl.col("line").cast(pl.UInt32),
    )


_NO_ROWS = pl.DataFrame(
    {"line": [None], "column": [None], "message": ["it has no volume"]},
    {"line": pl.UInt32, "column": pl.String, "message": pl.String},
)


def _problems(rows: pl.DataFrame) -> pl.DataFrame:
    no_day = rows.filter(pl.col("day").is_null())
    whole = rows.drop_nulls("day").with_columns(last=periods_in_day_expr(pl.col("day")))
    outside = whole.filter(pl.col("settlement_period") > pl.col("last"))
    again = rows.filter(~pl.struct(_KEY).is_first_distinct())
    beyond = pl.format("{} is not on {}, which has periods 1 to {}", "settlement_period", "settlement_date", "last")
    return pl.concat(
        [
            problems_of(no_day, "settlement_date", pl.format("{} is no day of the calendar", "settlement_date")),
            problems_of(outside, "settlement_period", beyond),
            problems_of(again, "settlement_period", pl.lit("the BM Unit, run and period stand on an earlier line")),
        ]
    )
