"""Working ahead: the next pieces are made while the one before them is worked on."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

AHEAD = 2
"""So many pieces are made at once: what is judged beside them takes a third of the time, and each takes memory."""

Asked = TypeVar("Asked")
Piece = TypeVar("Piece")


def ahead(make: Callable[[Asked], Piece], asked: Iterable[Asked]) -> Iterator[Piece]:
    """What `make` gives for each that is asked, in that order.

    Behind the one that is worked on up to AHEAD more are made, each in a thread of its own.
    """
    with ThreadPoolExecutor(AHEAD, "ahead") as makers:
        waiting: deque[Future[Piece]] = deque()
        try:
            for one in asked:
                waiting.append(makers.submit(make, one))
                if len(waiting) > AHEAD:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
