"""Where a gateway's log goes: to stderr, a JSON object a line, times in GMT.

`event` is the constant text of the call that logs, with its placeholders; what a party or a disk says stands in
`values` and `fault`, never in `event`, so that nobody but the code names an event.
"""

import json
import logging
import os
import sys
from datetime import UTC, datetime
from typing import Any


class JsonLine(logging.Formatter):
    """A log record in one line of ASCII: at, level, logger, process, event, values, and fault where one was raised.

    A single mapping as the only value stands for itself: its keys are beside the others.
    """

    def format(self, record: logging.LogRecord) -> str:
        """The line, without its end."""
        line: dict[str, Any] = {
            "at": f"{datetime.fromtimestamp(record.created, UTC):%Y-%m-%dT%H:%M:%S.%f}Z",
            "level": record.levelname,
            "logger": record.name,
            "process": os.getpid(),
            "event": str(record.msg),
        }
        if isinstance(record.args, dict):
            line |= {name: value for name, value in record.args.items() if name not in line}
        elif record.args:
            line["values"] = list(record.args)
        if record.exc_info:
            line["fault"] = self.formatException(record.exc_info)
        return json.dumps(line, default=str)


def log_level() -> int:
    """From which level on this process logs: what a process that it starts takes over."""
    return logging.getLogger().getEffectiveLevel()


def log_to_stderr(level: int = logging.INFO) -> None:
    """Sends the log of this process to stderr; changes nothing where it goes somewhere already."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLine())
    logging.basicConfig(level=level, handlers=[handler])
    logging.getLogger("paramiko").setLevel(logging.WARNING)
