"""What a party cannot do, and what it is told; beside each refusal stands what goes on working."""

import io
import os
from collections.abc import Callable

import paramiko
import pytest
from paramiko.sftp import CMD_EXTENDED, CMD_STATUS

from ingest.sftp.interfaces import SessionKind
from tests.ingest.sftp.front_door import FrontDoor

Attempt = Callable[[paramiko.SFTPClient], object]


def _link(client: paramiko.SFTPClient) -> None:
    kind, reply = client._request(  # type: ignore[attr-defined]
        CMD_EXTENDED, "hardlink@openssh.com", b"/temp/mine", b"/temp/other"
    )
    assert kind == CMD_STATUS
    client._convert_status(reply)  # type: ignore[attr-defined]


REFUSED: dict[str, tuple[Attempt, str]] = {
    "symlink": (lambda c: c.symlink("/etc/passwd", "temp/a"), "no symbolic links"),
    "readlink": (lambda c: c.readlink("temp/mine"), "no symbolic links"),
    "hard link": (_link, "no links"),
    "mkdir": (lambda c: c.mkdir("temp/folder"), "makes no folders"),
    "mkdir above": (lambda c: c.mkdir("folder"), "makes no folders"),
    "rmdir": (lambda c: c.rmdir("inbox"), "folders stay"),
    "chmod": (lambda c: c.chmod("temp/mine", 0o777), "mode of /temp/mine is the gateway's"),
    "chown": (lambda c: c.chown("temp/mine", 0, 0), "owner of /temp/mine is the gateway's"),
    "times of a folder": (lambda c: c.utime("inbox", (0, 0)), "is a folder"),
    "absolute path": (lambda c: c.open("/etc/passwd"), "does not exist"),
    "write above": (lambda c: c.open("/a", "w"), "does not exist"),
    "climb": (lambda c: c.open("temp/../../etc/passwd"), r"no '\.\.'"),
    "climb within": (lambda c: c.open("temp/../inbox/a", "w"), r"no '\.\.'"),
    "climb in a rename": (lambda c: c.rename("temp/mine", "inbox/../../bolt/inbox/a"), r"no '\.\.'"),
    "other party": (lambda c: c.listdir("/bolt/outbox"), "does not exist"),
    "deeper": (lambda c: c.open("inbox/sub/a", "w"), "no folders in it"),
    "write to outbox": (lambda c: c.open("outbox/a", "w"), "reading and deleting"),
    "append to outbox": (lambda c: c.open("outbox/answer", "a"), "reading and deleting"),
    "truncate in outbox": (lambda c: c.truncate("outbox/answer", 0), "not for setting"),
    "times in outbox": (lambda c: c.utime("outbox/answer", (0, 0)), "not for setting"),
    "rename into outbox": (lambda c: c.rename("temp/mine", "outbox/a"), "nothing is renamed into it"),
    "rename out of outbox": (lambda c: c.rename("outbox/answer", "temp/a"), "nothing is renamed into it"),
    "rename over an answer": (lambda c: c.posix_rename("temp/mine", "outbox/answer"), "nothing is renamed into it"),
    "back to temp": (lambda c: c.rename("inbox/mine.part", "temp/a"), "within inbox only"),
    "from check to inbox": (lambda c: c.rename("check/mine.part", "inbox/a"), "within check only"),
    "from inbox to check": (lambda c: c.rename("inbox/mine.part", "check/a"), "within inbox only"),
    "open a link": (lambda c: c.open("outbox/link"), "not a regular file"),
    "write through a link": (lambda c: c.open("temp/link", "w"), "not a regular file"),
    "submit a link": (lambda c: c.rename("temp/link", "inbox/a"), "not a regular file"),
    "set times through a link": (lambda c: c.utime("temp/link", (0, 0)), "not a regular file"),
    "open a pipe": (lambda c: c.open("temp/pipe"), "not a regular file"),
    "newline": (lambda c: c.open("inbox/a\nb", "w"), r"a\\nb has a character that does not print"),
    "NUL": (lambda c: c.open("inbox/a\0b", "w"), "NUL"),
    "long name": (lambda c: c.open("inbox/" + "n" * 121, "w"), "121 characters, the limit is 120"),
    "wide name": (lambda c: c.open("inbox/" + "é" * 101, "w"), "takes 202 bytes, the limit is 200"),
    "long path": (lambda c: c.open("n" * 10_000, "w"), "10000 bytes, the limit is 1024"),
    "decomposed name": (lambda c: c.open("inbox/e\u0301", "w"), "normal form C"),
    "no UTF-8": (lambda c: c.open(b"inbox/\xff", "w"), "not UTF-8"),
    "missing": (lambda c: c.open("temp/none"), "No such file|does not exist"),
    "missing rename": (lambda c: c.rename("temp/none", "inbox/a"), "does not exist"),
    "missing delete": (lambda c: c.remove("outbox/none"), "does not exist"),
    "delete a folder": (lambda c: c.remove("outbox"), "is a folder"),
    "list a file": (lambda c: c.listdir("temp/mine"), "is not a folder"),
    "write without create": (lambda c: c.open("inbox/none", "r+"), "does not exist"),
}


