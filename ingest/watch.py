"""Hints that something arrived, and the watch over inboxes that a plain sshd writes.

Events are only hints: the kernel drops them when a queue is full and nobody is told. What is taken is decided by
looking at the folders, and the look is repeated every few seconds.
"""

import contextlib
import logging
import os
import stat
import threading
import warnings
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from watchdog.events import FileClosedEvent, FileCreatedEvent, FileMovedEvent, FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

from ingest.files_at_rest import has_footer, is_closed, is_idd
from ingest.landing import Landed, Landing, LostBytes, Untakeable, is_taken_name
from ingest.sftp import cut_uploads
from ingest.sshd_log import SshdLog, Told
from market.clock import Clock
from market.durable import folder_opened
from market.home import Home

SWEEP_SECONDS = 2.0
STILL = timedelta(seconds=30)
"""How long a file must be unchanged where the system does not tell whether it is still open for writing."""

_log = logging.getLogger(__name__)
# A folder made inside a new folder is found twice, by walking and by its event; watchdog warns and watches it once.
warnings.filterwarnings("ignore", "Callback with id .* already exists", RuntimeWarning)


@dataclass(frozen=True)
class Left:
    """Something in an inbox that is not taken; told once for each thing."""

    account: str
    name: str
    reason: str


@dataclass(frozen=True)
class _Look:
    inode: int
    size: int
    modified_ns: int
    changed_ns: int


@dataclass(frozen=True)
class _Ready:
    arrived_ns: int
    party_id: str
    account: str
    name: str


@contextlib.contextmanager
def landing_hints(landing: Path, hint: Callable[[], None]) -> Iterator[None]:
    """Call `hint()`, from a thread of its own, when something may have come into the landing."""
    with observed(landing, [FileCreatedEvent, FileMovedEvent], lambda event: hint()):
        yield


