"""Reruns of a selection: many small files compared side by side, each put into effect alone and in order.

The comparisons run ahead of what is put into effect; one that is overtaken by it, or by others, is made anew.
"""

from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from datetime import datetime
from itertools import islice

from sqlalchemy import Engine

from gateway import reruns
from gateway.reruns import Difference
from gateway.workers import LARGE_BYTES, compare_submission, side_by_side
from market.fault import Fault
from market.home import Home
from store import submissions
from store.database import reading

FEW = 50
"""Up to so many files are compared in this process: to start others takes longer than to judge these."""

AHEAD = 16
"""How many files at most are compared before they are asked for."""


def compare_each(
    home: Home,
    engine: Engine,
    location: str,
    refs: Sequence[str],
    clock: Callable[[], datetime],
    *,
    as_received: bool,
) -> Generator[Difference, None, None]:
    """What the rerun of each submission would change, in the order given; as gateway.reruns.compare.

    `location` is the URL of the store. Large files are compared in this process, when their turn comes. Raises
    RefusedError at the turn of a submission that is not decided; Fault where a process died of a file.
    """
    if len(refs) <= FEW:
        for ref in refs:
            yield reruns.compare(home, engine, ref, clock(), as_received=as_received)
        return
    with reading(engine) as session:
        large = submissions.large(session, LARGE_BYTES)
    waiting, ahead = iter(refs), deque[tuple[str, Future[Difference] | None]]()
    with side_by_side() as processes:
        try:
            while True:
                for ref in islice(waiting, AHEAD - len(ahead)):
                    if ref in large:
                        ahead.append((ref, None))
                    else:
                        task = processes.submit(compare_submission, home, location, ref, clock(), as_received)
                        ahead.append((ref, task))
                if not ahead:
                    return
                ref, future = ahead.popleft()
                if future is None:
                    yield reruns.compare(home, engine, ref, clock(), as_received=as_received)
                else:
                    yield _result(ref, future)
        finally:
            _give_up(home, engine, [future for _, future in ahead if future is not None])


def settle(
    home: Home,
    engine: Engine,
    found: Difference,
    clock: Callable[[], datetime],
    *,
    as_received: bool,
    actor: str,
    reason: str,
) -> Difference:
    """Puts a comparison into effect, one made anew where it was overtaken; returns the one that is in effect."""
    try:
        reruns.apply(home, engine, found, actor=actor, reason=reason, at=clock())
    except reruns.OvertakenError:
        reruns.discard(home, engine, found)
        found = reruns.compare(home, engine, found.submission.ref, clock(), as_received=as_received)
        reruns.apply(home, engine, found, actor=actor, reason=reason, at=clock())
    return found


def _result(ref: str, future: Future[Difference]) -> Difference:
    try:
        return future.result()
    except BrokenProcessPool as error:
        raise Fault(f"a process died while submission {ref} was judged again, or one beside it") from error


def _give_up(home: Home, engine: Engine, ahead: Sequence[Future[Difference]]) -> None:
    """Removes what comparisons staged that nobody asks for any more."""
    for future in ahead:
        if not future.cancel() and future.exception() is None:
            reruns.discard(home, engine, future.result())
