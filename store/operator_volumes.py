"""What files of volumes that an operator loads have in common: their days and periods, and how they come into force."""

import hashlib
from datetime import datetime
from pathlib import Path
from typing import Any

import polars as pl
from sqlmodel import Session

from market.clock import london_day
from market.home import Home
from market.settlement_period import periods_in_day_expr
from store import audit, policy, record_sets
from store.reference_file import PROBLEMS, ReferenceFileError, problems_of


def with_days(text: pl.DataFrame) -> pl.DataFrame:
    """Text with `day` (Date, null where the calendar has no such day) and `settlement_period` (Int64)."""
    return text.with_columns(
        day=pl.col("settlement_date").str.to_date("%Y-%m-%d", strict=False),
        settlement_period=pl.col("settlement_period").cast(pl.Int64),
    )


def refuse_problems(rows: pl.DataFrame, file_name: str, key: list[str], again: str, *more: pl.DataFrame) -> None:
    """Raises ReferenceFileError where rows of `with_days` name days or periods that are none or one key twice.

    `again` tells what stands on an earlier line; `more` are problems of the kind itself. A file without rows is one.
    """
    whole = rows.drop_nulls("day").with_columns(last=periods_in_day_expr(pl.col("day")))
    outside = whole.filter(pl.col("settlement_period") > pl.col("last"))
    beyond = pl.format("{} is not on {}, which has periods 1 to {}", "settlement_period", "settlement_date", "last")
    no_day = rows.filter(pl.col("day").is_null())
    problems = pl.concat(
        [
            problems_of(no_day, "settlement_date", pl.format("{} is no day of the calendar", "settlement_date")),
            problems_of(outside, "settlement_period", beyond),
            *more,
            problems_of(rows.filter(~pl.struct(key).is_first_distinct()), "settlement_period", pl.lit(again)),
        ]
    )
    if rows.is_empty():
        problems = pl.DataFrame({"line": [None], "column": [None], "message": ["it has no volume"]}, PROBLEMS)
    if not problems.is_empty():
        raise ReferenceFileError(file_name, problems.sort("line"))


def put_in_force(
    session: Session,
    home: Home,
    kind: str,
    rows: pl.DataFrame,
    path: Path,
    *,
    subject: str,
    at: datetime,
    actor: str,
    told: dict[str, Any],
) -> str:
    """Puts the rows of a file in force as a record set of `kind`; gives its name among submissions.

    The audit tells what was loaded of `subject`, with the counts in `told`.
    """
    digest = hashlib.sha256(path.read_bytes()).hexdigest()
    ref = f"load-{at:%Y%m%dT%H%M%S%f}-{digest[:8]}"
    staged = record_sets.stage(home, kind, ref, 1, 0, rows)
    central = policy.in_force(session).on(london_day(at)).gateway_id
    record_sets.add(session, home, staged, party_id=central, test_flag="OPER", received_at=at)
    audit.loaded(session, subject, {"file": path.name, "sha256": digest, "ref": ref, **told}, at=at, actor=actor)
    session.flush()
    return ref
