"""The landing: a finished file leaves its party's reach in one rename and keeps its place in the order of arrival.

A landed file's path says all that is known of it before the store does:
`<party>/<account>/<stamp>-<counter>-<name>`, the names percent-quoted where a file system would stumble.
"""

import itertools
import os
import re
import secrets
import stat
from collections.abc import Container, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import unquote_to_bytes

from market.clock import Clock, whole_second
from market.durable import folder_opened, rename_without_replacing, sync_folder
from market.fault import Fault
from market.home import PARTY_FOLDERS, Home

NAME_BYTES = 200
"""The longest file name that lands, in quoted UTF-8 bytes: the names of its answers stay within a file system's 255."""

_UNFINISHED = (".part", ".partial", ".tmp", ".filepart")
_STAMP = "%Y%m%dT%H%M%S%fZ"
_LANDED_NAME = re.compile(r"(\d{8}T\d{12}Z)-(\d{12})-(.+)", re.DOTALL)


class Untakeable(Exception):
    """What lies under the name is no finished file of the party's own; the text says why, for party and operator."""


class LostBytes(OSError):
    """The disk failed to keep an upload: the system may have dropped what was not written, and never says so again."""


@dataclass(frozen=True)
class Landed:
    """One file in the landing."""

    path: str
    """Relative to the landing; unique for ever, and in order of arrival within its account."""
    party_id: str
    account: str
    file_name: str
    received_at: datetime
    """UTC, cut to the whole second: what decides every deadline."""
    stamp: datetime
    """The same instant to the microsecond: what decides the order."""
    size: int
    """In bytes."""


@dataclass(frozen=True)
class Litter:
    """Something in the landing that no take put there: it is shown to the operator, not taken, not deleted."""

    path: str
    reason: str


def is_taken_name(name: str) -> bool:
    """False for the names under which a client is still at work: `.x`, `x.part`, `x.partial`, `x.tmp`, `x.filepart`."""
    return not name.startswith(".") and not name.lower().endswith(_UNFINISHED)


def quoted(name: str) -> str:
    """`name` with `%`, `/` and all that does not print (other than space) percent-encoded; undone by `unquoted`."""
    if name.isprintable() and "%" not in name and "/" not in name:
        return name
    return "".join(
        character
        if character.isprintable() and character not in "%/"
        else "".join(f"%{byte:02X}" for byte in os.fsencode(character))
        for character in name
    )


def unquoted(name: str) -> str:
    """The file name that `quoted` was given."""
    return os.fsdecode(unquote_to_bytes(name))


def same_file_system(home: Home) -> None:
    """Raise a Fault where a rename into the landing, or an answer's into an outbox, would cross file systems."""
    device = home.landing.stat().st_dev
    folders = [home.uploading, home.outgoing, home.dry_runs, home.dry_answers]
    folders += [root / name for root in sorted(home.accounts.iterdir()) for name in PARTY_FOLDERS]
    for folder in folders:
        if folder.is_dir() and folder.stat().st_dev != device:
            raise Fault(f"{folder} and {home.landing} are on different file systems; a take must be one rename")


class Landing:
    """Takes finished files into `root`, landing or dry runs. One per process; safe to share between threads."""

    def __init__(self, root: Path, clock: Clock) -> None:
        self._root = root
        self._clock = clock
        # A random start keeps paths unique across processes and restarts, even under a clock that stands still.
        self._counter = itertools.count(secrets.randbelow(10**6) * 10**6)

    def take(
        self,
        source_folder: int,
        source: str,
        *,
        party_id: str,
        account: str,
        file_name: str,
        arrived_at: datetime | None = None,
    ) -> Landed:
        """Rename `source` (in a folder given by descriptor) into the landing; durable when this returns.

        The arrival is the clock's now, or `arrived_at` (aware) for a file found later. Raises Untakeable for
        anything but a regular file with one name, and OSError where the disk refuses; the source then stays. After
        LostBytes it is to be sent anew: another try would find no failure.
        """
        file_name_quoted = quoted(file_name)
        if len(file_name_quoted.encode()) > NAME_BYTES:
            raise Untakeable(f"the name takes {len(file_name_quoted.encode())} bytes, the limit is {NAME_BYTES}")
        size = _synced_size(source_folder, source)
        stamp = (arrived_at or self._clock()).astimezone(UTC)
        folder = self._folder(party_id, account)
        with folder_opened(folder) as target_folder:
            while True:
                name = f"{stamp.strftime(_STAMP)}-{next(self._counter) % 10**12:012d}-{file_name_quoted}"
                try:
                    rename_without_replacing(source, name, source_folder, target_folder)
                    break
                except FileExistsError:
                    continue
            os.fsync(target_folder)
        os.fsync(source_folder)
        path = f"{folder.relative_to(self._root)}/{name}"
        return Landed(path, party_id, account, file_name, whole_second(stamp), stamp, size)

    def _folder(self, party_id: str, account: str) -> Path:
        folder = landing_folder(self._root, party_id, account)
        if not folder.is_dir():
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            sync_folder(folder.parent)
            sync_folder(self._root)
        return folder


