"""What a plain sshd tells of uploads: the log of its internal-sftp, read from a socket in each account's root.

A session in a chroot logs into the `dev/log` that it finds there. internal-sftp writes its line before it closes the
file, so whoever has seen that a file is closed finds here how: by its client, or because the session ended.
"""

import contextlib
import logging
import os
import posixpath
import re
import selectors
import socket
import threading
from collections.abc import Iterable
from enum import Enum, auto
from typing import Self

from ingest.sftp.interfaces import SessionEvent, SessionKind, SessionLog
from ingest.sftp.paths import shown
from market.clock import Clock
from market.home import Home

LOG_FOLDER = "dev"
"""Where in an account's root the socket stands; an account without that folder has no log."""

WAIT_SECONDS = 1.0
_DATAGRAM = 1 << 16
_WATCHED = ("inbox", "check")

_LINE = re.compile(rb'<\d+>[^"\[\]]*\[\d+\]: (.*)', re.DOTALL)
# A name may hold a quotation mark and what looks like the end of a line: the last such end is the log's own.
_CLOSE = re.compile(rb'(forced )?close "(.*)" bytes read \d+ written (\d+)', re.DOTALL)
_OPEN = re.compile(rb'open "(.*)" flags ([A-Z,]+) mode 0[0-7]+', re.DOTALL)
_RENAME = re.compile(rb'(?:posix-)?rename old ".*" new "(.*)"', re.DOTALL)
_SESSION = re.compile(rb"session (opened|closed) for local user \S+ from \[(.*)\]", re.DOTALL)
_ESCAPED = re.compile(rb"\\(?:([0-7]{3})|\\)")

_log = logging.getLogger(__name__)


class Told(Enum):
    """What was told last of a file."""

    OPENED = auto()
    """It was opened for writing."""
    CLOSED = auto()
    """Its client closed it."""
    CUT = auto()
    """The session ended before."""
    RENAMED = auto()
    """It was to be given its name; it was not written under it before."""


class SshdLog:
    """The logs of all accounts, as a context.

    `told` is asked by the watches while `run` reads on; safe between threads.
    """

    def __init__(self, home: Home, clock: Clock, log: SessionLog) -> None:
        self._home = home
        self._clock = clock
        self._log = log
        self._lock = threading.Lock()
        self._sockets: dict[str, socket.socket] = {}
        self._told: dict[tuple[str, str, str], Told] = {}
        self._unread: set[str] = set()
        self._selector = selectors.DefaultSelector()

    def listen(self, accounts: Iterable[str]) -> None:
        """Begins to read the logs of these accounts where it does not yet; an account without a place has none."""
        with self._lock:
            for account in accounts:
                if account not in self._sockets and (self._home.account(account) / LOG_FOLDER).is_dir():
                    try:
                        self._sockets[account] = _bound(self._home, account)
                    except OSError as error:
                        if account not in self._unread:
                            _log.error("sshd's log of account %s is not read: %s", account, error)
                        self._unread.add(account)
                        continue
                    self._selector.register(self._sockets[account], selectors.EVENT_READ, account)

    def told(self, account: str, folder: str, name: str) -> Told | None:
        """What the log tells of a file up to now; None where it tells nothing."""
        self._read(account)
        return self._told.get((account, folder, name))

    def forget(self, account: str, folder: str, names: Iterable[str]) -> None:
        """Drops what is known of files of a folder other than these."""
        here = set(names)
        with self._lock:
            for key in [key for key in self._told if key[:2] == (account, folder) and key[2] not in here]:
                del self._told[key]

    def run(self, stop: threading.Event) -> None:
        """Reads what is logged until `stop`: a session waits while the few lines that its socket holds are unread."""
        while not stop.is_set():
            if not self._selector.get_map():
                stop.wait(WAIT_SECONDS)
                continue
            for key, _ in self._selector.select(WAIT_SECONDS):
                self._read(key.data)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Ends the listening: sessions then log nowhere."""
        for one in self._sockets.values():
            one.close()
        self._selector.close()

    def _read(self, account: str) -> None:
        with self._lock:
            while (listening := self._sockets.get(account)) is not None:
                try:
                    datagram = listening.recv(_DATAGRAM)
                except BlockingIOError:
                    return
                self._note(account, datagram)

    def _note(self, account: str, datagram: bytes) -> None:
        line = _LINE.fullmatch(datagram.rstrip(b"\0\n"))
        if line is None:
            return
        if closed := _CLOSE.fullmatch(line[1]):
            forced, path, written = closed[1], _path(closed[2]), int(closed[3])
            # What was only read ends nothing; of an empty upload the footer tells that it is none.
            if written and (key := _key(account, path)):
                self._told[key] = Told.CUT if forced else Told.CLOSED
                if forced:
                    self._tell(SessionKind.ABANDONED, account, f"the session ended after {written} bytes", path)
        elif opened := _OPEN.fullmatch(line[1]):
            if b"WRITE" in opened[2].split(b","):
                path = _path(opened[1])
                if key := _key(account, path):
                    self._told[key] = Told.OPENED
                self._tell(SessionKind.UPLOAD, account, "it is opened for writing", path)
        elif renamed := _RENAME.fullmatch(line[1]):
            if (key := _key(account, _path(renamed[1]))) and self._told.pop(key, None) is None:
                self._told[key] = Told.RENAMED
        elif session := _SESSION.fullmatch(line[1]):
            kind = SessionKind.LOGIN if session[1] == b"opened" else SessionKind.LOGOUT
            self._tell(kind, account, "sshd", address=os.fsdecode(session[2]))

    def _tell(
        self, kind: SessionKind, account: str, detail: str, path: str | None = None, *, address: str = ""
    ) -> None:
        place = None if path is None else shown(path)
        self._log.write(SessionEvent(self._clock(), kind, account, shown(address), detail, place))


def _bound(home: Home, account: str) -> socket.socket:
    """A socket at `dev/log` of an account's root, in place of one that an earlier gateway left."""
    made = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    made.setblocking(False)
    folder = os.open(home.account(account) / LOG_FOLDER, os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        with contextlib.suppress(FileNotFoundError):
            os.unlink("log", dir_fd=folder)
        # A path of the folder itself could be longer than an address may be.
        made.bind(f"/proc/self/fd/{folder}/log")
    finally:
        os.close(folder)
    return made


def _path(logged: bytes) -> str:
    """The path of a file in an account's root, from that which a client gave, as the log escapes it."""
    text = os.fsdecode(_ESCAPED.sub(lambda found: bytes([int(found[1], 8) & 255]) if found[1] else b"\\", logged))
    return "/" + posixpath.normpath(f"/{text}").lstrip("/")


def _key(account: str, path: str) -> tuple[str, str, str] | None:
    """(account, folder, name) of a file in a watched folder."""
    folder, _, name = path[1:].partition("/")
    return (account, folder, name) if folder in _WATCHED and name and "/" not in name else None
