import threading
from collections.abc import Callable

import pytest

from ingest.ahead import AHEAD, ahead


def counted(made: list[int], fails_at: int | None = None) -> Callable[[int], int]:
    def make(number: int) -> int:
        if number == fails_at:
            raise ValueError(f"no piece {number}")
        made.append(number)
        return number

    return make


@pytest.mark.parametrize("pieces", [0, 1, 2, 7])
def test_every_piece_comes_once_and_in_order(pieces: int) -> None:
    made: list[int] = []
    assert list(ahead(counted(made), range(pieces))) == list(range(pieces)) == sorted(made)


def test_pieces_are_made_side_by_side() -> None:
    together = threading.Barrier(AHEAD, timeout=60)
    assert len(list(ahead(lambda _: together.wait(), range(3 * AHEAD)))) == 3 * AHEAD


def test_no_more_pieces_are_made_than_may_be_ahead() -> None:
    made: list[int] = []
    for number in ahead(counted(made), range(9)):
        assert len(made) <= number + 1 + AHEAD


def test_what_fails_is_told_behind_the_pieces_before_it() -> None:
    pieces = ahead(counted([], fails_at=2), range(7))
    assert [next(pieces), next(pieces)] == [0, 1]
    with pytest.raises(ValueError, match="no piece 2"):
        next(pieces)


def test_who_stops_early_leaves_no_thread_behind() -> None:
    pieces = ahead(counted([]), range(7))
    assert next(pieces) == 0
    pieces.close()  # type: ignore[attr-defined]
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("ahead")]
