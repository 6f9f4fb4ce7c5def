"""Uploads that were cut off are no submissions; their party finds what came, resumes it, or lets it be purged."""

import io
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import paramiko
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest.sftp.cut_uploads import Written, certain_size, purge, why_cut
from ingest.sftp.interfaces import SessionKind
from ingest.sftp.session_folder import clear_dead_sessions, upload_name
from market.durable import folder_opened
from market.home import Home
from tests.ingest.sftp.front_door import FrontDoor, eventually

LINES = b"".join(b"%07d,a line of a spreadsheet\n" % number for number in range(20_000))
BUFFER = 32 * 1024


@given(st.permutations(range(8)), st.integers(0, 8))
def test_what_is_reached_has_no_gap(order: list[int], came: int) -> None:
    written = Written(0)
    for number in order[:came]:
        written.add(number * 10, 10)
    missing = set(range(8)) - set(order[:came])
    assert written.reached == min(missing, default=8) * 10


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(1, 30)), max_size=30))
def test_what_is_reached_is_what_was_written_up_to_the_first_gap(writes: list[tuple[int, int]]) -> None:
    written = Written(0)
    came: set[int] = set()
    for at, length in writes:
        written.add(at, length)
        came |= set(range(at, at + length))
    assert written.reached == min(set(range(100)) - came)


@pytest.mark.parametrize(
    ("content", "lengths", "is_cut"),
    [
        (LINES[: 3 * BUFFER], [BUFFER] * 3, True),
        (LINES[: 3 * BUFFER + 1], [BUFFER] * 3 + [1], False),
        (LINES[:BUFFER], [BUFFER], True),
        (LINES[: BUFFER - 1], [BUFFER - 1], False),
        (b"a,b\n1,2\n" * 100, [800], False),
        (LINES[: 3 * BUFFER - 11] + b"\n#end,3000\n", [BUFFER] * 3, False),
        (LINES[: 3 * BUFFER - 11] + b"\n#end,30000", [BUFFER] * 3, True),
        (LINES[: 3 * BUFFER - 17] + b"\nZZZ|3000|12345|\n", [BUFFER] * 3, False),
        (LINES[:90_001], [30_000, 30_000, 30_000, 1], False),
        (b"", [], False),
    ],
    ids=["buffers", "rest", "one buffer", "one write", "small", "#end", "#end cut", "ZZZ", "odd buffers", "empty"],
)
def test_an_upload_that_stops_between_two_buffers(
    tmp_path: Path, content: bytes, lengths: list[int], is_cut: bool
) -> None:
    written, at = Written(0), 0
    for length in lengths:
        written.add(at, length)
        at += length
    with (tmp_path / "a").open("wb+") as file:
        file.write(content)
        file.flush()
        assert (why_cut(file.fileno(), written) is not None) == is_cut


def _lose_connection(transport: paramiko.Transport, client: paramiko.SFTPClient, file: paramiko.SFTPFile) -> None:
    transport.sock.close()


def _end_channel(transport: paramiko.Transport, client: paramiko.SFTPClient, file: paramiko.SFTPFile) -> None:
    client.close()


def _end_transport(transport: paramiko.Transport, client: paramiko.SFTPClient, file: paramiko.SFTPFile) -> None:
    transport.close()


def _close_early(transport: paramiko.Transport, client: paramiko.SFTPClient, file: paramiko.SFTPFile) -> None:
    file.close()  # this client does not look at the answer


@pytest.mark.parametrize("folder", ["inbox", "check"])
@pytest.mark.parametrize("end", [_lose_connection, _end_channel, _end_transport, _close_early])
def test_what_came_of_a_cut_upload_is_kept_and_resumed(
    front: FrontDoor,
    folder: str,
    end: Callable[[paramiko.Transport, paramiko.SFTPClient, paramiko.SFTPFile], None],
) -> None:
    with front.transport() as transport:
        client = transport.open_sftp_client()
        assert client is not None
        file = client.open(f"{folder}/a.csv", "wb")
        file.write(LINES[: 3 * BUFFER])
        file.flush()
        eventually(lambda: client.stat(f"{folder}/a.csv").st_size == 3 * BUFFER)
        end(transport, client, file)
        event = front.await_event(SessionKind.ABANDONED)
    assert (event.account, event.path) == ("acme", f"/{folder}/a.csv")
    assert "98304 bytes stay as a.csv.partial" in event.detail
    with front.client() as client:
        assert client.listdir(folder) == ["a.csv.partial"]
        assert client.stat(f"{folder}/a.csv.partial").st_size == 3 * BUFFER
        with client.open(f"{folder}/a.csv.partial", "ab") as file:
            file.write(LINES[3 * BUFFER :])
        client.rename(f"{folder}/a.csv.partial", f"{folder}/a.csv")
        assert client.listdir(folder) == []
    assert (front.landed() if folder == "inbox" else front.checked()) == [("a.csv", LINES)]


def test_a_file_that_is_closed_whole_leaves_nothing(front: FrontDoor) -> None:
    with front.client() as client:
        client.putfo(io.BytesIO(LINES), "inbox/a.csv")
        assert client.listdir("inbox") == []
    assert SessionKind.ABANDONED not in front.kinds()


