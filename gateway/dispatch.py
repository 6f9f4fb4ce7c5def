"""Who is worked on next: submissions of one channel in order of receipt, those of different channels side by side."""

import logging
from collections import deque
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Condition

from gateway import archive, steps
from gateway.office import LeaseLostError, Office
from gateway.workers import WorkerDiedError, Workers, read_file, valuate_file, yield_to_sessions
from market.clock import london_day
from store import record_sets, submissions
from store.database import reading
from store.states import UNDECIDED, SubmissionState
from store.tables import Submission

THREADS = 8
"""How many channels are worked on at once; the computing itself is in the workers' lanes."""

FIRST_RETRY, LONGEST_RETRY = timedelta(seconds=2), timedelta(minutes=15)
"""The back-off after a fault, doubled with every attempt up to the longest."""

_log = logging.getLogger(__name__)


class Dispatcher:
    """Moves submissions through their steps. `on_answer` is called when answers wait to be delivered."""

    def __init__(self, office: Office, workers: Workers, on_answer: Callable[[], None]) -> None:
        self._office = office
        self._workers = workers
        self._on_answer = on_answer
        self._threads = ThreadPoolExecutor(THREADS, "channel", yield_to_sessions)
        self._channels: dict[str, deque[Submission]] = {}
        self._busy: set[str] = set()
        self._known: dict[str, Submission] = {}
        self._changed = Condition()
        self._stopped = False
        self._paused = False

    def add(self, found: Iterable[Submission]) -> None:
        """Queues submissions, given in order of receipt; leaves out those that need nothing.

        Of one that is queued already it learns when to try it next: an operator may have changed that.
        """
        with self._changed:
            for submission in found:
                known = self._known.get(submission.ref)
                if known is not None:
                    known.next_try_at = submission.next_try_at
                elif submission.state in UNDECIDED:
                    self._queue(submission.channel or f"account {submission.account}", submission)
        self.look()

    def _queue(self, key: str, submission: Submission) -> None:
        """Puts a submission behind those of its channel; one that was held and let go since before what is unread."""
        self._known[submission.ref] = submission
        waiting = self._channels.setdefault(key, deque())
        place = len(waiting)
        if submission.state is SubmissionState.ACKED:
            unread = (n for n, one in enumerate(waiting) if one.state is not SubmissionState.ACKED)
            place = next((n for n in unread if n or key not in self._busy), place)
        waiting.insert(place, submission)

    def landing_names(self) -> set[str]:
        """Where the submissions that are queued or in work lie in the landing."""
        with self._changed:
            return {submission.landing_name for submission in self._known.values()}

    def look(self) -> None:
        """Starts work on every channel whose first submission may be tried now; none below the disk's reserve."""
        now = self._office.clock()
        with self._changed:
            if self._stopped or self._is_paused():
                return
            for key, waiting in self._channels.items():
                due_at = waiting[0].next_try_at
                if key not in self._busy and (due_at is None or due_at <= now):
                    self._busy.add(key)
                    self._threads.submit(self._work, key)

    def _is_paused(self) -> bool:
        """Whether what waits is left waiting: deciding it could fill the disk, and what is in work needs the rest."""
        space = self._office.space
        if space.is_short != self._paused:
            self._paused = space.is_short
            _log.log(logging.WARNING if self._paused else logging.INFO, "%s", space)
        return self._paused

    def idle(self, timeout: float) -> bool:
        """Waits until nothing is in work or about to be; False where that takes longer than `timeout` seconds."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._busy, timeout)

    def close(self) -> None:
        """Takes up nothing more and waits for what is in work."""
        with self._changed:
            self._stopped = True
        self._threads.shutdown(cancel_futures=True)

    def _work(self, key: str) -> None:
        with self._changed:
            submission = self._channels[key][0]
        apart, following = False, None
        try:
            self._move_on(submission.ref)
            following = self._following(submission)
            done = True
        except LeaseLostError:
            _log.warning("the lease was lost; submission %s is left to the gateway that holds it", submission.ref)
            done = True
        except Exception as error:
            _log.exception("submission %s stays undecided", submission.ref)
            done, apart = False, isinstance(error, WorkerDiedError)
            self._note_fault(submission, error)
        with self._changed:
            self._busy.discard(key)
            if done or apart:
                self._leave(key, submission, apart)
            if following is not None and following.ref not in self._known:
                self._queue(key, following)
            self._changed.notify_all()
        self.look()

    def _leave(self, key: str, submission: Submission, apart: bool) -> None:
        """Lets a channel go on; a submission `apart` waits for its next try in a line of its own.

        That is what kills those who read it: without a receipt it cannot be quarantined, and it must stop nobody.
        """
        waiting = self._channels[key]
        waiting.popleft()
        if not waiting:
            del self._channels[key]
        del self._known[submission.ref]
        if apart:
            self._queue(f"apart {submission.ref}", submission)

    def _following(self, submission: Submission) -> Submission | None:
        """The submission of the channel that was held behind a gap and is let go by now."""
        if submission.channel is None or submission.sequence is None:
            return None
        with reading(self._office.engine) as session:
            return submissions.in_work(session, submission.channel)

    def _move_on(self, ref: str) -> None:
        """Takes a submission through its steps to its decision."""
        office = self._office
        with reading(office.engine) as session:
            submission = submissions.get(session, ref)
        assert submission is not None
        if submission.state is SubmissionState.RECEIVED:
            sha256 = archive.keep(office.home, submission.landing_name)
            name, day = submission.file_name, london_day(submission.received_at)
            try:
                what = self._workers.run(submission.size, read_file, office.home, office.location, sha256, name, day)
            except WorkerDiedError as error:
                self._quarantine(submission, sha256, error)
                return
            submission = steps.acknowledged(office, ref, what)
            self._on_answer()
            archive.let_go(office.home, submission.landing_name, sha256)
        while submission.state is SubmissionState.ACKED:
            try:
                submission = self._decide(submission)
            except steps.StaleError:
                continue
        self._on_answer()

    def _decide(self, submission: Submission) -> Submission:
        office = self._office
        token = office.token
        if token is None:
            raise LeaseLostError(f"gateway {office.name} does not hold the lease")
        try:
            valuation = self._workers.run(
                submission.size, valuate_file, office.home, office.location, submission.ref, office.clock(), token
            )
        except WorkerDiedError as error:
            return self._quarantine(submission, None, error)
        try:
            return steps.decided(office, submission.ref, valuation)
        except steps.StaleError:
            for staged in valuation.staged:
                record_sets.discard(office.home, staged)
            raise

    def _quarantine(self, submission: Submission, sha256: str | None, error: WorkerDiedError) -> Submission:
        _log.error("submission %s is quarantined: %s", submission.ref, error)
        return steps.quarantined(self._office, submission.ref, submission.state, str(error), sha256)

    def _note_fault(self, submission: Submission, error: Exception) -> None:
        """Says when to try again, here and in the row; a row that cannot be written now changes nothing here."""
        now = self._office.clock()
        submission.next_try_at = now + retry_after(submission.attempts)
        submission.attempts += 1
        try:
            with self._office.committing() as session:
                current = submissions.get(session, submission.ref)
                if current is not None and current.state in UNDECIDED:
                    submissions.note_fault(
                        session,
                        submission.ref,
                        current.state,
                        f"{type(error).__name__}: {error}"[:1000],
                        next_try_at=submission.next_try_at,
                        actor=steps.ACTOR,
                        at=now,
                    )
        except Exception:
            _log.exception("the fault of submission %s cannot be kept", submission.ref)


def retry_after(attempts: int) -> timedelta:
    """How long to wait after a fault that came after so many attempts before it."""
    return min(FIRST_RETRY * int(2 ** min(attempts, 20)), LONGEST_RETRY)
