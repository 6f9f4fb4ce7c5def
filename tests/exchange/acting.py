"""What parties and operators do to a gateway that may die or fail under it: steps that can be done again.

Who does a step knows what a client or an operator would: what was answered before the gateway died, and what can be
seen of it now. `Memory` outlives the gateway.
"""

import csv
import logging
import os
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlmodel import Session

from gateway import redelivery, reruns, withdrawal
from ingest.landing import waiting
from ingest.sftp.paths import FilePlace, Folder
from ingest.sftp.wire import OpenFlag
from store import audit, reference, reference_load, runs, submissions
from store.database import reading, writing
from store.refused import RefusedError
from store.states import SubmissionState
from store.tables import Submission
from tests.exchange.life import ROUNDS, Life

_log = logging.getLogger(__name__)

_CREATED = OpenFlag.WRITE | OpenFlag.CREATE | OpenFlag.TRUNCATE


class Memory:
    """What was said to those outside, in a file that no gateway writes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._known = set(path.read_text().splitlines()) if path.exists() else set()

    def knows(self, what: str) -> bool:
        return what in self._known

    def keep(self, what: str) -> None:
        self._known.add(what)
        file = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.write(file, f"{what}\n".encode())
        os.close(file)


@dataclass(frozen=True)
class Step:
    """What happens at an instant, from outside; done again, it does what is left of it."""

    name: str
    at: datetime
    do: Callable[[Life, Memory], None]


def insistent(done: Callable[[], bool], attempt: Callable[[], object]) -> None:
    """Somebody who tries until it is done."""
    for _ in range(ROUNDS):
        try:
            if done():
                return
            attempt()
        except Exception:
            _log.exception("refused")
    raise AssertionError("it is refused for ever")


def send(
    account: str, name: str, content: bytes, at: datetime, *, folder: Folder = Folder.INBOX, aside: bool = True
) -> Step:
    """A party's upload: into temp and renamed, or straight into the folder."""
    target, temporary = FilePlace(folder, name), FilePlace(Folder.TEMP, name)

    def is_taken(life: Life) -> bool:
        landed = [*waiting(life.home.landing), *waiting(life.home.dry_runs)]
        with reading(life.engine) as session:
            rows = submissions.find(session, received_from=at, received_until=at)
            checked = audit.of(session, "file", f"{account}/{name}")
        return any(
            (one.account, one.file_name, one.received_at) == (account, name, at) for one in [*landed, *rows]
        ) or any(event.at == at for event in checked)

    def upload(life: Life, memory: Memory) -> None:
        with life.session(account) as session:
            file = session.open(temporary if aside else target, _CREATED)
            try:
                file.write(0, memoryview(content))
            except Exception:
                session.abandoned(file)
                raise
            file.finish()
            if aside:
                session.rename(temporary, target, replace=False)
        memory.keep(f"taken {account} {name} {at}")

    def do(life: Life, memory: Memory) -> None:
        if not memory.knows(f"taken {account} {name} {at}"):
            # Who was cut off looks before sending again.
            insistent(lambda: is_taken(life), lambda: upload(life, memory))
        assert is_taken(life), f"{name} was taken, and is nowhere"

    return Step(f"{account} sends {name}", at, do)


def collect(account: str, name: str, at: datetime) -> Step:
    """A party deletes an answer from its outbox."""
    place = FilePlace(Folder.OUTBOX, name)

    def remove(life: Life) -> None:
        with life.session(account) as session:
            session.remove(place)

    def do(life: Life, memory: Memory) -> None:
        path = life.home.outbox(account) / name
        if not memory.knows(f"collected {name}"):
            insistent(lambda: not path.exists(), lambda: remove(life))
            memory.keep(f"collected {name}")
        assert not path.exists(), f"{name} was deleted, and is there again"

    return Step(f"{account} collects {name}", at, do)


def operate(name: str, at: datetime, done: Callable[[Life], bool], act: Callable[[Life], object]) -> Step:
    """An operator's command."""
    return Step(name, at, lambda life, _: insistent(lambda: done(life), lambda: act(life)))


def find(session: Session, account: str, file_name: str) -> Submission:
    rows = submissions.find(session, party_id=account.upper())
    (found,) = [one for one in rows if one.file_name == file_name and one.receipt_code == 100]
    return found


def rerun(account: str, file_name: str, at: datetime) -> Step:
    def is_done(life: Life) -> bool:
        with reading(life.engine) as session:
            return any(one.finished_at == at for one in runs.of(session, find(session, account, file_name).ref))

    def act(life: Life) -> None:
        with reading(life.engine) as session:
            ref = find(session, account, file_name).ref
        found = reruns.compare(life.home, life.engine, ref, at, as_received=False)
        reruns.apply(life.home, life.engine, found, actor="operator", reason="late data", at=at)

    return operate(f"rerun of {file_name}", at, is_done, act)


def withdraw(account: str, file_name: str, at: datetime) -> Step:
    def is_done(life: Life) -> bool:
        with reading(life.engine) as session:
            return find(session, account, file_name).state is SubmissionState.WITHDRAWN

    def act(life: Life) -> None:
        with writing(life.engine) as session, suppress(RefusedError):
            found = find(session, account, file_name)
            withdrawal.withdraw(session, found, actor="operator", reason="a mistake", at=at)

    return operate(f"withdrawal of {file_name}", at, is_done, act)


def redeliver(account: str, file_name: str, at: datetime) -> Step:
    def is_done(life: Life) -> bool:
        with reading(life.engine) as session:
            ref = find(session, account, file_name).ref
            return any(event.action == "redeliver" for event in audit.of(session, "submission", ref))

    def act(life: Life) -> None:
        with writing(life.engine) as session:
            found = find(session, account, file_name)
            redelivery.redeliver(session, life.home, found, actor="operator", why="lost", at=at)

    return operate(f"redelivery of {file_name}", at, is_done, act)


def late_signatories(at: datetime) -> Step:
    """Reference data that turn a decided file: who signed it had left before."""

    def is_done(life: Life) -> bool:
        with reading(life.engine) as session:
            return reference.version(session) > _VERSION

    def act(life: Life) -> None:
        path = life.home.root.parent / f"{life.home.root.name}.signatories.csv"
        with path.open("w", newline="") as file:
            rows = csv.writer(file, lineterminator="\n")
            rows.writerow(["party_id", "name", "category", "effective_from", "effective_to"])
            rows.writerow(["ACME", "Ann Archer", "A", "", "2026-10-31"])
        with writing(life.engine) as session:
            reference_load.load(session, "signatories", path, at=at, actor="operator")

    return operate("late signatories", at, is_done, act)


def schedule(at: datetime) -> Step:
    looked: list[bool] = []

    def act(life: Life) -> None:
        life.run_schedule()
        looked.append(True)

    return operate(f"the schedule at {at:%d %H:%M}", at, lambda _: bool(looked), act)


_VERSION = 6
"""The reference version of the sample market."""