def test_of_two_cut_uploads_the_longer_one_stays(front: FrontDoor) -> None:
    for number, size in enumerate((2, 3, 1), 1):
        with front.client() as client:
            file = client.open("inbox/a.csv", "wb")
            file.write(LINES[: size * BUFFER])
            file.close()
        front.await_event(SessionKind.ABANDONED, number)
        with front.client() as client:
            assert client.listdir("inbox") == ["a.csv.partial"]
            assert client.stat("inbox/a.csv.partial").st_size == min(number + 1, 3) * BUFFER
    assert "32768 bytes are dropped, an earlier upload left more" in front.await_event(SessionKind.ABANDONED, 3).detail


def test_a_cut_upload_leaves_one_alone_that_is_being_resumed(front: FrontDoor) -> None:
    with front.client() as resuming:
        part = resuming.open("inbox/a.csv.partial", "wb")
        part.write(b"1")
        part.flush()
        eventually(lambda: resuming.stat("inbox/a.csv.partial").st_size == 1)
        with front.client() as client:
            file = client.open("inbox/a.csv", "wb")
            file.write(LINES[:BUFFER])
            file.flush()
        front.await_event(SessionKind.ABANDONED)
        part.close()
        assert resuming.stat("inbox/a.csv.partial").st_size == 1


def test_only_what_came_without_a_gap_is_kept(front: FrontDoor) -> None:
    with front.client() as client:
        file = client.open("inbox/a.csv", "wb")
        file.write(b"12345")
        file.seek(10)
        file.write(b"12345\n")
        file.close()
        assert client.stat("inbox/a.csv.partial").st_size == 5
    refused = (
        "/inbox/a.csv is not taken: of 16 bytes those from 5 on are not all written; 5 bytes stay as a.csv.partial"
    )
    assert front.await_event(SessionKind.REFUSED).detail == refused
    assert front.landed() == []


def test_out_of_order_and_whole_is_whole(front: FrontDoor) -> None:
    with front.client() as client:
        file = client.open("inbox/a.csv", "wb")
        for at in (5, 10, 0):
            file.seek(at)
            file.write(b"1234\n")
        file.close()
    assert front.landed() == [("a.csv", b"1234\n" * 3)]


def test_a_rename_of_what_seems_cut_must_be_said_twice(front: FrontDoor) -> None:
    with front.client() as client:
        with client.open("temp/a.csv", "wb") as file:
            file.write(LINES[: 2 * BUFFER])
        client.rename("temp/a.csv", "temp/b.csv")
        with pytest.raises(OSError, match=r"65536 bytes that end with a whole packet.*renamed once more it is"):
            client.rename("temp/b.csv", "inbox/b.csv")
        assert client.listdir("temp") == ["b.csv"]
        client.rename("temp/b.csv", "inbox/b.csv")
    assert front.landed() == [("b.csv", LINES[: 2 * BUFFER])]


def test_a_resumed_upload_is_doubted_no_more(front: FrontDoor) -> None:
    with front.client() as client:
        with client.open("temp/a.csv", "wb") as file:
            file.write(LINES[: 2 * BUFFER])
        with client.open("temp/a.csv", "ab") as file:
            file.write(LINES[2 * BUFFER :])
        client.rename("temp/a.csv", "inbox/a.csv")
    assert front.landed() == [("a.csv", LINES)]


@pytest.mark.parametrize(("stretched", "certain"), [(0, 70_000), (1 << 20, 65_536)], ids=["no gap", "a gap"])
def test_what_a_dead_process_had_received_is_kept(tmp_path: Path, stretched: int, certain: int) -> None:
    home = Home(tmp_path / "home")
    home.make()
    home.make_account("acme")
    session = home.uploading / "acme~0123"
    session.mkdir()
    with (session / upload_name("inbox", "50%.csv")).open("wb") as file:
        file.write(b"x" * 70_000)
        file.truncate(70_000 + stretched)
    with folder_opened(session) as own:
        size = certain_size(own, upload_name("inbox", "50%.csv"))
    assert size == 70_000 if not stretched else certain <= size <= 70_000
    [cut] = clear_dead_sessions(home)
    assert (cut.account, cut.path, cut.kept.name, cut.kept.size) == ("acme", "/inbox/50%.csv", "50%.csv.partial", size)
    assert (home.inbox("acme") / "50%.csv.partial").read_bytes() == b"x" * size
    assert list(home.uploading.iterdir()) == []


def test_a_dead_session_without_uploads_leaves_nothing(tmp_path: Path) -> None:
    home = Home(tmp_path / "home")
    home.make()
    (home.uploading / "acme~0123").mkdir()
    assert clear_dead_sessions(home) == []


def test_a_purge_deletes_old_unfinished_files_and_no_others(front: FrontDoor) -> None:
    names = ("a.partial", "a", "busy.filepart")
    for folder in ("temp", "inbox", "check", "outbox"):
        for name in names:
            path = front.home.account("acme") / folder / name
            path.write_bytes(b"12345")
            os.utime(path, (1_000_000_000, 1_000_000_000))
    changed = datetime.fromtimestamp((front.home.inbox("acme") / "a.partial").stat().st_ctime, UTC)
    assert purge(front.home, changed - timedelta(days=1)) == []
    with front.client() as client:
        busy = client.open("inbox/busy.filepart", "r+")
        purged = purge(front.home, changed + timedelta(days=1))
        busy.close()
    assert purged == [
        ("acme", "/inbox/a.partial", 5),
        ("acme", "/check/a.partial", 5),
        ("acme", "/check/busy.filepart", 5),
    ]
    assert sorted(path.name for path in front.home.inbox("acme").iterdir()) == ["a", "busy.filepart"]
    for folder in ("temp", "outbox"):
        assert sorted(path.name for path in (front.home.account("acme") / folder).iterdir()) == sorted(names)
