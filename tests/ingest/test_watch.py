"""Inboxes that a plain sshd writes: what is taken, when it arrived, and what is left alone."""

import errno
import os
import socket
import stat
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ingest import watch
from ingest.landing import Landed, Landing, waiting
from ingest.sftp.interfaces import SessionEvent, SessionKind
from ingest.sshd_log import LOG_FOLDER, SshdLog
from ingest.watch import InboxWatch, Left, landing_hints
from market.clock import Clock, system_clock
from market.home import Home

IDD = b"AAA|P0328001|D|20260915100000|\nZZZ|2|0|\n"


class Inbox:
    def __init__(self, root: Path) -> None:
        self.home = Home(root)
        self.home.make()
        self.home.make_account("acme")
        self.left: list[Left] = []
        self.landing = Landing(self.home.landing, system_clock)
        self.events: list[SessionEvent] = []
        self.log = SshdLog(self.home, system_clock, self)
        self.folder = self.home.inbox("acme")
        self.watch = self.watched(system_clock)
        self.temp = self.home.temp("acme")

    def watched(self, clock: Clock) -> InboxWatch:
        return InboxWatch(
            self.home,
            self.folder.name,
            self.landing,
            clock,
            lambda: [("acme", "ACME")],
            self.log,
            self.left.append,
        )

    def write(self, event: SessionEvent) -> None:
        self.events.append(event)

    def logs(self) -> socket.socket:
        """The end of the log to which an sshd sends."""
        (self.home.account("acme") / LOG_FOLDER).mkdir()
        self.log.listen(["acme"])
        sshd = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        sshd.connect(str(self.home.account("acme") / LOG_FOLDER / "log"))
        return sshd

    def rename_in(self, name: str, content: bytes) -> None:
        (self.temp / name).write_bytes(content)
        # A rename in the tick of the last write cannot be told from the write without its event.
        os.utime(self.temp / name, ns=(0, time.time_ns() - 10**9))
        (self.temp / name).rename(self.folder / name)

    def swept(self, times: int = 2) -> list[str]:
        return [landed.file_name for _ in range(times) for landed in self.watch.sweep()]


@pytest.fixture
def inbox(tmp_path: Path) -> Iterator[Inbox]:
    made = Inbox(tmp_path / "home")
    with made.log:
        yield made


def test_a_renamed_file_is_taken_by_the_sweep(inbox: Inbox) -> None:
    inbox.rename_in("gcdc_1.csv", b"a,b\n")
    changed = (inbox.folder / "gcdc_1.csv").stat().st_ctime_ns
    assert inbox.swept() == ["gcdc_1.csv"]
    [landed] = waiting(inbox.home.landing)
    assert landed.stamp == datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=changed // 1000)
    assert (inbox.home.landing / landed.path).read_bytes() == b"a,b\n"
    assert list(inbox.folder.iterdir()) == []


def test_an_idd_file_is_taken_once_closed_and_still(inbox: Inbox) -> None:
    with (inbox.folder / "A").open("wb") as file:
        file.write(b"\xef\xbb\xbf" + IDD)
        file.flush()
        assert inbox.swept(3) == []
    assert inbox.swept() == ["A"]
    assert inbox.left == []


def test_a_renamed_file_that_is_still_written_waits(inbox: Inbox) -> None:
    with (inbox.temp / "A").open("wb") as file:
        file.write(IDD)
        file.flush()
        os.utime(inbox.temp / "A", ns=(0, 0))
        (inbox.temp / "A").rename(inbox.folder / "A")
        assert inbox.swept(3) == []
    assert inbox.swept() == ["A"]


@pytest.mark.parametrize("name", ["pn_1.csv", "pn_1.CSV", "notes.txt"])
def test_what_is_written_in_place_and_no_idd_waits_for_its_rename(inbox: Inbox, name: str) -> None:
    (inbox.folder / name).write_bytes(b"a,b\n")
    assert inbox.swept(3) == []
    assert (inbox.folder / name).exists()


