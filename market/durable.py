"""Renames that replace nothing, and syncs that outlive a power cut."""

import ctypes
import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

_RENAME_NOREPLACE = 1
_UNSUPPORTED = (errno.ENOSYS, errno.EINVAL, errno.EOPNOTSUPP)


@contextmanager
def folder_opened(path: Path | str, inside: int | None = None) -> Iterator[int]:
    """A descriptor of a folder that is no symbolic link, `inside` another or by path; closed on the way out."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=inside)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def sync_folder(path: Path) -> None:
    """Make the names in a folder durable."""
    with folder_opened(path) as descriptor:
        os.fsync(descriptor)


def rename_without_replacing(source: str, target: str, source_folder: int, target_folder: int) -> None:
    """Rename between two folders given by descriptor; FileExistsError where the target's name is taken.

    One step where the system has renameat2, so a crash leaves the file under one name; else link, then unlink.
    Neither folder is synced.
    """
    if _renameat2 is not None:
        error = _renameat2(source_folder, source, target_folder, target)
        if error == 0:
            return
        if error not in _UNSUPPORTED:
            raise OSError(error, os.strerror(error), target)
    os.link(source, target, src_dir_fd=source_folder, dst_dir_fd=target_folder, follow_symlinks=False)
    os.unlink(source, dir_fd=source_folder)


def _find_renameat2() -> Callable[[int, str, int, str], int] | None:
    function = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if function is None:
        return None
    function.argtypes = (ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint)

    def rename(source_folder: int, source: str, target_folder: int, target: str) -> int:
        done: int = function(source_folder, os.fsencode(source), target_folder, os.fsencode(target), _RENAME_NOREPLACE)
        return 0 if done == 0 else ctypes.get_errno()

    return rename


_renameat2 = _find_renameat2()
