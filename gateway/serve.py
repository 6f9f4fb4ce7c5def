"""`gridpost serve`: the SFTP server, the watch over the landing, the workers and the deliveries, until stopped."""

import logging
import os
import queue
import signal
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext

from gateway.external_door import ExternalDoor
from gateway.front_door import FrontDoor
from gateway.observation import Observation
from gateway.office import Office
from gateway.schedule.catalogue import product_schedules
from gateway.schedule.plan import Schedule
from gateway.tenure import Tenure
from gateway.workers import Workers
from ingest.landing import same_file_system
from ingest.sftp.limits import Limits
from validators.schemas import refuse_disabled_validation

LOOK_SECONDS = 1.0
"""How often a gateway that stands by asks for the lease, and one that works looks after its server processes."""

_log = logging.getLogger(__name__)


class Exchange:
    """One gateway at work. `run` is its life; `stop` may be called from any thread.

    `beside` is entered for as long as it holds the lease, each time anew.
    """

    def __init__(
        self,
        office: Office,
        workers: Workers,
        look_after: Callable[[], None],
        schedules: Sequence[Schedule],
        beside: AbstractContextManager[object],
    ) -> None:
        self._beside = beside
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
        with Tenure(self._office, self._workers, self._schedules) as tenure, self._beside:
            ready()
            while not self._stopping.is_set() and not tenure.lost.wait(LOOK_SECONDS):
                self._look_after()


def serve(
    office: Office,
    listening: socket.socket | None,
    limits: Limits,
    ready: Callable[[], None],
    monitored: socket.socket | None = None,
) -> None:
    """Runs a gateway until SIGTERM or SIGINT; drains then.

    It has its SFTP server on `listening`; None means none, and the inboxes are watched that an sshd writes. A monitor
    asks on `monitored`.
    `ready` is called whenever it begins to work: once, unless it loses its lease and gets it back. Raises
    SchedulesError where schedules.toml does not say what it must.
    """
    refuse_disabled_validation()
    office.home.make()
    same_file_system(office.home)
    schedules = product_schedules()
    workers = Workers()
    observation = Observation(monitored, office, limits.disk_reserve)
    with FrontDoor(listening, office.home, office.location, limits, office.clock) as door, observation:
        beside = nullcontext() if listening else ExternalDoor(office)
        exchange = Exchange(office, workers, door.look_after, schedules, beside)
        _on_signal(exchange.stop)
        try:
            workers.warm()
            exchange.run(ready)
        finally:
            workers.close()


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
