"""Which units of a run were not simply accepted."""

import datetime as dt

import polars as pl
from sqlalchemy import Engine

from market.frames import UNITS
from store import runs
from store.database import reading, writing

NOON = dt.datetime(2026, 11, 10, 12, tzinfo=dt.UTC)


def test_units_that_were_not_simply_accepted_are_kept(store: Engine) -> None:
    units = pl.DataFrame(
        {"key": ["a", "b", "c", "d", "e"], "outcome": ["A", "R", "W", "N", "H"], "line": [3, 4, 5, 6, 7]}, UNITS
    )
    with writing(store) as session:
        runs.tell(session, 7, units)
    with reading(store) as session:
        assert runs.told(session, 7).equals(units[1:])
        assert runs.told(session, 8).equals(UNITS.to_frame())