def landing_folder(landing: Path, party_id: str, account: str) -> Path:
    """Where the files of an account land."""
    return landing / _folder_name(party_id) / _folder_name(account)


def waiting(landing: Path, known: Container[str] = ()) -> list[Landed]:
    """Every landed file but those of the paths `known`, in order of arrival over all parties."""
    found = [entry for entry in _entries(landing, known) if isinstance(entry, Landed)]
    return sorted(found, key=lambda landed: (landed.stamp, landed.path.rpartition("/")[2], landed.path))


def litter(landing: Path) -> list[Litter]:
    """What lies in the landing and no take put there."""
    return [entry for entry in _entries(landing, ()) if isinstance(entry, Litter)]


def parse(path: str, size: int) -> Landed:
    """A landed file from its path relative to the landing; ValueError where no take would have named it so."""
    party, account, name = path.split("/")
    matched = _LANDED_NAME.fullmatch(name)
    if matched is None:
        raise ValueError(f"{name!r} is not <stamp>-<counter>-<name>")
    stamp = datetime.strptime(matched[1], _STAMP).replace(tzinfo=UTC)
    return Landed(path, unquoted(party), unquoted(account), unquoted(matched[3]), whole_second(stamp), stamp, size)


def _synced_size(folder: int, name: str) -> int:
    try:
        file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    except OSError as error:
        if not stat.S_ISREG(os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode):
            raise Untakeable("it is not a regular file") from error
        raise
    try:
        status = os.fstat(file)
        if not stat.S_ISREG(status.st_mode):
            raise Untakeable("it is not a regular file")
        if status.st_nlink != 1:
            raise Untakeable(f"it has {status.st_nlink} names, a file that is taken has 1")
        _sync(file)
        return status.st_size
    finally:
        os.close(file)


def _sync(file: int) -> None:
    try:
        os.fsync(file)
    except OSError as error:
        raise LostBytes(error.errno, error.strerror) from error


def _folder_name(name: str) -> str:
    folder = quoted(name)
    return f"%2E{folder[1:]}" if folder.startswith(".") else folder


def _entries(landing: Path, known: Container[str]) -> Iterator[Landed | Litter]:
    for party in os.scandir(landing):
        if not party.is_dir(follow_symlinks=False):
            yield Litter(party.name, "it is not a party's folder")
            continue
        for account in os.scandir(party):
            if not account.is_dir(follow_symlinks=False):
                yield Litter(f"{party.name}/{account.name}", "it is not an account's folder")
                continue
            for file in os.scandir(account):
                path = f"{party.name}/{account.name}/{file.name}"
                if path not in known and (entry := _entry(path, file)) is not None:
                    yield entry


def _entry(path: str, file: "os.DirEntry[str]") -> Landed | Litter | None:
    try:
        status = file.stat(follow_symlinks=False)
    except FileNotFoundError:
        return None  # archived since the folder was read
    if not stat.S_ISREG(status.st_mode):
        return Litter(path, "it is not a regular file")
    try:
        return parse(path, status.st_size)
    except ValueError:
        return Litter(path, "its name is not <stamp>-<counter>-<name>")
