"""Inboxes that a plain sshd writes: what is taken, when it arrived, and what is left alone."""

import os
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ingest import watch
from ingest.landing import Landed, Landing, waiting
from ingest.watch import InboxWatch, Left, landing_hints
from market.clock import Clock, system_clock
from market.home import Home

IDD = b"AAA|P0328001|D|20260915100000|\n"


class Inbox:
    def __init__(self, root: Path) -> None:
        self.home = Home(root)
        self.home.make()
        self.home.make_account("acme")
        self.left: list[Left] = []
        self.landing = Landing(self.home.landing, system_clock)
        self.folder = self.home.inbox("acme")
        self.watch = self.watched(system_clock)
        self.temp = self.home.temp("acme")

    def watched(self, clock: Clock) -> InboxWatch:
        return InboxWatch(
            self.home, self.folder.name, self.landing, clock, lambda: [("acme", "ACME")], self.left.append
        )

    def rename_in(self, name: str, content: bytes) -> None:
        (self.temp / name).write_bytes(content)
        # A rename in the tick of the last write cannot be told from the write without its event.
        os.utime(self.temp / name, ns=(0, time.time_ns() - 10**9))
        (self.temp / name).rename(self.folder / name)

    def swept(self, times: int = 2) -> list[str]:
        return [landed.file_name for _ in range(times) for landed in self.watch.sweep()]


@pytest.fixture
def inbox(tmp_path: Path) -> Inbox:
    return Inbox(tmp_path / "home")


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
