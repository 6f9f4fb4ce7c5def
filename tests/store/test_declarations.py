"""Declarations in the store: ids, ends, and which of them a submission meets."""

import datetime as dt

import polars as pl
from sqlalchemy import Engine
from sqlmodel import Session

from market.declarations import HELD, IN_FORCE, JOINED
from market.frames import OPEN_END
from market.reference import DECLARATIONS, DECLARED_METERING_SYSTEMS
from store import changes, declarations, effects, reference
from store.database import writing

NOON = dt.datetime(2026, 11, 2, 12, tzinfo=dt.UTC)
HOUR = dt.timedelta(hours=1)
FIRST = dt.date(2026, 12, 1)


def put(session: Session, ref: str, at: dt.datetime = NOON, *, test_flag: str = "OPER", **changed: object) -> None:
    """Puts a declaration of one submission in force with one metering system, or holds it."""
    row: dict[str, object] = {
        **{"declaration_id": 1, "declaration_type": "New", "declaration_set_id": "SET", "facility_id": "STORE"},
        **{"operator_company_number": "SC123456", "supplier_id": "ACME", "effective_from": FIRST},
        **{"effective_to": OPEN_END, "number_of_metering_systems": 1, "shared": "", "msids": "1200000000606"},
        **{"imports": 1, "standing": IN_FORCE, "named_declaration_id": None, "facility_type": "S"},
        **{"maximum_import_capacity": 1, "msid": "1200000000606", "import_export_indicator": "I"},
        **{"bm_unit_id": "2__AACME000", "gsp_group_id": "_A", "measurement_class": "C", "hhda_id": "HHDA"},
        **{"received_at": at, "submission_ref": ref, "line": 2},
        **changed,
    }
    kinds = [("declarations", DECLARATIONS)]
    if row["standing"] == IN_FORCE and row["declaration_type"] != "Withdraw":
        kinds.append(("declared_metering_systems", DECLARED_METERING_SYSTEMS))
    for kind, schema in kinds:
        frame = pl.DataFrame([{name: row[name] for name in schema}], schema)
        effects.add(session, kind, frame, test_flag=test_flag, run_number=1)


def met(session: Session, ref: str, at: dt.datetime = NOON, test_flag: str = "OPER") -> list[tuple[str, str]]:
    """Submission and standing of each declaration that a submission meets."""
    frame = reference.frames(session, ["declarations"], test_flag=test_flag, before=(at, ref))["declarations"]
    return sorted(frame.select("submission_ref", "standing").rows())


def last_days(session: Session, **options: object) -> list[tuple[int, dt.date]]:
    name = "declared_metering_systems"
    frame = reference.frames(session, [name], **options)[name]  # type: ignore[arg-type]
    return sorted(frame.select("declaration_id", "effective_to").rows())


def test_a_declaration_keeps_its_id_and_shares_it_with_none(store: Engine) -> None:
    with writing(store) as session:
        first = declarations.issue(session, "A", [2, 9])
        assert (
            declarations.issue(session, "A", [9, 20]).sort("line")["declaration_id"].to_list()[:2]
            == first.sort("line")["declaration_id"].to_list()
        )
        other = declarations.issue(session, "B", [2])
        assert declarations.issue(session, "B", []).equals(other)
        everything = [*declarations.issue(session, "A", [])["declaration_id"], *other["declaration_id"]]
        assert sorted(everything) == sorted(set(everything))


def test_a_later_declaration_ends_the_one_that_it_names_the_day_before(store: Engine) -> None:
    with writing(store) as session:
        put(session, "A")
        assert last_days(session) == [(1, OPEN_END)]
        mark = changes.mark(session)
        put(
            session,
            "B",
            NOON + HOUR,
            declaration_id=2,
            declaration_type="CoM",
            named_declaration_id=1,
            effective_from=dt.date(2027, 3, 28),
        )
        assert last_days(session) == [(1, dt.date(2027, 3, 27)), (2, OPEN_END)]
        assert last_days(session, before=(NOON + HOUR, "B")) == [(1, OPEN_END)]
        assert not changes.since(session, mark).is_empty()
        effects.withdraw(session, "B", at=NOON)
        assert last_days(session) == [(1, OPEN_END)]


def test_a_withdrawal_ends_on_its_last_day(store: Engine) -> None:
    with writing(store) as session:
        put(session, "A")
        put(
            session,
            "B",
            NOON + HOUR,
            declaration_id=None,
            declaration_type="Withdraw",
            named_declaration_id=1,
            effective_to=dt.date(2026, 12, 31),
        )
        assert last_days(session) == [(1, dt.date(2026, 12, 31))]


def test_what_never_was_in_force_stands_in_no_row(store: Engine) -> None:
    with writing(store) as session:
        put(session, "A")
        put(session, "B", NOON + HOUR, declaration_id=2, declaration_type="CoA", named_declaration_id=1)
        assert last_days(session) == [(2, OPEN_END)]


def test_held_parts_meet_whenever_they_were_received_and_live_ones_only_live_ones(store: Engine) -> None:
    with writing(store) as session:
        put(session, "A", NOON + HOUR, standing=HELD)
        put(session, "T", test_flag="TR01", standing=HELD)
        assert met(session, "X") == [("A", HELD)]
        assert met(session, "X", test_flag="TR01") == [("T", HELD)]
        assert met(session, "A", NOON + HOUR) == []
        assert last_days(session) == []


def test_later_declarations_are_met_only_in_ones_own_set(store: Engine) -> None:
    with writing(store) as session:
        put(session, "A")
        put(session, "B", NOON + HOUR, declaration_id=2)
        put(session, "C", NOON + HOUR, declaration_id=3, declaration_set_id="ANOTHER")
        assert met(session, "A") == [("B", JOINED)]
        assert met(session, "B", NOON + HOUR) == [("A", JOINED)]
        assert met(session, "C", NOON + HOUR) == [("A", IN_FORCE), ("B", IN_FORCE)]
        assert met(session, "X", NOON + HOUR / 2) == [("A", IN_FORCE)]


def test_test_traffic_ends_nothing_live(store: Engine) -> None:
    with writing(store) as session:
        put(session, "A")
        put(
            session,
            "T",
            NOON + HOUR,
            test_flag="TR01",
            declaration_id=2,
            declaration_type="CoM",
            named_declaration_id=1,
            effective_from=dt.date(2027, 1, 1),
        )
        assert last_days(session) == [(1, OPEN_END)]
        assert last_days(session, test_flag="TR01") == [(1, dt.date(2026, 12, 31)), (2, OPEN_END)]
        assert declarations.history(session)["declaration_id"].to_list() == [1]
