"""What goes wrong in a gateway on a test's order, for as long as the file that orders it is there."""

import errno
import os
import signal
from pathlib import Path
from typing import Any

import gateway.archive
import gateway.pipeline
import gateway.workers
from outbound import outbox

VARIABLE = "GRIDPOST_TEST_TROUBLE"
"""A folder: the trouble `x` is on while it holds a file `x`, whose text says what it strikes."""


def make_trouble() -> None:
    """Puts the troubles that a test may order in their places."""
    folder = os.environ.get(VARIABLE)
    if not folder:
        return
    orders = Path(folder)

    def struck(trouble: str, by: bytes) -> bool:
        order = orders / trouble
        return order.exists() and order.read_bytes() in by

    _put(gateway.pipeline, "judge", lambda *args: struck("a rule raises", _sender(args)), _raise)
    _put(gateway.pipeline, "judge", lambda *args: struck("deciding kills", _sender(args)), _die)
    _put(gateway.pipeline, "read_header", lambda received: struck("reading kills", received), _die)
    _put(gateway.archive, "_copied", lambda source, _: struck("no space in the archive", source.name.encode()), _full)
    _put(outbox, "stage", lambda outgoing, staged, body: struck("no space for answers", body), _full)


def _sender(args: tuple[Any, ...]) -> bytes:
    sender: str = args[2].sender
    return sender.encode()


def _put(holder: Any, name: str, is_struck: Any, strike: Any) -> None:
    step = getattr(holder, name)

    def troubled(*args: Any, **kwargs: Any) -> Any:
        if is_struck(*args):
            strike()
        return step(*args, **kwargs)

    setattr(holder, name, troubled)


def _raise() -> None:
    raise ZeroDivisionError("a rule of ours divides by zero")


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _full() -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
