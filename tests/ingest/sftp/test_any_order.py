"""SFTP requests in any order, of two sessions of one account, against a model in memory.

The model says what a party sees and what is submitted; nothing else may happen: nothing is written to outbox, what is
taken has left, what lands is what the client wrote, once for each upload.
"""

import struct
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    consumes,
    invariant,
    multiple,
    rule,
    run_state_machine_as_test,
)

from ingest.landing import Landing, waiting
from ingest.sftp.interfaces import AccountKeys, Door
from ingest.sftp.limits import Limits
from ingest.sftp.paths import Folder, Place
from ingest.sftp.requests import Requests
from ingest.sftp.session import Session
from ingest.sftp.status import Status
from ingest.sftp.wire import OpenFlag, Packet, string
from market.home import Home
from tests.ingest.sftp.front_door import START

R, W, A, C, T, X = (
    OpenFlag.READ,
    OpenFlag.WRITE,
    OpenFlag.APPEND,
    OpenFlag.CREATE,
    OpenFlag.TRUNCATE,
    OpenFlag.EXCLUSIVE,
)
MODES = (R, W, W | C | T, W | C | X, R | W | C, W | C | A)
FOLDERS = ("temp", "inbox", "check", "outbox")
SPOTS = ("temp/a", "temp/b", "inbox/a", "inbox/a.part", "inbox/a.partial", "check/a", "outbox/a")
PLACES = st.sampled_from([(folder, name) for folder, _, name in (spot.partition("/") for spot in SPOTS)])
SESSIONS = st.sampled_from((0, 1))
Spot = tuple[str, str]


def taken_when_closed(spot: Spot) -> bool:
    return spot[0] in ("inbox", "check") and not spot[1].endswith((".part", ".partial"))


@dataclass
class File:
    """A file of the model; `users` counts the handles that it is open under."""

    content: bytearray = field(default_factory=bytearray)
    users: int = 0


@dataclass
class Handle:
    session: int
    desk: "Desk"
    handle: bytes
    spot: Spot
    flags: int
    file: File
    aside: bool = False


@dataclass
class Desk:
    """A session, and what the model knows of it."""

    session: Session
    requests: Requests
    uploads: dict[Spot, Handle] = field(default_factory=dict)
    taken: set[Spot] = field(default_factory=set)


