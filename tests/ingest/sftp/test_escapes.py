"""Every request under every spelling of a way out: what lies outside never shows in an answer and never changes."""

import os
import struct
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from ingest.landing import Landing
from ingest.sftp.interfaces import AccountKeys, Door
from ingest.sftp.limits import Limits
from ingest.sftp.requests import Requests
from ingest.sftp.session import Session
from ingest.sftp.wire import OpenFlag, Packet, string
from market.home import Home
from tests.ingest.sftp.front_door import START

pytestmark = pytest.mark.proof

CANARY = b"canary-7f3a91"
HIDDEN = "hidden-51c0"
"""Stands in the name of every file outside that a listing could show."""

WAYS_OUT = (
    *("..", "../..", "../../..", "temp/..", "temp/../..", "temp/../../bolt", "/temp/../../../etc/passwd", "./.././.."),
    *(
        "../bolt/inbox/hidden-51c0",
        "../../hidden-51c0",
        "temp/../../../hidden-51c0",
        "inbox/../temp/../../../hidden-51c0",
    ),
    *("/etc/passwd", "//etc/passwd", "/bolt", "/bolt/inbox/hidden-51c0", "bolt/outbox", "/accounts/bolt", "/archive"),
    *(
        "/keys/ssh_host_rsa_key",
        "/gridpost.db",
        "landing",
        "uploading",
        "/proc/self/environ",
        "/dev/zero",
        "/dev/stdin",
    ),
    *(
        "temp/link",
        "temp/linked",
        "temp/linked/hidden-51c0",
        "temp/second",
        "temp/pipe",
        "temp/dangling",
        "temp/folder",
    ),
    *("inbox/link.part", "inbox/second.part", "inbox/linked", "check/link.part", "outbox/link", "outbox/second"),
    *(
        "outbox/linked/hidden-51c0",
        "outbox/../../bolt/outbox/hidden-51c0",
        "linked/hidden-51c0",
        "temp/link/",
        "temp/link/.",
    ),
    *(
        "temp/%2e%2e/%2e%2e/hidden-51c0",
        "%2e%2e/hidden-51c0",
        "..%2f..%2fhidden-51c0",
        "temp/..%00/",
        "..\\..\\hidden-51c0",
    ),
    *("temp\\..\\..\\hidden-51c0", "C:\\hidden-51c0", "\\\\bolt\\inbox", "~", "~bolt/inbox", "$HOME", "`id`", "temp/*"),
    *(
        "temp/.. ",
        "temp/...",
        "temp/. .",
        "temp/a.",
        "temp/a ",
        "temp/con",
        "temp/NUL",
        "temp/aux.txt",
        "temp/a:b",
        "temp/.",
    ),
    *(
        "．．/hidden-51c0",
        "temp/․․",
        "temp／..／hidden-51c0",
        "temp/⁄etc",
        "temp/e\u0301",
        "temp/é",
        "temp/\u202eexe.a",
    ),
    *(
        "temp/a\nb",
        "temp/a\r",
        "temp/\x1b[2J",
        "temp/\x00",
        "temp/a\x00/../hidden-51c0",
        "\x00",
        "temp/\u200b",
        "temp/\ufeffa",
    ),
    *("temp/" + "n" * 255, "temp/" + "é" * 127, "temp/" + "n" * 5000, "../" * 300, "temp/" * 200, "", "/", "//", "."),
)
BYTES = (
    b"temp/\xc0\xae\xc0\xae/",
    b"\xc0\xae\xc0\xae/hidden-51c0",
    b"temp/\xff",
    b"\xed\xa0\x80",
    b"..\xc0\xafhidden-51c0",
)
SPELLINGS = (*(way.encode() for way in WAYS_OUT), *BYTES)

_NOTHING = struct.pack(">I", 0)
_SHORT = struct.pack(">IQ", 1, 0)
_TIMES = struct.pack(">III", 8, 1, 1)
_POSIX = string(b"posix-rename@openssh.com")


def _opened(*flags: OpenFlag) -> Callable[[bytes], tuple[Packet, bytes]]:
    return lambda path: (Packet.OPEN, string(path) + struct.pack(">I", sum(flags)) + _NOTHING)


