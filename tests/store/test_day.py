"""A London day is counted by what was received on it, without reading what was received on others."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import Connection, Engine, event

from store import day
from store.database import reading, writing
from store.tables import Submission
from tests.store.conftest import NOON

Count = Callable[..., Any]


def plan_of(store: Engine, count: Count, on: dt.date) -> str:
    """How the store goes about a count, as it tells itself."""
    asked: list[tuple[str, Any]] = []

    def note(_: Connection, __: object, statement: str, parameters: object, *___: object) -> None:
        asked.append((statement, parameters))

    event.listen(store, "before_cursor_execute", note)
    with reading(store) as session:
        count(session, on)
    event.remove(store, "before_cursor_execute", note)
    statement, parameters = next(one for one in asked if "FROM submission" in one[0] or "JOIN submission" in one[0])
    on_sqlite = store.dialect.name == "sqlite"
    with store.connect() as connection:
        if not on_sqlite:
            # an empty table is read whole wherever that is not forbidden
            connection.exec_driver_sql("SET LOCAL enable_seqscan = off")
        explain = "EXPLAIN QUERY PLAN" if on_sqlite else "EXPLAIN"
        rows = connection.exec_driver_sql(f"{explain} {statement}", parameters).all()
    return "\n".join(str(row[-1]) for row in rows)


@pytest.mark.parametrize("count", [day.received, day.broken])
@pytest.mark.parametrize("on", [dt.date(2026, 3, 29), dt.date(2026, 10, 25)])
def test_the_days_own_are_found_by_an_index(acme: Engine, count: Count, on: dt.date) -> None:
    assert "ix_submission_received_at" in plan_of(acme, count, on)


def test_a_day_has_what_was_received_in_its_hours(acme: Engine, enter: Callable[..., Submission]) -> None:
    """25 October 2026 has 25 hours, from 23:00 GMT of the day before."""
    first, end = dt.datetime(2026, 10, 24, 23, tzinfo=dt.UTC), dt.datetime(2026, 10, 26, tzinfo=dt.UTC)
    second = dt.timedelta(seconds=1)
    with writing(acme) as session:
        for at in (first - second, first, end - second, end):
            enter(session, after=at - NOON)
    with reading(acme) as session:
        assert day.received(session, dt.date(2026, 10, 25))["files"].to_list() == [2]
        assert day.received(session, dt.date(2026, 10, 27)).is_empty()
