"""The server of one process: accepts, keeps the limits of connections, drains. Several may share one socket."""

import logging
import os
import resource
import selectors
import signal
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import paramiko

from ingest.sftp.algorithms import host_keys, restrict
from ingest.sftp.bans import Bans
from ingest.sftp.connection import Connection
from ingest.sftp.interfaces import Door, SessionEvent, SessionKind
from ingest.sftp.paths import shown
from ingest.sftp.session_folder import clear_dead_sessions
from ingest.sftp.stream import WINDOW, Packets, Stream, Transport
from ingest.sftp.subsystem import SftpSubsystem

_LOOK_SECONDS = 0.2
_GIVE_WAY_SECONDS, _LONGEST_GIVE_WAY = 0.004, 0.05
_PRUNE_SECONDS = 3600.0
_CLOSE_SECONDS = 5.0
_QUIET_SECONDS = 1.0
_PACKET = 32 * 1024

_log = logging.getLogger(__name__)
# What a hostile peer makes paramiko log is the peer's to choose; what matters is in the session log.
_transport_log = logging.getLogger(f"{__name__}.transport")
_transport_log.setLevel(logging.CRITICAL + 1)


@dataclass(frozen=True)
class _Live:
    transport: paramiko.Transport
    connection: Connection
    stream: Stream


