"""What one party may take up, and that the rest goes on beside the refusal."""

import io
from dataclasses import replace

import paramiko
import pytest

from ingest.sftp.interfaces import SessionKind
from ingest.sftp.limits import Limits
from tests.ingest.sftp.conftest import LIMITS
from tests.ingest.sftp.front_door import FrontDoor


def test_sessions_of_an_account(front: FrontDoor) -> None:
    with front.client(), front.client(), front.client() as last:
        with pytest.raises(paramiko.SSHException):
            front.client().__enter__()
        with front.client("bolt", "bolt") as other:
            other.listdir("/")
        assert last.listdir("/") == ["temp", "inbox", "check", "outbox"]
        refused = front.await_event(SessionKind.REFUSED)
        assert refused.detail == "account acme has 3 sessions open, the limit is 3"
        assert refused.account == "acme"
    front.await_event(SessionKind.LOGOUT, 4)
    with front.client() as client:
        client.listdir("/")


def test_handles_of_a_session(front: FrontDoor) -> None:
    with front.client() as client:
        files = [client.open(f"temp/{number}", "w") for number in range(8)]
        with pytest.raises(OSError, match="8 files and folders are open, the limit is 8"):
            client.open("temp/a", "w")
        files[0].close()
        client.open("temp/a", "w").close()
        for file in files:
            file.close()


class TestUploadSize:
    @pytest.fixture
    def limits(self) -> Limits:
        return replace(LIMITS, upload_bytes=100_000)

    def test_the_size_of_an_upload(self, front: FrontDoor) -> None:
        with front.client() as client:
            client.putfo(io.BytesIO(b"1" * 100_000), "inbox/fits")
            with pytest.raises(OSError, match=r"the limit is 100000|does not exist"):
                client.putfo(io.BytesIO(b"1" * 100_001), "inbox/over")
            with pytest.raises(OSError, match="the limit is 100000"):
                _truncated(client, 100_001)
            _truncated(client, 100_000)
        assert [name for name, _ in front.landed()] == ["fits"]


def _truncated(client: paramiko.SFTPClient, size: int) -> None:
    client.putfo(io.BytesIO(b"1"), "temp/a")
    client.truncate("temp/a", size)


class TestStagedBytes:
    @pytest.fixture
    def limits(self) -> Limits:
        return replace(LIMITS, staged_bytes=100_000)

    def test_bytes_staged_by_an_account(self, front: FrontDoor) -> None:
        with front.client() as client:
            client.putfo(io.BytesIO(b"1" * 60_000), "temp/a")
            with pytest.raises(OSError, match=r"the limit is 100000|size mismatch"):
                client.putfo(io.BytesIO(b"1" * 60_000), "temp/b")
            client.remove("temp/b")
        with front.client("bolt", "bolt") as client:
            client.putfo(io.BytesIO(b"1" * 60_000), "temp/a")
        with front.client() as client:
            client.rename("temp/a", "inbox/a")
        with front.client() as client:
            client.putfo(io.BytesIO(b"1" * 60_000), "inbox/b")
        assert len(front.landed()) == 2


class TestWaitingFiles:
    @pytest.fixture
    def limits(self) -> Limits:
        return replace(LIMITS, waiting_files=5)

    def test_files_that_wait(self, front: FrontDoor) -> None:
        with front.client() as client:
            for number in range(3):
                client.putfo(io.BytesIO(b"1"), f"temp/{number}")
            for number in range(2):
                client.putfo(io.BytesIO(b"1"), f"inbox/{number}.part")
            with pytest.raises(OSError, match="5 files wait in temp, inbox and check, the limit is 5"):
                client.open("temp/a", "w")
            for number in range(3):
                client.rename(f"temp/{number}", f"inbox/{number}")
        with front.client() as client:
            client.putfo(io.BytesIO(b"1"), "inbox/a")
        assert len(front.landed()) == 4


class TestDiskReserve:
    @pytest.fixture
    def limits(self) -> Limits:
        return replace(LIMITS, disk_reserve=1 << 60)

    def test_below_the_reserve_only_uploads_stop(self, front: FrontDoor) -> None:
        (front.home.outbox("acme") / "answer").write_bytes(b"answer")
        (front.home.temp("acme") / "whole").write_bytes(b"1")
        with front.client() as client:
            for path in ("temp/a", "inbox/a", "inbox/a.part"):
                with pytest.raises(OSError, match="below its reserve"):
                    client.open(path, "w")
            assert client.listdir("outbox") == ["answer"]
            with client.open("outbox/answer") as file:
                assert file.read() == b"answer"
            client.remove("outbox/answer")
            client.rename("temp/whole", "inbox/whole")
        assert front.landed() == [("whole", b"1")]
        assert front.collected == [("acme", "answer")]
