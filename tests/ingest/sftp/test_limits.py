"""What one party may take up, and that the rest goes on beside the refusal."""

import io
from dataclasses import replace

import paramiko
import pytest

from ingest.landing import waiting
from ingest.sftp import room
from ingest.sftp.interfaces import AccountKey, AccountKeys, SessionKind
from ingest.sftp.limits import Limits
from tests.ingest.sftp.conftest import LIMITS
from tests.ingest.sftp.front_door import LONG_AGO, FrontDoor


def test_sessions_of_an_account(front: FrontDoor) -> None:
    with front.client(), front.client(), front.client() as last:
        with pytest.raises(paramiko.SSHException):
            front.client().__enter__()
        with front.client("bolt", "bolt") as other:
            other.listdir("/")
        assert last.listdir("/") == ["temp", "inbox", "check", "outbox"]
        refused = front.await_event(SessionKind.REFUSED)
        assert refused.detail == "party ACME has 3 sessions open, the limit is 3"
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


def _second_account(front: FrontDoor) -> None:
    """Gives ACME an account beside acme."""
    key = front.keys["acme2"]
    front.accounts["acme"] = replace(front.accounts["acme"], beside=("acme2",))
    front.accounts["acme2"] = AccountKeys(
        "acme2", "ACME", (AccountKey(key.get_name(), key.get_base64(), LONG_AGO),), ("acme",)
    )


def test_accounts_of_a_party_share_its_sessions(front: FrontDoor) -> None:
    _second_account(front)
    with front.client(), front.client("acme2", "acme2"), front.client():
        with pytest.raises(paramiko.SSHException):
            front.client("acme2", "acme2").__enter__()
        assert front.await_event(SessionKind.REFUSED).detail == "party ACME has 3 sessions open, the limit is 3"
        with front.client("bolt", "bolt") as other:
            other.listdir("/")


class TestStagedBytes:
    @pytest.fixture
    def limits(self) -> Limits:
        return replace(LIMITS, staged_bytes=100_000)

    def test_bytes_staged_by_a_party(self, front: FrontDoor) -> None:
        _second_account(front)
        with front.client() as client:
            client.putfo(io.BytesIO(b"1" * 60_000), "temp/a")
            with pytest.raises(OSError, match=r"the files of ACME reach 120000 bytes|size mismatch"):
                client.putfo(io.BytesIO(b"1" * 60_000), "temp/b")
            client.remove("temp/b")
        with (
            front.client("acme2", "acme2") as client,
            pytest.raises(OSError, match=r"the limit is 100000|does not exist"),
        ):
            client.putfo(io.BytesIO(b"1" * 60_000), "inbox/a")
        with front.client("bolt", "bolt") as client:
            client.putfo(io.BytesIO(b"1" * 60_000), "temp/a")
        with front.client() as client:
            client.rename("temp/a", "inbox/a")
            with pytest.raises(OSError, match=r"the limit is 100000|does not exist"):
                client.putfo(io.BytesIO(b"1" * 60_000), "inbox/b")
        _archived(front)
        with front.client() as client:
            client.putfo(io.BytesIO(b"1" * 60_000), "inbox/b")
        assert front.landed() == [("b", b"1" * 60_000)]

    def test_an_open_file_is_measured_beside_what_others_write(
        self, front: FrontDoor, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(room, "_LOOK_SECONDS", 0)
        monkeypatch.setattr(room, "_LOOK_BYTES", 1)
        with front.client() as one, front.client() as other:
            with one.open("temp/a", "w") as file:
                other.putfo(io.BytesIO(b"1" * 80_000), "temp/b")
                with pytest.raises(OSError, match="the files of ACME reach 110000 bytes, the limit is 100000"):
                    file.write(b"1" * 30_000)
            with one.open("temp/c", "w") as file:
                file.write(b"1" * 20_000)
            assert other.stat("temp/c").st_size == 20_000


def _archived(front: FrontDoor) -> None:
    """What the gateway does with the landing."""
    for one in waiting(front.home.landing):
        (front.home.landing / one.path).unlink()


class TestWaitingFiles:
    @pytest.fixture
    def limits(self) -> Limits:
        return replace(LIMITS, waiting_files=5)

    def test_files_that_wait(self, front: FrontDoor) -> None:
        _second_account(front)
        with front.client() as client:
            for number in range(3):
                client.putfo(io.BytesIO(b""), f"temp/{number}")
            for number in range(2):
                client.putfo(io.BytesIO(b""), f"inbox/{number}.part")
            with pytest.raises(OSError, match=r"5 files of ACME wait .*, the limit is 5"):
                client.open("temp/a", "w")
            for number in range(3):
                client.rename(f"temp/{number}", f"inbox/{number}")
        for account in ("acme", "acme2"):
            with front.client(account, account) as client, pytest.raises(OSError, match="5 files of ACME wait"):
                client.open("inbox/a", "w")
        with front.client("bolt", "bolt") as client:
            client.putfo(io.BytesIO(b""), "inbox/a")
        assert len(front.landed()) == 4
        _archived(front)
        with front.client("acme2", "acme2") as client:
            client.putfo(io.BytesIO(b""), "inbox/a")
        assert front.landed() == [("a", b"")]


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
