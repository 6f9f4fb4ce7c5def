"""The front door of a plain sshd: its clients write the folders, and the gateway that works watches them."""

import logging
import os
import threading
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from watchdog.events import FileDeletedEvent, FileMovedEvent, FileSystemEvent

from gateway import delivery
from gateway.front_door import AuditedSessions
from gateway.office import Office
from ingest.landing import Landed, Landing
from ingest.sftp.interfaces import SessionEvent, SessionKind
from ingest.sftp.paths import shown
from ingest.sshd_log import SshdLog
from ingest.watch import InboxWatch, Left, observed
from store import accounts
from store.database import reading

PAUSE_SECONDS = 1.0
"""How long a watch rests after a fault."""

_log = logging.getLogger(__name__)


class ExternalDoor:
    """Takes from inboxes and check folders, reads the sshd's log and sees what is collected; a context.

    It may be entered again: each time of holding the lease is one.
    """

    def __init__(self, office: Office) -> None:
        self._office = office

    def __enter__(self) -> Self:
        office = self._office
        self._stop = threading.Event()
        self._stack = ExitStack()
        self._sessions = AuditedSessions(office.engine)
        self._stack.callback(self._sessions.close)
        self._log = self._stack.enter_context(SshdLog(office.home, office.clock, self._sessions))
        removals = [FileDeletedEvent, FileMovedEvent]
        self._stack.enter_context(observed(office.home.accounts, removals, self._on_removal))
        works: dict[str, Callable[[], None]] = {
            "inbox": lambda: self._watch("inbox", office.home.landing),
            "check": lambda: self._watch("check", office.home.dry_runs),
            "log": lambda: self._log.run(self._stop),
        }
        self._threads = [
            threading.Thread(target=self._guarded, args=(name, work), name=f"sshd's {name}")
            for name, work in works.items()
        ]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()
        self._stack.close()

    def _live_accounts(self) -> list[tuple[str, str]]:
        with reading(self._office.engine) as session:
            live = [(one.name, one.party_id) for one in accounts.listed(session) if one.ended_at is None]
        self._log.listen(name for name, _ in live)
        return live

    def _watch(self, folder: str, landing: Path) -> None:
        office = self._office

        def taken(landed: Landed) -> None:
            what = f"{landed.size} bytes as {landed.path}"
            self._tell(SessionKind.TAKEN, landed.account, what, f"/{folder}/{landed.file_name}")

        def left(left: Left) -> None:
            self._tell(SessionKind.REFUSED, left.account, f"not taken: {left.reason}", f"/{folder}/{left.name}")

        taking = Landing(landing, office.clock)
        InboxWatch(office.home, folder, taking, office.clock, self._live_accounts, self._log, left).run(
            self._stop, taken
        )

    def _on_removal(self, event: FileSystemEvent) -> None:
        """A file left a folder: from an outbox only its party takes away."""
        path = Path(os.fsdecode(event.src_path))
        if path.parent.name != "outbox":
            return
        account, name = path.parent.parent.name, path.name
        try:
            if delivery.note_removal(self._office, account, name):
                self._tell(SessionKind.COLLECTED, account, "", f"/outbox/{name}")
        except Exception:
            _log.exception("a collection is not written down now; the gateway looks again")

    def _tell(self, kind: SessionKind, account: str, detail: str, path: str) -> None:
        self._sessions.write(SessionEvent(self._office.clock(), kind, account, "", shown(detail), shown(path)))

    def _guarded(self, name: str, work: Callable[[], None]) -> None:
        while not self._stop.is_set():
            try:
                work()
            except Exception:
                _log.exception("the watch over sshd's %s goes on after a fault", name)
                self._stop.wait(PAUSE_SECONDS)
