"""Metered volumes of MSID Pairs and AMSID Pairs that an operator loads, as record sets."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl
from sqlmodel import Session

from market.home import Home
from market.number_text import scaled_decimal
from market.reference import PAIR_VOLUMES
from store import record_sets
from store.operator_volumes import put_in_force, refuse_problems, with_days
from store.reference_file import checked_values, problems_of, read_text
from store.reference_kinds import DAY, MSID, Column

KIND = "pair-volumes"
"""The kind of reference file."""

COLUMNS = (
    Column("import_msid", *MSID),
    Column("import_amsid", *MSID),
    Column("settlement_date", *DAY, required=True),
    Column("settlement_period", r"^(?:[1-9]|[1-4][0-9]|50)$", "a period from 1 to 50", required=True),
    Column(
        "volume_mwh",
        r"^-?(?:0|[1-9][0-9]{0,9})(?:\.[0-9]{1,4})?$",
        "MWh with at most four decimals, import positive",
        required=True,
    ),
)
"""The columns of the file. A row has an Import MSID or an Import AMSID."""

_KEY = ["import_msid", "import_amsid", "settlement_date", "settlement_period"]


@dataclass(frozen=True)
class PairVolumesLoad:
    """What a load did: its name among submissions, and how many pairs, days and volumes it has."""

    ref: str
    pairs: int
    days: int
    volumes: int


def load(session: Session, home: Home, path: Path, *, at: datetime, actor: str) -> PairVolumesLoad:
    """Loads a file of metered volumes; a volume loaded later takes the place of one loaded before.

    Raises ReferenceFileError, with every problem, where the file is not as it must be; it then changes nothing.
    """
    rows = parsed(read_text(path), path.name)
    told = {
        "pairs": rows.select(_KEY[:2]).n_unique(),
        "days": rows["settlement_date"].n_unique(),
        "volumes": rows.height,
    }
    ref = put_in_force(session, home, "PAIR", rows, path, subject=KIND, at=at, actor=actor, told=told)
    return PairVolumesLoad(ref, **told)


def parsed(text: pl.DataFrame, file_name: str) -> pl.DataFrame:
    """The rows of a file's text (`store.reference_file.read_text`), with the schema of PAIR_VOLUMES.

    `received_at` and `submission_ref` are null. Raises ReferenceFileError.
    """
    checked_values(COLUMNS, text, file_name)
    rows = with_days(text).with_columns(volume=scaled_decimal(pl.col("volume_mwh"), 4))
    both = rows.filter(pl.col("import_msid").is_null() == pl.col("import_amsid").is_null())
    named = problems_of(both, "import_msid", pl.lit("a row names either an Import MSID or an Import AMSID"))
    refuse_problems(rows, file_name, _KEY, "the pair and period stand on an earlier line", named)
    return rows.select(
        *_KEY[:2],
        pl.col("day").alias("settlement_date"),
        "settlement_period",
        "volume",
        *(pl.lit(None, PAIR_VOLUMES[name]).alias(name) for name in record_sets.OF_SET),
        pl.col("line").cast(pl.UInt32),
    )
