"""Record sets: durable before they are named, read by day, party and time of receipt."""

import datetime as dt
import os
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from market.fault import Fault
from market.frames import OPEN_END
from market.home import Home
from market.reference import DELIVERED_VOLUMES, EXPECTED_VOLUMES, NOTIFICATIONS, SCHEMAS
from market.settlement_period import period_start, periods_in_day
from store import changes, record_set_sweep, record_sets, reference
from store.database import reading, writing
from store.refused import RefusedError
from store.tables import RecordSet

NOON = dt.datetime(2026, 10, 24, 12, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)
# The day on which clocks go back, with the days around it.
SATURDAY, LONG, MONDAY = dt.date(2026, 10, 24), dt.date(2026, 10, 25), dt.date(2026, 10, 26)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path / "home")
    home.make()
    return home


def notifications(ref: str, day: dt.date, *, level: int = 1, received_at: dt.datetime = NOON) -> pl.DataFrame:
    """One segment of a BM Unit and day, as a piece of each of its periods."""
    periods = range(1, periods_in_day(day) + 1)
    starts = [period_start(day, period) for period in periods]
    half_hour = dt.timedelta(minutes=30)
    return pl.DataFrame(
        {
            "bm_unit_id": "T_ACME-1",
            "kind": "PN",
            "settlement_date": day,
            "settlement_period": periods,
            "piece_from": starts,
            "piece_to": [start + half_hour for start in starts],
            "time_from": starts[0],
            "level_from": level,
            "time_to": starts[-1] + half_hour,
            "level_to": level,
            "received_at": received_at,
            "submission_ref": ref,
            "line": 3,
        },
        NOTIFICATIONS,
    )


def expected(ref: str, *rows: tuple[dt.date, dt.date]) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "bm_unit_id": "V__FACME001",
            "effective_from": [first for first, _ in rows],
            "effective_to": [last for _, last in rows],
            "settlement_period": 50,
            "volume": 12_345,
            "received_at": NOON,
            "submission_ref": ref,
            "line": range(3, 3 + len(rows)),
        },
        EXPECTED_VOLUMES,
    )


def put(
    session: Session, home: Home, kind: str, frame: pl.DataFrame, *, party_id: str = "ACME", test_flag: str = "OPER"
) -> RecordSet:
    received_at, ref = frame.select("received_at", "submission_ref").row(0)
    staged = record_sets.stage(home, kind, ref, 1, 7, frame)
    return record_sets.add(session, home, staged, party_id=party_id, test_flag=test_flag, received_at=received_at)


def refs(session: Session, home: Home, days: tuple[dt.date, dt.date], **wanted: Any) -> list[str]:
    frame = record_sets.read(session, home, "PN", days=days, **wanted)
    return frame["submission_ref"].unique(maintain_order=True).to_list()


def test_every_kind_has_the_frame_and_the_days_that_it_says() -> None:
    for of in record_sets.KINDS.values():
        assert SCHEMAS[of.frame] == of.schema
        assert {of.first_day, of.last_day, *record_sets.OF_SET} <= set(of.schema)


def test_a_set_comes_back_as_it_went_in(store: Engine, home: Home) -> None:
    frame = notifications("A", LONG)
    with writing(store) as session:
        added = put(session, home, "PN", frame)
        found = record_sets.read(session, home, "PN", days=(LONG, LONG))
    assert found.schema == NOTIFICATIONS
    assert found.equals(frame)
    assert found.height == added.rows == 50
    assert (added.first_day, added.last_day, added.party_id) == (LONG, LONG, "ACME")
    assert added.file.startswith("PN/2026-10-25/A.1.7.")
    assert list(home.record_sets.rglob(".*")) == []


def test_a_set_of_no_kind_of_day_is_read_for_that_day_alone(store: Engine, home: Home) -> None:
    with writing(store) as session:
        for day in (SATURDAY, LONG, MONDAY):
            put(session, home, "PN", notifications(f"OF {day}", day))
        assert refs(session, home, (LONG, LONG)) == ["OF 2026-10-25"]
        assert refs(session, home, (SATURDAY, LONG)) == ["OF 2026-10-24", "OF 2026-10-25"]
        assert refs(session, home, (dt.date(2026, 10, 27), dt.date(2026, 12, 1))) == []
        assert record_sets.read(session, home, "SEV", days=(LONG, LONG)).schema == EXPECTED_VOLUMES


