"""Volumes in force as record sets: one immutable parquet file of what one run put in force, named by one row.

The file is durable before the transaction that names it. What a run changes of it is a set in its place: the old one is
taken back as a whole and the new run's is added.
"""

import hashlib
import os
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import polars as pl
from sqlalchemy import bindparam
from sqlalchemy import select as select_columns
from sqlmodel import Session, col, select, update

from market.durable import sync_folder
from market.fault import Fault
from market.home import Home
from market.reference import (
    AGGREGATED_DEMAND,
    DELIVERED_VOLUMES,
    EXPECTED_VOLUMES,
    METERED_VOLUMES,
    NOTIFICATIONS,
    PAIR_VOLUMES,
    RECEIVED,
)
from store import changes, frames, in_force
from store.tables import RecordSet

OF_SET = ("received_at", "submission_ref")
"""The columns that a whole set has in common: they stand in its row, not in its file."""

ROW_GROUP = 100_000
"""Rows of a file that are read or left alone together."""

_SETS = pl.Schema({"file": pl.String(), "size": pl.Int64(), "received_at": RECEIVED, "submission_ref": pl.String()})


_STANDING = select(RecordSet.id).where(
    RecordSet.submission_ref == bindparam("ref"), col(RecordSet.withdrawn_at).is_(None)
)
"""The sets that a submission put in force and that were not taken back."""


@dataclass(frozen=True)
class RecordSetKind:
    """A kind of record set: the reference frame it is read as, its schema, and the columns of a row's days."""

    frame: str
    schema: pl.Schema
    first_day: str
    last_day: str


KINDS = {
    "PN": RecordSetKind("notifications", NOTIFICATIONS, "settlement_date", "settlement_date"),
    "SEV": RecordSetKind("expected_volumes", EXPECTED_VOLUMES, "effective_from", "effective_to"),
    "DLV": RecordSetKind("delivered_volumes", DELIVERED_VOLUMES, "settlement_date", "settlement_date"),
    "NFD": RecordSetKind("aggregated_demand", AGGREGATED_DEMAND, "settlement_date", "settlement_date"),
    "METERED": RecordSetKind("metered_volumes", METERED_VOLUMES, "settlement_date", "settlement_date"),
    "PAIR": RecordSetKind("pair_volumes", PAIR_VOLUMES, "settlement_date", "settlement_date"),
}
"""The kinds of record set, by the name that their rows and folders have."""


@dataclass(frozen=True)
class Staged:
    """A file that is durable and that no row names yet; `file` is its name below the home's record sets."""

    kind: str
    file: str
    submission_ref: str
    run_number: int
    sha256: str
    size: int
    rows: int
    first_day: date
    last_day: date


def stage(home: Home, kind: str, submission_ref: str, run_number: int, token: int, frame: pl.DataFrame) -> Staged:
    """Writes what a run puts in force to a file, durable when it returns.

    `frame` has the columns of the kind's schema and at least one row; ValueError where it has none. `token` is the
    fencing token of the one who writes.
    """
    if frame.is_empty():
        raise ValueError(f"a record set of kind {kind} has no rows")
    of = KINDS[kind]
    rows = frame.select(name for name in of.schema if name not in OF_SET).sort(of.first_day, maintain_order=True)
    first_day, last_day = rows.select(
        pl.col(of.first_day).min().alias("first"), pl.col(of.last_day).max().alias("last")
    ).row(0)
    folder = _make_folder(home.record_sets, kind, first_day.isoformat())
    temporary = folder / f".{submission_ref}.{run_number}.{token}.{os.getpid()}.staging"
    try:
        rows.write_parquet(temporary, compression="zstd", row_group_size=ROW_GROUP)
        with temporary.open("rb") as written:
            sha256 = hashlib.file_digest(written, "sha256").hexdigest()
            written_size = os.fstat(written.fileno()).st_size
            os.fsync(written.fileno())
        # With the hash in its name, a file takes the place of an equal one only.
        path = folder / f"{submission_ref}.{run_number}.{token}.{sha256[:16]}.parquet"
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    sync_folder(folder)
    file = path.relative_to(home.record_sets).as_posix()
    return Staged(kind, file, submission_ref, run_number, sha256, written_size, rows.height, first_day, last_day)


def _make_folder(root: Path, *names: str) -> Path:
    """A folder below one that exists; those that are new on the way are durable."""
    folder = root
    for name in names:
        folder = folder / name
        if not folder.is_dir():
            folder.mkdir(mode=0o700, exist_ok=True)
            sync_folder(folder.parent)
    return folder


def add(
    session: Session, home: Home, staged: Staged, *, party_id: str, test_flag: str, received_at: datetime
) -> RecordSet:
    """Puts a staged set in force, of the party's submission that was received then.

    Raises Fault where the file is missing or has another size.
    """
    if size(home, staged.file) != staged.size:
        raise Fault(f"record set {staged.file} is not there with its {staged.size} bytes")
    found = RecordSet(
        kind=staged.kind,
        first_day=staged.first_day,
        last_day=staged.last_day,
        party_id=party_id,
        test_flag=test_flag,
        received_at=received_at,
        submission_ref=staged.submission_ref,
        run_number=staged.run_number,
        file=staged.file,
        sha256=staged.sha256,
        size=staged.size,
        rows=staged.rows,
    )
    session.add(found)
    session.flush()
    _note(session, found)
    return found


