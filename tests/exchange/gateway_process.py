"""A gateway as a process of its own: `python -m tests.exchange.gateway_process HOME READY`, or forked by `running.py`.

Orders come through the environment, so that the processes that a gateway spawns obey them too. They replace functions
of ours from outside; the gateway itself knows nothing of them.
"""

import logging
import os
import socket
import sys
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import gateway.office
import gateway.serve
import gateway.tenure
import ingest.watch
import store.database
from gateway.front_door import compose
from gateway.office import Office
from gateway.serve import office_name
from ingest.sftp.limits import Limits
from ingest.sftp.server import Server
from market.home import Home
from store.database import open_store
from tests.exchange.kills import arm
from tests.exchange.market_time import clock_offset, market_clock
from tests.exchange.troubles import make_trouble
from tests.exchange.unprivileged import become

COMPACT = "GRIDPOST_TEST_COMPACT"
"""Set: one process without workers of its own, which starts at once; its files and rows are as ever."""
STORE = "GRIDPOST_TEST_STORE"
"""The URL of the store, where it is not in the home."""
EXTERNAL = "GRIDPOST_TEST_EXTERNAL_DOOR"
"""The id of the user as which it works, where an sshd is its front door."""
PATIENCE = "GRIDPOST_TEST_PATIENCE"
"""So many seconds a writer waits for another one, and as long the lease lasts without a heartbeat."""
LIMITS = Limits(disk_reserve=0, drain_seconds=5, idle_seconds=600)


class ThreadWorkers:
    """Does the workers' tasks where they are asked for."""

    def warm(self) -> None:
        pass

    def run(self, size: int, task: Any, *args: Any, **kwargs: Any) -> Any:
        return task(*args, **kwargs)

    def close(self) -> None:
        pass


class ThreadFrontDoor:
    """The SFTP server in a thread of the gateway."""

    def __init__(self, listening: socket.socket | None, *args: Any) -> None:
        self._stopped = threading.Event()
        self._threads: list[threading.Thread] = []
        if listening is not None:
            server = Server(listening, compose(*args))
            self._threads.append(threading.Thread(target=server.serve, args=(self._stopped.is_set,)))

    def __enter__(self) -> "ThreadFrontDoor":
        for thread in self._threads:
            thread.start()
        return self

    def look_after(self) -> None:
        assert all(thread.is_alive() for thread in self._threads)

    def __exit__(self, *_: object) -> None:
        self._stopped.set()
        for thread in self._threads:
            thread.join()


def main(root: Path, ready: Path) -> None:
    """Serves until stopped; writes the port into `ready` when it works."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(processName)s %(name)s %(message)s")
    home = Home(root)
    location = os.environ.get(STORE) or f"sqlite:///{home.database}"
    with ExitStack() as stack:
        listening = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        _write(ready.with_suffix(".port"), str(listening.getsockname()[1]))
        office = Office(home, open_store(location), location, market_clock, office_name())

        def tell() -> None:
            _write(ready, str(listening.getsockname()[1]))

        gateway.serve.serve(office, None if os.environ.get(EXTERNAL) else listening, LIMITS, tell)


def _write(path: Path, text: str) -> None:
    """Writes a file that others wait for."""
    partial = path.with_suffix(".partial")
    partial.write_text(text)
    partial.rename(path)


def obey() -> None:
    """Applies the orders to this process; in processes that it spawns, this module's import does."""
    if os.environ.get(COMPACT):
        gateway.serve.Workers = ThreadWorkers  # type: ignore[assignment,misc]
        gateway.serve.FrontDoor = ThreadFrontDoor  # type: ignore[assignment,misc]
    if patience := os.environ.get(PATIENCE):
        store.database.BUSY_SECONDS = int(patience)
        gateway.office.LEASE_SECONDS = gateway.tenure.LEASE_SECONDS = float(patience)
    arm()
    make_trouble()
    if user_id := os.environ.get(EXTERNAL):
        become(int(user_id))
        file_time = ingest.watch._instant
        ingest.watch._instant = lambda time: file_time(time) + clock_offset()


if __name__ in ("__main__", "__mp_main__"):
    obey()
if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
