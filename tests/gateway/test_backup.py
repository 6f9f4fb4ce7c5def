"""A backup is a home: the gateway goes on from it, and nothing that was not confirmed is missing."""

import os
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import Engine, make_url

from gateway import archive, signed_receipts, steps
from gateway.backup import back_up
from gateway.delivery import recover
from gateway.doctor import differences, repair
from gateway.office import LEASE, Office
from gateway.sample_cases import read_cases
from gateway.seal import sealed_content
from ingest.landing import parse
from ingest.sftp.algorithms import host_keys
from market.fault import Fault
from market.home import Home
from outbound.signed_receipt import read_signed
from store import answers, submissions
from store import signed_receipts as chains
from store.database import connect, open_store, reading, writing
from store.states import SubmissionState
from store.tables import Lease
from tests.conftest import _postgresql_programs
from tests.gateway.conftest import Gridpost
from tests.samples.exchange import Exchange, deliver

CASES = read_cases()
FIRST, SECOND = CASES["K0151001/seasonal_accepted"], CASES["K0151001/seasonal_with_a_slipped_sign"]
VOLUMES = CASES["P0282002/day_of_46_periods"]


@pytest.fixture
def exchange(made_market: Path, tmp_path: Path) -> Iterator[Exchange]:
    """An exchange with signed receipts that has received two files and delivered the answers of one."""
    made = Exchange(made_market, tmp_path / "live")
    for account in ("acme", "othr", "ukdc", "volt"):
        made.home.make_account(account)
    host_keys(made.home.keys)
    with writing(made.engine) as session:
        signed_receipts.make_key(session, made.home, actor="test", at=made.now)
        chains.begin(session, "acme", actor="test", at=made.now)
    made.receive(FIRST)
    made.receive(replace(VOLUMES, received_at=FIRST.received_at + timedelta(seconds=30)))
    deliver(made.office)
    yield made
    made.close()


def outboxes(home: Home) -> dict[str, bytes]:
    found = home.accounts.glob("*/outbox/*")
    return {path.relative_to(home.accounts).as_posix(): path.read_bytes() for path in found}


def test_a_restored_home_differs_in_nothing_and_goes_on(exchange: Exchange, gridpost: Gridpost, tmp_path: Path) -> None:
    kept = tmp_path / "backup"
    exchange.office.release()
    done = gridpost("--home", exchange.home.root, "backup", kept)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"{kept}: a store of 2 submissions, 2 archived files, ")
    assert gridpost("--home", exchange.home.root, "backup", kept).code == 2
    assert gridpost("--home", kept, "doctor").code == 0
    with reading(exchange.engine) as session:
        signed_receipts.publish(session, exchange.home)
    assert outboxes(Home(kept)) == outboxes(exchange.home)
    assert (kept / "keys" / "ssh_host_ed25519_key").stat().st_mode & 0o777 == 0o600

    restored = Exchange(kept, tmp_path / "restored")
    before = {name: body for name, body in outboxes(exchange.home).items() if name.endswith(".sig")}
    (last,) = [read_signed(body) for name, body in before.items() if name.startswith("acme/")]
    restored.now = exchange.now + timedelta(hours=1)
    found = restored.receive(replace(SECOND, received_at=restored.now + timedelta(hours=1)))
    signed = read_signed(found["BP000000000002.ADT.sig"]).receipt
    assert (signed.number, signed.previous) == (2, last.sha256)
    deliver(restored.office)
    assert differences(restored.home, restored.engine) == []
    restored.close()


def test_what_came_after_the_backup_is_told_by_its_numbers(exchange: Exchange, tmp_path: Path) -> None:
    exchange.office.release()
    back_up(exchange.home, exchange.engine, tmp_path / "backup")
    assert exchange.office.claim()
    second = replace(SECOND, received_at=FIRST.received_at + timedelta(hours=1))
    exchange.receive(second)
    exchange.office.release()
    restored = Exchange(tmp_path / "backup", tmp_path / "restored")
    restored.now = exchange.now
    content, _ = sealed_content(SECOND.content.replace(b"|UKDC|2|", b"|UKDC|3|"), "the third file")
    third = replace(SECOND, content=content, file_name="BP000000000003", received_at=restored.now + timedelta(hours=1))
    assert b"3 follows a gap of 1, the channel expects 2" in restored.receive(third)["BP000000000003.VAL"]
    restored.close()