REQUESTS: dict[str, Callable[[bytes], tuple[Packet, bytes]]] = {
    "open to read": _opened(OpenFlag.READ),
    "open to write": _opened(OpenFlag.READ, OpenFlag.WRITE),
    "open to create": _opened(OpenFlag.WRITE, OpenFlag.CREATE),
    "open to truncate": _opened(OpenFlag.WRITE, OpenFlag.CREATE, OpenFlag.TRUNCATE),
    "open to append": _opened(OpenFlag.READ, OpenFlag.WRITE, OpenFlag.APPEND),
    "opendir": lambda path: (Packet.OPENDIR, string(path)),
    "stat": lambda path: (Packet.STAT, string(path)),
    "lstat": lambda path: (Packet.LSTAT, string(path)),
    "truncate": lambda path: (Packet.SETSTAT, string(path) + _SHORT),
    "set times": lambda path: (Packet.SETSTAT, string(path) + _TIMES),
    "remove": lambda path: (Packet.REMOVE, string(path)),
    "rename from": lambda path: (Packet.RENAME, string(path) + string(b"temp/moved")),
    "rename to": lambda path: (Packet.RENAME, string(b"temp/mine") + string(path)),
    "submit": lambda path: (Packet.RENAME, string(path) + string(b"inbox/submitted")),
    "check": lambda path: (Packet.RENAME, string(path) + string(b"check/checked")),
    "posix-rename from": lambda path: (Packet.EXTENDED, _POSIX + string(path) + string(b"temp/mine")),
    "posix-rename to": lambda path: (Packet.EXTENDED, _POSIX + string(b"temp/mine") + string(path)),
    "mkdir": lambda path: (Packet.MKDIR, string(path) + _NOTHING),
    "rmdir": lambda path: (Packet.RMDIR, string(path)),
    "realpath": lambda path: (Packet.REALPATH, string(path)),
    "readlink": lambda path: (Packet.READLINK, string(path)),
    "symlink to": lambda path: (Packet.SYMLINK, string(path) + string(b"temp/mine")),
    "symlink at": lambda path: (Packet.SYMLINK, string(b"temp/new") + string(path)),
    "hard link": lambda path: (Packet.EXTENDED, string(b"hardlink@openssh.com") + string(path) + string(b"temp/new")),
}


class _Log:
    def write(self, event: object) -> None:
        """The session log."""


def _asked(requests: Requests, kind: Packet, fields: bytes) -> tuple[int, bytes]:
    answer = requests.answer(memoryview(bytes([kind]) + struct.pack(">I", 3) + fields))
    assert len(answer) == struct.unpack(">I", answer[:4])[0] + 4
    assert answer[5:9] == struct.pack(">I", 3)
    return answer[4], answer[9:]


def _whatever(requests: Requests, kind: Packet, fields: bytes) -> bytes:
    """Asks; uses what is opened in every way; gives all that was answered."""
    kind_answered, body = _asked(requests, kind, fields)
    if kind_answered != Packet.HANDLE:
        return body
    handle = body
    said = [
        _asked(requests, Packet.READ, handle + struct.pack(">QI", 0, 1000))[1],
        _asked(requests, Packet.READDIR, handle)[1],
        _asked(requests, Packet.READDIR, handle)[1],
        _asked(requests, Packet.FSTAT, handle)[1],
        _asked(requests, Packet.WRITE, handle + struct.pack(">Q", 0) + string(b"written"))[1],
        _asked(requests, Packet.FSETSTAT, handle + _SHORT)[1],
        _asked(requests, Packet.FSETSTAT, handle + _TIMES)[1],
        _asked(requests, Packet.CLOSE, handle)[1],
    ]
    return b"".join(said)


@pytest.fixture
def home(tmp_path: Path) -> Home:
    """A home with what another party has, what is the gateway's own, and links that some other process placed."""
    home = Home(tmp_path / "home")
    home.make()
    for account in ("acme", "bolt"):
        home.make_account(account)
    for place in (
        *(home.account("bolt"), home.inbox("bolt"), home.outbox("bolt"), home.temp("bolt"), home.accounts, home.root),
        *(home.archive, home.keys, tmp_path),
    ):
        (place / HIDDEN).write_bytes(CANARY)
    outside = home.inbox("bolt") / HIDDEN
    for folder, end in (("temp", ""), ("inbox", ".part"), ("check", ".part"), ("outbox", "")):
        own = home.account("acme") / folder
        (own / f"link{end}").symlink_to(outside)
        (own / "linked").symlink_to(home.inbox("bolt"), target_is_directory=True)
        (own / f"second{end}").hardlink_to(outside)
        (own / "dangling").symlink_to(home.inbox("bolt") / f"made-{HIDDEN}")
    os.mkfifo(home.temp("acme") / "pipe")
    (home.temp("acme") / "folder").mkdir()
    return home