class InboxWatch:
    """Takes what a plain sshd's clients leave in the folder of that name of each account: inbox, or check.

    A file renamed into an inbox is taken. An IDD file that is written there is taken once it is closed, if the log
    does not say that its session ended before and its footer shows that it is whole; else it is kept as
    `<name>.partial`, for its party to see. A CSV file's end shows nothing: it waits for its rename. Where the log
    tells nothing a file must be still as well.
    `accounts` gives (account, party id) of every account, `left` is told of what is not taken.
    """

    def __init__(
        self,
        home: Home,
        folder: str,
        landing: Landing,
        clock: Clock,
        accounts: Callable[[], Iterable[tuple[str, str]]],
        log: SshdLog,
        left: Callable[[Left], None],
    ) -> None:
        self._home = home
        self._folder = folder
        self._landing = landing
        self._clock = clock
        self._accounts = accounts
        self._log = log
        self._left = left
        self._looks: dict[tuple[str, str], _Look] = {}
        self._told: set[tuple[str, str, int]] = set()
        self._renamed: set[tuple[str, str]] = set()
        self._hinted = threading.Event()

    def run(self, stop: threading.Event, on_taken: Callable[[Landed], None]) -> None:
        """Sweep on every hint, and every few seconds without one, until `stop` is set."""
        with observed(self._home.accounts, [FileCreatedEvent, FileMovedEvent, FileClosedEvent], self._on_event):
            while not stop.is_set():
                try:
                    for landed in self.sweep():
                        on_taken(landed)
                except OSError:
                    _log.exception("the inboxes cannot be swept; the next sweep tries again")
                self._hinted.wait(SWEEP_SECONDS)
                self._hinted.clear()

    def sweep(self) -> list[Landed]:
        """Look once at every inbox and take what is ready, in order of arrival."""
        renamed, self._renamed = self._renamed, set()
        ready: list[_Ready] = []
        looks: dict[tuple[str, str], _Look] = {}
        for account, party_id in self._accounts():
            try:
                with self._opened(account) as inbox:
                    names = os.listdir(inbox)
                    self._log.forget(account, self._folder, names)
                    for name in names:
                        arrived_ns = self._arrival(inbox, account, name, (account, name) in renamed, looks)
                        if arrived_ns is not None:
                            ready.append(_Ready(arrived_ns, party_id, account, name))
            except OSError as error:
                # What is wrong with one party's folder keeps no other's files back.
                self._tell(account, self._folder, 0, str(error))
        self._looks = looks
        ready.sort(key=lambda one: (one.arrived_ns, one.account, one.name))
        return [landed for one in ready if (landed := self._take(one)) is not None]

    def _opened(self, account: str) -> contextlib.AbstractContextManager[int]:
        return folder_opened(self._home.account(account) / self._folder)

    def _arrival(
        self, inbox: int, account: str, name: str, renamed: bool, looks: dict[tuple[str, str], _Look]
    ) -> int | None:
        """When the file arrived, in nanoseconds since 1970; None where it is not to be taken now."""
        if not is_taken_name(name):
            return None
        try:
            status = os.stat(name, dir_fd=inbox, follow_symlinks=False)
        except FileNotFoundError:
            return None
        if not stat.S_ISREG(status.st_mode):
            self._tell(account, name, status.st_ino, "it is not a regular file")
            return None
        look = _Look(status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns)
        looks[account, name] = look
        # In this order: the log tells of an end before the file is closed.
        closed, told = is_closed(inbox, name), self._log.told(account, self._folder, name)
        still = self._looks.get((account, name)) == look
        # A rename moves the change time past the last write. So do clients that set times, after their last write.
        moved = still and told in (None, Told.RENAMED) and look.changed_ns > look.modified_ns
        if renamed or moved or (told is Told.RENAMED and not still):
            # sshd renames in two steps; between them the file has both names.
            if closed is not False and (status.st_nlink == 1 or still):
                return look.changed_ns
            self._renamed.add((account, name))
            return None
        old = self._clock() - _instant(look.changed_ns) >= STILL
        if closed is False or not (still or told is Told.CLOSED) or (closed is None and not old):
            return None
        return self._arrival_in_place(inbox, account, name, look, told, old)

    def _arrival_in_place(
        self, inbox: int, account: str, name: str, look: _Look, told: Told | None, old: bool
    ) -> int | None:
        """The same for a file that was written in the folder and is closed."""
        idd, cut = is_idd(inbox, name), told is Told.CUT
        if idd and not cut and has_footer(inbox, name):
            # A client can set the time of the last write, but not that of the last change.
            return look.changed_ns
        if cut or (idd and (old or told is Told.CLOSED)):
            why = "its session ended before it was closed" if cut else "it has no ZZZ record at its end"
            kept = cut_uploads.keep(inbox, name, inbox, name, look.size)
            self._tell(account, name, look.inode, f"{why}; {kept}")
        elif old:
            self._tell(account, name, look.inode, "it is no IDD file and was written in place; it waits for a rename")
        return None

    def _take(self, one: _Ready) -> Landed | None:
        try:
            with self._opened(one.account) as inbox:
                return self._landing.take(
                    inbox,
                    one.name,
                    party_id=one.party_id,
                    account=one.account,
                    file_name=one.name,
                    arrived_at=_instant(one.arrived_ns),
                )
        except FileNotFoundError:
            return None  # the party took it away meanwhile
        except (Untakeable, OSError) as error:
            look, reason = self._looks[one.account, one.name], str(error)
            if isinstance(error, LostBytes):  # another try would find no failure
                with self._opened(one.account) as inbox:
                    kept = cut_uploads.keep(inbox, one.name, inbox, one.name, look.size)
                reason = f"the disk reports a failure, bytes may be lost: {error.strerror}; {kept}"
            elif isinstance(error, OSError):
                self._renamed.add((one.account, one.name))
            self._tell(one.account, one.name, look.inode, reason)
            return None

    def _tell(self, account: str, name: str, inode: int, reason: str) -> None:
        if (account, name, inode) not in self._told:
            self._told.add((account, name, inode))
            self._left(Left(account, name, reason))

    def _on_event(self, event: FileSystemEvent) -> None:
        path = Path(os.fsdecode(event.dest_path or event.src_path))
        if path.parent.name != self._folder:
            return
        if isinstance(event, FileMovedEvent):
            self._renamed.add((path.parent.parent.name, path.name))
        self._hinted.set()


class _Listener(FileSystemEventHandler):
    def __init__(self, on_event: Callable[[FileSystemEvent], None]) -> None:
        self._on_event = on_event

    def on_any_event(self, event: FileSystemEvent) -> None:
        self._on_event(event)


@contextlib.contextmanager
def observed(
    folder: Path, kinds: list[type[FileSystemEvent]], on_event: Callable[[FileSystemEvent], None]
) -> Iterator[None]:
    """Call `on_event`, from a thread of its own, for each event of these kinds in a folder and those below it."""
    observer = Observer()
    observer.schedule(_Listener(on_event), str(folder), recursive=True, event_filter=kinds)
    observer.start()
    try:
        yield
    finally:
        observer.stop()
        observer.join()


def _instant(nanoseconds: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=nanoseconds // 1000)
