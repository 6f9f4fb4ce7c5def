"""Frames into tables through the driver's own connection, inside the session's transaction."""

import sqlite3
from typing import TYPE_CHECKING, cast

import polars as pl
from sqlmodel import Session

from store.database import on_sqlite

if TYPE_CHECKING:
    import psycopg

SLICE = 100_000
"""Rows that are turned into the driver's form at a time."""


def insert(session: Session, table: str, frame: pl.DataFrame) -> None:
    """Inserts every row of a frame, whose columns are columns of the table, in its order.

    Datetimes must be in UTC. NUL, which PostgreSQL's text cannot hold, is stored as U+FFFD.
    """
    if frame.is_empty():
        return
    session.flush()
    driver = session.connection().connection.driver_connection
    for part in frame.iter_slices(SLICE):
        written = _written(part)
        if on_sqlite(session):
            _executemany(cast("sqlite3.Connection", driver), table, written)
        else:
            _copy(cast("psycopg.Connection[object]", driver), table, written)


def _written(frame: pl.DataFrame) -> pl.DataFrame:
    expressions = []
    for name, dtype in frame.schema.items():
        column = pl.col(name)
        if dtype == pl.Datetime:
            column = column.dt.convert_time_zone("UTC").dt.strftime("%Y-%m-%d %H:%M:%S%.6f")
        elif dtype == pl.Date:
            column = column.dt.to_string("%Y-%m-%d")
        elif dtype == pl.Boolean:
            column = column.cast(pl.Int8)
        elif dtype == pl.String:
            column = column.str.replace_all("\0", "\ufffd", literal=True)
        expressions.append(column)
    return frame.select(expressions)


def _executemany(connection: sqlite3.Connection, table: str, frame: pl.DataFrame) -> None:
    names = ", ".join(f'"{name}"' for name in frame.columns)
    marks = ", ".join("?" * frame.width)
    columns = (series.to_list() for series in frame.get_columns())
    connection.executemany(f'INSERT INTO "{table}" ({names}) VALUES ({marks})', zip(*columns, strict=True))


def _copy(connection: "psycopg.Connection[object]", table: str, frame: pl.DataFrame) -> None:
    # A gateway on SQLite does not need the driver.
    from psycopg import sql

    names = sql.SQL(", ").join(map(sql.Identifier, frame.columns))
    command = sql.SQL("COPY {} ({}) FROM STDIN (FORMAT csv)").format(sql.Identifier(table), names)
    # Without it timestamps would be read in the server's own zone.
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL TimeZone = 'UTC'")
        with cursor.copy(command) as copy:
            copy.write(frame.write_csv(include_header=False).encode())
