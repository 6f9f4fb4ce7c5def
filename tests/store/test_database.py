import datetime as dt
import multiprocessing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import DBAPIError, StatementError
from sqlmodel import Session

from market.fault import Fault
from store import migrations
from store.database import (
    connect,
    database_now,
    end_when_idle,
    open_store,
    reading,
    schema_version,
    writing,
)
from store.tables import METADATA, Audit, Party


def test_the_migrations_make_exactly_the_tables(store: Engine) -> None:
    with store.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, METADATA) == []
    assert schema_version(store) == migrations.HEAD


def test_the_head_is_the_last_migration(store: Engine) -> None:
    from alembic.script import ScriptDirectory

    with store.connect() as connection:
        assert ScriptDirectory.from_config(migrations.configuration(connection)).get_heads() == [migrations.HEAD]


def test_the_first_migration_can_be_taken_back(store: Engine) -> None:
    from alembic import command

    with store.connect() as connection, connection.begin():
        command.downgrade(migrations.configuration(connection), "base")
    assert schema_version(store) is None
    migrations.upgrade(store)
    assert schema_version(store) == migrations.HEAD


def test_a_store_of_a_newer_release_is_not_opened(store: Engine, store_location: str) -> None:
    with store.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(Fault, match="9999"):
        open_store(store_location)


def test_a_home_folder_names_its_store(tmp_path: Path) -> None:
    engine = open_store(tmp_path)
    assert (tmp_path / "gridpost.db").is_file()
    engine.dispose()


def test_sqlite_is_durable_and_keeps_its_foreign_keys(tmp_path: Path) -> None:
    engine = open_store(tmp_path)
    with engine.connect() as connection:
        pragmas = ("journal_mode", "synchronous", "foreign_keys", "busy_timeout")
        found = [connection.exec_driver_sql(f"PRAGMA {name}").scalar_one() for name in pragmas]
    engine.dispose()
    assert found == ["wal", 2, 1, 30000]


def test_what_is_no_store_is_a_fault(tmp_path: Path) -> None:
    (tmp_path / "gridpost.db").write_bytes(b"something else, and long enough to be told from an empty file" * 9)
    with pytest.raises(Fault, match="cannot be read"):
        open_store(tmp_path)


def test_writing_commits_at_the_end_and_reading_sees_it(store: Engine) -> None:
    with writing(store) as session:
        session.add(Party(party_id="ACME", name="Acme Ltd"))
    with reading(store) as session:
        assert session.get_one(Party, "ACME").name == "Acme Ltd"


def test_writing_keeps_nothing_of_what_raises(store: Engine) -> None:
    def fails() -> None:
        with writing(store) as session:
            session.add(Party(party_id="ACME", name="Acme Ltd"))
            session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fails()
    with reading(store) as session:
        assert session.get(Party, "ACME") is None


def test_reading_cannot_write_and_leaves_the_next_writer_alone(store: Engine) -> None:
    with pytest.raises(DBAPIError), reading(store) as session:
        session.add(Party(party_id="ACME", name="Acme Ltd"))
    with writing(store) as session:
        session.add(Party(party_id="ACME", name="Acme Ltd"))


def test_reading_sees_one_snapshot(store: Engine) -> None:
    with reading(store) as session:
        assert session.get(Party, "ACME") is None
        with writing(store) as other:
            other.add(Party(party_id="ACME", name="Acme Ltd"))
        assert session.get(Party, "ACME") is None


def test_times_come_back_aware_and_naive_ones_are_refused(store: Engine) -> None:
    summer = dt.datetime(2026, 7, 1, 12, 30, 5, 123456, tzinfo=dt.timezone(dt.timedelta(hours=1)))
    with writing(store) as session:
        session.add(Audit(at=summer, actor="a", action="b", subject_kind="c", subject="d"))
    with reading(store) as session:
        found = session.get_one(Audit, 1).at
    assert found == summer
    assert found.utcoffset() == dt.timedelta(0)
    with pytest.raises(StatementError, match="no time zone"), writing(store) as session:
        session.add(Audit(at=summer.replace(tzinfo=None), actor="a", action="b", subject_kind="c", subject="d"))


def test_the_database_has_a_clock(store: Engine) -> None:
    with reading(store) as session:
        first = database_now(session)
        second = database_now(session)
    assert first.utcoffset() == dt.timedelta(0)
    assert first <= second


def _open(location: str) -> str | None:
    engine = open_store(location)
    try:
        return schema_version(engine)
    finally:
        engine.dispose()


@pytest.mark.parametrize("backend", ["sqlite", "postgresql"])
def test_two_processes_may_open_a_new_store_at_once(backend: str, tmp_path: Path, postgresql_url: str) -> None:
    location = f"sqlite:///{tmp_path / 'new.db'}"
    if backend == "postgresql":
        administrator = create_engine(
            postgresql_url.format("postgres").replace("postgresql:", "postgresql+psycopg:"),
            isolation_level="AUTOCOMMIT",
        )
        with administrator.connect() as connection:
            connection.execute(text("CREATE DATABASE opened_twice"))
        administrator.dispose()
        location = postgresql_url.format("opened_twice")
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        assert pool.map(_open, [location] * 3) == [migrations.HEAD] * 3
    engine = connect(location)
    assert schema_version(engine) == migrations.HEAD
    engine.dispose()


def test_postgresql_ends_a_transaction_that_stands_still(store: Engine) -> None:
    """A process that is stopped in the middle of one holds its locks until then."""

    def idle(session: Session) -> str:
        told: str = session.connection().exec_driver_sql("SHOW idle_in_transaction_session_timeout").scalar_one()
        return told

    if store.dialect.name == "sqlite":
        with writing(store) as session:
            end_when_idle(session, 30)  # nobody can end another process's transaction there
        return
    with writing(store) as session:
        assert idle(session) == "5min"
        end_when_idle(session, 30)
        assert idle(session) == "30s"
    with reading(store) as session:
        assert idle(session) == "5min"
