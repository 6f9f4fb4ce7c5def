"""What one party or one address can take up at most, measured on a server process under its default limits.

The bounds are SECURITY.md's. After each attempt another party does its work as ever.
"""

import io
import os
import socket
import struct
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path

import paramiko
import pytest
from paramiko.common import MSG_CHANNEL_EXTENDED_DATA, cMSG_CHANNEL_DATA

from ingest.sftp.limits import MIB
from ingest.sftp.stream import WINDOW
from ingest.sftp.wire import OpenFlag, Packet, string
from tests.ingest.sftp.front_door import FrontDoor, eventually
from tests.ingest.sftp.server_process import LIMITS, ServerProcess, served

pytestmark = pytest.mark.proof

MEMORY = 256 * MIB
"""What one party adds to a server process at most, whatever it does."""
DESCRIPTORS = LIMITS.connections_per_party + LIMITS.sessions_per_party * (LIMITS.handles_per_session + 6)

Tried = Callable[[str, str, int], None]


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, party_keys: dict[str, paramiko.PKey], server_keys: Path
) -> Iterator[ServerProcess]:
    keys = {name: party_keys[name] for name in ("acme", "bolt")}
    with served(tmp_path_factory.mktemp("served"), keys, server_keys) as process:
        yield process


@contextmanager
def _bounded(server: ServerProcess) -> Iterator[None]:
    """Inside, a party may do what it likes; memory and descriptors stay bounded, and others go on."""
    _works(server.front)
    _settled(server)
    before, open_before = server.forget_peak(), server.descriptors()
    yield
    _works(server.front)
    assert server.memory() - before < MEMORY
    assert server.descriptors() - open_before <= DESCRIPTORS


def _works(front: FrontDoor) -> None:
    """Another party logs in, uploads, lists and submits."""
    with front.client("bolt", "bolt") as client:
        client.putfo(io.BytesIO(b"1"), "temp/a")
        assert client.listdir("temp") == ["a"]
        client.rename("temp/a", "inbox/a")


def _settled(server: ServerProcess) -> None:
    """Waits until what ended is given back."""
    eventually(lambda: server.threads() == 2 and server.descriptors() < 10)


def _request(client: paramiko.SFTPClient, kind: Packet, *fields: bytes) -> None:
    """Sends a request and waits for no answer."""
    body = bytes([kind]) + struct.pack(">I", 7) + b"".join(fields)
    client.get_channel().sendall(struct.pack(">I", len(body)) + body)  # type: ignore[union-attr]


