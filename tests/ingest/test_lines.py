import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest import lines as module
from ingest.lines import count_records, index_lines, offsets_of, pieces

BYTES = st.lists(st.sampled_from([b"A", b"|", b"\n", b"\r", b"\r\n", b"\xef\xbb\xbf", b"\0"])).map(b"".join)


def split_plainly(received: bytes) -> list[bytes]:
    """The lines, said once more and plainly."""
    data = received.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n")
    found = data.split(b"\n")
    return found[:-1] if found[-1] == b"" else found


@settings(deadline=None)
@given(BYTES)
def test_lines_are_those_between_line_ends(received: bytes) -> None:
    lines = index_lines(received)
    due = split_plainly(received)
    assert lines.count == len(due)
    assert [lines.line(number) for number in range(1, lines.count + 1)] == due
    assert count_records(received) == lines.count


@settings(deadline=None)
@given(BYTES)
def test_what_was_removed_is_told(received: bytes) -> None:
    lines = index_lines(received)
    assert lines.byte_order_mark == received.startswith(b"\xef\xbb\xbf")
    at = received.find(b"\r\n")
    assert lines.first_cr_line == (0 if at < 0 else received.count(b"\n", 0, at) + 1)


@pytest.mark.parametrize(
    ("received", "count", "first_cr_line", "mark"),
    [
        (b"", 0, 0, False),
        (b"\n", 1, 0, False),
        (b"\n\n", 2, 0, False),
        (b"A", 1, 0, False),
        (b"A\n", 1, 0, False),
        (b"A\nB", 2, 0, False),
        (b"\xef\xbb\xbf", 0, 0, True),
        (b"\xef\xbb\xbf\xef\xbb\xbf", 1, 0, True),
        (b"A\nB\r\nC\r\n", 3, 2, False),
        (b"A\r\n", 1, 1, False),
        (b"A\rB\n", 1, 0, False),
        (b"A\r", 1, 0, False),
        (b"\r\n", 1, 1, False),
    ],
)
def test_edges(received: bytes, count: int, first_cr_line: int, mark: bool) -> None:
    lines = index_lines(received)
    assert (lines.count, lines.first_cr_line, lines.byte_order_mark) == (count, first_cr_line, mark)
    assert count_records(received) == count


def test_a_second_cr_before_lf_stays() -> None:
    assert index_lines(b"A\r\r\n").line(1) == b"A\r"


@settings(deadline=None)
@given(BYTES, st.integers(1, 9))
def test_pieces_are_whole_lines_in_order(received: bytes, size: int) -> None:
    lines = index_lines(received)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "PIECE", size)
        cut = list(pieces(lines, 0, lines.count))
        offsets = offsets_of(lines.data, ord("\n"))
    assert [at for first, last in cut for at in range(first, last)] == list(range(lines.count))
    for first, last in cut:
        assert last - first == 1 or int(lines.ends[last - 1]) - lines.start(first) <= 2 * size
        assert last - first == 1 or all(len(lines.line(at + 1)) <= size for at in range(first, last))
    assert offsets.tolist() == [at for at, byte in enumerate(lines.data) if byte == ord("\n")]
    assert b"".join(bytes(lines.span(first, last)) for first, last in cut) == lines.data


def test_the_index_is_of_32_bits() -> None:
    assert index_lines(b"A\nB").ends.dtype == np.uint32