@pytest.mark.parametrize("name", [".A", "A.part", "A.Partial", "A.TMP", "A.filepart"])
def test_unfinished_names_are_never_taken(inbox: Inbox, name: str) -> None:
    inbox.rename_in(name, IDD)
    assert inbox.swept(3) == []


def _symbolic_link(path: Path) -> None:
    path.symlink_to("/etc/passwd")


def _folder(path: Path) -> None:
    path.mkdir()


def _pipe(path: Path) -> None:
    os.mkfifo(path)


@pytest.mark.parametrize("make", [_symbolic_link, _folder, _pipe])
def test_what_is_no_file_is_told_once_and_left(inbox: Inbox, make: Callable[[Path], None]) -> None:
    make(inbox.folder / "A")
    assert inbox.swept(3) == []
    assert inbox.left == [Left("acme", "A", "it is not a regular file")]
    assert os.path.lexists(inbox.folder / "A")


def test_a_file_with_a_second_name_is_told_and_left(inbox: Inbox) -> None:
    inbox.rename_in("A", IDD)
    os.link(inbox.folder / "A", inbox.temp / "B")
    assert inbox.swept(3) == []
    assert inbox.left == [Left("acme", "A", "it has 2 names, a file that is taken has 1")]


def test_several_files_are_taken_in_order_of_arrival(inbox: Inbox) -> None:
    names = ["c", "a", "b"]
    for name in names:
        inbox.rename_in(name, IDD)
        time.sleep(0.02)
    assert inbox.swept() == names
    assert [landed.file_name for landed in waiting(inbox.home.landing)] == names


