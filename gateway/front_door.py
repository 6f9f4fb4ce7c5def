"""The embedded SFTP server's processes, with what they need of the store: accounts, audit, collections."""

import logging
import multiprocessing
import queue
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from multiprocessing.process import BaseProcess
from types import TracebackType
from typing import Any, Self

from sqlalchemy import Engine
from sqlmodel import Session

from gateway.logs import log_level, log_to_stderr
from ingest.landing import Landed, Landing
from ingest.sftp.interfaces import AccountKey, AccountKeys, Door, SessionEvent, SessionKind
from ingest.sftp.limits import Limits
from ingest.sftp.server import run_process
from market.clock import Clock
from market.home import Home
from store import accounts, answers, audit
from store.database import BUSY_SECONDS, connect, reading, writing

PROCESSES = 2
"""Server processes on one listening socket: neither validation nor other uploads slow a session."""

DRAIN_SECONDS = 30.0
"""How long the processes may take to end; their sessions drain sooner."""

GATHER_SECONDS = 0.25
"""How often session events are written to the store."""

KEPT_AT_ONCE = 1000
"""At most how many session events one transaction writes."""

Change = Callable[[Session], object]
"""What a session changes in the store."""

_log = logging.getLogger("gridpost.sessions")


@dataclass(frozen=True)
class StoredAccounts:
    """The account book of the server: the store, asked anew at every login; what it is told is written behind it."""

    engine: Engine
    sessions: "AuditedSessions"

    def find(self, name: str) -> AccountKeys | None:
        """A live account with its keys."""
        with reading(self.engine) as session:
            account = accounts.find(session, name)
            if account is None or account.ended_at is not None:
                return None
            keys = accounts.keys_of(session, name)
            others = [one for one in accounts.listed(session, account.party_id) if one.name != name]
        known = tuple(AccountKey(key.key_type, key.key_base64, key.valid_from, key.valid_to) for key in keys)
        beside = tuple(one.name for one in others if one.ended_at is None)
        return AccountKeys(account.name, account.party_id, known, beside)

    def used(self, account: str, fingerprint: str, at: datetime) -> None:
        """Notes the last use of a key."""
        self.sessions.leave(lambda session: accounts.key_used(session, account, fingerprint, at=at))


class AuditedSessions:
    """What sessions leave in the log and in the store, where events are rows of the audit.

    The store is written behind a session's back, much at once: no client waits for it.
    """

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._left: queue.SimpleQueue[SessionEvent | Change] = queue.SimpleQueue()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._keep, name="audit", daemon=True)
        self._thread.start()

    def write(self, event: SessionEvent) -> None:
        """Logs an event, the beginning of an upload only where details are wanted, and hands it to the audit."""
        level = logging.DEBUG if event.kind is SessionKind.UPLOAD else logging.INFO
        if _log.isEnabledFor(level):
            _log.log(level, "session event", {**vars(event), "at": event.at.isoformat(), "kind": str(event.kind)})
        self._left.put(event)

    def leave(self, change: "Change") -> None:
        """Hands over what else is to change in the store."""
        self._left.put(change)

    def close(self) -> None:
        """Writes what is not written yet; nothing is handed over afterwards."""
        self._closing.set()
        self._thread.join(BUSY_SECONDS)

    def _keep(self) -> None:
        while not (self._closing.wait(GATHER_SECONDS) and self._left.empty()):
            left: list[SessionEvent | Change] = []
            while len(left) < KEPT_AT_ONCE and not self._left.empty():
                left.append(self._left.get())
            if not left:
                continue
            try:
                with writing(self._engine) as session:
                    if events := [_audit_row(one) for one in left if isinstance(one, SessionEvent)]:
                        audit.write_all(session, events)
                    for change in left:
                        if not isinstance(change, SessionEvent):
                            change(session)
            except Exception:
                _log.exception("%s session events and changes are in the log alone", len(left))


def _audit_row(event: SessionEvent) -> dict[str, Any]:
    return {
        "at": event.at,
        "actor": event.account or event.address,
        "action": str(event.kind),
        "subject_kind": "session",
        "subject": event.path or event.address,
        "why": event.detail,
    }


def compose(home: Home, location: str, limits: Limits, clock: Clock) -> Door:
    """The door of one server process; called inside it."""
    engine = connect(location)
    sessions = AuditedSessions(engine)

    def collected(account: str, name: str) -> None:
        with writing(engine) as session:
            answers.collect(session, account, name, actor=account, at=clock())

    def taken(_: Landed) -> None:
        """The gateway watches the landing: nothing to tell."""

    return Door(
        home=home,
        clock=clock,
        limits=limits,
        accounts=StoredAccounts(engine, sessions),
        log=sessions,
        landing=Landing(home.landing, clock),
        dry_runs=Landing(home.dry_runs, clock),
        on_taken=taken,
        on_collected=collected,
    )


def _run_process(listening: socket.socket, compose: Callable[[], Door], level: int) -> None:
    log_to_stderr(level)
    door = compose()
    door.accounts.find("")  # what the first asks takes long
    run_process(listening, lambda: door)
    if isinstance(door.log, AuditedSessions):
        door.log.close()


class FrontDoor:
    """The server processes on a listening socket (None: no processes), as a context; they drain at its end.

    `clock` goes to the processes and must pickle.
    """

    def __init__(
        self, listening: socket.socket | None, home: Home, location: str, limits: Limits, clock: Clock
    ) -> None:
        self._listening = listening
        self._compose = partial(compose, home, location, limits, clock)
        self._processes: list[BaseProcess] = []

    def __enter__(self) -> Self:
        if self._listening is not None:
            self._processes = [self._start(self._listening) for _ in range(PROCESSES)]
        return self

    def look_after(self) -> None:
        """Starts anew what has died."""
        for number, process in enumerate(self._processes):
            if self._listening is not None and not process.is_alive():
                _log.error("server process %s ended with %s and is started anew", process.pid, process.exitcode)
                self._processes[number] = self._start(self._listening)

    def _start(self, listening: socket.socket) -> BaseProcess:
        context = multiprocessing.get_context("spawn")
        process = context.Process(target=_run_process, args=(listening, self._compose, log_level()), name="sftp")
        process.start()
        return process

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.join(DRAIN_SECONDS)
            process.kill()
