"""A real server on the loopback for the tests of its folder, with accounts, a clock and logs in memory."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import paramiko

from ingest.landing import Landed, Landing, waiting
from ingest.sftp.interfaces import AccountKey, AccountKeys, Door, SessionEvent, SessionKind
from ingest.sftp.limits import Limits
from ingest.sftp.server import Server
from market.home import Home

START = datetime(2026, 9, 15, 10, 0, 0, 123456, tzinfo=UTC)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


class TestClock:
    """Stands still until it is moved."""

    __test__ = False

    def __init__(self) -> None:
        self.now = START

    def __call__(self) -> datetime:
        return self.now

    def move(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)


@dataclass
class FrontDoor:
    """What a test sees of the server and what it does for a party."""

    home: Home
    clock: TestClock
    port: int
    keys: dict[str, paramiko.PKey]
    accounts: dict[str, AccountKeys] = field(default_factory=dict)
    events: list[SessionEvent] = field(default_factory=list)
    used_keys: list[tuple[str, str]] = field(default_factory=list)
    hints: list[Landed] = field(default_factory=list)
    collected: list[tuple[str, str]] = field(default_factory=list)

    def find(self, name: str) -> AccountKeys | None:
        return self.accounts.get(name)

    def used(self, account: str, fingerprint: str, at: datetime) -> None:
        self.used_keys.append((account, fingerprint))

    def write(self, event: SessionEvent) -> None:
        self.events.append(event)

    @contextmanager
    def transport(self, account: str = "acme", key: str = "acme") -> Iterator[paramiko.Transport]:
        transport = paramiko.Transport(("127.0.0.1", self.port))
        try:
            transport.connect(username=account, pkey=self.keys[key])
            yield transport
        finally:
            transport.close()

    @contextmanager
    def client(self, account: str = "acme", key: str = "acme") -> Iterator[paramiko.SFTPClient]:
        with self.transport(account, key) as transport:
            client = transport.open_sftp_client()
            assert client is not None
            yield client

    def landed(self) -> list[tuple[str, bytes]]:
        """(file name, content) of everything in the landing, in order of arrival."""
        return [(one.file_name, (self.home.landing / one.path).read_bytes()) for one in waiting(self.home.landing)]

    def checked(self) -> list[tuple[str, bytes]]:
        found = waiting(self.home.dry_runs)
        return [(one.file_name, (self.home.dry_runs / one.path).read_bytes()) for one in found]

    def kinds(self) -> list[SessionKind]:
        return [event.kind for event in self.events]

    def await_event(self, kind: SessionKind, count: int = 1) -> SessionEvent:
        def found() -> list[SessionEvent]:
            return [event for event in self.events if event.kind is kind]

        eventually(lambda: len(found()) >= count)
        return found()[count - 1]


def eventually(holds: object, seconds: float = 20) -> None:
    """Wait until `holds()`; what another process or thread does has no fixed moment."""
    end = time.monotonic() + seconds
    while not holds():  # type: ignore[operator]
        assert time.monotonic() < end, "did not come to pass"
        time.sleep(0.01)


@contextmanager
def open_front_door(root: Path, keys: dict[str, paramiko.PKey], host_keys: Path, limits: Limits) -> Iterator[FrontDoor]:
    home = Home(root)
    home.make()
    for path in host_keys.iterdir():
        (home.keys / path.name).write_bytes(path.read_bytes())
    listening = socket.create_server(("127.0.0.1", 0))
    clock = TestClock()
    front = FrontDoor(home, clock, listening.getsockname()[1], keys)
    for name, party in (("acme", "ACME"), ("bolt", "BOLT")):
        front.accounts[name] = AccountKeys(
            name, party, (AccountKey(keys[name].get_name(), keys[name].get_base64(), LONG_AGO),)
        )
        home.make_account(name)
    door = Door(
        home,
        clock,
        limits,
        front,
        front,
        Landing(home.landing, clock),
        Landing(home.dry_runs, clock),
        front.hints.append,
        lambda account, name: front.collected.append((account, name)),
    )
    stopped = threading.Event()
    thread = threading.Thread(target=Server(listening, door).serve, args=(stopped.is_set,))
    thread.start()
    try:
        yield front
    finally:
        stopped.set()
        thread.join(30)
        listening.close()
        assert not thread.is_alive()
        assert list(home.uploading.iterdir()) == []
