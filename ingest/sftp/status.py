"""The answers of SFTP version 3: status codes, and the refusal that carries one with its reason."""

import contextlib
import errno
from collections.abc import Iterator
from enum import IntEnum


class Status(IntEnum):
    """SFTP version 3 status codes."""

    OK = 0
    EOF = 1
    NO_SUCH_FILE = 2
    PERMISSION_DENIED = 3
    FAILURE = 4
    BAD_MESSAGE = 5
    UNSUPPORTED = 8


class Refusal(Exception):
    """A request that is not done; the client gets the code and the reason as text."""

    def __init__(self, reason: str, code: Status = Status.PERMISSION_DENIED) -> None:
        super().__init__(reason)
        self.reason = reason
        self.code = code


def missing(shown: str) -> Refusal:
    """The refusal for a name that does not exist."""
    return Refusal(f"{shown} does not exist", Status.NO_SUCH_FILE)


@contextlib.contextmanager
def told(shown: object) -> Iterator[None]:
    """System errors about what is shown so become refusals."""
    try:
        yield
    except OSError as error:
        raise refusal_of(error, str(shown)) from error


def refusal_of(error: OSError, shown: str) -> Refusal:
    """The refusal that tells a party of a system error about the path `shown`, without our own paths."""
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return missing(shown)
    if error.errno == errno.EEXIST:
        return Refusal(f"{shown} exists already", Status.FAILURE)
    if error.errno in (errno.ELOOP, errno.ENXIO, errno.EISDIR):
        return Refusal(f"{shown} is not a regular file")
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return Refusal("the gateway's disk is full; nothing is lost, send the file again later", Status.FAILURE)
    return Refusal(f"{shown}: the gateway's disk reports a failure; its operator knows", Status.FAILURE)
