"""A session's own folder in `uploading/`: its direct uploads, and by its lock the proof that the session lives.

Locks are flock's: the kernel drops them with the process, so no crash leaves a session counted or a file held.
"""

import contextlib
import fcntl
import os
import secrets
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

from ingest.landing import quoted, unquoted
from ingest.sftp.cut_uploads import Kept, certain_size, keep
from ingest.sftp.interfaces import AccountKeys
from ingest.sftp.status import Refusal
from market.durable import folder_opened
from market.home import Home

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True)
class CutUpload:
    """An upload that ended with the gateway's process."""

    account: str
    path: str
    kept: Kept


@dataclass(frozen=True)
class SessionFolder:
    """The folder and its locked descriptor."""

    path: Path
    descriptor: int

    def remove(self) -> None:
        """Delete the folder with what was never finished in it, and end the lock: also where it cannot be deleted, or
        the session would count as a live one for as long as the process lives.
        """
        try:
            _remove(self.path, self.descriptor)
        finally:
            os.close(self.descriptor)


def open_session_folder(home: Home, account: AccountKeys, sessions: int) -> SessionFolder:
    """A new folder for a session of `account`; Refusal where its party has `sessions` live ones already."""
    with folder_opened(home.uploading) as all_sessions:
        fcntl.flock(all_sessions, fcntl.LOCK_EX)
        live = sum(1 for path in _folders_of(home, account.all_accounts) if _is_live(path))
        if live >= sessions:
            raise Refusal(f"party {account.party_id} has {live} sessions open, the limit is {sessions}")
        while True:
            path = home.uploading / f"{account.account}~{secrets.token_hex(8)}"
            path.mkdir(mode=0o700)
            folder = _locked(path)
            if folder is not None:
                return folder


def upload_name(folder: str, name: str) -> str:
    """The name of a direct upload in its session's folder: no two folders' uploads share one."""
    return f"{folder}~{quoted(name)}"


def live_uploads(home: Home, account: str) -> dict[tuple[str, str], os.stat_result]:
    """The direct uploads under way in all sessions of `account`, by the folder and the name that they will have."""
    found: dict[tuple[str, str], os.stat_result] = {}
    for entry_name, status in uploads_of(home, (account,)):
        folder, _, name = entry_name.partition("~")
        found[folder, unquoted(name)] = status
    return found


def uploads_of(home: Home, accounts: Collection[str]) -> Iterator[tuple[str, os.stat_result]]:
    """Each direct upload under way in the sessions of the accounts, by its `upload_name`."""
    for path in _folders_of(home, accounts):
        with contextlib.suppress(FileNotFoundError), os.scandir(path) as entries:
            for entry in entries:
                with contextlib.suppress(FileNotFoundError):
                    yield entry.name, entry.stat(follow_symlinks=False)


def clear_dead_sessions(home: Home) -> list[CutUpload]:
    """Remove the folders of sessions that a crash ended; gives the uploads that it cut, kept for their parties."""
    cut: list[CutUpload] = []
    for path in sorted(home.uploading.iterdir()):
        if path.is_dir() and not path.is_symlink():
            session = _locked(path)
            if session is not None:
                cut += _kept(home, path.name.partition("~")[0], session.descriptor)
                session.remove()
    return cut


def _kept(home: Home, account: str, own: int) -> Iterator[CutUpload]:
    for upload in sorted(os.listdir(own)):
        place, _, quoted_name = upload.partition("~")
        name = unquoted(quoted_name)
        with contextlib.suppress(FileNotFoundError), folder_opened(home.account(account) / place) as folder:
            yield CutUpload(account, f"/{place}/{name}", keep(own, upload, folder, name, certain_size(own, upload)))


def _folders_of(home: Home, accounts: Collection[str]) -> Iterator[Path]:
    for path in home.uploading.iterdir():
        if path.name.partition("~")[0] in accounts:
            yield path


def _locked(path: Path) -> SessionFolder | None:
    """The folder under our lock, or None where another holds it or has just removed it."""
    try:
        descriptor = os.open(path, _FOLDER)
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if path.stat().st_ino == os.fstat(descriptor).st_ino:
            return SessionFolder(path, descriptor)
    except (BlockingIOError, FileNotFoundError):
        pass
    os.close(descriptor)
    return None


def _is_live(path: Path) -> bool:
    with contextlib.suppress(FileNotFoundError), folder_opened(path) as descriptor:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


def _remove(path: Path, descriptor: int) -> None:
    for name in os.listdir(descriptor):
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=descriptor)
    with contextlib.suppress(FileNotFoundError):
        path.rmdir()
