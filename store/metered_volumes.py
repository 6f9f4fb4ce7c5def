"""Metered volumes of BM Units that an operator loads, as record sets."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl
from sqlmodel import Session

from market.home import Home
from market.number_text import scaled_decimal
from market.reference import METERED_VOLUMES
from market.settlement_run import RUNS
from store import record_sets
from store.operator_volumes import put_in_force, refuse_problems, with_days
from store.reference_file import checked_values
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
    told = {
        "bm_units": rows["bm_unit_id"].n_unique(),
        "days": rows["settlement_date"].n_unique(),
        "volumes": rows.height,
    }
    ref = put_in_force(session, home, "METERED", rows, path, subject=KIND, at=at, actor=actor, told=told)
    return MeteredVolumesLoad(ref, **told)


def parsed(text: pl.DataFrame, file_name: str) -> pl.DataFrame:
    """The rows of a CSV file's text (`store.reference_file.read_text`), with the schema of METERED_VOLUMES.

    `received_at` and `submission_ref` are null. Raises ReferenceFileError, with every problem.
    """
    checked_values(COLUMNS, text, file_name)
    rows = with_days(text).with_columns(volume=scaled_decimal(pl.col("qm_mwh"), 3))
    refuse_problems(rows, file_name, _KEY, "the BM Unit, run and period stand on an earlier line")
    return rows.select(
        "bm_unit_id",
        pl.col("day").alias("settlement_date"),
        *("run_type", "settlement_period", "volume"),
        *(pl.lit(None, METERED_VOLUMES[name]).alias(name) for name in record_sets.OF_SET),
        pl.col("line").cast(pl.UInt32),
    )