@pytest.fixture
def requests(home: Home) -> Iterator[Requests]:
    made = _requests(home)
    yield made
    made.abandon()
    made._session.end()


def _requests(home: Home) -> Requests:
    landing, dry_runs = Landing(home.landing, lambda: START), Landing(home.dry_runs, lambda: START)
    door = Door(
        home, lambda: START, Limits(disk_reserve=0), None, _Log(), landing, dry_runs,  # type: ignore[arg-type]
        lambda landed: None, lambda account, name: None,
    )  # fmt: skip
    return Requests(Session(door, AccountKeys("acme", "ACME", ()), "127.0.0.1"), 64)


def _outside(home: Home) -> dict[str, tuple[object, ...]]:
    """Everything outside the party's folders: names, bytes, modes, times of change."""
    found = {}
    for path in home.root.parent.rglob("*"):
        parts = path.relative_to(home.root.parent).parts
        if parts[1:3] == ("accounts", "acme") or parts[1:2] in (("landing",), ("dry_runs",), ("uploading",)):
            continue
        status = path.lstat()
        content = path.read_bytes() if path.is_file() else b""
        times = (status.st_mtime_ns, status.st_mode, status.st_uid) if len(parts) > 2 else ()
        found[str(path)] = (content, *times)
    return found


def test_no_request_leads_out(home: Home, requests: Requests, tried: Callable[[str, str, int], None]) -> None:
    before, cases = _outside(home), 0
    ours = os.fsencode(home.root)
    for name, request in REQUESTS.items():
        for spelling in SPELLINGS:
            (home.temp("acme") / "mine").write_bytes(b"mine")
            said = _whatever(requests, *request(spelling))
            assert CANARY not in said, (name, spelling)
            assert ours not in said, (name, spelling)
            if name != "realpath":  # which only says the path again
                assert HIDDEN.encode() not in said.replace(spelling, b""), (name, spelling)
            cases += 1
    assert _outside(home) == before
    for taken in (*home.landing.rglob("*"), *home.dry_runs.rglob("*")):
        assert not taken.is_symlink()
        assert not taken.is_file() or (CANARY not in taken.read_bytes() and "ACME/acme/" in str(taken))
    tried("hostile cases", "requests under spellings that lead out", cases)


def test_a_folder_that_becomes_a_link(home: Home, requests: Requests, tried: Callable[[str, str, int], None]) -> None:
    """A session keeps the folders that it began with; a session that begins then is refused."""
    before = _outside(home)
    for folder in ("temp", "inbox", "check", "outbox"):
        own = home.account("acme") / folder
        own.rename(home.account("acme") / f"was-{folder}")
        own.symlink_to(home.account("bolt") / folder, target_is_directory=True)
        for request in REQUESTS.values():
            for spelling in (folder, f"{folder}/{HIDDEN}", f"{folder}/new"):
                assert CANARY not in _whatever(requests, *request(spelling.encode()))
        with pytest.raises(OSError, match=r"Not a directory|Too many levels"):
            _requests(home)
    assert _outside(home) == before
    tried("hostile cases", "folders that become links", 4)


def test_a_file_that_becomes_a_link_while_it_is_opened(
    home: Home, requests: Requests, whole: bool, tried: Callable[[str, str, int], None]
) -> None:
    before, stopped = _outside(home), threading.Event()
    own, other = home.temp("acme") / "turning", home.temp("acme") / "other"

    def turn() -> None:
        while not stopped.is_set():
            other.symlink_to(home.inbox("bolt") / HIDDEN)
            other.rename(own)
            other.write_bytes(b"mine")
            other.rename(own)

    thread = threading.Thread(target=turn)
    thread.start()
    try:
        times = 3000 if whole else 100
        for _ in range(times):
            for name in ("open to read", "open to truncate", "truncate", "stat", "submit"):
                assert CANARY not in _whatever(requests, *REQUESTS[name](b"temp/turning"))
    finally:
        stopped.set()
        thread.join()
    assert _outside(home) == before
    tried("hostile cases", "requests for a file that becomes a link", times * 5)
