"""A line between a client and the server that lets so many bytes through, and then waits for what becomes of it."""

import contextlib
import selectors
import socket
import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_PIECE = 16 * 1024


class StallingLine:
    """Listens on `port`; of each connection's bytes to the server the first `allowance` pass until it is released."""

    def __init__(self, server_port: int, allowance: int) -> None:
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listening.getsockname()[1]
        self._server_port = server_port
        self._allowance = allowance
        self._released = threading.Event()
        self._sockets: list[socket.socket] = []
        self._thread = threading.Thread(target=self._accept)
        self._pairs: list[threading.Thread] = []
        self._thread.start()

    def release(self) -> None:
        """Let everything through from now on."""
        self._released.set()

    def cut(self) -> None:
        """Reset every connection, as when a cable is pulled and a router gives up."""
        for one in list(self._sockets):
            with contextlib.suppress(OSError):
                one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                one.shutdown(socket.SHUT_RDWR)
        self._released.set()

    def close(self) -> None:
        """End it, whatever is under way."""
        with contextlib.suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        self.cut()
        for thread in [self._thread, *self._pairs]:
            thread.join(30)
            assert not thread.is_alive()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listening.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._server_port))
            self._sockets += [client, server]
            self._pairs.append(threading.Thread(target=self._carry, args=(client, server)))
            self._pairs[-1].start()

    def _carry(self, client: socket.socket, server: socket.socket) -> None:
        passed = 0
        with client, server, selectors.DefaultSelector() as selector, contextlib.suppress(OSError):
            selector.register(client, selectors.EVENT_READ)
            selector.register(server, selectors.EVENT_READ)
            while True:
                for key, _ in selector.select(0.05):
                    if key.fileobj is client:
                        if passed >= self._allowance and not self._released.is_set():
                            if not _has_ended(client):
                                self._released.wait(0.02)
                                continue
                            return
                        piece = client.recv(_PIECE)
                        passed += len(piece)
                        server.sendall(piece)
                    else:
                        piece = server.recv(_PIECE)
                        client.sendall(piece)
                    if not piece:
                        return


def _has_ended(peer: socket.socket) -> bool:
    """Whether the peer is gone, though bytes of it are still unread: its process was killed."""
    state = peer.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0]
    return state in (7, 8)  # CLOSE, CLOSE_WAIT: what it had sent is behind what passed


@contextmanager
def stalling_line(server_port: int, allowance: int) -> Iterator[StallingLine]:
    """A line for the length of a test."""
    line = StallingLine(server_port, allowance)
    try:
        yield line
    finally:
        line.close()