@pytest.fixture
def prepared(front: FrontDoor) -> FrontDoor:
    for account in ("acme", "bolt"):
        (front.home.temp(account) / "mine").write_bytes(b"mine")
        (front.home.inbox(account) / "mine.part").write_bytes(b"part")
        (front.home.check(account) / "mine.part").write_bytes(b"part")
        (front.home.outbox(account) / "answer").write_bytes(b"answer")
    secret = front.home.root / "secret"
    secret.write_bytes(b"secret")
    (front.home.outbox("acme") / "link").symlink_to(secret)
    (front.home.temp("acme") / "link").symlink_to(secret)
    os.mkfifo(front.home.temp("acme") / "pipe")
    return front


def test_refusals(prepared: FrontDoor) -> None:
    with prepared.client() as client:
        for name, (attempt, reason) in REFUSED.items():
            with pytest.raises(OSError, match=reason):
                attempt(client)
            assert client.listdir("temp") == ["mine"], name
            assert client.listdir("inbox") == ["mine.part"], name
            assert client.listdir("outbox") == ["answer"], name
        client.putfo(io.BytesIO(b"1"), "inbox/still at work é.csv")
    assert prepared.landed() == [("still at work é.csv", b"1")]
    assert (prepared.home.root / "secret").read_bytes() == b"secret"
    assert (prepared.home.outbox("acme") / "answer").read_bytes() == b"answer"
    refusals = [event for event in prepared.events if event.kind is SessionKind.REFUSED]
    assert all(event.detail.isprintable() for event in refusals)


def test_a_submitted_file_cannot_be_withdrawn(front: FrontDoor) -> None:
    with front.client() as client:
        client.putfo(io.BytesIO(b"1"), "inbox/a")
        with pytest.raises(OSError, match="is submitted and has left"):
            client.rename("inbox/a", "inbox/b")
        with pytest.raises(OSError, match="is submitted and has left"):
            client.remove("inbox/a")
        client.putfo(io.BytesIO(b"2"), "inbox/b")
        with pytest.raises(OSError, match="mode of"):
            client.chmod("inbox/b", 0o600)
    assert front.landed() == [("a", b"1"), ("b", b"2")]


def test_what_a_party_is_told_names_no_path_of_ours(prepared: FrontDoor) -> None:
    with prepared.client() as client:
        for attempt, _ in REFUSED.values():
            with pytest.raises(OSError) as caught:
                attempt(client)
            assert str(prepared.home.root) not in str(caught.value)
    assert not any(str(prepared.home.root) in event.detail for event in prepared.events)


def test_a_refused_session_does_not_fill_the_log(front: FrontDoor) -> None:
    with front.client() as client:
        for _ in range(150):
            with pytest.raises(PermissionError):
                client.mkdir("a")
    refusals = [event for event in front.events if event.kind is SessionKind.REFUSED]
    assert len(refusals) == 100
    assert refusals[-1].detail.endswith("further refusals of this session are not written")
