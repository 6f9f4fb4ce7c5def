"""A process of root's that becomes another user, and keeps of root's rights only that of reading everything.

The checkout and its Python may lie where only root can enter.
"""

import ctypes
import os

_KEEP_CAPABILITIES = 8
_VERSION = 0x20080522
_READ_ALL = 1 << 2
_libc = ctypes.CDLL(None, use_errno=True)


def become(user_id: int) -> None:
    """Takes a user's and group's id for good."""
    _done(_libc.prctl(_KEEP_CAPABILITIES, 1, 0, 0, 0))
    os.setgroups([])
    os.setresgid(user_id, user_id, user_id)
    os.setresuid(user_id, user_id, user_id)
    header = (ctypes.c_uint32 * 2)(_VERSION, 0)
    sets = (ctypes.c_uint32 * 6)(_READ_ALL, _READ_ALL, 0, 0, 0, 0)
    _done(_libc.capset(ctypes.byref(header), ctypes.byref(sets)))


def _done(code: int) -> None:
    if code:
        error = ctypes.get_errno()
        raise OSError(error, os.strerror(error))
