"""What is in force, against a plain reading of the same rows."""

import datetime as dt
from collections.abc import Callable, Iterable
from typing import Any

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from market import in_force
from market.frames import OPEN_END
from market.reference import (
    BASELINING_DETAILS,
    BASELINING_STATUSES,
    DELIVERED_VOLUMES,
    EVENT_DAYS,
    EXPECTED_VOLUMES,
    NOTIFICATIONS,
)
from market.settlement_period import periods_in_day

NOON = dt.datetime(2026, 3, 20, 12, tzinfo=dt.UTC)
# The day before the clocks go forward, the one that has 46 periods, and the one after.
DAYS = [dt.date(2026, 3, 28), dt.date(2026, 3, 29), dt.date(2026, 3, 30)]

Row = dict[str, Any]
days = st.sampled_from(DAYS)
units = st.sampled_from(["V__FACME001", "V__FACME002"])
periods = st.sampled_from([1, 46, 47, 48])
msids = st.sampled_from(["1000000000001", "1000000000002"])
received = st.tuples(st.integers(0, 2), st.sampled_from("ABC"))


def rows(schema: pl.Schema, **columns: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Row]]:
    """Rows of a schema; each has a line of its own, so that the last one is decided. Columns not given are null."""
    row = st.fixed_dictionaries({"received": received} | columns)

    def made(drawn: list[Row]) -> list[Row]:
        return [
            dict.fromkeys(schema.names())
            | {name: value for name, value in one.items() if name != "received"}
            | {
                "received_at": NOON + dt.timedelta(seconds=one["received"][0]),
                "submission_ref": one["received"][1],
                "line": line,
            }
            for line, one in enumerate(drawn, start=2)
        ]

    return st.lists(row, max_size=12).map(made)


def order(row: Row) -> tuple[dt.datetime, str, int]:
    return row["received_at"], row["submission_ref"], row["line"]


def last(found: Iterable[Row], key: Callable[[Row], object]) -> list[Row]:
    by_key: dict[object, Row] = {}
    for row in sorted(found, key=order):
        by_key[key(row)] = row
    return list(by_key.values())


def same(frame: pl.DataFrame, wanted: list[Row]) -> bool:
    def key(row: Row) -> str:
        return repr(sorted((name, str(value)) for name, value in row.items()))

    return sorted(frame.to_dicts(), key=key) == sorted(wanted, key=key)


@given(
    rows(
        NOTIFICATIONS,
        bm_unit_id=units,
        kind=st.sampled_from(["PN", "MEL"]),
        settlement_date=days,
        settlement_period=periods,
        level_from=st.integers(0, 9),
    )
)
def test_all_pieces_of_the_last_submission_are_in_force(given_rows: list[Row]) -> None:
    def about(row: Row) -> tuple[object, ...]:
        return row["bm_unit_id"], row["kind"], row["settlement_date"], row["settlement_period"]

    def submission(row: Row) -> tuple[object, ...]:
        return row["received_at"], row["submission_ref"]

    wanted = [
        row for row in given_rows if submission(row) == max(submission(o) for o in given_rows if about(o) == about(row))
    ]
    found = in_force.notifications_in_force(pl.DataFrame(given_rows, NOTIFICATIONS))
    assert found.schema == NOTIFICATIONS
    assert same(found, wanted)


@given(
    rows(
        DELIVERED_VOLUMES,
        bm_unit_id=units,
        settlement_date=days,
        import_msid=msids,
        import_amsid=st.none() | msids,
        settlement_period=periods,
        volume=st.integers(-9, 9),
    )
)
def test_the_last_volume_of_a_pair_and_period_is_in_force(given_rows: list[Row]) -> None:
    found = in_force.delivered_volumes_in_force(pl.DataFrame(given_rows, DELIVERED_VOLUMES))
    assert found.schema == DELIVERED_VOLUMES
    assert same(found, last(given_rows, lambda row: tuple(row[name] for name in in_force.DELIVERED)))