def test_three_thousand_handles(server: ServerProcess, whole: bool, tried: Tried) -> None:
    sessions, wanted = (LIMITS.sessions_per_party + 2, 3000) if whole else (4, 300)
    opened: list[paramiko.SFTPFile] = []
    clients: list[paramiko.SFTPClient] = []
    with _bounded(server), ExitStack() as stack:
        transports = [stack.enter_context(server.front.transport()) for _ in range(-(-sessions // 10))]
        for number in range(sessions):
            with suppress(paramiko.SSHException):
                clients.append(transports[number // 10].open_sftp_client())  # type: ignore[arg-type]
        assert len(clients) == min(sessions, LIMITS.sessions_per_party)
        for number in range(wanted):
            client = clients[number % len(clients)]
            try:
                opened.append(client.open(f"temp/{number % 100}", "w"))
            except OSError as error:
                assert "the limit is 64" in str(error)  # noqa: PT017 - the first of each session open
        assert len(opened) == len(clients) * LIMITS.handles_per_session < wanted
        opened[0].close()
        assert clients[0].listdir("/") == ["temp", "inbox", "check", "outbox"]
    _settled(server)
    for path in server.front.home.temp("acme").iterdir():
        path.unlink()
    tried("hostile cases", "handles of one party", wanted)


def test_connections_without_a_session(server: ServerProcess, whole: bool, tried: Tried) -> None:
    wanted = 60 if whole else 42
    with _bounded(server), ExitStack() as stack:
        transports = [stack.enter_context(server.front.transport()) for _ in range(wanted)]
        eventually(lambda: sum(one.is_active() for one in transports) == LIMITS.connections_per_party)
    tried("hostile cases", "connections of one party", wanted)


@pytest.mark.parametrize("addresses", [1, 20])
def test_three_hundred_silent_connections(server: ServerProcess, addresses: int, tried: Tried) -> None:
    with _bounded(server), ExitStack() as stack:
        before = server.descriptors()
        for number in range(300):
            here = (f"127.0.1.{number % addresses + 1}", 0)
            peer = socket.create_connection(("127.0.0.1", server.front.port), source_address=here)
            stack.enter_context(closing(peer))
        limit = LIMITS.connections_before_login_per_address if addresses == 1 else LIMITS.connections_before_login
        eventually(lambda: server.descriptors() - before == limit)
        _works(server.front)
        eventually(lambda: server.descriptors() - before <= limit)
    tried("hostile cases", "silent connections", 300)


@pytest.mark.parametrize("heeds", [True, False], ids=["heeds the window", "sends beyond it"])
def test_who_reads_no_answers(server: ServerProcess, heeds: bool, tried: Tried) -> None:
    """Nothing piles up: the session waits, and who sends on beyond the window loses the connection."""
    (server.front.home.outbox("acme") / "answer").write_bytes(bytes(2 * MIB))
    with _bounded(server), server.front.transport() as transport:
        channel = transport.open_session(window_size=64 * 1024)
        channel.invoke_subsystem("sftp")
        client = paramiko.SFTPClient(channel)
        _request(client, Packet.OPEN, string(b"outbox/answer"), struct.pack(">I", OpenFlag.READ), bytes(4))
        channel.settimeout(1 if heeds else 60)
        if not heeds:
            channel.out_window_size = 1 << 40
        read = bytes([Packet.READ]) + struct.pack(">I", 7) + string(b"1") + struct.pack(">QI", 0, 255 * 1024)
        requests = (struct.pack(">I", len(read)) + read) * (2 * WINDOW // len(read))
        with pytest.raises(TimeoutError if heeds else (OSError, EOFError)):  # type: ignore[arg-type]
            channel.sendall(requests)
        if heeds:
            assert transport.is_active()
        else:
            eventually(lambda: not transport.is_active())
    (server.front.home.outbox("acme") / "answer").unlink()
    tried("hostile cases", "slow readers", 1)


def test_data_that_nobody_reads(server: ServerProcess, tried: Tried) -> None:
    """To a channel without a session, and to standard error, which no session has."""
    with _bounded(server), server.front.transport() as transport:
        idle, client = transport.open_session(), transport.open_sftp_client()
        assert client is not None
        content = bytes(32_000)
        for channel, kind in ((idle, cMSG_CHANNEL_DATA), (client.get_channel(), bytes([MSG_CHANNEL_EXTENDED_DATA]))):
            assert channel is not None
            for _ in range(64 * MIB // len(content)):
                message = paramiko.Message()
                message.add_byte(kind)
                message.add_int(channel.remote_chanid)
                if kind != cMSG_CHANNEL_DATA:
                    message.add_int(1)
                message.add_string(content)
                transport._send_user_message(message)  # type: ignore[attr-defined]
        assert client.listdir("/") == ["temp", "inbox", "check", "outbox"]
    tried("hostile cases", "data that nobody reads", 2)


def test_outboxes_that_are_never_collected(server: ServerProcess, whole: bool, tried: Tried) -> None:
    """A listing takes up a piece of a folder, not all of it, however many are open at once."""
    outbox, count = server.front.home.outbox("acme"), 1_000_000 if whole else 10_000
    name = "BP000000000001.{}.ADT" + "x" * 60
    for number in range(count):
        os.close(os.open(outbox / name.format(number), os.O_CREAT | os.O_WRONLY))
    with _bounded(server), server.front.client() as client:
        for _ in range(LIMITS.handles_per_session - 1):
            _listing(client, 1)
        listed = _listing(client, count)
    assert listed == count
    for path in outbox.iterdir():
        path.unlink()
    tried("hostile cases", "names in one listing", count)


def _listing(client: paramiko.SFTPClient, count: int) -> int:
    """Opens the outbox, and reads its listing until `count` names came; leaves it open."""
    _, reply = client._request(Packet.OPENDIR, b"outbox")  # type: ignore[attr-defined]
    handle, listed = reply.get_binary(), 0
    while listed < count:
        kind, reply = client._request(Packet.READDIR, handle)  # type: ignore[attr-defined]
        assert kind == Packet.NAME
        listed += reply.get_int()
    return listed
