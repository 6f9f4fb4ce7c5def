"""Where a gateway's log goes: to stderr, a line each, times in GMT."""

import logging
import sys
import time


def log_level() -> int:
    """From which level on this process logs: what a process that it starts takes over."""
    return logging.getLogger().getEffectiveLevel()


def log_to_stderr(level: int = logging.INFO) -> None:
    """Sends the log of this process to stderr; changes nothing where it goes somewhere already."""
    handler = logging.StreamHandler(sys.stderr)
    formatter = logging.Formatter("%(asctime)s.%(msecs)03dZ %(levelname)s %(name)s %(message)s", "%Y-%m-%dT%H:%M:%S")
    formatter.converter = time.gmtime
    handler.setFormatter(formatter)
    logging.basicConfig(level=level, handlers=[handler])
    logging.getLogger("paramiko").setLevel(logging.WARNING)