class Server:
    """Serves one listening socket; `serve` is its life."""

    def __init__(self, listening: socket.socket, door: Door) -> None:
        door.home.make()
        self._listening = listening
        self._door = door
        self._bans = Bans(door.home, door.limits, door.clock)
        self._host_keys = host_keys(door.home.keys)
        self._live: list[_Live] = []
        self._told: dict[str, float] = {}
        self._pruned = time.monotonic()
        self._clear_dead_sessions()

    def serve(self, stop: Callable[[], bool]) -> None:
        """Accept until `stop()`; then let open transfers finish for the drain time, and close."""
        self._listening.setblocking(False)
        with selectors.DefaultSelector() as selector:
            selector.register(self._listening, selectors.EVENT_READ)
            while not stop():
                if selector.select(_LOOK_SECONDS):
                    self._give_way()
                    self._accept()
                self._look()
        self._drain()

    def _give_way(self) -> None:
        """Leave a connection to a process that serves fewer: the threads of one process hinder each other."""
        time.sleep(min(_GIVE_WAY_SECONDS * len(self._live), _LONGEST_GIVE_WAY))

    def _accept(self) -> None:
        try:
            connected, peer = self._listening.accept()
        except (BlockingIOError, ConnectionError):
            return  # another process was quicker, or the peer is gone
        except OSError:
            _log.exception("no connection can be accepted")
            time.sleep(_LOOK_SECONDS)
            return
        try:
            self._begin(connected, str(peer[0]))
        except Exception:
            _log.exception("a connection cannot begin")
            connected.close()

    def _begin(self, connected: socket.socket, address: str) -> None:
        refused = self._refusal(address)
        if refused is not None:
            connected.close()
            self._tell_refused(address, refused)
            return
        if connected.family in (socket.AF_INET, socket.AF_INET6):
            connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        connected.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        stream = Stream(connected)
        transport = Transport(stream, WINDOW, _PACKET, packetizer_class=Packets)
        transport.set_log_channel(_transport_log.name)
        transport.local_version = "SSH-2.0-gridpost"
        transport.banner_timeout = transport.handshake_timeout = transport.auth_timeout = (
            self._door.limits.login_seconds
        )
        restrict(transport, older_clients=self._door.limits.older_clients)
        for key in self._host_keys:
            transport.add_server_key(key)
        transport.set_subsystem_handler("sftp", SftpSubsystem)
        connection = Connection(self._door, self._bans, address)
        transport.start_server(threading.Event(), connection)
        self._live.append(_Live(transport, connection, stream))

    def _refusal(self, address: str) -> str | None:
        limits = self._door.limits
        seconds = self._bans.seconds_left(address)
        if seconds:
            return f"the address is banned for {seconds:.0f} seconds more"
        waiting = [live for live in self._live if not live.connection.logged_in]
        waiting_here = Counter(live.connection.address for live in waiting)
        here, limit = waiting_here[address], limits.connections_before_login_per_address
        if here >= limit:
            return f"{here} connections of the address wait for a login, the limit is {limit}"
        if len(waiting) >= limits.connections_before_login:
            # Silent connections from many addresses keep nobody out: the one that waited longest makes room.
            ((greediest, _),) = waiting_here.most_common(1)
            longest = next(live for live in waiting if live.connection.address == greediest)
            self._close(longest, f"{len(waiting)} connections wait for a login, which is the limit")
        return None

    def _tell_refused(self, address: str, reason: str) -> None:
        """One event a minute and address: a refused peer does not write our log."""
        now = time.monotonic()
        self._told = {known: at for known, at in self._told.items() if now - at < 60}
        if address not in self._told:
            self._told[address] = now
            try:
                self._door.log.write(
                    SessionEvent(self._door.clock(), SessionKind.REFUSED, None, address, f"connection: {reason}")
                )
            except Exception:
                _log.exception("a session event cannot be kept")

    def _look(self) -> None:
        """Log in who has proved it, end who took too long, forget who is gone."""
        now, limits = time.monotonic(), self._door.limits
        of_party: Counter[str] = Counter()
        for live in self._live:
            if not live.transport.is_active():
                live.connection.finished("the connection ended")
            elif live.transport.is_authenticated():
                live.connection.login()
                of_party[live.connection.party_id] += 1
                if of_party[live.connection.party_id] > limits.connections_per_party:
                    self._close(live, f"the party has {limits.connections_per_party} connections open, the limit")
                elif now - live.stream.received_at > limits.idle_seconds:
                    self._close(live, f"nothing was received for {limits.idle_seconds:.0f} seconds")
            elif now - live.connection.began > limits.login_seconds:
                self._close(live, "no login in time")
        self._live = [live for live in self._live if live.transport.is_active() or live.connection.has_sessions]
        if now - self._pruned > _PRUNE_SECONDS:
            self._pruned = now
            self._bans.prune()
            try:
                self._clear_dead_sessions()
            except OSError:
                _log.exception("what dead sessions left stays for now")

    def _clear_dead_sessions(self) -> None:
        """Of processes that were killed, and of this one where a folder could not be deleted."""
        door = self._door
        for cut in clear_dead_sessions(door.home):
            why = f"the gateway's process ended before the file was closed; {cut.kept}"
            door.log.write(SessionEvent(door.clock(), SessionKind.ABANDONED, cut.account, "-", why, shown(cut.path)))

    def _drain(self) -> None:
        for live in self._live:
            live.connection.stop()
        end = time.monotonic() + self._door.limits.drain_seconds
        while any(_is_in_use(live) for live in self._live) and time.monotonic() < end:
            time.sleep(_LOOK_SECONDS / 4)
            self._look()
        for live in self._live:
            self._close(live, "the gateway stops")
        end = time.monotonic() + _CLOSE_SECONDS
        while any(live.connection.has_sessions for live in self._live) and time.monotonic() < end:
            time.sleep(_LOOK_SECONDS / 4)
        self._live.clear()

    def _close(self, live: _Live, why: str) -> None:
        live.transport.close()
        live.connection.finished(why)


def _is_in_use(live: _Live) -> bool:
    """Busy, or so lately that the client may be about to look at what it has uploaded."""
    return live.connection.is_busy or (
        live.connection.has_sessions and time.monotonic() - live.stream.received_at < _QUIET_SECONDS
    )


def serve(listening: socket.socket, door: Door, stop: Callable[[], bool]) -> None:
    """Serve SFTP on a listening socket until `stop()` is true, then drain; the socket stays the caller's."""
    Server(listening, door).serve(stop)


def run_process(listening: socket.socket, compose: Callable[[], Door]) -> None:
    """The body of a server process: builds its door inside, stops on SIGTERM or SIGINT or when its parent is gone."""
    _, descriptors = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (descriptors, descriptors))
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    parent = os.getppid()
    serve(listening, compose(), lambda: stopped.is_set() or os.getppid() != parent)