def discard(home: Home, staged: Staged) -> None:
    """Removes a staged file that no transaction named and none will."""
    (home.record_sets / staged.file).unlink(missing_ok=True)


def is_named(session: Session, staged: Staged) -> bool:
    """Whether a transaction named a staged file: its name is that of its run and its bytes."""
    return session.exec(select(RecordSet.id).where(RecordSet.file == staged.file)).first() is not None


def withdraw(session: Session, submission_ref: str, *, at: datetime) -> int:
    """Takes back every set that a submission put in force; returns how many sets those were."""
    standing = session.exec(_STANDING, params={"ref": submission_ref}).all()
    if not standing:
        return 0
    statement = update(RecordSet).where(col(RecordSet.id).in_(standing)).values(withdrawn_at=at).returning(RecordSet)
    found = session.exec(statement.execution_options(synchronize_session=False)).scalars().all()
    for one in found:
        _note(session, one)
    return len(found)


def _note(session: Session, one: RecordSet) -> None:
    subject = pl.Series("subject", [one.party_id], pl.String)
    changes.note(session, KINDS[one.kind].frame, subject, first_day=one.first_day, last_day=one.last_day)


def read(
    session: Session,
    home: Home,
    kind: str,
    *,
    days: tuple[date, date],
    party_id: str | None = None,
    test_flag: str = "OPER",
    before: tuple[datetime, str] | None = None,
) -> pl.DataFrame:
    """The rows of sets in force that are about the days from the first to the last, with the kind's schema.

    They stand in the order in which their submissions were received. `party_id` leaves out those of other parties.
    `test_flag` adds to the live sets those of that test traffic; `before` (received time, submission) leaves out those
    of that submission and of later ones. Raises Fault where a file is missing or has another size.
    """
    of = KINDS[kind]
    wanted = [
        col(RecordSet.kind) == kind,
        col(RecordSet.first_day) <= days[1],
        col(RecordSet.last_day) >= days[0],
        *in_force.conditions(RecordSet, test_flag, before),
    ]
    if party_id is not None:
        wanted.append(col(RecordSet.party_id) == party_id)
    columns = [getattr(RecordSet, name) for name in _SETS.names()]
    sets = frames.read(session, select_columns(*columns).where(*wanted).order_by(col(RecordSet.id)), _SETS)
    if sets.is_empty():
        return of.schema.to_frame()
    for file, expected in sets.select("file", "size").iter_rows():
        if size(home, file) != expected:
            raise Fault(f"record set {file} is not there with its {expected} bytes")
    ordered = sets.sort(*OF_SET, maintain_order=True).with_columns(
        path=pl.lit(f"{home.record_sets.absolute()}/") + pl.col("file")
    )
    stored = pl.scan_parquet(
        ordered["path"].to_list(), glob=False, hive_partitioning=False, include_file_paths="path"
    ).filter(pl.col(of.first_day) <= days[1], pl.col(of.last_day) >= days[0])
    traced = stored.join(ordered.lazy().select("path", *OF_SET), on="path", how="left", maintain_order="left")
    return traced.select(of.schema.names()).collect(engine="streaming")


def sets_of(session: Session, submission_ref: str) -> list[RecordSet]:
    """The sets that a submission put in force and that were not taken back."""
    wanted = (RecordSet.submission_ref == submission_ref, col(RecordSet.withdrawn_at).is_(None))
    return list(session.exec(select(RecordSet).where(*wanted).order_by(col(RecordSet.id))).all())


def of(session: Session, home: Home, submission_ref: str, kind: str) -> pl.DataFrame:
    """The rows that a submission put in force and that were not taken back, with the kind's schema."""
    rows = [row for row in sets_of(session, submission_ref) if row.kind == kind]
    schema = KINDS[kind].schema
    found = [
        pl.read_parquet(home.record_sets / row.file, glob=False, hive_partitioning=False).with_columns(
            pl.lit(row.received_at).cast(RECEIVED).alias("received_at"), pl.lit(submission_ref).alias("submission_ref")
        )
        for row in rows
    ]
    return pl.concat([schema.to_frame(), *(frame.select(schema.names()) for frame in found)])


def later(
    session: Session, kind: str, party_id: str, days: tuple[date, date], after: tuple[datetime, str]
) -> list[str]:
    """The submissions of a Party received after one (received time, submission) with sets of a kind about some days."""
    wanted = [
        col(RecordSet.kind) == kind,
        col(RecordSet.party_id) == party_id,
        col(RecordSet.first_day) <= days[1],
        col(RecordSet.last_day) >= days[0],
        *in_force.conditions_after(RecordSet, after),
    ]
    return sorted(set(session.exec(select(RecordSet.submission_ref).where(*wanted)).all()))


def size(home: Home, file: str) -> int | None:
    """The size in bytes of a set's file; None where it is gone."""
    try:
        return (home.record_sets / file).stat().st_size
    except FileNotFoundError:
        return None
