import datetime as dt
from collections.abc import Callable

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from sqlalchemy import Engine

from store import breaches, bulk, runs
from store.database import reading, writing
from store.states import Outcome, RunKind
from store.tables import Run, Submission

NOON = dt.datetime(2026, 11, 10, 12, 0, 0, tzinfo=dt.UTC)
Enter = Callable[..., Submission]

TEXTS = st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"]), max_size=8))
ROWS = st.lists(
    st.fixed_dictionaries(
        {
            "line": st.one_of(st.none(), st.integers(1, 50_000_000)),
            "record": TEXTS,
            "item": TEXTS,
            "position": st.integers(0, 255),
            "rule": st.sampled_from(["GCD-01", "FLD-03"]),
            "severity": st.sampled_from("EWI"),
            "value": TEXTS,
            "message": st.text(st.characters(exclude_categories=["Cs"]), max_size=8),
            "unit_key": TEXTS,
        }
    ),
    max_size=20,
)


def run_of(ref: str) -> Run:
    return Run(
        submission_ref=ref,
        kind=RunKind.ARRIVAL,
        started_at=NOON,
        finished_at=NOON,
        policy_version="2026-11-10-00000000",
        rules_version="1",
        reference_version=1,
    )


def test_runs_are_numbered_and_the_last_applied_one_counts(acme: Engine, enter: Enter) -> None:
    with writing(acme) as session:
        ref, other = enter(session).ref, enter(session).ref
        first = runs.add(session, run_of(ref))
        assert runs.applied(session, other) is None
        second = run_of(ref)
        second.applied, second.outcome = False, Outcome.REJECTED
        assert runs.add(session, second).number == 2
        assert runs.add(session, run_of(other)).number == 1
    with reading(acme) as session:
        assert [run.number for run in runs.of(session, ref)] == [1, 2]
        applied = runs.applied(session, ref)
        assert applied is not None
        assert (applied.id, applied.outcome) == (first.id, None)
        assert runs.of(session, ref)[1].outcome is Outcome.REJECTED


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(rows=ROWS)
def test_breaches_come_back_as_they_went_in(store: Engine, rows: list[dict[str, object]]) -> None:
    frame = pl.DataFrame(rows, schema=breaches.STORED)
    with writing(store) as session:
        session.connection().exec_driver_sql("DELETE FROM breach")
        breaches.add(session, 7, frame)
        breaches.add(session, 8, frame.head(1))
    stored = frame.with_columns(pl.col(pl.String).str.replace_all("\0", "\ufffd", literal=True))
    with reading(store) as session:
        assert_frame_equal(breaches.listed(session, 7), stored)
        assert_frame_equal(breaches.listed(session, 7, limit=3), stored.head(3))
        assert breaches.count_by_rule(session, 7) == dict(frame["rule"].value_counts().iter_rows())
        assert breaches.listed(session, 9).is_empty()


def test_more_than_a_slice_keeps_its_order(store: Engine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "SLICE", 7)
    frame = pl.DataFrame({"line": range(100, 0, -1)}).select(
        *(
            pl.col("line").cast(pl.UInt32)
            if name == "line"
            else pl.lit("x" if dtype == pl.String else 1, dtype).alias(name)
            for name, dtype in breaches.STORED.items()
        )
    )
    with writing(store) as session:
        breaches.add(session, 1, frame)
    with reading(store) as session:
        assert_frame_equal(breaches.listed(session, 1), frame)


def test_breaches_of_a_failed_transaction_are_gone(store: Engine) -> None:
    row = {name: "x" if dtype == pl.String else 1 for name, dtype in breaches.STORED.items()}

    def fails() -> None:
        with writing(store) as session:
            breaches.add(session, 1, pl.DataFrame([row], schema=breaches.STORED))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    with reading(store) as session:
        assert breaches.listed(session, 1).is_empty()
