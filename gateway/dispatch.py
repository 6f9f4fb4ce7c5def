"""Who is worked on next: submissions of one channel in order of receipt, those of different channels side by side."""

import logging
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Condition

from gateway import archive, steps
from gateway.office import LeaseLostError, Office
from gateway.workers import WorkerDiedError, Workers, read_file, valuate_file
from market.clock import london_day
from store import submissions
from store.database import writing
from store.states import SubmissionState
from store.tables import Submission

THREADS = 8
"""How many channels are worked on at once; the computing itself is in the workers' lanes."""

FIRST_RETRY, LONGEST_RETRY = timedelta(seconds=2), timedelta(minutes=15)
"""The back-off after a fault, doubled with every attempt up to the longest."""

_log = logging.getLogger(__name__)


@dataclass
class Channel:
    """The submissions of one channel that wait, in order; `busy` while a thread is at work on the first."""

    waiting: deque[Submission] = field(default_factory=deque)
    busy: bool = False
    not_before: datetime | None = None


class Dispatcher:
    """Moves submissions through their steps. `on_answer` is called when answers wait to be delivered."""

    def __init__(self, office: Office, workers: Workers, on_answer: Callable[[], None]) -> None:
        self._office = office
        self._workers = workers
        self._on_answer = on_answer
        self._threads = ThreadPoolExecutor(THREADS, "channel")
        self._channels: dict[str, Channel] = {}
        self._known: set[str] = set()
        self._changed = Condition()
        self._stopped = False

    def add(self, found: Iterable[Submission]) -> None:
        """Queues submissions, given in order of receipt; those queued before and those that need nothing are left out."""
        with self._changed:
            for submission in found:
                open_ = submission.state in (SubmissionState.RECEIVED, SubmissionState.ACKED)
                if open_ and submission.ref not in self._known:
                    self._known.add(submission.ref)
                    key = submission.channel or f"account {submission.account}"
                    self._channels.setdefault(key, Channel()).waiting.append(submission)
        self.look()

    def look(self) -> None:
        """Starts work on every channel that waits and may go on."""
        now = self._office.clock()
        with self._changed:
            for key, channel in list(self._channels.items()):
                due = channel.not_before is None or channel.not_before <= now
                if channel.waiting and not channel.busy and due and not self._stopped:
                    channel.busy = True
                    self._threads.submit(self._work, key, channel)

    def idle(self, timeout: float) -> bool:
        """Waits until nothing is in work or about to be; False where that takes longer than `timeout` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: not any(one.busy for one in self._channels.values()), timeout)

    def close(self) -> None:
        """Takes up nothing more and waits for what is in work."""
        with self._changed:
            self._stopped = True
        self._threads.shutdown()

    def _work(self, key: str, channel: Channel) -> None:
        submission = channel.waiting[0]
        done, not_before = True, None
        try:
            self._move_on(submission)
        except LeaseLostError:
            _log.warning("the lease was lost; submission %s is left to the gateway that holds it", submission.ref)
        except Exception as error:
            _log.exception("submission %s stays undecided", submission.ref)
            done, not_before = False, self._note_fault(submission, error)
        with self._changed:
            channel.busy, channel.not_before = False, not_before
            if done:
                channel.waiting.popleft()
                self._known.discard(submission.ref)
                if not channel.waiting:
                    del self._channels[key]
            self._changed.notify_all()
        self.look()

    def _move_on(self, submission: Submission) -> None:
        """Takes a submission through its steps to its decision."""
        office, size = self._office, submission.size
        if submission.state is SubmissionState.RECEIVED:
            sha256 = archive.keep(office.home, submission.landing_name)
            what = self._workers.run(
                size, read_file, office.home, office.location, sha256, london_day(submission.received_at)
            )
            submission = steps.acknowledged(office, submission.ref, what)
            self._on_answer()
            archive.let_go(office.home, submission.landing_name)
        while submission.state is SubmissionState.ACKED:
            try:
                submission = self._decide(submission)
            except steps.StaleError:
                continue
        self._on_answer()

    def _decide(self, submission: Submission) -> Submission:
        office = self._office
        try:
            valuation = self._workers.run(
                submission.size, valuate_file, office.home, office.location, submission.ref, office.clock()
            )
        except WorkerDiedError as error:
            return steps.quarantined(office, submission.ref, str(error))
        return steps.decided(office, submission.ref, valuation)

    def _note_fault(self, submission: Submission, error: Exception) -> datetime | None:
        office = self._office
        now = office.clock()
        wait = min(FIRST_RETRY * int(2 ** min(submission.attempts, 20)), LONGEST_RETRY)
        submission.attempts += 1
        try:
            with writing(office.engine) as session:
                current = submissions.get(session, submission.ref)
                if current is not None:
                    submissions.note_fault(
                        session,
                        submission.ref,
                        current.state,
                        f"{type(error).__name__}: {error}"[:1000],
                        next_try_at=now + wait,
                        actor=steps.ACTOR,
                        at=now,
                    )
        except Exception:
            _log.exception("the fault of submission %s cannot be kept", submission.ref)
        return now + wait
