"""Metered volumes of MSID Pairs and AMSID Pairs that an operator loads, as record sets."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import polars as pl
from sqlmodel import Session

from market.clock import london_day
from market.home import Home
from market.reference import PAIR_VOLUMES
from market.settlement_period import periods_in_day_expr
from store import audit, policy, record_sets
from store.reference_file import ReferenceFileError, checked_values, problems_of, read_text
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
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    ref = f"load-{at:%Y%m%dT%H%M%S%f}-{digest[:8]}"
    staged = record_sets.stage(home, "PAIR", ref, 1, 0, rows)
    central = policy.in_force(session).on(london_day(at)).gateway_id
    record_sets.add(session, home, staged, party_id=central, test_flag="OPER", received_at=at)
    done = PairVolumesLoad(
        ref, rows.select(_KEY[:2]).n_unique(), rows.select("settlement_date").n_unique(), rows.height
    )
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
    """The rows of a file's text (`store.reference_file.read_text`), with the schema of PAIR_VOLUMES.

    `received_at` and `submission_ref` are null. Raises ReferenceFileError.
    """
    checked_values(COLUMNS, text, file_name)
    rows = text.with_columns(
        day=pl.col("settlement_date").str.to_date("%Y-%m-%d", strict=False),
        settlement_period=pl.col("settlement_period").cast(pl.Int64),
        volume=_scaled("volume_mwh"),
    )
    problems = _problems(rows)
    if rows.is_empty() or not problems.is_empty():
        raise ReferenceFileError(file_name, problems.sort("line") if not rows.is_empty() else _NO_ROWS)
    return rows.select(
        *_KEY[:2],
        pl.col("day").alias("settlement_date"),
        "settlement_period",
        "volume",
        *(pl.lit(None, PAIR_VOLUMES[name]).alias(name) for name in record_sets.OF_SET),
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
    both = rows.filter(pl.col("import_msid").is_null() == pl.col("import_amsid").is_null())
    again = rows.filter(~pl.struct(_KEY).is_first_distinct())
    beyond = pl.format("{} is not on {}, which has periods 1 to {}", "settlement_period", "settlement_date", "last")
    return pl.concat(
        [
            problems_of(no_day, "settlement_date", pl.format("{} is no day of the calendar", "settlement_date")),
            problems_of(outside, "settlement_period", beyond),
            problems_of(both, "import_msid", pl.lit("a row names either an Import MSID or an Import AMSID")),
            problems_of(again, "settlement_period", pl.lit("the pair and period stand on an earlier line")),
        ]
    )


def _scaled(column: str) -> pl.Expr:
    """MWh as text, with at most four decimals, as whole ten-thousandths."""
    return (pl.col(column).cast(pl.Decimal(18, 4)) * 10_000).cast(pl.Int64)
