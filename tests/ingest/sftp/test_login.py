"""Who comes in: keys and their validity, bans, and nothing but the sftp subsystem."""

import socket
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import timedelta

import paramiko
import pytest

from ingest.sftp.interfaces import AccountKey, AccountKeys, SessionKind
from ingest.sftp.limits import Limits
from tests.ingest.sftp.conftest import LIMITS
from tests.ingest.sftp.front_door import LONG_AGO, START, FrontDoor, eventually


def _logs_in(front: FrontDoor, account: str, key: str) -> bool:
    try:
        with front.client(account, key) as client:
            return client.listdir("/") != []
    except (paramiko.SSHException, EOFError, OSError):
        return False


def _account(front: FrontDoor, *keys: AccountKey) -> None:
    front.accounts["acme"] = AccountKeys("acme", "ACME", keys)


def test_a_login_is_kept_with_its_key(front: FrontDoor) -> None:
    assert _logs_in(front, "acme", "acme")
    front.await_event(SessionKind.LOGOUT)
    assert front.used_keys == [("acme", front.keys["acme"].fingerprint)]
    login = front.await_event(SessionKind.LOGIN)
    assert (login.at, login.account, login.address) == (START, "acme", "127.0.0.1")
    assert login.detail == front.keys["acme"].fingerprint


def test_two_keys_hand_over(front: FrontDoor) -> None:
    old, new = front.keys["acme"], front.keys["acme2"]
    handover = START + timedelta(days=1)
    _account(
        front,
        AccountKey(old.get_name(), old.get_base64(), LONG_AGO, handover),
        AccountKey(new.get_name(), new.get_base64(), handover - timedelta(hours=1)),
    )
    seen = []
    for moment in (-3601, -3600, -1, 0, 1):
        front.clock.now = handover + timedelta(seconds=moment)
        seen.append((_logs_in(front, "acme", "acme"), _logs_in(front, "acme", "acme2")))
        front.clock.move(3600 * 24)
    assert seen == [(True, False), (True, True), (True, True), (False, True), (False, True)]


def test_the_key_of_another_account_is_refused(front: FrontDoor) -> None:
    assert not _logs_in(front, "acme", "bolt")
    assert not _logs_in(front, "nobody", "acme")
    assert _logs_in(front, "bolt", "bolt")
    details = [event.detail for event in front.events if event.kind is SessionKind.REFUSED]
    assert any("the key is not known" in detail for detail in details)
    assert any("no such account" in detail for detail in details)


def test_failed_logins_ban_the_address_for_longer_each_time(front: FrontDoor) -> None:
    for expected in (60, 120):
        for _ in range(3):
            assert not _logs_in(front, "acme", "stranger")
        ban = [event for event in front.events if event.kind is SessionKind.BANNED][-1]
        assert ban.detail == f"for {expected} seconds after failed logins"
        front.clock.move(expected - 1)
        assert not _logs_in(front, "acme", "acme")
        front.clock.move(1)
        assert _logs_in(front, "acme", "acme")


ATTEMPTS: dict[str, Callable[[paramiko.Transport], object]] = {
    "password": lambda transport: transport.auth_password("acme", "secret", fallback=False),
    "interactive": lambda transport: transport.auth_interactive("acme", lambda *_: []),
    "none": lambda transport: transport.auth_none("acme"),
}


def _guess(front: FrontDoor, address: str, attempt: str) -> bool:
    """Whether the address may still try; a login that is guessed, and not by a key."""
    try:
        connected = socket.create_connection(("127.0.0.1", front.port), source_address=(address, 0))
        transport = paramiko.Transport(connected)
        transport.start_client()
    except (paramiko.SSHException, EOFError, OSError):
        return False
    with closing(transport), pytest.raises(paramiko.SSHException):
        ATTEMPTS[attempt](transport)
    return True


@pytest.mark.proof
@pytest.mark.parametrize("attempt", ATTEMPTS)
def test_guessing_bans_one_address_and_no_other(
    front: FrontDoor, attempt: str, tried: Callable[[str, str, int], None]
) -> None:
    for expected in (60, 120, 240):
        seen = len([kind for kind in front.kinds() if kind is SessionKind.BANNED])
        for _ in range(3):
            assert _guess(front, "127.0.0.2", attempt)
        assert front.await_event(SessionKind.BANNED, seen + 1).detail == f"for {expected} seconds after failed logins"
        assert not _guess(front, "127.0.0.2", attempt)
        assert _logs_in(front, "acme", "acme")
        front.clock.move(expected)
    tried("hostile cases", "guessed logins", 9)


