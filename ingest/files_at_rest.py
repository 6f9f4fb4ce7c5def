"""What a file in a folder says of itself before it is taken: whether anybody writes it, and what it begins with."""

import contextlib
import errno
import fcntl
import os
import re
import signal
from collections.abc import Iterator

from ingest.lines import BYTE_ORDER_MARK

_FOOTER = re.compile(rb"\nZZZ\|[^|\n]*\|[^|\n]*\|\r?\n?")
_END_BYTES = 64


@contextlib.contextmanager
def _opened(folder: int, name: str) -> Iterator[int | None]:
    try:
        file = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    except OSError:
        yield None
        return
    try:
        yield file
    finally:
        os.close(file)


def is_idd(folder: int, name: str) -> bool:
    """Whether a file in a folder, given by descriptor, begins as an IDD file does."""
    with _opened(folder, name) as file:
        return file is not None and os.pread(file, 7, 0).removeprefix(BYTE_ORDER_MARK).startswith(b"AAA|")


def has_footer(folder: int, name: str) -> bool:
    """Whether a file in a folder ends with a whole ZZZ record; of what it counts nothing is read."""
    with _opened(folder, name) as file:
        if file is None:
            return False
        size = os.fstat(file).st_size
        end = os.pread(file, _END_BYTES, max(0, size - _END_BYTES))
        return any(found.end() == len(end) for found in _FOOTER.finditer(end))


def is_closed(folder: int, name: str) -> bool | None:
    """Whether nobody has the file open for writing; None where the system does not say (another user's file)."""
    with _opened(folder, name) as file:
        if file is None:
            return None
        try:
            # A read lease is granted only while nobody writes. Should one begin in this moment, the kernel would
            # send SIGIO, which ends a process; SIGURG is ignored.
            fcntl.fcntl(file, fcntl.F_SETSIG, signal.SIGURG)
            fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        except OSError as error:
            return False if error.errno == errno.EAGAIN else None
        fcntl.fcntl(file, fcntl.F_SETLEASE, fcntl.F_UNLCK)
        return True
