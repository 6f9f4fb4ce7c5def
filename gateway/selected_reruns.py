"""Reruns of a selection: many small files compared side by side and put into effect in order, some at a time.

The comparisons run ahead of what is put into effect; one that is overtaken by it, or by others, is made anew.
"""

from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import Future
from concurrent.futures.process import BrokenProcessPool
from datetime import datetime
from itertools import islice

from sqlalchemy import Engine
from sqlmodel import Session

from gateway import reruns
from gateway.reruns import Difference
from gateway.workers import LARGE_BYTES, compare_submission, side_by_side
from market.fault import Fault
from market.home import Home
from store import submissions
from store.database import reading, writing
from store.refused import RefusedError
from store.states import RunKind

FEW = 50
"""Up to so many files are compared in this process: to start others takes longer than to judge these."""

AHEAD = 16
"""How many files at most are compared before they are asked for."""

TOGETHER = 10
"""How many small files at most are put into effect in one transaction: what a gateway commits waits for its end."""


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


def settle_each(
    home: Home,
    engine: Engine,
    compared: Iterable[Difference],
    clock: Callable[[], datetime],
    *,
    as_received: bool,
    actor: str,
    reason: str,
) -> Generator[Difference, None, None]:
    """Puts comparisons into effect in their order, up to TOGETHER small files in one transaction.

    Gives those that are in effect, each when it is: one that is overtaken was made anew. Raises what `compared` raises
    when all before it are in effect, and RefusedError at the turn of one that is decided no more.
    """

    def put(session: Session, found: Difference) -> None:
        reruns.put_into_effect(session, home, found, RunKind.RERUN, actor=actor, reason=reason, at=clock())

    for some in _together(compared):
        left = deque(some)
        try:
            while left:
                done = _put_while_fresh(engine, left, put)
                for _ in range(done):
                    yield left.popleft()
                if left:
                    reruns.discard(home, engine, left[0])
                    found = reruns.compare(
                        home, engine, left.popleft().submission.ref, clock(), as_received=as_received
                    )
                    with writing(engine) as session:
                        put(session, found)
                    yield found
        finally:
            for found in left:
                reruns.discard(home, engine, found)


def _together(compared: Iterable[Difference]) -> Iterator[list[Difference]]:
    """Comparisons in their order, those of small files many at a time; what is raised comes behind those before it."""
    some: list[Difference] = []
    try:
        for found in compared:
            if found.submission.size >= LARGE_BYTES:
                yield some
                yield [found]
                some = []
                continue
            some.append(found)
            if len(some) == TOGETHER:
                yield some
                some = []
    except Exception:
        yield some
        raise
    yield some


def _put_while_fresh(engine: Engine, left: Iterable[Difference], put: Callable[[Session, Difference], None]) -> int:
    """Puts comparisons into effect in one transaction, up to the first that is refused; how many."""
    done = 0
    with writing(engine) as session:
        for found in left:
            try:
                with session.begin_nested():
                    put(session, found)
            except RefusedError:
                break
            done += 1
    return done


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
