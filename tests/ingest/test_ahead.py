import threading
from collections.abc import Iterator

import pytest

from ingest.ahead import ahead


def counted(made: list[int], stop: int, fails_at: int | None = None) -> Iterator[int]:
    for number in range(stop):
        if number == fails_at:
            raise ValueError(f"no piece {number}")
        made.append(number)
        yield number


@pytest.mark.parametrize("pieces", [0, 1, 2, 7])
def test_every_piece_comes_once_and_in_order(pieces: int) -> None:
    made: list[int] = []
    assert list(ahead(counted(made, pieces))) == list(range(pieces)) == made


def test_no_more_than_one_piece_is_made_ahead() -> None:
    made: list[int] = []
    for number in ahead(counted(made, 7)):
        assert len(made) <= number + 2


def test_what_fails_is_told_behind_the_pieces_before_it() -> None:
    pieces = ahead(counted([], 7, fails_at=2))
    assert [next(pieces), next(pieces)] == [0, 1]
    with pytest.raises(ValueError, match="no piece 2"):
        next(pieces)


def test_who_stops_early_leaves_no_thread_behind() -> None:
    pieces = ahead(counted([], 7))
    assert next(pieces) == 0
    pieces.close()  # type: ignore[attr-defined]
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("ahead")]