class Party(RuleBasedStateMachine):
    handles = Bundle("handles")

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory(prefix="gridpost-party-")
        self.home = Home(Path(self.folder.name))
        self.home.make()
        self.collected: list[str] = []
        self.door = Door(
            self.home,
            lambda: START,
            Limits(disk_reserve=0),
            None,  # type: ignore[arg-type]
            self,
            Landing(self.home.landing, lambda: START),
            Landing(self.home.dry_runs, lambda: START),
            lambda landed: None,
            lambda account, name: self.collected.append(name),
        )
        self.home.make_account("bolt")
        self.canary = self.home.inbox("bolt") / "canary"
        self.canary.write_bytes(b"canary")
        self.desks = [self._desk(), self._desk()]
        self.files: dict[Spot, File] = {}
        self.landed: list[tuple[str, str, bytes]] = []
        self.expected_collected: list[str] = []
        self.opened: list[Handle] = []

    def write(self, event: object) -> None:
        """The session log."""

    def _desk(self) -> Desk:
        session = Session(self.door, AccountKeys("acme", "ACME", ()), "127.0.0.1")
        return Desk(session, Requests(session, 64))

    def _ask(self, at: int, kind: Packet, *fields: bytes) -> tuple[int, bytes]:
        """(packet type, body) of the one answer."""
        packet = bytes([kind]) + struct.pack(">I", 9) + b"".join(fields)
        answer = self.desks[at].requests.answer(memoryview(packet))
        assert struct.unpack(">I", answer[:4])[0] == len(answer) - 4
        assert struct.unpack(">I", answer[5:9])[0] == 9
        assert b"canary" not in answer
        return answer[4], answer[9:]

    def _done(self, at: int, kind: Packet, *fields: bytes) -> bool:
        """Whether the answer is OK; why not, else, is in `self.why`."""
        answered, body = self._ask(at, kind, *fields)
        assert answered == Packet.STATUS
        code, length = struct.unpack(">II", body[:8])
        self.why = body[8 : 8 + length].decode()
        assert self.why.isprintable()
        assert "its operator knows" not in self.why
        return bool(code == Status.OK)

    def _land(self, spot: Spot, content: bytes, at: int) -> None:
        self.landed.append((*spot, content))
        self.desks[at].taken.add(spot)

    @rule(target=handles, at=SESSIONS, spot=PLACES, flags=st.sampled_from(MODES))
    def open(self, at: int, spot: Spot, flags: int) -> object:
        kind, body = self._ask(at, Packet.OPEN, string("/".join(spot).encode()), struct.pack(">II", flags, 0))
        desk, file = self.desks[at], self.files.get(spot)
        aside = bool(flags & W) and taken_when_closed(spot)
        if flags & W and spot[0] == "outbox":
            opens = False
        elif aside:
            opens = bool(flags & C) and spot not in desk.uploads
        elif file is None:
            opens = bool(flags & C)
        else:
            opens = not flags & X
        assert (kind == Packet.HANDLE) == opens
        if not opens:
            return multiple()
        if aside:
            file = File()
        elif file is None:
            file = self.files[spot] = File()
        if flags & T:
            file.content.clear()
        file.users += 1
        handle = Handle(at, desk, body[4:], spot, flags, file, aside)
        self.opened.append(handle)
        if aside:
            desk.uploads[spot] = handle
            desk.taken.discard(spot)
        return handle

    def _is_open(self, handle: Handle) -> bool:
        return self._is_current(handle) and handle.handle in handle.desk.session.files

    def _is_current(self, handle: Handle) -> bool:
        """Whether its session is still there: the next one counts its handles anew."""
        return handle.desk is self.desks[handle.session]

    @rule(handle=handles, part=st.floats(0, 1), content=st.binary(max_size=20))
    def write_at(self, handle: Handle, part: float, content: bytes) -> None:
        """Anywhere in what is there, or right behind it."""
        size = len(handle.file.content)
        at = size if handle.flags & A else int(part * size)
        done = self._is_current(handle) and self._done(
            handle.session, Packet.WRITE, string(handle.handle), struct.pack(">Q", at), string(content)
        )
        assert done == (self._is_open(handle) and bool(handle.flags & W))
        if done:
            handle.file.content[at : at + len(content)] = content

    @rule(handle=handles, offset=st.integers(0, 30))
    def read(self, handle: Handle, offset: int) -> None:
        if not self._is_current(handle):
            return
        kind, body = self._ask(handle.session, Packet.READ, string(handle.handle), struct.pack(">QI", offset, 50))
        if self._is_open(handle) and handle.flags & R and offset < len(handle.file.content):
            assert (kind, body[4:]) == (Packet.DATA, bytes(handle.file.content[offset : offset + 50]))
        else:
            assert kind == Packet.STATUS

    @rule(handle=handles, size=st.integers(0, 20))
    def cut(self, handle: Handle, size: int) -> None:
        wanted = min(size, len(handle.file.content))
        done = self._is_current(handle) and self._done(
            handle.session, Packet.FSETSTAT, string(handle.handle), struct.pack(">IQ", 1, wanted)
        )
        assert done == (self._is_open(handle) and bool(handle.flags & W))
        if done:
            del handle.file.content[wanted:]

    @rule(handle=consumes(handles))
    def close(self, handle: Handle) -> None:
        was_open = self._is_open(handle)
        if not self._is_current(handle):
            return
        assert self._done(handle.session, Packet.CLOSE, string(handle.handle)) == was_open
        if was_open:
            handle.file.users -= 1
            if handle.aside:
                del self.desks[handle.session].uploads[handle.spot]
                self._land(handle.spot, bytes(handle.file.content), handle.session)

    @rule(at=SESSIONS, old=PLACES, new=PLACES, replace=st.booleans())
    def rename(self, at: int, old: Spot, new: Spot, replace: bool) -> None:
        paths = string("/".join(old).encode()), string("/".join(new).encode())
        kind, fields = (
            (Packet.EXTENDED, (string(b"posix-rename@openssh.com"), *paths)) if replace else (Packet.RENAME, paths)
        )
        done = self._done(at, kind, *fields)
        if not done and "renamed once more it is" in self.why:
            done = self._done(at, kind, *fields)  # two writers of one file leave each other in doubt
        desk, file, there = self.desks[at], self.files.get(old), self.files.get(new)
        allowed = (
            "outbox" not in (old[0], new[0])
            and old not in desk.uploads
            and new not in desk.uploads
            and old not in desk.taken
            and (old[0] == "temp" or old[0] == new[0])
            and file is not None
            and not file.users
        )
        if allowed and not taken_when_closed(new) and there is not None:
            allowed = replace and (there is file or not there.users)
        assert done == allowed, self.why
        if not done:
            return
        assert file is not None
        if taken_when_closed(new):
            del self.files[old]
            self._land(new, bytes(file.content), at)
        else:
            del self.files[old]
            self.files[new] = file

    @rule(at=SESSIONS, spot=PLACES)
    def remove(self, at: int, spot: Spot) -> None:
        done = self._done(at, Packet.REMOVE, string("/".join(spot).encode()))
        desk, file = self.desks[at], self.files.get(spot)
        free = file is not None and (spot[0] == "outbox" or not file.users)
        assert done == (spot not in desk.uploads and spot not in desk.taken and free), self.why
        if spot not in desk.uploads:
            desk.taken.discard(spot)
        if done:
            del self.files[spot]
            if spot[0] == "outbox":
                self.expected_collected.append(spot[1])

    @rule(at=SESSIONS, spot=PLACES)
    def look(self, at: int, spot: Spot) -> None:
        kind, _ = self._ask(at, Packet.STAT, string("/".join(spot).encode()))
        uploads = {spot for desk in self.desks for spot in desk.uploads}
        there = spot in self.files or spot in uploads or spot in self.desks[at].taken
        assert kind == (Packet.ATTRS if there else Packet.STATUS)

    @rule(spot=PLACES)
    def answer(self, spot: Spot) -> None:
        """The gateway delivers."""
        if spot[0] == "outbox" and spot not in self.files:
            (self.home.outbox("acme") / spot[1]).write_bytes(b"answer")
            self.files[spot] = File(bytearray(b"answer"))

    @rule(at=SESSIONS)
    def vanish(self, at: int) -> None:
        """A session ends in the middle; another begins."""
        desk = self.desks[at]
        desk.requests.abandon()
        desk.session.end()
        for spot, handle in desk.uploads.items():
            partial = (spot[0], f"{spot[1]}.partial")
            there = self.files.get(partial)
            if there is None or (len(there.content) <= len(handle.file.content) and not self._users(there, at)):
                self.files[partial] = File(handle.file.content)
        for file in self.files.values():
            file.users = self._users(file, at)
        self.desks[at] = self._desk()

    def _users(self, file: File, but: int) -> int:
        return sum(one.file is file and one.session != but and self._is_open(one) for one in self.opened)

    @invariant()
    def as_the_model_says(self) -> None:
        uploads = {spot for desk in self.desks for spot in desk.uploads}
        for folder in FOLDERS:
            root = self.home.account("acme") / folder
            found = {path.name: path.read_bytes() for path in root.iterdir()}
            assert found == {name: bytes(file.content) for (into, name), file in self.files.items() if into == folder}
            seen = {name for into, name in uploads if into == folder} | set(found)
            for desk in self.desks:
                assert {name for name, _ in desk.session.view.names(Place(Folder(folder)))} == seen
        landed = [
            ("inbox", one.file_name, (self.home.landing / one.path).read_bytes()) for one in waiting(self.home.landing)
        ]
        checked = [
            ("check", one.file_name, (self.home.dry_runs / one.path).read_bytes())
            for one in waiting(self.home.dry_runs)
        ]
        assert sorted(landed + checked) == sorted(self.landed)
        assert self.collected == self.expected_collected
        assert self.canary.read_bytes() == b"canary"

    def teardown(self) -> None:
        for desk in self.desks:
            desk.requests.abandon()
            desk.session.end()
        assert list(self.home.uploading.iterdir()) == []
        self.folder.cleanup()


@pytest.mark.proof
def test_requests_in_any_order(whole: bool, tried: Callable[[str, str, int], None]) -> None:
    examples, steps = (400, 60) if whole else (60, 40)
    run_state_machine_as_test(Party, settings=settings(max_examples=examples, stateful_step_count=steps, deadline=None))
    tried("hostile cases", "sequences of requests", examples)