def test_a_file_that_was_taken_and_is_archived_meanwhile_is_in_the_backup(
    exchange: Exchange, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store was copied while the file was landed; before the files are copied it is acknowledged and let go."""
    path = f"ACME/acme/{exchange.now:%Y%m%dT%H%M%S%fZ}-{7:012d}-{SECOND.file_name}"
    landed = exchange.home.landing / path
    landed.parent.mkdir(parents=True, exist_ok=True)
    landed.write_bytes(SECOND.content)
    ref = steps.enter(exchange.office, [parse(path, len(SECOND.content))])[0].ref
    from gateway import backup

    def archived_meanwhile(engine: Engine, into: Path) -> None:
        copy_sqlite(engine, into)
        sha256 = archive.keep(exchange.home, path)
        with writing(engine) as session:
            received, refused = SubmissionState.RECEIVED, SubmissionState.NACKED
            submissions.change_state(
                session, ref, received, refused, actor="test", why="", at=exchange.now, sha256=sha256
            )
        archive.let_go(exchange.home, path, sha256)

    copy_sqlite = backup._copy_sqlite
    monkeypatch.setattr(backup, "_copy_sqlite", archived_meanwhile)
    back_up(exchange.home, exchange.engine, tmp_path / "backup")
    assert (tmp_path / "backup" / "landing" / path).read_bytes() == SECOND.content
    restored = connect(tmp_path / "backup")
    assert differences(Home(tmp_path / "backup"), restored) == []
    restored.dispose()


def test_what_is_landed_without_a_row_is_entered_by_the_restored_gateway(
    exchange: Exchange, gridpost: Gridpost, tmp_path: Path
) -> None:
    path = f"ACME/acme/{exchange.now:%Y%m%dT%H%M%S%fZ}-{7:012d}-{SECOND.file_name}"
    landed = exchange.home.landing / path
    landed.parent.mkdir(parents=True, exist_ok=True)
    landed.write_bytes(SECOND.content)
    back_up(exchange.home, exchange.engine, tmp_path / "backup")
    assert gridpost("--home", tmp_path / "backup", "doctor").code == 1
    engine = connect(tmp_path / "backup")
    exchange.office.release()
    office = Office(Home(tmp_path / "backup"), engine, "", lambda: exchange.now, "other")
    with writing(engine) as session:
        session.delete(session.get_one(Lease, LEASE))
    assert office.claim()
    repair(office)
    assert differences(office.home, engine) == []
    with reading(engine) as session:
        assert len(submissions.by_state(session, SubmissionState.RECEIVED)) == 1
    engine.dispose()


def test_answers_on_their_way_and_collected_since_are_delivered_again(exchange: Exchange, tmp_path: Path) -> None:
    """A party may find an answer once more; none that the copied store holds uncollected is missing."""
    exchange.receive(replace(SECOND, received_at=exchange.now + timedelta(hours=1)))
    with writing(exchange.engine) as session:
        (pending, *_) = answers.pending(session)
        assert pending.id is not None
        answers.stage(session, pending.id, exchange.office.token or 0, at=exchange.now)
    back_up(exchange.home, exchange.engine, tmp_path / "backup")
    engine = connect(tmp_path / "backup")
    office = Office(Home(tmp_path / "backup"), engine, "", lambda: exchange.now, "test", exchange.office.token)
    assert recover(office) == []
    assert (office.home.outbox("acme") / pending.name).read_bytes() == pending.body
    deliver(office)
    assert differences(office.home, engine) == []
    engine.dispose()


def test_a_file_that_the_store_names_and_nobody_has_is_told(exchange: Exchange, tmp_path: Path) -> None:
    (one, *_) = sorted(exchange.home.archive.iterdir())
    one.unlink()
    with pytest.raises(Fault, match=f"archive/{one.name} is missing, and the store names it"):
        back_up(exchange.home, exchange.engine, tmp_path / "backup")


def test_a_postgresql_is_dumped_with_the_files_of_the_same_state(
    postgresql_url: str, postgresql_template: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    programs = _postgresql_programs(tmp_path)
    monkeypatch.setenv("PATH", f"{programs}:{os.environ['PATH']}")
    location = postgresql_url.format(postgresql_template)
    home = Home(tmp_path / "home")
    home.make()
    engine = open_store(location)
    try:
        done = back_up(home, engine, tmp_path / "backup")
    finally:
        engine.dispose()
    assert done.dump is not None
    assert done.dump.read_bytes()[:5] == b"PGDMP"
    monkeypatch.setenv("PATH", str(tmp_path / "nothing"))
    engine = open_store(location)
    try:
        with pytest.raises(Fault, match="pg_dump is not on the path"):
            back_up(home, engine, tmp_path / "another")
    finally:
        engine.dispose()


@pytest.mark.parametrize("password", ["p@ss:w/rd***", None])
def test_the_password_of_a_postgresql_goes_to_pg_dump_beside_its_url(
    postgresql_url: str,
    postgresql_template: str,
    password: str | None,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    url = make_url(postgresql_url.format(postgresql_template)).set(password=password)
    told = """#!/bin/sh
for word; do case $word in --file=*) into=${word#--file=} ;; esac; done
echo "${PGPASSWORD-none} $word" >"$into"
"""
    (tmp_path / "pg_dump").write_text(told)
    (tmp_path / "pg_dump").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    monkeypatch.delenv("PGPASSWORD", raising=False)
    home = Home(tmp_path / "home")
    home.make()
    engine = connect(url.render_as_string(hide_password=False))
    try:
        done = back_up(home, engine, tmp_path / "backup")
    finally:
        engine.dispose()
    assert done.dump is not None
    given, named = done.dump.read_text().split()
    assert given == (password or "none")
    assert make_url(named) == make_url(postgresql_url.format(postgresql_template))