def test_the_clock_decides_where_the_system_does_not_tell(inbox: Inbox, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(watch, "is_closed", lambda inbox, name: None)
    (inbox.folder / "A").write_bytes(IDD)
    written = (inbox.folder / "A").stat().st_mtime_ns
    now = [datetime.fromtimestamp(written / 1e9, UTC) + watch.STILL - timedelta(seconds=1)]
    late = inbox.watched(lambda: now[0])
    assert [*late.sweep(), *late.sweep()] == []
    now[0] += timedelta(seconds=2)
    assert [landed.file_name for landed in late.sweep()] == ["A"]


def test_what_waits_for_its_rename_is_told_in_the_end(inbox: Inbox) -> None:
    (inbox.folder / "pn_1.csv").write_bytes(b"a\n")
    assert inbox.swept(3) == []
    assert inbox.left == []
    later = system_clock() + watch.STILL
    late = inbox.watched(lambda: later)
    assert [*late.sweep(), *late.sweep(), *late.sweep()] == []
    assert [left.reason for left in inbox.left] == ["it is no IDD file and was written in place; it waits for a rename"]


@pytest.fixture
def running(inbox: Inbox) -> Iterator[list[Landed]]:
    taken: list[Landed] = []
    stop = threading.Event()
    thread = threading.Thread(target=inbox.watch.run, args=(stop, taken.append))
    thread.start()
    yield taken
    stop.set()
    thread.join(20)
    assert not thread.is_alive()


def test_a_rename_is_seen_as_it_happens(inbox: Inbox, running: list[Landed]) -> None:
    inbox.rename_in("A", IDD)
    _await(lambda: len(running) == 1)  # the events are watched from here on
    for number in range(5):
        # Without old times, so that nothing but the event tells of the rename.
        (inbox.temp / f"pn_{number}.csv").write_bytes(b"a\n")
        (inbox.temp / f"pn_{number}.csv").rename(inbox.folder / f"pn_{number}.csv")
    _await(lambda: len(running) == 6)
    assert {landed.file_name for landed in running[1:]} == {f"pn_{number}.csv" for number in range(5)}


def test_a_landing_gives_a_hint(inbox: Inbox) -> None:
    hinted = threading.Event()
    with landing_hints(inbox.home.landing, hinted.set):
        inbox.rename_in("A", IDD)
        inbox.swept()
        assert hinted.wait(20)


def _await(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_a_watch_over_check_folders_takes_from_them_alone(inbox: Inbox) -> None:
    inbox.rename_in("pn_1.csv", b"a\n")
    inbox.folder = inbox.home.check("acme")
    inbox.rename_in("pn_2.csv", b"a\n")
    inbox.watch = inbox.watched(system_clock)
    assert inbox.swept() == ["pn_2.csv"]
    inbox.folder = inbox.home.inbox("acme")
    inbox.watch = inbox.watched(system_clock)
    assert inbox.swept() == ["pn_1.csv"]


def _logged(line: str) -> bytes:
    return f"<38>Nov  2 09:30:00 internal-sftp[4711]: {line}".encode()


WRITTEN = {"A": IDD, "cut": IDD[:-5], "no_footer": IDD[: IDD.index(b"ZZZ")]}


@pytest.mark.parametrize("name", WRITTEN)
def test_what_the_log_says_is_closed_is_taken_at_once_if_its_footer_is_whole(inbox: Inbox, name: str) -> None:
    with inbox.logs() as sshd:
        (inbox.folder / name).write_bytes(WRITTEN[name])
        sshd.send(_logged(f'close "/inbox/{name}" bytes read 0 written 40'))
        taken = [landed.file_name for landed in inbox.watch.sweep()]
    assert taken == ([name] if name == "A" else [])
    assert [path.name for path in inbox.folder.iterdir()] == ([] if name == "A" else [f"{name}.partial"])
    assert [left.name for left in inbox.left] == ([] if name == "A" else [name])


@pytest.mark.parametrize("name", [*WRITTEN, 'a" bytes read 0 written 5', "ä\\n"])
def test_a_forced_close_is_kept_as_partial_whatever_is_in_it(inbox: Inbox, name: str) -> None:
    """Also where a client reads what is there of it before the gateway looks."""
    content = WRITTEN.get(name, IDD)
    escaped = "".join(
        character
        if character.isascii() and character != "\\"
        else "".join(f"\\{byte:03o}" for byte in character.encode())
        for character in name
    )
    with inbox.logs() as sshd:
        (inbox.folder / name).write_bytes(content)
        sshd.send(_logged(f'open "inbox/{escaped}" flags WRITE,CREATE,TRUNCATE mode 0644'))
        sshd.send(_logged(f'forced close "inbox/{escaped}" bytes read 0 written {len(content)}'))
        sshd.send(_logged(f'open "inbox/{escaped}" flags READ mode 0644'))
        sshd.send(_logged(f'close "inbox/{escaped}" bytes read {len(content)} written 0'))
        assert inbox.swept(3) == []
    assert [(path.name, path.read_bytes()) for path in inbox.folder.iterdir()] == [(f"{name}.partial", content)]
    [left] = inbox.left
    assert left.reason == (f"its session ended before it was closed; {len(content)} bytes stay as {name}.partial")
    assert [event.kind for event in inbox.events] == [SessionKind.UPLOAD, SessionKind.ABANDONED]


@pytest.mark.parametrize(
    "since", ['open "/inbox/A" flags WRITE,APPEND mode 0644', 'posix-rename old "/temp/A" new "/inbox/A"', None]
)
def test_what_was_cut_and_is_written_or_renamed_anew_is_no_longer_cut(inbox: Inbox, since: str | None) -> None:
    with inbox.logs() as sshd:
        (inbox.folder / "A").write_bytes(IDD)
        sshd.send(_logged('forced close "/inbox/A" bytes read 0 written 40'))
        if since:
            sshd.send(_logged(since))
        assert inbox.swept(3) == ([] if since is None else ["A"])


@pytest.mark.parametrize("content", [IDD, IDD[:-5]])
def test_without_a_log_the_footer_decides(inbox: Inbox, content: bytes) -> None:
    """No log says how it ended: closed, still and whole is taken; what has no end is kept as partial after a while."""
    (inbox.folder / "A").write_bytes(content)
    assert inbox.swept(3) == (["A"] if content == IDD else [])
    assert (inbox.folder / "A").exists() == (content != IDD)
    late = inbox.watched(lambda: system_clock() + watch.STILL)
    assert [*late.sweep(), *late.sweep(), *late.sweep()] == []
    assert [path.name for path in inbox.folder.iterdir()] == ([] if content == IDD else ["A.partial"])


def test_a_csv_file_that_is_written_in_place_and_given_its_times_waits(inbox: Inbox) -> None:
    """As `put -p` does: the log tells that it was closed there, not renamed."""
    with inbox.logs() as sshd:
        (inbox.folder / "pn_1.csv").write_bytes(b"a\n")
        os.utime(inbox.folder / "pn_1.csv", ns=(0, 0))
        sshd.send(_logged('close "/inbox/pn_1.csv" bytes read 0 written 2'))
        assert inbox.swept(3) == []
        (inbox.folder / "pn_1.csv").rename(inbox.folder / "pn_2.csv")
        assert inbox.swept(3) == ["pn_2.csv"]


def test_a_folder_that_cannot_be_read_keeps_no_other_party_back(inbox: Inbox) -> None:
    inbox.home.make_account("bolt")
    (inbox.home.inbox("bolt")).rmdir()
    (inbox.home.inbox("bolt")).write_bytes(b"no folder")
    inbox.rename_in("A", IDD)
    both = InboxWatch(
        inbox.home,
        "inbox",
        inbox.landing,
        system_clock,
        lambda: [("bolt", "BOLT"), ("acme", "ACME")],
        inbox.log,
        inbox.left.append,
    )
    assert [landed.file_name for _ in range(2) for landed in both.sweep()] == ["A"]
    assert [(left.account, left.name) for left in inbox.left] == [("bolt", "inbox")]


def test_a_rename_in_two_steps_is_taken_when_it_is_done(inbox: Inbox) -> None:
    """As sshd renames for clients that ask for no more than SFTP's own rename; the log tells of it before."""
    with inbox.logs() as sshd:
        (inbox.temp / "pn_1.csv").write_bytes(b"a\n")
        sshd.send(_logged('rename old "/temp/pn_1.csv" new "/inbox/pn_1.csv"'))
        os.link(inbox.temp / "pn_1.csv", inbox.folder / "pn_1.csv")
        assert inbox.swept(1) == []
        (inbox.temp / "pn_1.csv").unlink()
        assert inbox.swept(1) == ["pn_1.csv"]
    assert inbox.left == []


def test_a_rename_that_fails_submits_nothing(inbox: Inbox) -> None:
    (inbox.folder / "pn_1.csv").write_bytes(b"a\n")
    with inbox.logs() as sshd:
        assert inbox.swept(2) == []
        sshd.send(_logged('rename old "/temp/pn_1.csv" new "/inbox/pn_1.csv"'))
        assert inbox.swept(3) == []
    assert (inbox.folder / "pn_1.csv").exists()


@pytest.mark.parametrize("fails", [True, False])
def test_a_file_of_which_the_disk_lost_bytes_is_not_taken_at_another_try(
    inbox: Inbox, monkeypatch: pytest.MonkeyPatch, fails: bool
) -> None:
    failures = [OSError(errno.EIO, "Input/output error")] if fails else []

    def sync(descriptor: int) -> None:
        if failures and stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise failures.pop()

    inbox.rename_in("gcdc_1.csv", b"a,b\n")
    monkeypatch.setattr(os, "fsync", sync)
    assert inbox.swept(4) == ([] if fails else ["gcdc_1.csv"])
    assert [path.name for path in inbox.folder.iterdir()] == (["gcdc_1.csv.partial"] if fails else [])
    assert [one.reason for one in inbox.left] == (
        ["the disk reports a failure, bytes may be lost: Input/output error; 4 bytes stay as gcdc_1.csv.partial"]
        if fails
        else []
    )