def test_of_a_set_of_many_days_only_the_rows_of_those_asked_are_read(
    store: Engine, home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(record_sets, "ROW_GROUP", 2)
    dated = [(LONG + dt.timedelta(days=number % 7), LONG + dt.timedelta(days=number % 7)) for number in range(100)]
    with writing(store) as session:
        put(session, home, "SEV", expected("A", (MONDAY, OPEN_END), *dated))
        put(session, home, "SEV", expected("B", (LONG, OPEN_END)))

        def lines(first: dt.date, last: dt.date) -> list[tuple[str, int]]:
            return record_sets.read(session, home, "SEV", days=(first, last)).select("submission_ref", "line").rows()

        mondays = [("A", 4 + number) for number in range(100) if number % 7 == 1]
        assert lines(SATURDAY, SATURDAY) == []
        assert lines(LONG, LONG) == [*(("A", 4 + number) for number in range(0, 100, 7)), ("B", 3)]
        assert sorted(lines(MONDAY, MONDAY)) == sorted([("A", 3), *mondays, ("B", 3)])
        assert sorted(lines(dt.date(2030, 1, 1), dt.date(2030, 1, 1))) == [("A", 3), ("B", 3)]


def test_delivered_volumes_keep_pairs_without_amsids(store: Engine, home: Home) -> None:
    row = dict.fromkeys(DELIVERED_VOLUMES.names()) | {
        "bm_unit_id": "V__FACME001",
        "settlement_date": LONG,
        "gsp_group_id": "_A",
        "import_msid": "1000000000001",
        "settlement_period": 50,
        "volume": -5,
        "received_at": NOON,
        "submission_ref": "A",
        "line": 6,
    }
    with writing(store) as session:
        put(session, home, "DLV", pl.DataFrame([row], DELIVERED_VOLUMES))
        assert record_sets.read(session, home, "DLV", days=(LONG, LONG)).to_dicts() == [row]


def test_sets_stand_in_the_order_of_receipt_whenever_they_were_committed(store: Engine, home: Home) -> None:
    with writing(store) as session:
        for ref, at in (("C", NOON), ("B", NOON), ("D", NOON - SECOND), ("A", NOON + SECOND)):
            put(session, home, "PN", notifications(ref, LONG, received_at=at))
        days = (LONG, LONG)
        assert refs(session, home, days) == ["D", "B", "C", "A"]
        assert refs(session, home, days, before=(NOON, "C")) == ["D", "B"]
        assert refs(session, home, days, before=(NOON, "B")) == ["D"]
        assert refs(session, home, days, before=(NOON - SECOND, "D")) == []


def test_test_traffic_sees_live_sets_and_its_own(store: Engine, home: Home) -> None:
    with writing(store) as session:
        put(session, home, "PN", notifications("LIVE", LONG))
        put(session, home, "PN", notifications("TEST", LONG), test_flag="TR01")
        days = (LONG, LONG)
        assert refs(session, home, days) == ["LIVE"]
        assert refs(session, home, days, test_flag="TR01") == ["LIVE", "TEST"]
        assert refs(session, home, days, test_flag="TR02") == ["LIVE"]


def test_a_set_that_was_taken_back_gives_way_to_the_one_in_its_place(store: Engine, home: Home) -> None:
    days = (LONG, LONG)
    with writing(store) as session:
        put(session, home, "PN", notifications("A", LONG, level=1))
        put(session, home, "PN", notifications("B", LONG, received_at=NOON + SECOND))
        assert record_sets.withdraw(session, "A", at=NOON) == 1
        assert refs(session, home, days) == ["B"]
        staged = record_sets.stage(home, "PN", "A", 2, 8, notifications("A", LONG, level=2))
        record_sets.add(session, home, staged, party_id="ACME", test_flag="OPER", received_at=NOON)
        found = record_sets.read(session, home, "PN", days=days, before=(NOON, "B"))
        assert found["level_from"].unique().to_list() == [2]
        assert refs(session, home, days) == ["A", "B"]
        assert record_sets.withdraw(session, "C", at=NOON) == 0
        assert record_set_sweep.unnamed(session, home) == []


def test_what_was_added_or_taken_back_is_in_the_journal(store: Engine, home: Home) -> None:
    with writing(store) as session:
        first = changes.mark(session)
        put(session, home, "PN", notifications("A", LONG))
        second = changes.mark(session)
        put(session, home, "SEV", expected("B", (LONG, LONG), (SATURDAY, OPEN_END)), party_id="VOLT")
        third = changes.mark(session)
        assert changes.since(session, first).sort("kind").rows() == [
            ("expected_volumes", "VOLT", SATURDAY, OPEN_END),
            ("notifications", "ACME", LONG, LONG),
        ]
        assert changes.since(session, second)["subject"].to_list() == ["VOLT"]
        assert changes.since(session, third).is_empty()
        record_sets.withdraw(session, "A", at=NOON)
        assert changes.since(session, third).rows() == [("notifications", "ACME", LONG, LONG)]


def test_reference_frames_of_volumes_are_those_of_the_party_and_the_days(store: Engine, home: Home) -> None:
    names = ["notifications", "delivered_volumes"]
    with writing(store) as session:
        put(session, home, "PN", notifications("A", LONG))
        put(session, home, "PN", notifications("B", LONG), party_id="VOLT")

        def found(**wanted: Any) -> list[str]:
            frame = reference.frames(session, names, **wanted)["notifications"]
            assert frame.schema == NOTIFICATIONS
            return frame["submission_ref"].unique(maintain_order=True).to_list()

        assert found() == []
        assert found(days=(LONG, LONG), home=home) == ["A", "B"]
        assert found(days=(LONG, LONG), home=home, party_id="VOLT") == ["B"]
        assert found(days=(LONG, LONG), home=home, before=(NOON, "B")) == ["A"]
        assert found(days=(MONDAY, MONDAY), home=home) == []
        assert found(days=(LONG, LONG), home=home, bm_units=["T_ACME-1"]) == ["A", "B"]
        assert found(days=(LONG, LONG), home=home, bm_units=[]) == []
        with pytest.raises(RefusedError, match="none is named"):
            found(days=(LONG, LONG))


@pytest.mark.parametrize("harm", [Path.unlink, lambda path: path.write_bytes(b"x")], ids=["gone", "cut"])
def test_a_set_whose_file_is_not_what_it_was_is_not_added_nor_read(store: Engine, home: Home, harm: Any) -> None:
    kept = record_sets.stage(home, "PN", "A", 1, 7, notifications("A", LONG))
    lost = record_sets.stage(home, "PN", "B", 1, 7, notifications("B", LONG))
    harm(home.record_sets / lost.file)
    with writing(store) as session:
        record_sets.add(session, home, kept, party_id="ACME", test_flag="OPER", received_at=NOON)
        with pytest.raises(Fault, match=rf"{lost.file} is not there with its {lost.size} bytes"):
            record_sets.add(session, home, lost, party_id="ACME", test_flag="OPER", received_at=NOON)
        assert record_set_sweep.missing(session, home) == []
        harm(home.record_sets / kept.file)
        with pytest.raises(Fault, match="is not there with its"):
            record_sets.read(session, home, "PN", days=(LONG, LONG))
        assert [one.file for one in record_set_sweep.missing(session, home)] == [kept.file]
        assert refs(session, home, (MONDAY, MONDAY)) == []


def test_files_that_no_row_names_are_told(store: Engine, home: Home) -> None:
    with writing(store) as session:
        put(session, home, "PN", notifications("A", LONG))
        assert record_set_sweep.unnamed(session, home) == []
        staged = record_sets.stage(home, "PN", "B", 1, 7, notifications("B", LONG))
        (home.record_sets / "PN" / ".C.1.7.99.staging").touch()
        assert record_set_sweep.unnamed(session, home) == ["PN/.C.1.7.99.staging", staged.file]


def test_a_staged_set_that_is_not_wanted_is_gone(store: Engine, home: Home) -> None:
    kept, discarded = (record_sets.stage(home, "PN", ref, 1, 7, notifications(ref, LONG)) for ref in "AB")
    for _ in range(2):
        record_sets.discard(home, discarded)
    with reading(store) as session:
        assert record_set_sweep.unnamed(session, home) == [kept.file]


def test_what_a_run_in_work_may_name_stays(store: Engine, home: Home) -> None:
    def left(*, token: int, at: dt.datetime) -> list[str]:
        record_set_sweep.remove_abandoned(session, home, token=token, at=at)
        return [Path(file).name.partition(".1.")[0] for file in record_set_sweep.unnamed(session, home)]

    names = {".OLD": 7, ".NOW": 8, ".OPERATOR": 0}
    with writing(store) as session:
        named = put(session, home, "PN", notifications("A", LONG))
        for name, token in names.items():
            (home.record_sets / f"{name}.1.{token}.99.staging").touch()
        (home.record_sets / "odd").touch()
        for path in home.record_sets.rglob("*"):
            os.utime(path, (NOON.timestamp(), NOON.timestamp()))
        young, old = NOON + record_set_sweep.IN_WORK, NOON + record_set_sweep.IN_WORK + SECOND
        assert left(token=7, at=young) == [".NOW", ".OLD", ".OPERATOR", "odd"]
        assert left(token=8, at=young) == [".NOW", ".OPERATOR", "odd"]
        assert left(token=8, at=old) == []
        assert record_set_sweep.missing(session, home) == []
        assert (home.record_sets / named.file).exists()


def test_a_failed_write_leaves_nothing(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(*_: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(record_sets.os, "fsync", fails)
    with pytest.raises(OSError, match="disk full"):
        record_sets.stage(home, "PN", "A", 1, 7, notifications("A", LONG))
    assert [path for path in home.record_sets.rglob("*") if path.is_file()] == []


def test_the_same_staged_again_takes_its_own_place_and_no_other(home: Home) -> None:
    first = record_sets.stage(home, "PN", "A", 1, 7, notifications("A", LONG))
    assert record_sets.stage(home, "PN", "A", 1, 7, notifications("A", LONG)) == first
    other = record_sets.stage(home, "PN", "A", 1, 7, notifications("A", LONG, level=2))
    assert other.file != first.file
    assert (home.record_sets / first.file).stat().st_size == first.size


def test_a_set_without_rows_is_not_staged(home: Home) -> None:
    with pytest.raises(ValueError, match="has no rows"):
        record_sets.stage(home, "PN", "A", 1, 7, NOTIFICATIONS.to_frame())


def test_a_set_is_named_by_no_row_of_a_transaction_that_fails(store: Engine, home: Home) -> None:
    def fails() -> None:
        with writing(store) as session:
            put(session, home, "PN", notifications("A", LONG))
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    with reading(store) as session:
        assert refs(session, home, (LONG, LONG)) == []
        assert len(record_set_sweep.unnamed(session, home)) == 1
        assert changes.mark(session) == 0
