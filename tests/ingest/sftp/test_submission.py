"""How a file becomes a submission: by rename, by a clean close, and never otherwise."""

import io
import stat

import paramiko
import pytest

from ingest.sftp.interfaces import SessionKind
from tests.ingest.sftp.front_door import START, FrontDoor, eventually

CONTENT = b"AAA|P0328001|\n" * 1000


def test_temp_then_rename(front: FrontDoor) -> None:
    with front.client() as client:
        client.putfo(io.BytesIO(CONTENT), "temp/a.idd")
        assert front.landed() == []
        client.rename("temp/a.idd", "inbox/a.idd")
        assert client.listdir("inbox") == []
        assert client.listdir("temp") == []
    assert front.landed() == [("a.idd", CONTENT)]
    [hint] = front.hints
    assert (hint.party_id, hint.account, hint.size) == ("ACME", "acme", len(CONTENT))
    assert hint.stamp == START
    assert hint.received_at == START.replace(microsecond=0)


def test_posix_rename_submits_as_well(front: FrontDoor) -> None:
    with front.client() as client:
        client.putfo(io.BytesIO(CONTENT), "temp/a.idd")
        client.posix_rename("temp/a.idd", "inbox/b.idd")
    assert front.landed() == [("b.idd", CONTENT)]


def test_direct_upload_and_the_looks_after_it(front: FrontDoor) -> None:
    with front.client() as client:
        told = client.putfo(io.BytesIO(CONTENT), "inbox/a.idd", confirm=True)
        assert told.st_size == len(CONTENT)
        client.utime("inbox/a.idd", (1_700_000_000, 1_700_000_001))
        assert client.lstat("inbox/a.idd").st_mtime == 1_700_000_001
        assert client.listdir("inbox") == []
    assert front.landed() == [("a.idd", CONTENT)]
    with front.client() as client, pytest.raises(FileNotFoundError):
        client.stat("inbox/a.idd")


def test_a_client_may_set_the_mode_of_the_file_that_it_writes(front: FrontDoor) -> None:
    """Refused, Net::SFTP::Foreign closes a file into which it has written nothing yet."""
    with front.client() as client:
        with client.open("inbox/a.idd", "wb") as file:
            file.chmod(0o644)
            file.write(CONTENT)
        client.putfo(io.BytesIO(CONTENT), "temp/a.idd")
        with pytest.raises(PermissionError, match=r"the mode of /temp/a\.idd"):
            client.chmod("temp/a.idd", 0o644)
    assert front.landed() == [("a.idd", CONTENT)]


def test_a_name_sent_twice_is_two_files(front: FrontDoor) -> None:
    with front.client() as client:
        client.putfo(io.BytesIO(b"one"), "inbox/a")
        client.putfo(io.BytesIO(b"two"), "/inbox/a")
        client.putfo(io.BytesIO(b"three"), "/temp/a")
        client.putfo(io.BytesIO(b"3"), "/temp/a")
        client.rename("/temp/a", "/inbox/a")
    assert front.landed() == [("a", b"one"), ("a", b"two"), ("a", b"3")]


def test_an_empty_file_is_a_file(front: FrontDoor) -> None:
    with front.client() as client:
        client.putfo(io.BytesIO(b""), "inbox/empty")
    assert front.landed() == [("empty", b"")]


@pytest.mark.parametrize("name", [".hidden", "a.part", "a.PARTIAL", "a.tmp", "a.filePart"])
def test_unfinished_names_wait_for_their_rename(front: FrontDoor, name: str) -> None:
    with front.client() as client:
        client.putfo(io.BytesIO(b"half"), f"inbox/{name}")
        assert client.listdir("inbox") == [name]
        with client.open(f"inbox/{name}", "r") as file:
            assert file.read() == b"half"
        with client.open(f"inbox/{name}", "a") as file:
            file.write(b" and whole")
        assert front.landed() == []
        client.rename(f"inbox/{name}", "inbox/a.idd")
        assert client.listdir("inbox") == []
    assert front.landed() == [("a.idd", b"half and whole")]


def test_an_upload_under_way_is_listed_and_not_taken(front: FrontDoor) -> None:
    with front.client() as client, front.client() as other:
        file = client.open("inbox/a", "w")
        file.write(b"12345")
        file.flush()
        eventually(lambda: other.stat("inbox/a").st_size == 5)
        assert other.listdir("inbox") == ["a"]
        assert front.landed() == []
        with pytest.raises(OSError, match="is being uploaded"):
            client.open("inbox/a", "w")
        with pytest.raises(OSError, match="is being uploaded"):
            client.remove("inbox/a")
        file.close()
        assert other.listdir("inbox") == []
    assert front.landed() == [("a", b"12345")]


