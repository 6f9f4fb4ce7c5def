"""Rows of the store as polars frames, without an object for each row."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import polars as pl
from sqlalchemy import DateTime, Select, String, type_coerce
from sqlmodel import Session

from store.database import on_sqlite

_STORED_TIME = "%Y-%m-%d %H:%M:%S%.f"


def read(
    session: Session, statement: Select[*tuple[Any, ...]], schema: pl.Schema, params: Mapping[str, Any] | None = None
) -> pl.DataFrame:
    """The rows of a select, under `params`, whose columns are those of the schema, in its order."""
    session.flush()
    temporal = [name for name, dtype in schema.items() if dtype.is_temporal()]
    if temporal:
        # with parameters a statement is asked again and again, and is built once
        plain = _with_plain_times if params is None else _kept_with_plain_times
        statement = plain(statement, tuple(schema.items()), on_sqlite(session))
    rows = session.connection().execute(statement, params).all()
    if not rows:
        return schema.to_frame()
    as_read = pl.Schema({name: _as_read(session, dtype) for name, dtype in schema.items()})
    data = dict(zip(schema.names(), zip(*rows, strict=True), strict=True))
    frame = pl.DataFrame(data, schema=as_read)
    return frame.with_columns(_typed(session, name, schema[name]) for name in temporal) if temporal else frame


def _with_plain_times(
    statement: Select[*tuple[Any, ...]], schema: tuple[tuple[str, pl.DataType], ...], sqlite: bool
) -> Select[*tuple[Any, ...]]:
    """The same select with its times as the driver gives them."""
    plain = String() if sqlite else DateTime(timezone=True)
    columns = [
        type_coerce(column, plain if dtype == pl.Datetime or sqlite else column.type).label(name)
        if dtype.is_temporal()
        else column
        for (name, dtype), column in zip(schema, statement.selected_columns, strict=True)
    ]
    return statement.with_only_columns(*columns)


_kept_with_plain_times = lru_cache(_with_plain_times)


def _as_read(session: Session, dtype: pl.DataType) -> pl.DataType:
    return pl.String() if dtype.is_temporal() and on_sqlite(session) else dtype


def _typed(session: Session, name: str, dtype: pl.DataType) -> pl.Expr:
    if not on_sqlite(session):
        return pl.col(name)
    if dtype == pl.Date:
        return pl.col(name).str.to_date("%Y-%m-%d")
    return pl.col(name).str.to_datetime(_STORED_TIME, time_unit="us").dt.replace_time_zone("UTC")
