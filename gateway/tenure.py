"""What a gateway does while it holds the lease: it enters what lands, has it worked on, and delivers the answers."""

import logging
import threading
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from types import TracebackType
from typing import Self

from gateway import archive, delivery, signed_receipts, steps
from gateway.check_folder import DryRuns
from gateway.delivery import Deliveries
from gateway.dispatch import Dispatcher
from gateway.effects import remove_abandoned
from gateway.office import LEASE_SECONDS, LeaseLostError, Office
from gateway.partial_uploads import purge_partial_uploads
from gateway.schedule.plan import Schedule
from gateway.schedule.scheduler import Scheduler
from gateway.workers import Workers, yield_to_sessions
from ingest.landing import Landed, waiting
from ingest.watch import landing_hints
from store import submissions
from store.database import reading
from store.states import UNDECIDED
from store.tables import Submission

SWEEP_SECONDS = 2.0
"""How often the landing and the undecided rows are looked at without a hint."""

COLLECTIONS_SECONDS = 60.0
"""How often deliveries are compared with the outboxes, for collections that could not be written down."""

_log = logging.getLogger(__name__)


class Tenure:
    """One time of holding the lease, as a context: recovery at its beginning, the drain at its end.

    `lost` is set when another gateway has the lease, or could have it.
    """

    def __init__(self, office: Office, workers: Workers, schedules: Sequence[Schedule]) -> None:
        self.lost = threading.Event()
        self._office = office
        self._landed = threading.Event()
        self._answered = threading.Event()
        self._to_check = threading.Event()
        self._ending = threading.Event()
        self._drained = threading.Event()
        self._dispatcher = Dispatcher(office, workers, self._answered.set)
        self._deliveries = Deliveries(office)
        self._dry_runs = DryRuns(office, workers)
        self._scheduler = Scheduler(office, schedules, self._answered.set)
        self._looked = threading.Event()
        self._entered: set[str] = set()
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._beating = self._thread("heartbeat", self._beat, self._drained, yields=False)
        try:
            self._recover()
        except BaseException:
            self._end_beating()
            raise
        self._stack.enter_context(landing_hints(self._office.home.landing, self._landed.set))
        self._stack.enter_context(landing_hints(self._office.home.dry_runs, self._to_check.set))
        self._threads = [
            self._thread("entry", self._enter, self._ending),
            self._thread("delivery", self._deliver, self._ending),
            self._thread("dry runs", self._answer_dry_runs, self._ending),
            self._thread("schedule", self._run_schedule, self._ending),
        ]
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._ending.set()
        self._landed.set()
        self._answered.set()
        self._to_check.set()
        self._looked.set()
        self._scheduler.wake()
        self._stack.close()
        for thread in self._threads:
            thread.join()
        self._dispatcher.close()
        try:
            self._deliver_all()
        except LeaseLostError:
            _log.warning("what is not delivered is left to the gateway that holds the lease")
        finally:
            self._end_beating()

    def _end_beating(self) -> None:
        self._drained.set()
        self._beating.join()

    def _recover(self) -> None:
        """Finishes what a crash cut off, and queues what is undecided before anything that is newer."""
        archive.remove_leftovers(self._office.home)
        self._dry_runs.clear()
        remove_abandoned(self._office)
        for doubtful in delivery.recover(self._office):
            _log.error("answer %s to %s: nobody knows whether it was collected", doubtful.name, doubtful.account)
        with reading(self._office.engine) as session:
            undecided = submissions.by_state(session, *UNDECIDED)
        self._dispatcher.add(undecided)
        self._publish_keys()
        self._landed.set()
        self._answered.set()

    def _publish_keys(self) -> None:
        with reading(self._office.engine) as session:
            signed_receipts.publish(session, self._office.home)

    def _thread(
        self, name: str, work: Callable[[], None], end: threading.Event, *, yields: bool = True
    ) -> threading.Thread:
        """Starts a thread that keeps at its work until `end`: what goes wrong is logged and tried again."""

        def guarded() -> None:
            if yields:
                yield_to_sessions()
            while not end.is_set():
                try:
                    work()
                except LeaseLostError:
                    _log.error("the lease was lost: this gateway stands by")
                    self.lost.set()
                    end.wait()
                except Exception:
                    _log.exception("%s goes on after a fault", name)
                    end.wait(1.0)

        thread = threading.Thread(target=guarded, name=name)
        thread.start()
        return thread

    def _enter(self) -> None:
        swept = time.monotonic()
        while not self._ending.is_set():
            self._landed.wait(SWEEP_SECONDS)
            self._landed.clear()
            self._enter_landed()
            self._office.swept = time.monotonic()
            self._looked.set()
            if time.monotonic() - swept >= SWEEP_SECONDS:
                self._refill()
                swept = time.monotonic()

    def _enter_landed(self) -> None:
        """Enters what lies in the landing and has no row, in order of arrival; lets go of what is archived."""
        new = waiting(self._office.home.landing, self._entered)
        if not new or self._ending.is_set():
            return
        found = self._rows_of(new)
        self._dispatcher.add(found)
        self._entered |= {submission.landing_name for submission in found}
        for submission in found:
            if submission.sha256 is not None:
                archive.let_go(self._office.home, submission.landing_name, submission.sha256)

    def _rows_of(self, landed: list[Landed]) -> list[Submission]:
        """The submissions of landed files; what cannot be entered does not keep the others out."""
        try:
            return steps.enter(self._office, landed)
        except LeaseLostError:
            raise
        except Exception:
            if len(landed) == 1:
                _log.exception("%s cannot be entered", landed[0].path)
                return []
        return [submission for one in landed for submission in self._rows_of([one])]

    def _refill(self) -> None:
        """Takes up what is undecided and due: after a fault, and where an operator wants it tried again.

        What nobody works on and lies in the landing still could not be removed: it is looked at again as well.
        """
        self._entered &= self._dispatcher.landing_names()
        with reading(self._office.engine) as session:
            due = submissions.by_state(session, *UNDECIDED, due_at=self._office.clock())
        self._dispatcher.add(due)

    def _answer_dry_runs(self) -> None:
        while not self._ending.is_set():
            self._dry_runs.answer()
            self._to_check.wait(SWEEP_SECONDS)
            self._to_check.clear()

    def _run_schedule(self) -> None:
        """Makes scheduled runs, the first when what had landed before is entered."""
        self._looked.wait()
        self._scheduler.work(self._ending)

    def _deliver(self) -> None:
        looked = time.monotonic()
        while not self._ending.is_set():
            self._answered.wait(SWEEP_SECONDS)
            self._answered.clear()
            self._deliver_all()
            if time.monotonic() - looked >= COLLECTIONS_SECONDS:
                delivery.note_collections(self._office)
                purge_partial_uploads(self._office)
                self._publish_keys()
                looked = time.monotonic()

    def _deliver_all(self) -> None:
        while self._deliveries.deliver():
            pass

    def _beat(self) -> None:
        while not self._drained.wait(LEASE_SECONDS / 3):
            if not self._office.renew():
                raise LeaseLostError("the heartbeat came too late")
