"""Open files: reading, writing within the room, and the two ways in which an upload ends."""

import contextlib
import fcntl
import os
import stat
from collections.abc import Callable, Iterator

from ingest.sftp.cut_uploads import SESSION_ENDED, Kept, Written, why_cut
from ingest.sftp.paths import FilePlace
from ingest.sftp.room import Room
from ingest.sftp.status import Refusal, Status, missing, told
from ingest.sftp.wire import MAX_DATA, Attributes, OpenFlag

_PLAIN = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


def attributes_of(status: os.stat_result) -> Attributes:
    """What a party is told of a file or folder: our own user and group stay ours."""
    times = (max(0, int(status.st_atime)) & 0xFFFFFFFF, max(0, int(status.st_mtime)) & 0xFFFFFFFF)
    return Attributes(status.st_size, status.st_mode, times, (0, 0))


def is_own(status: os.stat_result) -> bool:
    """Whether it is a regular file that has no second name, which would be out of the party's reach."""
    return stat.S_ISREG(status.st_mode) and status.st_nlink <= 1


def open_regular(place: FilePlace, folder: int, name: str, flags: int) -> int:
    """A descriptor of the regular file `name` in the folder of that descriptor, no link followed; Refusal, OSError."""
    descriptor = os.open(name, flags | _PLAIN, 0o600, dir_fd=folder)
    if not is_own(os.fstat(descriptor)):
        os.close(descriptor)
        raise Refusal(f"{place} is not a regular file with one name")
    return descriptor


def system_flags(flags: int) -> int:
    """Our flags for a file that is written in place; it is truncated only once it is held."""
    opened = os.O_RDWR
    if flags & OpenFlag.CREATE:
        opened |= os.O_CREAT
    if flags & OpenFlag.EXCLUSIVE:
        opened |= os.O_EXCL
    return opened


def hold(place: FilePlace, folder: int, name: str, descriptor: int, operation: int) -> None:
    """Lock an open file: LOCK_SH to have it open, LOCK_EX to move it, against every session of every process.

    What is open cannot leave its name: its bytes would stay on the disk where no limit counts them.

    Raises Refusal where the other kind is held, or where the name meanwhile is another file's.
    """
    try:
        fcntl.flock(descriptor, operation | fcntl.LOCK_NB)
    except BlockingIOError:
        state = "open" if operation == fcntl.LOCK_EX else "being moved"
        raise Refusal(f"{place} is {state}", Status.FAILURE) from None
    try:
        named = os.stat(name, dir_fd=folder, follow_symlinks=False)
    except FileNotFoundError:
        raise missing(str(place)) from None
    if named.st_ino != os.fstat(descriptor).st_ino:
        raise Refusal(f"{place} was replaced a moment ago", Status.FAILURE)


def open_held(place: FilePlace, folder: int, flags: int, operation: int) -> int:
    """A descriptor, locked as by `hold`, of the file under `place`'s name in the folder of that descriptor."""
    with told(place):
        descriptor = open_regular(place, folder, place.name, flags)
    try:
        hold(place, folder, place.name, descriptor, operation)
    except BaseException:
        os.close(descriptor)
        raise
    return descriptor


@contextlib.contextmanager
def held(place: FilePlace, folder: int, flags: int, operation: int) -> Iterator[int]:
    """As `open_held`; closed on the way out."""
    descriptor = open_held(place, folder, flags, operation)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


