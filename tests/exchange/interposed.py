"""Calls that change files, counted and struck: at the Nth one the process is killed, or the call fails.

A library of C stands between the process and the system (LD_PRELOAD): SQLite, CPython and polars all change files
through the C library. strace can do the same, but counts each kind of call apart and each thread apart, stops the
process at every call, and tears no write. Calls that change nothing are not counted: a kill before one of them leaves
what a kill before the next change leaves.
"""

import ctypes
import enum
import os
import subprocess
from functools import lru_cache
from pathlib import Path
from shutil import which
from typing import Any

COMPILER = which("gcc")
SOURCE = Path(__file__).with_name("interposed.c")
DISK, DISK_FULL = "GRIDPOST_TEST_DISK", "GRIDPOST_TEST_DISK_FULL"
"""A folder, and a file: while that is there, nothing below the folder whose path holds the file's text has space."""


class Calls(enum.IntFlag):
    """The calls that count."""

    WRITE = 1
    SYNC = 2
    MAKE = 4
    MOVE = 8
    REMOVE = 16
    CUT = 32
    COMMIT = 64
    """The end of a transaction, as it is sent to PostgreSQL, which changes files itself; it has no path."""
    FILES = 63


class Strike(enum.IntEnum):
    """What happens at the ordered call."""

    NONE = 0
    KILL = 1
    TEAR = 2
    """The first half is written, then the process is killed; what is no write is not done."""
    FAIL = 3
    """The call does nothing. A file whose sync fails is empty then, as a kernel may leave it; SQLite's are not."""


def build(folder: Path) -> Path:
    """The library, compiled into a folder."""
    library = folder / "interposed.so"
    assert COMPILER is not None, "there is no C compiler"
    subprocess.run([COMPILER, "-O2", "-shared", "-fPIC", SOURCE, "-o", library, "-ldl"], check=True)
    return library


@lru_cache
def _library() -> Any:
    """The library of this process, which was started with it."""
    library = ctypes.CDLL(None)
    library.interposed_counted.restype = ctypes.c_long
    return library


def order(
    root: Path,
    strike: Strike = Strike.NONE,
    first: int = 0,
    last: int = 0,
    error: int = 0,
    calls: Calls = Calls.FILES,
    part: str = "",
) -> None:
    """Counts the calls below `root` from now on, on paths that hold `part`; strikes the one numbered `first`.

    Calls fail from `first` to `last`, with the error number `error`.
    """
    of, numbers = (os.fsencode(root), os.fsencode(part), int(calls), int(strike)), (first, last)
    _library().interposed_order(*of, *map(ctypes.c_long, numbers), error)


def counted() -> int:
    """How many calls were counted since the order."""
    number: int = _library().interposed_counted()
    return number


def trace(descriptor: int) -> None:
    """Writes every counted call from now on into a file: kind, path, other path, inode, each behind a tab."""
    _library().interposed_trace(descriptor)
