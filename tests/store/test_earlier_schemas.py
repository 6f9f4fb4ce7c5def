"""Every earlier schema, with rows in every state in each of its tables, brought to this release's."""

import datetime as dt
import itertools
import math
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine

from store import migrations
from store.database import open_store, schema_version
from store.tables import METADATA
from store.tables.row import EnumText
from tests.store.test_migrations import contents

NOON = dt.datetime(2026, 10, 25, 12, tzinfo=dt.UTC)
LARGE = 1 << 40

MADE: dict[type, Callable[[str, int], Any]] = {
    sa.BigInteger: lambda name, number: LARGE + number,
    sa.Integer: lambda name, number: number + 1,
    sa.Boolean: lambda name, number: number % 2 == 0,
    sa.DateTime: lambda name, number: NOON + dt.timedelta(microseconds=number),
    sa.Date: lambda name, number: NOON.date() + dt.timedelta(days=number),
    sa.LargeBinary: lambda name, number: b"AAA|\0\xff%d" % number,
    sa.JSON: lambda name, number: {"why": f"{name} {number} \N{EURO SIGN}"},
    sa.String: lambda name, number: f"{name} {number} \N{EURO SIGN}",
}
"""A value of a column by its name and its row's number, by type."""


def versions(connection: Connection) -> list[str]:
    """All migrations, the newest first."""
    script = ScriptDirectory.from_config(migrations.configuration(connection))
    return [one.revision for one in script.walk_revisions()]


def states(column: sa.Column[Any]) -> list[Any]:
    """Every value that a column of states or kinds can have."""
    assert isinstance(column.type, EnumText)
    return [*column.type.kind, *([None] if column.nullable else [])]


def made(column: sa.Column[Any], number: int) -> Any:
    implied = column.type.impl if isinstance(column.type, sa.types.TypeDecorator) else column.type
    return next(make for kind, make in MADE.items() if isinstance(implied, kind))(column.name, number)


def rows_in_every_state(table: sa.Table, known: dict[str, list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """A row for every combination of states, and as many otherwise; they refer to rows that are `known`."""
    kinds = [column for column in table.columns if isinstance(column.type, EnumText)]
    combinations = list(itertools.product(*(states(column) for column in kinds)))
    if any(column.primary_key and column.foreign_keys for column in table.columns):
        combinations = combinations[: min(len(known[key.column.table.name]) for key in table.foreign_keys)]
    rows: list[dict[str, Any]] = []
    for number, combination in enumerate(combinations):
        row = {one.name: made(one, number) for one in table.columns if not isinstance(one.type, EnumText)}
        row |= {one.name: state for one, state in zip(kinds, combination, strict=True)}
        for key in table.foreign_keys:
            # A row of the table itself may be referred to once it is there.
            parents = known.get(key.column.table.name, rows[:1])
            row[key.parent.name] = parents[number % len(parents)][key.column.name] if parents else None
        rows.append(row)
    return rows


@pytest.mark.proof
def test_a_store_of_every_earlier_schema_keeps_every_row(
    store: Engine, store_location: str, tried: Callable[[str, str, int], None]
) -> None:
    with store.connect() as connection:
        newest, *earlier = versions(connection)
    assert newest == schema_version(store)
    for version in earlier:
        with store.connect() as connection, connection.begin():
            command.downgrade(migrations.configuration(connection), version)
        there = set(sa.inspect(store).get_table_names())
        tables = [table for table in METADATA.sorted_tables if table.name in there]
        known: dict[str, list[dict[str, Any]]] = {}
        with store.begin() as connection:
            for table in tables:
                known[table.name] = rows_in_every_state(table, known)
                connection.execute(table.insert(), known[table.name])
        before = contents(store)
        open_store(store_location).dispose()
        after = contents(store)
        assert schema_version(store) == newest
        assert {name: after[name] for name in before} == before
        assert all(len(after[name]) == len(rows) > 0 for name, rows in known.items())
        assert len(known["submission"]) == math.prod(
            len(states(column)) for column in METADATA.tables["submission"].columns if isinstance(column.type, EnumText)
        )
        assert all(not rows for name, rows in after.items() if name not in before)
        with store.begin() as connection:
            for table in reversed(tables):
                connection.execute(table.delete())
    tried("gateways", f"earlier schemas with rows in every state, on {store.dialect.name}", len(earlier))
