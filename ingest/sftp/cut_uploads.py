"""Cut uploads: how they show themselves, and where their party finds what came of them."""

import contextlib
import fcntl
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from ingest.landing import is_taken_name
from ingest.sftp.paths import TAKING, FilePlace
from ingest.sftp.status import Refusal, Status
from market.durable import folder_opened
from market.home import Home

SESSION_ENDED = "the session ended before the file was closed"
_SUFFIX = ".partial"
_BUFFER = 4096
_BLOCK = 4096
_END_BYTES = 256
_PLAIN = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_APART = 1000
_DOUBTS = 1000


class Written:
    """What the writes to one open file tell; positions and lengths in bytes."""

    def __init__(self, size: int) -> None:
        self.reached = size
        """Up to here nothing is missing; short of what came where more than a thousand writes stand apart."""
        self._apart: dict[int, int] = {}
        self._end = size
        self._last = 0
        self._longest = 0
        self._count = 0

    def add(self, at: int, length: int) -> None:
        """`length` bytes were written at `at`."""
        self._count += 1
        self._longest = max(self._longest, length)
        if at + length >= self._end:
            self._end, self._last = at + length, length
        if at > self.reached:
            if len(self._apart) < _APART:
                self._apart[at] = max(at + length, self._apart.get(at, 0))
            return
        self.reached = max(self.reached, at + length)
        while self._apart and (first := min(self._apart)) <= self.reached:
            self.reached = max(self.reached, self._apart.pop(first))

    def cut(self, size: int) -> None:
        """The file was cut or stretched to `size`."""
        self.reached = min(self.reached, size)
        self._apart = {at: min(end, size) for at, end in self._apart.items() if at < size}
        self._end = size

    @property
    def ends_with_a_whole_buffer(self) -> bool:
        """Whether the last write is as long as a client's buffer: so ends an upload that was stopped between two.

        OpenSSH's sftp, stopped by Ctrl-C, closes the file as if it were whole; so does whatever leaves a `with` block.
        """
        whole = self._longest >= _BUFFER and self._last == self._longest
        return whole and (self._count > 1 or self._longest % 1024 == 0)


class Doubts:
    """What a session knows against files that were written in place and closed: each doubt is told once."""

    def __init__(self) -> None:
        self._reasons: dict[FilePlace, str] = {}

    def note(self, place: FilePlace, reason: str | None) -> None:
        """What speaks against the file under a name now, None for nothing."""
        self._reasons.pop(place, None)
        if reason is not None:
            self._reasons[place] = reason
        if len(self._reasons) > _DOUBTS:
            del self._reasons[next(iter(self._reasons))]

    def moved(self, source: FilePlace, target: FilePlace) -> None:
        """The file has another name now."""
        self.note(target, self._reasons.pop(source, None))

    def tell(self, place: FilePlace) -> None:
        """Raise Refusal where something speaks against the file; its party may insist."""
        reason = self._reasons.pop(place, None)
        if reason is not None:
            raise Refusal(f"{place} is not taken: {reason}; renamed once more it is", Status.FAILURE)


def why_cut(descriptor: int, written: Written) -> str | None:
    """Why an open file that its client closes is no whole one; None where nothing speaks against it."""
    size = os.fstat(descriptor).st_size
    if written.reached < size:
        return f"of {size} bytes those from {written.reached} on are not all written"
    if written.ends_with_a_whole_buffer and not _has_end_mark(descriptor, size):
        return f"{size} bytes that end with a whole packet and no ZZZ or #end line look like a cut upload"
    return None


def _has_end_mark(descriptor: int, size: int) -> bool:
    end = os.pread(descriptor, _END_BYTES, max(0, size - _END_BYTES))
    if not end.endswith((b"\n", b"\r")):
        return False
    last = end.rstrip(b"\r\n").replace(b"\r", b"\n").rpartition(b"\n")[2]
    return last.startswith((b"ZZZ|", b"#end,", b"#end;"))


@dataclass(frozen=True)
class Kept:
    """What became of a cut upload: `name` is where its first `size` bytes are, None where an earlier one is longer."""

    name: str | None
    size: int

    def __str__(self) -> str:
        """The bytes and their place, for the log."""
        if self.name is None:
            return f"{self.size} bytes are dropped, an earlier upload left more"
        return f"{self.size} bytes stay as {self.name}"


def keep(own: int, upload: str, folder: int, name: str, size: int) -> Kept:
    """Move the first `size` bytes of `upload`, in the folder of that descriptor, to `name`.partial in the party's.

    Of two cut uploads of one name the longer one stays, and one that is just being resumed.
    """
    partial = f"{name}{_SUFFIX}"
    with _opened(own, upload) as file:
        os.ftruncate(file, size)
    with _held(folder, partial) as there:
        if there is None or there > size:
            os.unlink(upload, dir_fd=own)
            return Kept(None, size)
        os.rename(upload, partial, src_dir_fd=own, dst_dir_fd=folder)
    return Kept(partial, size)


def certain_size(own: int, upload: str) -> int:
    """How many bytes of a file of which nobody knows what was written are certainly there, without a gap."""
    with _opened(own, upload) as file:
        size = os.fstat(file).st_size
        gap = os.lseek(file, 0, os.SEEK_HOLE) if size else 0
        return size if gap >= size else max(0, gap - _BLOCK)


def purge(home: Home, before: datetime) -> list[tuple[str, str, int]]:
    """Delete what lies unfinished in the inboxes and check folders and was last changed before an aware instant.

    Gives account, path as its party saw it, and bytes of each. What somebody has open for writing stays.
    """
    purged = []
    for root in sorted(home.accounts.iterdir()):
        for place in TAKING:
            with contextlib.suppress(FileNotFoundError), folder_opened(root / place) as folder:
                for name in sorted(os.listdir(folder)):
                    size = None if is_taken_name(name) else _purged(folder, name, before)
                    if size is not None:
                        purged.append((root.name, f"/{place}/{name}", size))
    return purged


def _purged(folder: int, name: str, before: datetime) -> int | None:
    with contextlib.suppress(FileNotFoundError):
        # Clients set the time of the last write, to that of their own file; nobody sets the time of the last change.
        if os.stat(name, dir_fd=folder, follow_symlinks=False).st_ctime >= before.timestamp():
            return None
        with _held(folder, name) as size:
            if size is not None:
                os.unlink(name, dir_fd=folder)
            return size
    return None


@contextlib.contextmanager
def _opened(folder: int, name: str) -> Iterator[int]:
    file = os.open(name, os.O_RDWR | _PLAIN, dir_fd=folder)
    try:
        yield file
    finally:
        os.close(file)


@contextlib.contextmanager
def _held(folder: int, name: str) -> Iterator[int | None]:
    """The size of a file that nobody else writes meanwhile, 0 where there is none; None where it must be left alone."""
    try:
        file = os.open(name, os.O_RDONLY | _PLAIN, dir_fd=folder)
    except FileNotFoundError:
        yield 0
        return
    except OSError:
        yield None  # no regular file
        return
    try:
        status = os.fstat(file)
        yield status.st_size if stat.S_ISREG(status.st_mode) and _locked(file) else None
    finally:
        os.close(file)


def _locked(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
