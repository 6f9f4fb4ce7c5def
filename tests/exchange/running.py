"""Gateways under test: started, killed, stopped, and started again."""

import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from market.home import Home
from tests.exchange import gateway_process, kills, troubles
from tests.exchange.made_market import REPOSITORY

_forkserver = multiprocessing.get_context("forkserver")
_forkserver.set_forkserver_preload(["tests.exchange.preloaded"])


def eventually(holds: Callable[[], Any], seconds: float = 60) -> Any:
    """What `holds()` gives as soon as that is true; other processes take their time."""
    end = time.monotonic() + seconds
    while not (found := holds()):
        assert time.monotonic() < end, "did not come to pass"
        time.sleep(0.01)
    return found


@dataclass
class Gateway:
    """One gateway on a home. `compact` is one process without workers, forked in no time."""

    home: Home
    compact: bool = False
    name: str = "gateway"
    store: str | None = None
    port: int = 0
    _process: Any = field(default=None)

    @property
    def log(self) -> Path:
        return self.home.root / f"{self.name}.log"

    @property
    def troubles(self) -> Path:
        folder = self.home.root / "troubles"
        folder.mkdir(exist_ok=True)
        return folder

    def start(self, kill: str | None = None, *, wait: bool = True) -> None:
        """Starts it; it kills itself at the point `kill`. Without `wait` it may be at any point of its start."""
        self._ready.unlink(missing_ok=True)
        orders = self.orders()
        if kill:
            orders[kills.VARIABLE] = kill
        if self.compact:
            environment = {**orders, **{name: value for name, value in os.environ.items() if "GRIDPOST" in name}}
            self._process = _forkserver.Process(target=run, args=(self.home.root, self._ready, self.log, environment))
            self._process.start()
        else:
            with self.log.open("ab") as log:
                self._process = subprocess.Popen(
                    [sys.executable, "-m", gateway_process.__name__, str(self.home.root), str(self._ready)],
                    cwd=REPOSITORY,
                    env={**os.environ, **orders},
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
        if wait:
            self.await_ready()

    def orders(self) -> dict[str, str]:
        """What its environment tells it."""
        orders = {troubles.VARIABLE: str(self.troubles)}
        if self.compact:
            orders[gateway_process.COMPACT] = "1"
        if self.store:
            orders[gateway_process.STORE] = self.store
        return orders

    @property
    def _ready(self) -> Path:
        return self.home.root / f"{self.name}.ready"

    def await_ready(self) -> None:
        eventually(lambda: self._ready.exists() or not self.is_alive())
        assert self._ready.exists(), self.log.read_text()[-3000:]
        self.port = int(self._ready.read_text())

    @property
    def is_ready(self) -> bool:
        return self._ready.exists()

    def is_alive(self) -> bool:
        if isinstance(self._process, subprocess.Popen):
            return self._process.poll() is None
        return self._process is not None and self._process.is_alive()

    def kill(self) -> None:
        """SIGKILL to all its processes, whether or not the first of them is still there."""
        if self._process is None:
            return
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            self._process.kill()  # it has no group of its own yet, or is gone
        self.await_end()
        self._process = None
        self.end_lease()

    def stop(self) -> int:
        """SIGTERM, as a service manager sends it; gives the exit code."""
        os.kill(self._process.pid, signal.SIGTERM)
        return self.await_end()

    def await_end(self) -> int:
        if isinstance(self._process, subprocess.Popen):
            return self._process.wait(60)
        self._process.join(60)
        code: int | None = self._process.exitcode
        assert code is not None
        return code

    def end_lease(self) -> None:
        """Spares the tests the half minute after which the lease of a dead gateway ends by itself."""
        if self.home.database.exists():
            self.execute("UPDATE lease SET expires_at = '2000-01-01 00:00:00.000000'")

    def execute(self, statement: str, *parameters: object) -> None:
        with closing(sqlite3.connect(self.home.database, timeout=30)) as connection, connection:
            connection.execute(statement, parameters)

    def rows(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        """Rows of its store."""
        with closing(sqlite3.connect(self.home.database, timeout=30)) as connection:
            return connection.execute(query, parameters).fetchall()


def run(root: Path, ready: Path, log: Path, environment: dict[str, str]) -> None:
    """The body of a forked gateway."""
    os.setsid()
    os.environ.update(environment)
    with log.open("ab") as file:
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    gateway_process.obey()
    gateway_process.main(root, ready)
