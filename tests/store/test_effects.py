"""Effects of every kind: in and out again, and taken back."""

import datetime as dt

import polars as pl
import pytest
from sqlalchemy import Engine
from sqlmodel import Session

from market.frames import OPEN_END
from store import changes, effects, reference
from store.database import writing

NOON = dt.datetime(2026, 11, 10, 12, tzinfo=dt.UTC)
LONG = dt.date(2026, 10, 25)

ROWS: dict[str, dict[str, object]] = {
    "capacity_values": {"effective_from": LONG, "generation_capacity": 50_000, "source": "DECLARATION"},
    "baselining_statuses": {"effective_from": LONG, "baselined": "T"},
    "baselining_details": {
        "effective_from": LONG,
        "pair_indicator": "T",
        "import_msid": "1000000000001",
        "baselining_indicator": "B",
        "baselining_methodology": "BL01",
    },
    "event_days": {
        "event_day": LONG,
        "pair_indicator": "A",
        "import_amsid": "1000000000002",
        "event_day_type": "O",
    },
    "gcdc_challenges": {
        "breach_reference": "GCB00000000001",
        "side": "DC",
        "proposed_value": -9_999_999_999_999,
        "reason": "Metering fault",
    },
    "declarations": {
        "declaration_id": 1,
        "declaration_type": "New",
        "declaration_set_id": "SET 1",
        "operator_company_number": "SC123456",
        "supplier_id": "ACME",
        "effective_from": LONG,
        "effective_to": OPEN_END,
        "number_of_metering_systems": 1,
        "shared": "Store|S",
        "msids": "1000000000001",
        "imports": 1,
        "standing": "IN FORCE",
    },
    "declared_metering_systems": {
        "declaration_id": 1,
        "declaration_set_id": "SET 1",
        "operator_company_number": "SC123456",
        "facility_id": "STORE-1",
        "facility_type": "S",
        "maximum_import_capacity": 49_900,
        "supplier_id": "ACME",
        "msid": "1000000000001",
        "import_export_indicator": "I",
        "gsp_group_id": "_A",
        "measurement_class": "C",
        "hhda_id": "HHDA",
        "effective_from": LONG,
        "effective_to": OPEN_END,
    },
}


def rows(kind: str, *named: tuple[str, int]) -> pl.DataFrame:
    """Rows of submissions and lines."""
    schema = effects.KINDS[kind].schema
    return pl.DataFrame(
        [
            dict.fromkeys(schema.names())
            | {"received_at": NOON, "submission_ref": ref, "line": line}
            | {effects.KINDS[kind].subject: f"V__F{ref}{line}"}
            | ROWS[kind]
            for ref, line in named
        ],
        schema,
    )


def found(session: Session, kind: str) -> pl.DataFrame:
    return reference.frames(session, [kind])[kind]


@pytest.mark.parametrize("kind", effects.KINDS)
def test_an_effect_comes_back_as_it_went_in(store: Engine, kind: str) -> None:
    frame = rows(kind, ("A", 2), ("A", 3))
    with writing(store) as session:
        effects.add(session, kind, frame.clear(), test_flag="OPER", run_number=1)
        assert changes.mark(session) == 0
        effects.add(session, kind, frame, test_flag="OPER", run_number=1)
        assert found(session, kind).equals(frame)
        one = reference.frames(session, [kind], bm_units=["V__FA3"])[kind]
        assert one["line"].to_list() == ([3] if "bm_unit_id" in frame.columns else [2, 3])


def test_rows_stand_by_bm_unit_and_day(store: Engine) -> None:
    frame = rows("event_days", ("B", 2), ("A", 2), ("A", 2))
    later = pl.Series("event_day", [LONG, LONG + dt.timedelta(days=1), LONG])
    with writing(store) as session:
        effects.add(session, "event_days", frame.with_columns(later), test_flag="OPER", run_number=1)
        stored = found(session, "event_days").select("bm_unit_id", "event_day").rows()
    assert stored == [("V__FA2", LONG), ("V__FA2", LONG + dt.timedelta(days=1)), ("V__FB2", LONG)]


@pytest.mark.parametrize("at_once", [1, 10_000])
def test_some_lines_of_a_submission_or_all_are_taken_back(
    store: Engine, at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(effects, "_LINES_AT_ONCE", at_once)
    with writing(store) as session:
        for kind in ("baselining_statuses", "event_days"):
            effects.add(
                session, kind, rows(kind, ("A", 2), ("A", 3), ("A", 4), ("B", 2)), test_flag="OPER", run_number=1
            )
        mark = changes.mark(session)
        assert effects.withdraw(session, "A", [], at=NOON) == 0
        assert effects.withdraw(session, "A", [3, 4, 9], at=NOON) == 4
        assert sorted(changes.since(session, mark).select("kind", "subject").rows()) == [
            (kind, f"V__FA{line}") for kind in ("baselining_statuses", "event_days") for line in (3, 4)
        ]
        assert found(session, "event_days")["bm_unit_id"].to_list() == ["V__FA2", "V__FB2"]
        assert effects.withdraw(session, "A", at=NOON) == 2
        assert found(session, "baselining_statuses")["bm_unit_id"].to_list() == ["V__FB2"]
        assert effects.withdraw(session, "A", at=NOON) == 0
