import datetime as dt
import threading

import polars as pl
import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from market.frames import OPEN_END
from market.reference import CAPACITY_VALUES, SCHEMAS
from store import changes, effects, parties, reference, signatories
from store.database import connect, reading, writing

NOON = dt.datetime(2026, 11, 10, 12, 0, 0, tzinfo=dt.UTC)
SECOND = dt.timedelta(seconds=1)
WINTER = dt.date(2026, 12, 1)


def value(ref: str, received_at: dt.datetime, *, unit: str = "T_ACME-1", kilowatts: int = 50_000) -> dict[str, object]:
    return {
        "bm_unit_id": unit,
        "effective_from": WINTER,
        "generation_capacity": kilowatts,
        "demand_capacity": -2_000,
        "source": "DECLARATION",
        "declaration_type": "S",
        "season": "WIN",
        "season_start_year": 2026,
        "received_at": received_at,
        "submission_ref": ref,
        "line": 3,
    }


def put(session: Session, *rows: dict[str, object], test_flag: str = "OPER") -> None:
    frame = pl.DataFrame(rows, schema=CAPACITY_VALUES)
    effects.add(session, "capacity_values", frame, test_flag=test_flag, run_number=1)


def values(session: Session, **wanted: object) -> list[str]:
    frame = reference.frames(session, ["capacity_values"], **wanted)["capacity_values"]  # type: ignore[arg-type]
    return frame["submission_ref"].to_list()


def test_every_frame_has_its_schema_also_when_empty(store: Engine) -> None:
    with reading(store) as session:
        found = reference.frames(session, SCHEMAS)
    assert {name: frame.schema for name, frame in found.items()} == SCHEMAS
    assert all(frame.is_empty() for frame in found.values())


def test_a_value_comes_back_as_it_went_in(store: Engine) -> None:
    # A declared value may have ten digits before the point: 9,999,999,999.999 MW.
    row = value("A", NOON, kilowatts=9_999_999_999_999) | {"declaration_type": None, "season": None}
    with writing(store) as session:
        put(session, row)
        found = reference.frames(session, ["capacity_values"])["capacity_values"]
    assert found.schema == CAPACITY_VALUES
    assert found.to_dicts() == [row]


def test_a_run_sees_the_effects_of_earlier_submissions_only(store: Engine) -> None:
    with writing(store) as session:
        put(session, value("B", NOON), value("A", NOON), value("C", NOON + SECOND), value("Z", NOON - SECOND))
        assert values(session) == ["B", "A", "C", "Z"]
        assert values(session, before=(NOON, "B")) == ["A", "Z"]
        assert values(session, before=(NOON, "A")) == ["Z"]
        assert values(session, before=(NOON + SECOND, "C")) == ["B", "A", "Z"]
        assert values(session, before=(NOON - SECOND, "Z")) == []


def test_test_traffic_sees_live_values_and_its_own(store: Engine) -> None:
    with writing(store) as session:
        put(session, value("LIVE", NOON))
        put(session, value("TEST", NOON), test_flag="TR01")
        assert values(session) == ["LIVE"]
        assert values(session, test_flag="TR01") == ["LIVE", "TEST"]
        assert values(session, test_flag="TR02") == ["LIVE"]


def test_values_taken_back_are_in_force_no_more(store: Engine) -> None:
    with writing(store) as session:
        put(session, value("A", NOON), value("A", NOON) | {"line": 4}, value("B", NOON))
        assert effects.withdraw(session, "A", [4, 5], at=NOON) == 1
        assert values(session) == ["A", "B"]
        assert effects.withdraw(session, "A", at=NOON) == 1
        assert values(session) == ["B"]
        assert effects.withdraw(session, "A", at=NOON) == 0


def changed(session: Session, mark: int) -> list[tuple[str, str]]:
    return sorted(changes.since(session, mark).select("kind", "subject").rows())


