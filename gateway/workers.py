"""The processes that read and judge files: spawned, warmed, one lane for small files and one for large.

A huge file never delays the small ones. What kills a process is tried once more in a process of its own: a file that
kills this too is told by WorkerDiedError.
"""

import multiprocessing
import multiprocessing.connection
import os
import resource
import signal
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from datetime import date, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, ParamSpec, TypeVar

from market.home import Home

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from gateway.check_folder import DryRun
    from gateway.pipeline import Reading
    from gateway.reruns import Difference
    from gateway.valuation import Valuation
    from ingest.landing import Landed

LARGE_BYTES = 2 << 20
"""Files from this size on go through the lane of large files."""

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


NICENESS = 15
"""How far what judges and answers stands behind the sessions where both want the processor: uploads do not wait."""


class WorkerDiedError(Exception):
    """A file killed its worker, and again when it was alone."""


def yield_to_sessions() -> None:
    """Puts this thread, and those that it starts, behind the SFTP server's; elsewhere than on Linux it does nothing."""
    if sys.platform == "linux":  # there alone a thread has a priority
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), NICENESS)


def _prepare() -> None:
    """Makes a fresh process ready: behind the sessions, no core dumps, signals left to its parent, imports done."""
    yield_to_sessions()
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    import gateway.pipeline
    import gateway.valuation  # noqa: F401
    from rules.catalogue import all_rules

    all_rules()


def _end_with_parent() -> None:
    """A worker whose gateway was killed would wait for its next task for ever."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        multiprocessing.connection.wait([parent.sentinel])
        os._exit(1)


@lru_cache
def _engine(location: str) -> "Engine":
    from store.database import connect

    return connect(location)


def read_file(home: Home, location: str, sha256: str, file_name: str, received_day: date) -> "Reading":
    """Reads archived bytes: the body of a worker's task."""
    from gateway import archive
    from gateway.pipeline import read
    from store import policy as policies
    from store.database import reading

    with reading(_engine(location)) as session:
        policy = policies.in_force(session).on(received_day)
    return read(archive.load(home, sha256), file_name, policy)


def valuate_file(home: Home, location: str, ref: str, started_at: datetime, token: int) -> "Valuation":
    """Judges an acknowledged submission: the body of a worker's task."""
    from gateway.declaration_sets import valuate_jointly

    return valuate_jointly(home, _engine(location), ref, started_at, token)


def check_file(home: Home, location: str, landed: "Landed", answered_at: datetime) -> "DryRun":
    """Judges a file from a check folder: the body of a worker's task."""
    from gateway.check_folder import dry_run

    return dry_run(home, _engine(location), landed, answered_at)


def compare_submission(home: Home, location: str, ref: str, at: datetime, as_received: bool) -> "Difference":
    """Judges a decided submission once more: the body of a worker's task."""
    from gateway import reruns

    return reruns.compare(home, _engine(location), ref, at, as_received=as_received)


class Workers:
    """The two lanes. `run` may be called from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lanes: dict[bool, ProcessPoolExecutor] = {}

    def warm(self) -> None:
        """Starts the lanes, so that the first file need not wait for imports."""
        for future in [self._lane(large).submit(os.getpid) for large in (False, True)]:
            future.result()

    def run(
        self, size: int, task: Callable[Arguments, Result], *args: Arguments.args, **kwargs: Arguments.kwargs
    ) -> Result:
        """Runs a task in the lane of files of that size; raises what the task raises, and WorkerDiedError."""
        large = size >= LARGE_BYTES
        lane = self._lane(large)
        try:
            return lane.submit(task, *args, **kwargs).result()
        except BrokenProcessPool:
            self._drop(large, lane)
        with _new_lane() as alone:
            try:
                return alone.submit(task, *args, **kwargs).result()
            except BrokenProcessPool as error:
                raise WorkerDiedError("the worker process died, and again with this file alone") from error

    def _lane(self, large: bool) -> ProcessPoolExecutor:
        with self._lock:
            if large not in self._lanes:
                self._lanes[large] = _new_lane()
            return self._lanes[large]

    def _drop(self, large: bool, broken: ProcessPoolExecutor) -> None:
        """Takes a broken lane out, unless another thread already has."""
        with self._lock:
            if self._lanes.get(large) is broken:
                del self._lanes[large]
        broken.shutdown(wait=False)

    def close(self) -> None:
        """Lets running tasks end and the processes go."""
        with self._lock:
            lanes, self._lanes = list(self._lanes.values()), {}
        for lane in lanes:
            lane.shutdown(cancel_futures=True)


def side_by_side() -> ProcessPoolExecutor:
    """A process for every core that this one may use: for many tasks at once."""
    return _new_lane(len(os.sched_getaffinity(0)))


def _new_lane(processes: int = 1) -> ProcessPoolExecutor:
    return ProcessPoolExecutor(processes, multiprocessing.get_context("spawn"), initializer=_prepare)