class OpenFile:
    """A file that a client has open; positions and sizes in bytes."""

    def __init__(self, place: FilePlace, descriptor: int, flags: int, room: Room) -> None:
        self.place = place
        self.writes = bool(flags & OpenFlag.WRITE)
        self._descriptor = descriptor
        self._reads = bool(flags & OpenFlag.READ)
        self._appends = bool(flags & OpenFlag.APPEND)
        self._room = room
        self._size = os.fstat(descriptor).st_size
        self._written = Written(self._size)

    def read(self, offset: int, length: int) -> bytes:
        """Up to `length` bytes from `offset`; empty at the end."""
        if not self._reads:
            raise Refusal(f"{self.place} is not open for reading")
        return os.pread(self._descriptor, min(length, MAX_DATA), min(offset, 1 << 62))

    def write(self, offset: int, content: memoryview) -> None:
        """Write all of `content` at `offset`, at the end where the file was opened to append."""
        if not self.writes:
            raise Refusal(f"{self.place} is not open for writing")
        at = os.fstat(self._descriptor).st_size if self._appends else offset
        self._reach(at + len(content))
        written = 0
        while written < len(content):
            written += os.pwrite(self._descriptor, content[written:], at + written)
        self._written.add(at, len(content))

    def attributes(self) -> Attributes:
        """Its size, mode and times now."""
        return attributes_of(os.fstat(self._descriptor))

    def set(self, wanted: Attributes) -> None:
        """Set times and size; mode and owner pass unheeded: clients set them first of all, and give up if refused."""
        if not self.writes:
            raise Refusal(f"{self.place} is not open for writing")
        set_attributes(self._descriptor, wanted, self._reach)
        if wanted.size is not None:
            self._written.cut(wanted.size)

    def sync(self) -> None:
        """Make what was written durable."""
        os.fsync(self._descriptor)

    @property
    def certain_size(self) -> int:
        """How many bytes from its beginning on are there without a gap."""
        return min(self._written.reached, os.fstat(self._descriptor).st_size)

    def why_cut(self) -> str | None:
        """Why what the client closes now is no whole file; None where nothing speaks against it."""
        return why_cut(self._descriptor, self._written) if self.writes else None

    def finish(self) -> None:
        """The client closed the file."""
        os.close(self._descriptor)

    def abandon(self) -> None:
        """The session ended with the file open."""
        os.close(self._descriptor)

    def _reach(self, size: int) -> None:
        if size > self._size:
            self._room.grow(size, size - self._size)
            self._size = size


def set_attributes(descriptor: int, wanted: Attributes, reach: Callable[[int], None]) -> None:
    """Set the size and times of an open file; `reach` is asked for room before it grows."""
    if wanted.size is not None:
        reach(wanted.size)
        os.ftruncate(descriptor, wanted.size)
    if wanted.times is not None:
        os.utime(descriptor, wanted.times)


def require_settable(place: FilePlace, wanted: Attributes) -> None:
    """Refuse what sets mode or owner and nothing else; clients that keep times send the mode beside them."""
    if wanted.times is not None or wanted.size is not None:
        return
    if wanted.permissions is not None:
        raise Refusal(f"the mode of {place} is the gateway's to set")
    if wanted.owner is not None:
        raise Refusal(f"the owner of {place} is the gateway's to set")


class DirectUpload(OpenFile):
    """An upload straight into the inbox: kept aside, and submitted when the client closes it."""

    def __init__(
        self,
        place: FilePlace,
        descriptor: int,
        flags: int,
        room: Room,
        *,
        submit: Callable[["DirectUpload"], None],
        discard: Callable[["DirectUpload", str], None],
        keep: Callable[["DirectUpload", str, int], Kept],
    ) -> None:
        super().__init__(place, descriptor, flags, room)
        self.times: tuple[int, int] | None = None
        self._submit = submit
        self._discard = discard
        self._keep = keep
        self._failure: str | None = None

    def write(self, offset: int, content: memoryview) -> None:
        """As for every file; a write that fails spoils the upload."""
        try:
            super().write(offset, content)
        except (Refusal, OSError) as error:
            self._failure = error.reason if isinstance(error, Refusal) else "the gateway's disk reports a failure"
            raise

    def set(self, wanted: Attributes) -> None:
        """As for every file; the times are kept to be told after the take."""
        super().set(wanted)
        self.times = wanted.times or self.times

    def finish(self) -> None:
        """Submit the file, unless a write failed or it is cut; Refusal tells the client that it is not taken."""
        cut, size = self.why_cut(), self.certain_size
        super().finish()
        if self._failure is not None:
            self._discard(self, self._failure)
            raise Refusal(f"{self.place} is not taken: {self._failure}", Status.FAILURE)
        if cut is not None:
            kept = self._keep(self, cut, size)
            raise Refusal(f"{self.place} is not taken: {cut}; {kept}", Status.FAILURE)
        self._submit(self)

    def abandon(self) -> None:
        """Keep what came for the party to find, unless a write failed."""
        size = self.certain_size
        super().abandon()
        if self._failure is not None:
            self._discard(self, self._failure)
        else:
            self._keep(self, SESSION_ENDED, size)
