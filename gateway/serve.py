"""`gridpost serve`: the SFTP server, the watch over the landing, the workers and the deliveries, until stopped."""

import logging
import os
import signal
import socket
import threading
from collections.abc import Callable
from contextlib import ExitStack

from gateway import archive, delivery, front_door, steps
from gateway.dispatch import Dispatcher
from gateway.office import LEASE_SECONDS, LeaseLostError, Office
from gateway.workers import Workers
from ingest.landing import same_file_system, waiting
from ingest.sftp.limits import Limits
from ingest.watch import landing_hints
from store import submissions
from store.database import reading
from store.states import UNDECIDED
from validators.schemas import refuse_disabled_validation

SWEEP_SECONDS = 2.0
"""How often the landing and the undecided rows are looked at without a hint."""

DRAIN_SECONDS = 30.0

_log = logging.getLogger(__name__)


class Exchange:
    """One gateway at work. `run` is its life; `stop` may be called from a signal."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._workers = Workers()
        self._stopping = threading.Event()
        self._landed = threading.Event()
        self._answered = threading.Event()
        self._dispatcher = Dispatcher(office, self._workers, self._answered.set)
        self._entered: set[str] = set()

    def stop(self) -> None:
        """Begins the drain: nothing new is taken up, what is in work is finished."""
        self._stopping.set()
        self._landed.set()
        self._answered.set()

    def run(self, ready: Callable[[], None]) -> None:
        """Works until stopped; stands by while another gateway holds the lease. `ready` is called once it works."""
        self._workers.warm()
        self._stand_by()
        if self._stopping.is_set():
            return
        with ExitStack() as stack:
            stack.enter_context(landing_hints(self._office.home.landing, self._landed.set))
            threads = [
                threading.Thread(target=self._guarded, args=(work,), name=name)
                for name, work in (("entry", self._enter), ("delivery", self._deliver), ("heartbeat", self._beat))
            ]
            for doubtful in delivery.recover(self._office):
                _log.error("answer %s to %s: nobody knows whether it was collected", doubtful.name, doubtful.account)
            for thread in threads:
                thread.start()
            ready()
            self._stopping.wait()
            self._dispatcher.close()
            self._drain()
            for thread in threads:
                thread.join()
        self._workers.close()
        self._office.release()

    def _stand_by(self) -> None:
        while not self._office.claim():
            if self._stopping.wait(1.0):
                return

    def _guarded(self, work: Callable[[], None]) -> None:
        """Keeps a thread at its work: what goes wrong is logged and tried again, a lost lease ends the gateway."""
        while not self._stopping.is_set():
            try:
                work()
            except LeaseLostError:
                _log.error("the lease was lost: another gateway works on, this one ends")
                self.stop()
            except Exception:
                _log.exception("%s goes on after a fault", threading.current_thread().name)
                self._stopping.wait(1.0)

    def _enter(self) -> None:
        while not self._stopping.is_set():
            hinted = self._landed.wait(SWEEP_SECONDS)
            self._landed.clear()
            if self._stopping.is_set():
                return
            self._enter_landed()
            if not hinted:
                self._refill()

    def _enter_landed(self) -> None:
        """Enters what lies in the landing and has no row, in order of arrival; lets go of what is archived."""
        landed = waiting(self._office.home.landing)
        self._entered &= {one.path for one in landed}
        new = [one for one in landed if one.path not in self._entered]
        if not new:
            return
        found = steps.enter(self._office, new)
        self._entered |= {one.path for one in new}
        for submission in found:
            if submission.sha256 is not None:
                archive.let_go(self._office.home, submission.landing_name)
        self._dispatcher.add(found)

    def _refill(self) -> None:
        """Takes up what is undecided and due: after a start, and after a fault."""
        with reading(self._office.engine) as session:
            self._dispatcher.add(submissions.by_state(session, *UNDECIDED, due_at=self._office.clock()))
        self._answered.set()

    def _deliver(self) -> None:
        while not self._stopping.is_set():
            self._answered.wait(SWEEP_SECONDS)
            self._answered.clear()
            while delivery.deliver_pending(self._office):
                pass

    def _drain(self) -> None:
        """Delivers the answers of what was finished while stopping."""
        try:
            while delivery.deliver_pending(self._office):
                pass
        except LeaseLostError:
            return

    def _beat(self) -> None:
        while not self._stopping.wait(LEASE_SECONDS / 3):
            if not self._office.renew():
                raise LeaseLostError("the heartbeat came too late")


def serve(office: Office, listening: socket.socket | None, limits: Limits, ready: Callable[[], None]) -> None:
    """Runs a gateway, with its SFTP server on `listening` (None: none), until SIGTERM or SIGINT; drains then."""
    refuse_disabled_validation()
    office.home.make()
    same_file_system(office.home)
    exchange = Exchange(office)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: exchange.stop())
    processes = front_door.start(listening, office.home, office.location, limits) if listening else []
    try:
        exchange.run(ready)
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.join(DRAIN_SECONDS)


def office_name() -> str:
    """A name for this process that no other gateway has."""
    return f"{socket.gethostname()}-{os.getpid()}-{os.urandom(4).hex()}"
