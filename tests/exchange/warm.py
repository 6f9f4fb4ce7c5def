"""A process that has imported everything and forks for every life: `python -m tests.exchange.warm MODULE`.

A life costs no imports then. polars survives the fork, because nothing has made it start its threads before. The
process reads an order a line, as JSON, and answers with how the life ended.
"""

import gc
import json
import logging
import os
import signal
import subprocess
import sys
import traceback
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.exchange.made_market import REPOSITORY

LIFE_SECONDS = 300
"""After which a life that hangs is ended by SIGALRM."""


@dataclass
class Warm:
    """The process, seen by those who order lives."""

    _process: "subprocess.Popen[str]"

    def live(self, kind: str, log: Path, **order: Any) -> int:
        """Lets one life be lived: its exit code, or the negative number of the signal that ended it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"kind": kind, "log": str(log), **order}) + "\n")
        self._process.stdin.flush()
        return int(self._process.stdout.readline())


@contextmanager
def warm(library: Path, module: str) -> Iterator[Warm]:
    """A warm process in which `module` lives its `LIVES`."""
    environment = {**os.environ, "LD_PRELOAD": str(library), "POLARS_MAX_THREADS": "1"}
    with subprocess.Popen(
        [sys.executable, "-m", "tests.exchange.warm", module],
        cwd=REPOSITORY,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            yield Warm(process)
        finally:
            process.stdin.close()  # type: ignore[union-attr]


def _forked(live: Callable[..., None], order: Mapping[str, Any]) -> int:
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    code = 1
    try:
        signal.alarm(LIFE_SECONDS)
        log = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.dup2(log, 1)
        os.dup2(log, 2)
        logging.basicConfig(level=logging.WARNING, force=True)
        live(**{name: value for name, value in order.items() if name not in ("kind", "log")})
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)
    raise AssertionError


def main(module: str) -> None:
    import importlib

    from sqlalchemy.orm import configure_mappers

    import tests.exchange.preloaded  # noqa: F401

    lives: Mapping[str, Callable[..., None]] = importlib.import_module(module).LIVES
    configure_mappers()
    # What is known by now is left where it is: the collector of a child would copy all its pages.
    gc.freeze()
    for line in sys.stdin:
        order = json.loads(line)
        print(_forked(lives[order["kind"]], order), flush=True)  # noqa: T201


if __name__ == "__main__":
    main(sys.argv[1])
