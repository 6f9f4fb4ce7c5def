"""A backup: one state of the store, and every file that it names, in a folder that is a home.

The store comes first. Files are on disk before a row names them and are never changed, so whatever the copied rows name
is there to be copied afterwards, however far the gateway has gone on. Two kinds of file move on: what was landed in the
copied state may be archived by now, and an answer in an outbox may be collected. The first is taken from where it went,
the second is written from its row: a party may find an answer once more, and never one too few.

What came after that state is not in the backup. To restore: put the folder where the home was (for PostgreSQL first
`pg_restore --exit-on-error --no-owner --dbname=URL DUMP` into an empty database), run `gridpost doctor`, and start the
gateway. Parties send again what they sent after the backup; its receipts show what that is.
"""

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import Engine, text
from sqlmodel import Session

from gateway import archive
from gateway.signed_receipts import publish
from ingest.landing import waiting
from market.durable import sync_folder
from market.fault import Fault
from market.home import Home
from store import answers, record_set_sweep, retention, search, submissions
from store.database import connect, reading
from store.states import SubmissionState
from store.tables import Answer, Submission

DUMP = "gridpost.dump"
"""The dump of a PostgreSQL store in a backup."""


@dataclass(frozen=True)
class BackedUp:
    """What a backup holds; `dump` is that of a PostgreSQL store."""

    submissions: int
    archived: int
    record_sets: int
    uncollected: int
    landed: int
    dump: Path | None


def back_up(home: Home, engine: Engine, folder: Path) -> BackedUp:
    """Makes a backup of a home and its store in a folder that is not there yet; durable when it returns.

    Raises FileExistsError where the folder is there, Fault where a file that the store names is missing.
    """
    folder.mkdir(mode=0o700)
    target = Home(folder.absolute())
    target.make()
    if engine.dialect.name == "sqlite":
        _copy_sqlite(engine, target.database)
        copied = connect(target.root)
        try:
            with reading(copied) as session:
                return _copy_files(session, engine, home, target, None)
        finally:
            copied.dispose()
    with reading(engine) as session:
        _dump_postgresql(session, engine, target.root / DUMP)
        return _copy_files(session, engine, home, target, target.root / DUMP)


def _copy_sqlite(engine: Engine, into: Path) -> None:
    """Copies one state of a database that others may be writing."""
    source = sqlite3.connect(str(engine.url.database))
    copy = sqlite3.connect(into)
    try:
        source.backup(copy)
    finally:
        copy.close()
        source.close()
    _sync(into)


def _dump_postgresql(session: Session, engine: Engine, into: Path) -> None:
    """Dumps the state that the session reads."""
    snapshot = session.connection().execute(text("SELECT pg_export_snapshot()")).scalar_one()
    # set() takes no None, and a masked password in the URL would go before the one beside it
    url = engine.url.set(drivername="postgresql")._replace(password=None).render_as_string()
    password = {"PGPASSWORD": engine.url.password} if isinstance(engine.url.password, str) else {}
    command = ["pg_dump", "--format=custom", f"--snapshot={snapshot}", f"--file={into}", url]
    try:
        done = subprocess.run(command, env={**os.environ, **password}, capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise Fault("pg_dump is not on the path: the store cannot be dumped") from error
    if done.returncode:
        raise Fault(f"pg_dump ends with {done.returncode}: {done.stderr.strip()[:500]}")
    _sync(into)


def _copy_files(session: Session, live: Engine, home: Home, target: Home, dump: Path | None) -> BackedUp:
    """Copies what the rows of the copied state name."""
    for account in search.account_names(session):
        target.make_account(account)
    for path in sorted(home.keys.iterdir()):
        _copy(path, target.keys / path.name)
    files, given_up = search.submission_files(session), retention.given_up(session)
    hashes = {sha256 for ref, sha256 in files["ref", "sha256"].iter_rows() if sha256 and ref not in given_up}
    sets = record_set_sweep.named(session) - record_set_sweep.given_up(session)
    bodies = search.answer_files(session)["body_file"].drop_nulls().unique()
    _copy_all(home.archive, target.archive, hashes)
    _copy_all(home.record_sets, target.record_sets, sets)
    _copy_all(home.answers, target.answers, bodies)
    landed = _copy_landed(session, live, home, target)
    uncollected = _write_answers(session, target)
    publish(session, target)
    for of in (target.archive, target.keys, target.landing, target.outgoing, target.root):
        sync_folder(of)
    return BackedUp(files.height, len(hashes), len(sets), uncollected, landed, dump)


def _copy_all(source: Path, target: Path, names: Iterable[str]) -> None:
    for name in sorted(names):
        try:
            _copy(source / name, target / name)
        except FileNotFoundError as error:
            raise Fault(f"{source.name}/{name} is missing, and the store names it: see gridpost doctor") from error


def _copy_landed(session: Session, live: Engine, home: Home, target: Home) -> int:
    """Copies what was taken and not archived in the copied state, from where it is by now."""
    unread = submissions.by_state(session, SubmissionState.RECEIVED)
    for submission in unread:
        landed = target.landing / submission.landing_name
        try:
            _copy(home.landing / submission.landing_name, landed)
        except FileNotFoundError:
            _copy(archive.path(home, _hash_by_now(live, submission)), landed)
    known = {submission.landing_name for submission in unread}
    later = [one.path for one in waiting(home.landing) if one.path not in known]
    files = search.submission_files(session)["landing_name"].to_list()
    for path in set(later) - set(files):
        _copy_if_there(home.landing / path, target.landing / path)
    for one in waiting(home.dry_runs):
        _copy_if_there(home.dry_runs / one.path, target.dry_runs / one.path)
    return len(waiting(target.landing))


def _copy_if_there(source: Path, target: Path) -> None:
    """Copies what no row names: it may be taken up and gone at any moment, and comes to nobody's harm."""
    try:
        _copy(source, target)
    except FileNotFoundError:
        target.unlink(missing_ok=True)


def _hash_by_now(live: Engine, submission: Submission) -> str:
    with reading(live) as session:
        current = submissions.get(session, submission.ref)
    if current is None or current.sha256 is None:
        raise Fault(f"the bytes of submission {submission.ref} are neither in the landing nor archived")
    return current.sha256


def _write_answers(session: Session, target: Home) -> int:
    """Puts into outboxes and staging what the copied rows say is there; how many answers that is."""
    delivered, staged = answers.delivered(session), answers.staged(session)
    for answer in delivered:
        _write(target.outbox(answer.account) / answer.name, _body(answer, target))
    for answer in staged:
        _write(target.outgoing / f"{answer.id}.{answer.token}", _body(answer, target))
    return len(delivered) + len(staged)


def _body(answer: Answer, target: Home) -> bytes:
    if answer.body is not None:
        return answer.body
    assert answer.body_file is not None
    return (target.answers / answer.body_file).read_bytes()


def _write(path: Path, body: bytes) -> None:
    path.write_bytes(body)
    _sync(path)


def _copy(source: Path, target: Path) -> None:
    """Copies a file with its rights, durable but for its name."""
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    shutil.copy(source, target)
    _sync(target)


def _sync(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