def test_what_was_put_in_force_or_taken_back_since_a_mark_is_named(store: Engine) -> None:
    with writing(store) as session:
        changes.hold(session)
        first = changes.mark(session)
        put(session, value("A", NOON, unit="T_A-1"), value("A", NOON, unit="T_B-1"))
        second = changes.mark(session)
        put(session, value("B", NOON, unit="T_B-1"))
        third = changes.mark(session)
        assert changed(session, first) == [("capacity_values", "T_A-1"), ("capacity_values", "T_B-1")]
        assert changed(session, second) == [("capacity_values", "T_B-1")]
        assert changes.since(session, third).is_empty()
        assert effects.withdraw(session, "X", at=NOON) == 0
        assert changes.since(session, third).is_empty()
        assert effects.withdraw(session, "A", at=NOON) == 2
        assert changed(session, third) == [("capacity_values", "T_A-1"), ("capacity_values", "T_B-1")]


def test_who_holds_the_values_makes_other_writers_wait_and_no_reader(store: Engine, store_location: str) -> None:
    other, done = connect(store_location), threading.Event()

    def follow() -> None:
        with writing(other) as session:
            changes.hold(session)
            assert changes.mark(session) == 1
            done.set()

    with writing(store) as session:
        changes.hold(session)
        thread = threading.Thread(target=follow)
        thread.start()
        with reading(other) as reader:
            assert changes.mark(reader) == 0
        put(session, value("A", NOON))
        assert not done.wait(0.2)
    thread.join()
    other.dispose()
    assert done.is_set()


@pytest.mark.parametrize("few", [1, 1000])
def test_some_bm_units_can_be_asked_for(store: Engine, few: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reference, "FEW", few)
    with writing(store) as session:
        put(session, *(value(unit, NOON, unit=unit) for unit in ("T_A-1", "T_B-1", "T_C-1")))
        parties.add(session, "ACME", "Acme Ltd", ["BP"], actor="test", at=NOON)
        assert values(session, bm_units=["T_C-1", "T_A-1", "T_X-1"]) == ["T_A-1", "T_C-1"]
        assert values(session, bm_units=[]) == []
        found = reference.frames(session, ["parties"], bm_units=["T_A-1"])
        assert found["parties"].height == 1


def test_an_earlier_version_can_be_read_again(store: Engine) -> None:
    with writing(store) as session:
        assert reference.version(session) == 0
        parties.add(session, "ACME", "Acme Ltd", ["BP"], actor="test", at=NOON)
        first = reference.version(session)
        parties.end(session, "ACME", dt.date(2026, 12, 31), actor="test", at=NOON + SECOND)
        assert (first, reference.version(session)) == (1, 2)

        def last_days(as_of: int | None) -> list[dt.date]:
            return reference.frames(session, ["parties"], as_of=as_of)["parties"]["effective_to"].to_list()

        assert last_days(0) == []
        assert last_days(first) == [OPEN_END]
        assert last_days(2) == last_days(None) == [dt.date(2026, 12, 31)]
        assert reference.version_at(session, NOON - SECOND) == 0
        assert reference.version_at(session, NOON) == 1
        assert reference.version_at(session, NOON + SECOND) == 2


def test_signatories_are_dated(store: Engine) -> None:
    with writing(store) as session:
        parties.add(session, "ACME", "Acme Ltd", ["BP"], actor="test", at=NOON)
        signatories.add(session, "ACME", "A Person", "A", actor="test", at=NOON)
        signatories.add(session, "ACME", "A Person", "F", effective_from=WINTER, actor="test", at=NOON)
        assert signatories.end(session, "ACME", "A Person", WINTER, category="A", actor="test", at=NOON) == 1
        found = reference.frames(session, ["signatories"])["signatories"]
        assert sorted(found.select("category", "effective_from", "effective_to").rows()) == [
            ("A", dt.date(2001, 3, 27), WINTER),
            ("F", WINTER, OPEN_END),
        ]
        assert [row.category for row in signatories.listed(session, "ACME")] == ["A", "F"]
        assert signatories.end(session, "ACME", "A Person", WINTER, actor="test", at=NOON) == 1
