"""`gridpost serve`: the SFTP server, the watch over the landing, the workers and the deliveries, until stopped."""

import logging
import os
import queue
import signal
import socket
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from gateway.front_door import FrontDoor
from gateway.office import Office
from gateway.schedule.catalogue import product_schedules
from gateway.schedule.plan import Schedule
from gateway.tenure import Tenure
from gateway.workers import Workers
from ingest.landing import Landing, same_file_system
from ingest.sftp.limits import Limits
from ingest.watch import InboxWatch, Left
from store import accounts
from store.database import reading
from validators.schemas import refuse_disabled_validation

LOOK_SECONDS = 1.0
"""How often a gateway that stands by asks for the lease, and one that works looks after its server processes."""

_log = logging.getLogger(__name__)


class Exchange:
    """One gateway at work. `run` is its life; `stop` may be called from any thread."""

    def __init__(
        self, office: Office, workers: Workers, look_after: Callable[[], None], schedules: Sequence[Schedule]
    ) -> None:
        self._schedules = schedules
        self._office = office
        self._workers = workers
        self._look_after = look_after
        self._stopping = threading.Event()

    def stop(self) -> None:
        """Begins the drain: nothing new is taken up, what is in work is finished."""
        self._stopping.set()

    def run(self, ready: Callable[[], None]) -> None:
        """Works until stopped; stands by while another gateway holds the lease. `ready` is called once it works.

        A gateway whose lease was lost ends what it does and stands by again.
        """
        while not self._stopping.is_set():
            try:
                if self._office.claim():
                    self._hold_office(ready)
                    self._office.release()
            except Exception:
                _log.exception("the gateway stands by after a fault")
            self._look_after()
            self._stopping.wait(LOOK_SECONDS)

    def _hold_office(self, ready: Callable[[], None]) -> None:
        with Tenure(self._office, self._workers, self._schedules) as tenure:
            ready()
            while not self._stopping.is_set() and not tenure.lost.wait(LOOK_SECONDS):
                self._look_after()


def serve(office: Office, listening: socket.socket | None, limits: Limits, ready: Callable[[], None]) -> None:
    """Runs a gateway until SIGTERM or SIGINT; drains then.

    It has its SFTP server on `listening`; None means none, and the inboxes are watched that an sshd writes.
    `ready` is called whenever it begins to work: once, unless it loses its lease and gets it back. Raises
    SchedulesError where schedules.toml does not say what it must.
    """
    refuse_disabled_validation()
    office.home.make()
    same_file_system(office.home)
    schedules = product_schedules()
    workers = Workers()
    with FrontDoor(listening, office.home, office.location, limits, office.clock) as door:
        exchange = Exchange(office, workers, door.look_after, schedules)
        _on_signal(exchange.stop)
        try:
            workers.warm()
            if listening is None:
                with _inboxes_watched(office):
                    exchange.run(ready)
            else:
                exchange.run(ready)
        finally:
            workers.close()


@contextmanager
def _inboxes_watched(office: Office) -> Iterator[None]:
    """Takes what comes into the inboxes and the check folders, in a thread each."""

    def live_accounts() -> list[tuple[str, str]]:
        with reading(office.engine) as session:
            return [(one.name, one.party_id) for one in accounts.listed(session) if one.ended_at is None]

    stopped = threading.Event()

    def watch_on(folder: str, landing: Path) -> None:
        def tell(left: Left) -> None:
            _log.warning("%r in %s of %s is not taken: %s", left.name, folder, left.account, left.reason)

        taking = Landing(landing, office.clock)
        watch = InboxWatch(office.home, folder, taking, office.clock, live_accounts, tell)
        while not stopped.is_set():
            try:
                watch.run(stopped, lambda landed: _log.info("%r of %s is taken", landed.file_name, landed.account))
            except Exception:
                _log.exception("the watch over %s goes on after a fault", folder)
                stopped.wait(LOOK_SECONDS)

    watched = (("inbox", office.home.landing), ("check", office.home.dry_runs))
    threads = [threading.Thread(target=watch_on, args=one, name=f"watch over {one[0]}") for one in watched]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        stopped.set()
        for thread in threads:
            thread.join()


def _on_signal(stop: Callable[[], None]) -> None:
    """Calls `stop` after SIGTERM or SIGINT, in a thread of its own.

    A signal comes in the middle of anything, with locks held: it only puts into a queue that needs none.
    """
    signals: queue.SimpleQueue[int] = queue.SimpleQueue()

    def wait() -> None:
        _log.info("%s: the gateway stops", signal.Signals(signals.get()).name)
        stop()

    threading.Thread(target=wait, name="signals", daemon=True).start()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda caught, _: signals.put(caught))


def office_name() -> str:
    """A name for this process that no other gateway has."""
    return f"{socket.gethostname()}-{os.getpid()}-{os.urandom(4).hex()}"
