"""Several processes on one listening socket: what they share, and how they stop."""

import io
import multiprocessing
import os
import signal
import socket
from collections.abc import Iterator
from functools import partial
from multiprocessing.context import SpawnProcess
from pathlib import Path

import paramiko
import pytest

from ingest.landing import Landed, Landing, waiting
from ingest.sftp.interfaces import AccountKey, AccountKeys, Door, SessionEvent
from ingest.sftp.limits import Limits
from ingest.sftp.server import run_process
from market.clock import system_clock
from market.home import Home
from tests.ingest.sftp.front_door import LONG_AGO, eventually


class OneAccount:
    """Account `acme` with one key; writes session events to a file."""

    def __init__(self, log: Path, key_type: str, base64: str) -> None:
        self._log = log
        self._account = AccountKeys("acme", "ACME", (AccountKey(key_type, base64, LONG_AGO),))

    def find(self, name: str) -> AccountKeys | None:
        return self._account if name == "acme" else None

    def used(self, account: str, fingerprint: str, at: object) -> None:
        pass

    def write(self, event: SessionEvent) -> None:
        with self._log.open("a") as file:
            file.write(f"{os.getpid()} {event.kind} {event.detail}\n")


def _nothing(*told: Landed | str) -> None:
    pass


def compose(root: Path, key_type: str, base64: str) -> Door:
    home = Home(root)
    account = OneAccount(root / "log", key_type, base64)
    limits = Limits(sessions_per_party=4, failed_logins=4, disk_reserve=0, drain_seconds=20)
    landings = Landing(home.landing, system_clock), Landing(home.dry_runs, system_clock)
    return Door(home, system_clock, limits, account, account, *landings, _nothing, _nothing)


class Processes:
    def __init__(self, root: Path, key: paramiko.PKey) -> None:
        self.home = Home(root)
        self.key = key
        self.listening = socket.create_server(("127.0.0.1", 0))
        context = multiprocessing.get_context("spawn")
        door = partial(compose, root, key.get_name(), key.get_base64())
        self.running: list[SpawnProcess] = [
            context.Process(target=run_process, args=(self.listening, door)) for _ in range(2)
        ]
        for process in self.running:
            process.start()

    def connect(self, key: paramiko.PKey | None = None) -> tuple[paramiko.Transport, paramiko.SFTPClient]:
        transport = paramiko.Transport(self.listening.getsockname())
        transport.banner_timeout = 60
        transport.connect(username="acme", pkey=key or self.key)
        client = transport.open_sftp_client()
        assert client is not None
        return transport, client

    def log(self) -> list[list[str]]:
        path = self.home.root / "log"
        return [line.split() for line in path.read_text().splitlines()] if path.exists() else []

    def served(self) -> set[str]:
        return {line[0] for line in self.log() if line[1] == "login"}


@pytest.fixture
def processes(tmp_path: Path, server_keys: Path, party_keys: dict[str, paramiko.PKey]) -> Iterator[Processes]:
    home = Home(tmp_path / "home")
    home.make()
    for path in server_keys.iterdir():
        (home.keys / path.name).write_bytes(path.read_bytes())
    started = Processes(home.root, party_keys["acme"])
    yield started
    for process in started.running:
        process.kill()
        process.join(20)
    started.listening.close()


def test_what_the_processes_share(processes: Processes, party_keys: dict[str, paramiko.PKey]) -> None:
    transports: list[paramiko.Transport] = []

    def both_serve() -> bool:
        if len(transports) == 3:
            transports.pop(0).close()
        eventually(lambda: len(list(processes.home.uploading.iterdir())) == len(transports))
        transports.append(processes.connect()[0])
        return len(processes.served()) == 2

    eventually(both_serve)
    while len(transports) < 4:
        transports.append(processes.connect()[0])
    with pytest.raises(paramiko.SSHException):
        processes.connect()
    for transport in transports:
        transport.close()
    eventually(lambda: list(processes.home.uploading.iterdir()) == [])
    for _ in range(4):
        with pytest.raises(paramiko.AuthenticationException):
            processes.connect(party_keys["stranger"])
    for _ in range(4):
        with pytest.raises((paramiko.SSHException, EOFError, OSError)):
            processes.connect()


def test_a_killed_process_leaves_no_session_counted(processes: Processes) -> None:
    transport, client = processes.connect()
    file = client.open("inbox/a", "w")
    file.write(b"half")
    file.flush()
    [folder] = processes.home.uploading.iterdir()
    for process in processes.running:
        process.kill()
        process.join(20)
    transport.close()
    assert folder.exists()
    again = Processes(processes.home.root, processes.key)
    try:
        transports = [again.connect()[0] for _ in range(4)]
        assert not folder.exists()
        for transport in transports:
            transport.close()
        assert waiting(processes.home.landing) == []
    finally:
        for process in again.running:
            process.kill()
            process.join(20)
        again.listening.close()


def test_a_stop_lets_an_open_upload_finish(processes: Processes) -> None:
    while len(processes.served()) < 2:
        processes.connect()[0].close()
    transport, client = processes.connect()
    idle, _ = processes.connect()
    file = client.open("inbox/a", "w")
    file.write(b"first ")
    file.flush()
    client.open("temp/b", "w").close()
    for process in processes.running:
        assert process.pid is not None
        os.kill(process.pid, signal.SIGTERM)
    eventually(lambda: _is_refused(client))
    file.write(b"and last")
    file.close()
    for process in processes.running:
        process.join(20)
    assert [process.exitcode for process in processes.running] == [0, 0]
    [landed] = waiting(processes.home.landing)
    assert (processes.home.landing / landed.path).read_bytes() == b"first and last"
    assert list(processes.home.uploading.iterdir()) == []
    transport.close()
    idle.close()


def _is_refused(client: paramiko.SFTPClient) -> bool:
    try:
        client.putfo(io.BytesIO(b"1"), "temp/c")
    except OSError as error:
        return "the gateway is stopping" in str(error)
    return False
