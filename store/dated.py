"""Changes of dated rows: old rows stay readable under their version, new ones stand beside them.

A frame of wanted rows says what holds on the days that it covers, for the keys that it names. A wanted row with the
key and `effective_from` of a standing one takes its place; other standing rows of the key give way on the days that
wanted rows cover; every other key is left alone.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import polars as pl
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, update

from market.frames import OPEN_END
from store import bulk, frames
from store.database import on_sqlite
from store.tables import ReferenceLoad
from store.tables.row import Dated

BOUNDS = pl.Schema({"effective_from": pl.Date, "effective_to": pl.Date})

_DAY = timedelta(days=1)
_RETIRED_AT_ONCE = 10_000


@dataclass(frozen=True)
class DatedTable:
    """A table of dated rows: `schema` gives its columns (without bounds and versions), the first of them the key."""

    table: type[Dated]
    schema: pl.Schema
    key_length: int

    @property
    def key(self) -> list[str]:
        """The columns that name what a row is about."""
        return self.schema.names()[: self.key_length]


def begin(session: Session, kind: str, *, at: datetime, file_name: str = "", sha256: str = "") -> ReferenceLoad:
    """Opens a new reference version; other changes wait until the transaction ends."""
    if not on_sqlite(session):
        # Versions must become visible in their order.
        session.connection().exec_driver_sql("LOCK TABLE reference_load IN SHARE ROW EXCLUSIVE MODE")
    load = ReferenceLoad(kind=kind, file_name=file_name, sha256=sha256, at=at)
    session.add(load)
    session.flush()
    return load


def apply(session: Session, dated: DatedTable, wanted: pl.DataFrame, load: ReferenceLoad) -> None:
    """Makes the wanted rows (the table's schema and BOUNDS, no overlap within a key) stand from this version on.

    The load counts the rows that it added, corrected, ended (or trimmed), and found as they should be.
    """
    standing = _standing(session, dated).join(wanted.select(dated.key), on=dated.key, how="semi", nulls_equal=True)
    where = [*dated.key, "effective_from"]
    same = standing.join(wanted, on=where, suffix="_wanted", nulls_equal=True)
    differs = pl.any_horizontal(
        pl.lit(False),
        *(pl.col(name).ne_missing(pl.col(f"{name}_wanted")) for name in dated.schema if name not in dated.key),
    )
    shifted = pl.col("effective_to") != pl.col("effective_to_wanted")
    touched = same.filter(differs | shifted)
    others = standing.join(wanted, on=where, how="anti", nulls_equal=True)
    kept = _outside(others, wanted, dated.key)
    untrimmed = kept.join(others, on=["id", "effective_from", "effective_to"], how="semi")
    trimmed = kept.join(untrimmed, on="id", how="anti")
    unchanged = same.join(touched, on="id", how="anti")
    fresh = wanted.join(unchanged, on=where, how="anti", nulls_equal=True)
    gone = others.join(untrimmed, on="id", how="anti")

    columns = [*dated.schema.names(), *BOUNDS.names()]
    _retire(session, dated, pl.concat([touched["id"], gone["id"]]), load)
    _insert(session, dated, pl.concat([fresh.select(columns), trimmed.select(columns)]), load)
    corrected = same.filter(differs).height
    load.added += wanted.height - same.height
    load.corrected += corrected
    load.ended += touched.height - corrected + gone.height
    load.unchanged += unchanged.height


def end(session: Session, dated: DatedTable, keys: pl.DataFrame, last_day: date, load: ReferenceLoad) -> None:
    """Ends the rows of the given keys (some or all of the key's columns) after a day; the load counts them."""
    standing = _standing(session, dated).join(keys, on=keys.columns, how="semi")
    touched = standing.filter(pl.col("effective_to") > last_day)
    columns = [*dated.schema.names(), *BOUNDS.names()]
    left = touched.filter(pl.col("effective_from") <= last_day).with_columns(effective_to=pl.lit(last_day))
    _retire(session, dated, touched["id"], load)
    _insert(session, dated, left.select(columns), load)
    load.ended += touched.height


def overlaps(rows: pl.DataFrame, key: Sequence[str]) -> pl.DataFrame:
    """The rows that begin before an earlier one of their key has ended."""
    latest = pl.col("effective_to").cum_max().shift().over(key, order_by="effective_from")
    return rows.filter((pl.col("effective_from") <= latest).fill_null(value=False))


def _standing(session: Session, dated: DatedTable) -> pl.DataFrame:
    schema = pl.Schema({"id": pl.Int64()} | dict(dated.schema) | dict(BOUNDS))
    columns = [getattr(dated.table, name) for name in schema.names()]
    return frames.read(session, select_columns(*columns).where(col(dated.table.until_version).is_(None)), schema)


def _outside(rows: pl.DataFrame, wanted: pl.DataFrame, key: list[str]) -> pl.DataFrame:
    """What is left of rows on the days that no wanted row of their key covers."""
    bounds = wanted.select(*key, *BOUNDS.names()).sort(*key, "effective_from")
    before = bounds.select(
        *key,
        gap_from=(pl.col("effective_to") + _DAY).shift().over(key).fill_null(date.min),
        gap_to=pl.col("effective_from") - _DAY,
    )
    after = bounds.group_by(key).agg(gap_from=pl.col("effective_to").max() + _DAY, gap_to=pl.lit(OPEN_END))
    gaps = pl.concat([before, after.select(before.columns)])
    pieces = rows.join(gaps, on=key, nulls_equal=True).with_columns(
        effective_from=pl.max_horizontal("effective_from", "gap_from"),
        effective_to=pl.min_horizontal("effective_to", "gap_to"),
    )
    return pieces.filter(pl.col("effective_from") <= pl.col("effective_to")).drop("gap_from", "gap_to")


def _retire(session: Session, dated: DatedTable, ids: pl.Series, load: ReferenceLoad) -> None:
    for part in ids.to_frame().iter_slices(_RETIRED_AT_ONCE):
        statement = update(dated.table).where(col(dated.table.id).in_(part.to_series().to_list()))
        session.exec(statement.values(until_version=load.id).execution_options(synchronize_session=False))


def _insert(session: Session, dated: DatedTable, rows: pl.DataFrame, load: ReferenceLoad) -> None:
    bulk.insert(session, str(dated.table.__tablename__), rows.with_columns(since_version=pl.lit(load.id)))
