"""OpenSSH's own sftp against the server."""

import os
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from ingest.sftp.interfaces import SessionKind
from tests.ingest.sftp.front_door import FrontDoor, eventually

SFTP = shutil.which("sftp")
pytestmark = pytest.mark.skipif(SFTP is None and not os.environ.get("CI"), reason="no OpenSSH client on this machine")

CONTENT = b"AAA|P0328001|\n" * 50_000


class Client:
    """`sftp -b` as account acme."""

    def __init__(self, front: FrontDoor, folder: Path) -> None:
        self.folder = folder
        key = folder / "key"
        front.keys["acme"].write_private_key_file(str(key))
        self._command = [str(SFTP), "-q", "-b", "-", "-P", str(front.port), "-i", str(key)]
        for option in (
            "StrictHostKeyChecking=no",
            f"UserKnownHostsFile={folder / 'known_hosts'}",
            "IdentitiesOnly=yes",
            "IdentityAgent=none",
            "LogLevel=ERROR",
        ):
            self._command += ["-o", option]

    def start(self, *options: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [*self._command, *options, "acme@127.0.0.1"],
            cwd=self.folder,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )

    def run(self, *lines: str, options: tuple[str, ...] = ()) -> tuple[int, str]:
        with self.start(*options) as process:
            output, _ = process.communicate("\n".join(lines) + "\n", timeout=60)
        return process.returncode, output


@pytest.fixture
def client(front: FrontDoor, tmp_path: Path) -> Client:
    made = Client(front, tmp_path)
    (tmp_path / "a.idd").write_bytes(CONTENT)
    os.utime(tmp_path / "a.idd", (1_700_000_000, 1_700_000_000))
    return made


def test_upload_and_rename(front: FrontDoor, client: Client) -> None:
    code, output = client.run("cd temp", "put a.idd", "rename a.idd /inbox/a.idd", "ls -l /inbox", "ls /temp")
    assert code == 0, output
    assert "a.idd\n" not in output.split("ls -l")[1].split("\n", 1)[1]
    assert front.landed() == [("a.idd", CONTENT)]


@pytest.mark.parametrize("options", [(), ("-p",), ("-f",), ("-B", "200000")], ids=["plain", "-p", "-f", "-B"])
def test_direct_upload(front: FrontDoor, client: Client, options: tuple[str, ...]) -> None:
    code, output = client.run("put a.idd inbox/a.idd", "ls -l inbox/a.idd", options=options)
    assert code == 0, output
    assert ("Nov 14  2023" in output) == (options == ("-p",))
    assert front.landed() == [("a.idd", CONTENT)]


def test_overwriting_in_temp_and_resuming(front: FrontDoor, client: Client) -> None:
    (client.folder / "half").write_bytes(CONTENT[:300_000])
    code, output = client.run(
        "put a.idd temp/a", "put half temp/a", "put -a a.idd temp/a", "get temp/a back", "rename temp/a inbox/a"
    )
    assert code == 0, output
    assert (client.folder / "back").read_bytes() == CONTENT
    assert front.landed() == [("a", CONTENT)]


def test_collecting(front: FrontDoor, client: Client) -> None:
    for number in range(150):
        (front.home.outbox("acme") / f"{number}.ADT").write_bytes(b"%d" % number)
    code, output = client.run("cd outbox", "get *", "rm *", "ls", options=("-p",))
    assert code == 0, output
    assert len(front.collected) == 150
    assert (client.folder / "149.ADT").read_bytes() == b"149"
    assert list(front.home.outbox("acme").iterdir()) == []


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("mkdir temp/a", "makes no folders"),
        ("rmdir temp", "folders stay"),
        ("ln -s temp/a temp/b", "no symbolic links"),
        ("ln temp/a temp/b", "hardlink"),
        ("chmod 777 temp/a", "mode of"),
        ("chown 0 temp/a", "gateway"),
        ("put a.idd outbox/a", "reading and deleting"),
        ("put a.idd temp/../../a", "'..'"),
        ("rename outbox/a temp/b", "nothing is renamed"),
    ],
)
def test_refusals(front: FrontDoor, client: Client, line: str, reason: str) -> None:
    for name in ("temp", "outbox"):
        (front.home.account("acme") / name / "a").write_bytes(b"mine")
    code, output = client.run(line, "put a.idd inbox/not-reached")
    assert code == 1
    # This client prints its own text for the code of a refusal; the reason is for others and for the log.
    assert "Permission denied" in output or "hardlink" in output
    assert reason in output or any(reason in event.detail for event in front.events)
    assert front.landed() == []
    assert client.run("put a.idd inbox/b")[0] == 0


@pytest.mark.parametrize("line", ["get /etc/passwd", "cd bolt", "cd inbox/bolt", "ls ../bolt", "rm outbox/none"])
def test_what_is_not_there(client: Client, line: str) -> None:
    code, output = client.run(line)
    assert code == 1
    assert "not found" in output or "No such file" in output


@pytest.mark.parametrize("end", [signal.SIGKILL, signal.SIGTERM])
def test_a_client_that_dies_uploads_nothing(front: FrontDoor, client: Client, end: signal.Signals) -> None:
    (client.folder / "big").write_bytes(b"x" * (15 << 20))
    with client.start("-l", "2000") as process:
        assert process.stdin is not None
        process.stdin.write("put big inbox/big\n")
        process.stdin.flush()
        eventually(lambda: SessionKind.UPLOAD in front.kinds())
        os.killpg(process.pid, end)
        process.communicate(timeout=60)
    front.await_event(SessionKind.ABANDONED)
    assert front.landed() == []