def test_a_client_that_tries_its_keys_in_turn_is_not_banned(front: FrontDoor) -> None:
    for _ in range(5):
        transport = paramiko.Transport(("127.0.0.1", front.port))
        transport.start_client()
        with pytest.raises(paramiko.AuthenticationException):
            transport.auth_publickey("acme", front.keys["stranger"])
        transport.auth_publickey("acme", front.keys["acme"])
        assert transport.is_authenticated()
        transport.open_session().close()
        transport.close()
    assert SessionKind.BANNED not in front.kinds()


@pytest.mark.parametrize("name", ["../bolt", "a\nb", "acme\0", "x" * 10_000, "", "é"])
def test_hostile_account_names(front: FrontDoor, name: str) -> None:
    assert not _logs_in(front, name, "acme")
    assert _logs_in(front, "acme", "acme")
    assert all(event.detail.isprintable() and len(event.detail) < 300 for event in front.events)


def test_only_public_keys_are_offered(front: FrontDoor) -> None:
    transport = paramiko.Transport(("127.0.0.1", front.port))
    transport.start_client()
    with pytest.raises(paramiko.BadAuthenticationType) as caught:
        transport.auth_none("acme")
    assert caught.value.allowed_types == ["publickey"]
    with pytest.raises(paramiko.AuthenticationException):
        transport.auth_password("acme", "secret", fallback=False)
    transport.close()


def test_only_the_sftp_subsystem_is_open(front: FrontDoor) -> None:
    with front.transport() as transport:
        for attempt in (
            lambda channel: channel.exec_command("id"),
            lambda channel: channel.invoke_shell(),
            lambda channel: channel.get_pty(),
            lambda channel: channel.invoke_subsystem("shell"),
        ):
            with pytest.raises(paramiko.SSHException):
                attempt(transport.open_session())
        with pytest.raises(paramiko.ChannelException):
            transport.open_channel("direct-tcpip", ("127.0.0.1", 22), ("127.0.0.1", 1))
        with pytest.raises(paramiko.SSHException):
            transport.request_port_forward("127.0.0.1", 0)
    assert _logs_in(front, "acme", "acme")


class TestConnectionsBeforeLogin:
    @pytest.fixture
    def limits(self) -> Limits:
        return replace(LIMITS, connections_before_login_per_address=2)

    def test_connections_of_one_address(self, front: FrontDoor) -> None:
        idle = [socket.create_connection(("127.0.0.1", front.port)) for _ in range(2)]
        eventually(lambda: all(one.recv(3) == b"SSH" for one in idle))
        with socket.create_connection(("127.0.0.1", front.port)) as third:
            assert third.recv(100) == b""
        assert "2 connections of the address wait" in front.await_event(SessionKind.REFUSED).detail
        for one in idle:
            one.close()
        eventually(lambda: _logs_in(front, "acme", "acme"))


class TestLoginTime:
    @pytest.fixture
    def limits(self) -> Limits:
        return replace(LIMITS, login_seconds=0.5)

    def test_who_does_not_log_in_is_sent_away(self, front: FrontDoor) -> None:
        with socket.create_connection(("127.0.0.1", front.port)) as idle:
            idle.settimeout(20)
            while idle.recv(4096):
                pass


class TestIdleTime:
    @pytest.fixture
    def limits(self) -> Limits:
        return replace(LIMITS, idle_seconds=1)

    def test_a_silent_session_ends(self, front: FrontDoor) -> None:
        with front.client():
            assert "nothing was received for 1 seconds" in front.await_event(SessionKind.LOGOUT).detail


@pytest.mark.parametrize(
    "sent",
    [b"", b"GET / HTTP/1.1\r\n\r\n", b"SSH-1.5-old\r\n", b"\0" * 100_000, b"SSH-2.0-x\r\n" + b"\xff" * 100_000],
    ids=["nothing", "http", "ssh 1", "zeroes", "a packet of 4 GiB"],
)
def test_bytes_that_are_no_ssh(front: FrontDoor, sent: bytes, caplog: pytest.LogCaptureFixture) -> None:
    with socket.create_connection(("127.0.0.1", front.port)) as peer:
        peer.settimeout(20)
        try:
            peer.sendall(sent)
            peer.shutdown(socket.SHUT_WR)
            while peer.recv(4096):
                pass
        except ConnectionError:
            pass
    assert _logs_in(front, "acme", "acme")
    assert [record for record in caplog.records if not record.name.startswith("paramiko")] == []