def test_a_lost_connection_abandons_a_direct_upload(front: FrontDoor) -> None:
    with front.transport() as transport:
        client = transport.open_sftp_client()
        assert client is not None
        file = client.open("inbox/a.csv", "w")
        file.write(b"half")
        file.flush()
        transport.sock.close()
        event = front.await_event(SessionKind.ABANDONED)
    assert (event.account, event.path) == ("acme", "/inbox/a.csv")
    assert front.landed() == []


def test_a_lost_connection_leaves_temp_for_resuming(front: FrontDoor) -> None:
    with front.transport() as transport:
        client = transport.open_sftp_client()
        assert client is not None
        file = client.open("temp/a.csv", "w")
        file.write(b"half")
        file.flush()
        eventually(lambda: front.home.temp("acme").joinpath("a.csv").read_bytes() == b"half")
        transport.sock.close()
        front.await_event(SessionKind.ABANDONED)
    with front.client() as client:
        with client.open("temp/a.csv", "r+") as file:
            file.seek(client.stat("temp/a.csv").st_size or 0)
            file.write(b" and whole")
        client.rename("temp/a.csv", "inbox/a.csv")
    assert front.landed() == [("a.csv", b"half and whole")]


def test_no_rename_into_inbox_while_any_session_writes(front: FrontDoor) -> None:
    with front.client() as writer, front.client() as mover:
        file = writer.open("temp/a", "w")
        file.write(b"1")
        for client in (writer, mover):
            with pytest.raises(OSError, match="/temp/a is open"):
                client.rename("temp/a", "inbox/a")
        file.close()
        mover.rename("temp/a", "inbox/a")
    assert front.landed() == [("a", b"1")]


def test_a_write_that_failed_spoils_a_direct_upload(front: FrontDoor) -> None:
    with front.client() as client:
        file = client.open("inbox/a", "w")
        file.write(b"fits")
        file.seek(16 << 20)
        file.set_pipelined(False)
        with pytest.raises(OSError, match="the limit is 16777216"):
            file.write(b"too far")
        file.close()
        with pytest.raises(FileNotFoundError):
            client.stat("inbox/a")
    assert any("not taken" in event.detail for event in front.events)
    assert front.landed() == []


def test_renames_within_temp(front: FrontDoor) -> None:
    with front.client() as client:
        client.putfo(io.BytesIO(b"1"), "temp/a")
        client.putfo(io.BytesIO(b"2"), "temp/b")
        with pytest.raises(OSError, match="exists already"):
            client.rename("temp/a", "temp/b")
        client.posix_rename("temp/a", "temp/b")
        assert client.listdir("temp") == ["b"]
        with client.open("temp/b") as file:
            assert file.read() == b"1"
        client.truncate("temp/b", 0)
        assert client.stat("temp/b").st_size == 0
        client.remove("temp/b")
        assert client.listdir("temp") == []


def test_outbox_is_read_and_deleted(front: FrontDoor) -> None:
    front.home.outbox("acme").joinpath("a.ADT").write_bytes(CONTENT)
    with front.client() as client:
        assert client.listdir("outbox") == ["a.ADT"]
        with client.open("outbox/a.ADT") as file:
            assert file.read() == CONTENT
        client.remove("outbox/a.ADT")
        assert client.listdir("outbox") == []
    assert front.collected == [("acme", "a.ADT")]
    assert SessionKind.COLLECTED in front.kinds()


def test_the_root_shows_the_folders(front: FrontDoor) -> None:
    with front.client() as client:
        assert client.normalize(".") == "/"
        assert client.normalize("temp/../inbox/./x") == "/inbox/x"
        assert client.normalize("../../..") == "/"
        listed = {one.filename: stat.S_ISDIR(one.st_mode or 0) for one in client.listdir_attr("/")}
    assert listed == {"temp": True, "inbox": True, "check": True, "outbox": True}


def test_large_upload_and_download(front: FrontDoor) -> None:
    content = bytes(range(256)) * (12 << 12)
    with front.client() as client:
        client.putfo(io.BytesIO(content), "temp/big")
        back = io.BytesIO()
        client.getfo("temp/big", back)
    assert back.getvalue() == content


def test_a_session_channel_is_a_session(front: FrontDoor) -> None:
    with front.transport() as transport:
        for client in [paramiko.SFTPClient.from_transport(transport) for _ in range(2)]:
            assert client is not None
            client.putfo(io.BytesIO(b"1"), "inbox/a")
    assert len(front.landed()) == 2
