"""Stores of earlier releases, with rows in every state, brought to this one."""

import datetime as dt
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, MetaData, text

from store import migrations
from store.database import connect, open_store, schema_version
from store.states import AnswerKind, AnswerState, Outcome, RunKind, SubmissionState
from store.tables import METADATA

NOON = dt.datetime(2026, 11, 10, 12, tzinfo=dt.UTC)
SUNDAY = dt.date(2026, 10, 25)


def rows_of_0001() -> dict[str, list[dict[str, Any]]]:
    """Rows of the first release: submissions, answers and runs in every state, values in force and taken back."""
    submissions = [
        {
            "ref": f"REF-{state}-{outcome}",
            "landing_name": f"ACME/acme/{state}-{outcome}",
            "account": "acme",
            "party_id": "ACME",
            "file_name": "BP000000000001",
            "size": 1 << 40,
            "received_at": NOON,
            "arrival": NOON,
            "state": state,
            "outcome": outcome,
            "skipped": 0,
            "attempts": 2,
        }
        for state in SubmissionState
        for outcome in (Outcome if state is SubmissionState.VALIDATED else [None])
    ]
    runs = [
        {
            "submission_ref": submissions[-1]["ref"],
            "number": number,
            "kind": kind,
            "started_at": NOON,
            "finished_at": NOON,
            **dict.fromkeys(("units_in", "units_accepted", "units_rejected", "units_held"), 1),
            **dict.fromkeys(("breaches_total", "breaches_listed", "reference_version"), 1),
            "policy_version": "1",
            "rules_version": "1",
            "applied": True,
        }
        for number, kind in enumerate(RunKind, start=1)
    ]
    answers = [
        {
            "submission_ref": submissions[-1]["ref"],
            "account": "acme",
            "kind": kind,
            "name": f"{kind}.{state}",
            "body": b"AAA|",
            "sha256": "00",
            "size": 4,
            "position": position,
            "state": state,
            "created_at": NOON,
        }
        for position, (kind, state) in enumerate((kind, state) for kind in AnswerKind for state in AnswerState)
    ]
    values = [
        {
            "bm_unit_id": "T_ACME-1",
            "effective_from": SUNDAY,
            "generation_capacity_kw": 9_999_999_999_999,
            "source": "DECLARATION",
            "test_flag": "OPER",
            "received_at": NOON,
            "submission_ref": submissions[-1]["ref"],
            "run_number": 1,
            "line": line,
            "withdrawn_at": withdrawn_at,
        }
        for line, withdrawn_at in ((3, None), (4, NOON))
    ]
    return {
        "party": [{"party_id": "ACME", "name": "Acme Ltd"}],
        "account": [{"name": "acme", "party_id": "ACME", "notices": True, "created_at": NOON}],
        "submission": submissions,
        "run": runs,
        "answer": answers,
        "capacity_value": values,
        "lease": [{"name": "exchange", "owner": "a gateway", "token": 7, "expires_at": NOON}],
    }


def contents(engine: Engine) -> dict[str, list[tuple[Any, ...]]]:
    """Every row of every table but alembic's own."""
    metadata = MetaData()
    metadata.reflect(engine)
    with engine.connect() as connection:
        return {
            name: sorted(map(tuple, connection.execute(table.select())), key=repr)
            for name, table in metadata.tables.items()
            if name != "alembic_version"
        }


@pytest.fixture
def first_release(store: Engine) -> Engine:
    """A store as the first release left it."""
    from alembic import command

    with store.connect() as connection, connection.begin():
        command.downgrade(migrations.configuration(connection), "0001")
    with store.begin() as connection:
        for name, rows in rows_of_0001().items():
            connection.execute(METADATA.tables[name].insert(), rows)
    return store


def test_the_first_release_had_no_effects_but_values(first_release: Engine) -> None:
    assert schema_version(first_release) == "0001"
    before = contents(first_release)
    assert len(before["submission"]) == len(SubmissionState) + len(Outcome) - 1
    assert set(METADATA.tables) - set(before) == {
        "baselining_status",
        "baselining_detail",
        "event_day",
        "record_set",
        "effect_change",
        "declaration",
        "declaration_id",
        "declared_metering_system",
        "gcdc_breach",
        "gcdc_breach_day",
        "gcdc_challenge",
        "gcdc_evaluation",
        "settlement_calendar",
        "scheduled_run",
        "notice",
        "told_units",
        "number_ahead",
        "receipt_chain",
        "receipt_key",
    }


def test_a_store_of_the_first_release_keeps_every_row(first_release: Engine, store_location: str) -> None:
    before = contents(first_release)
    open_store(store_location).dispose()
    engine = connect(store_location)
    after = contents(engine)
    assert {name: after[name] for name in before} == before
    assert all(not rows for name, rows in after.items() if name not in before)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, METADATA) == []
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar_one() == migrations.HEAD
    engine.dispose()