@given(
    rows(
        EXPECTED_VOLUMES,
        bm_unit_id=units,
        effective_from=days,
        effective_to=st.booleans(),
        settlement_period=periods,
        volume=st.integers(-9, 9),
    ),
    st.lists(days, max_size=4),
)
def test_the_dated_expected_volume_ranks_before_the_default(given_rows: list[Row], asked: list[dt.date]) -> None:
    for row in given_rows:
        row["effective_to"] = row["effective_from"] if row["effective_to"] else OPEN_END
    wanted = []
    for day in set(asked):
        for unit in {row["bm_unit_id"] for row in given_rows}:
            for period in {row["settlement_period"] for row in given_rows}:
                about = [row for row in given_rows if (row["bm_unit_id"], row["settlement_period"]) == (unit, period)]
                dated = [row for row in about if row["effective_from"] == row["effective_to"] == day]
                default = [row for row in about if row["effective_to"] == OPEN_END and row["effective_from"] <= day]
                if dated:
                    wanted.append(max(dated, key=order) | {"settlement_date": day})
                elif default and period <= periods_in_day(day):
                    latest = max(default, key=lambda row: (row["effective_from"], *order(row)))
                    wanted.append(latest | {"settlement_date": day})
    found = in_force.expected_volumes_in_force(pl.DataFrame(given_rows, EXPECTED_VOLUMES), asked)
    assert found.schema == pl.Schema(EXPECTED_VOLUMES | {"settlement_date": pl.Date})
    assert same(found, wanted)


@given(
    rows(EXPECTED_VOLUMES, bm_unit_id=units, effective_from=days, settlement_period=periods, volume=st.integers(-9, 9)),
    days,
)
def test_the_default_of_the_latest_day_is_in_force_for_periods_that_the_day_has_not_too(
    given_rows: list[Row], day: dt.date
) -> None:
    standing = [row | {"effective_to": OPEN_END} for row in given_rows if row["effective_from"] <= day]
    for row in given_rows:
        row["effective_to"] = OPEN_END
    latest: dict[tuple[Any, ...], Row] = {}
    for row in sorted(standing, key=lambda row: (row["effective_from"], *order(row))):
        latest[row["bm_unit_id"], row["settlement_period"]] = row
    found = in_force.default_volumes_in_force(pl.DataFrame(given_rows, EXPECTED_VOLUMES), day)
    assert same(found, list(latest.values()))


@given(
    rows(
        EVENT_DAYS,
        bm_unit_id=units,
        pair_indicator=st.sampled_from("TA"),
        import_msid=st.none() | msids,
        event_day=days,
        event_day_type=st.sampled_from("BOD"),
    )
)
def test_a_deleted_event_day_stands_again_once_it_is_set_again(given_rows: list[Row]) -> None:
    kept = last(given_rows, lambda row: tuple(row[name] for name in (*in_force.PAIR, "event_day")))
    found = in_force.event_days_in_force(pl.DataFrame(given_rows, EVENT_DAYS))
    assert found.schema == EVENT_DAYS
    assert same(found, [row for row in kept if row["event_day_type"] != "D"])


@given(rows(BASELINING_STATUSES, bm_unit_id=units, effective_from=days, baselined=st.sampled_from("TF")))
def test_a_status_holds_from_its_day_until_a_later_one(given_rows: list[Row]) -> None:
    found = in_force.baselining_statuses_in_force(pl.DataFrame(given_rows, BASELINING_STATUSES))
    assert found.schema == pl.Schema(BASELINING_STATUSES | {"effective_to": pl.Date})
    _ranges_hold(found, given_rows, ("bm_unit_id",))


@given(
    rows(
        BASELINING_DETAILS,
        bm_unit_id=units,
        pair_indicator=st.sampled_from("TA"),
        import_msid=st.none() | msids,
        effective_from=days,
        baselining_indicator=st.sampled_from("SIB"),
        baselining_methodology=st.none() | st.just("BL01"),
    )
)
def test_a_detail_holds_from_its_day_until_a_later_one_of_the_pair(given_rows: list[Row]) -> None:
    found = in_force.baselining_details_in_force(pl.DataFrame(given_rows, BASELINING_DETAILS))
    assert found.schema == pl.Schema(BASELINING_DETAILS | {"effective_to": pl.Date})
    _ranges_hold(found, given_rows, in_force.PAIR)


def _ranges_hold(found: pl.DataFrame, given_rows: list[Row], key: tuple[str, ...]) -> None:
    """On every day at most one row of a key holds: the one that a plain reading finds."""
    for name in {tuple(row[part] for part in key) for row in given_rows}:
        about = [row for row in given_rows if tuple(row[part] for part in key) == name]
        ranges = [row for row in found.to_dicts() if tuple(row[part] for part in key) == name]
        for day in (DAYS[0] - dt.timedelta(days=1), *DAYS, OPEN_END):
            holding = [row for row in ranges if row["effective_from"] <= day <= row["effective_to"]]
            begun = [row for row in about if row["effective_from"] <= day]
            wanted = [max(begun, key=lambda row: (row["effective_from"], *order(row)))] if begun else []
            assert [row | {"effective_to": None} for row in holding] == [row | {"effective_to": None} for row in wanted]
