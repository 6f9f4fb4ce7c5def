"""Rows of the store as polars frames, without an object for each row."""

from typing import Any

import polars as pl
from sqlalchemy import DateTime, Select, String, type_coerce
from sqlmodel import Session

from store.database import on_sqlite

_STORED_TIME = "%Y-%m-%d %H:%M:%S%.f"


def read(session: Session, statement: Select[*tuple[Any, ...]], schema: pl.Schema) -> pl.DataFrame:
    """The rows of a select whose columns are those of the schema, in its order."""
    session.flush()
    plain = String() if on_sqlite(session) else DateTime(timezone=True)
    temporal = {name for name, dtype in schema.items() if dtype.is_temporal()}
    columns = [
        type_coerce(column, plain if schema[name] == pl.Datetime or on_sqlite(session) else column.type).label(name)
        if name in temporal
        else column
        for name, column in zip(schema.names(), statement.selected_columns, strict=True)
    ]
    rows = session.connection().execute(statement.with_only_columns(*columns)).all()
    as_read = pl.Schema({name: _as_read(session, dtype) for name, dtype in schema.items()})
    if not rows:
        return schema.to_frame()
    data = dict(zip(schema.names(), zip(*rows, strict=True), strict=True))
    return pl.DataFrame(data, schema=as_read).select(_typed(session, name, dtype) for name, dtype in schema.items())


def _as_read(session: Session, dtype: pl.DataType) -> pl.DataType:
    return pl.String() if dtype.is_temporal() and on_sqlite(session) else dtype


def _typed(session: Session, name: str, dtype: pl.DataType) -> pl.Expr:
    if not dtype.is_temporal() or not on_sqlite(session):
        return pl.col(name)
    if dtype == pl.Date:
        return pl.col(name).str.to_date("%Y-%m-%d")
    return pl.col(name).str.to_datetime(_STORED_TIME, time_unit="us").dt.replace_time_zone("UTC")
