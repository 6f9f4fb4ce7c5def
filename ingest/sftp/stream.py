"""The socket and the transport as the server needs them: buffered, bounded, and watched for silence."""

import socket
import time
from typing import Any

import paramiko
from paramiko.common import MSG_CHANNEL_DATA, MSG_CHANNEL_EXTENDED_DATA
from paramiko.packet import Packetizer

WINDOW = 4 * 1024 * 1024
"""How many bytes a channel may send ahead of what is read from it."""

_BUFFER = 128 * 1024
_LONGEST_READ = 512 * 1024


class Packets(Packetizer):
    """paramiko's packets without its handshake timer, a thread for every connection that a peer drops: the server
    itself ends who does not log in.
    """

    def start_handshake(self, timeout: float) -> None:
        """Start no timer."""


class Stream(socket.socket):
    """A connected socket. paramiko asks for a few bytes at a time, and for as many as a peer announces."""

    def __init__(self, connected: socket.socket) -> None:
        super().__init__(fileno=connected.detach())
        self._received = b""
        self._at = 0
        self.received_at = time.monotonic()

    def recv(self, length: int, flags: int = 0) -> bytes:
        """Up to `length` bytes; OSError where the peer announces a packet that no client sends."""
        if length > _LONGEST_READ:
            raise OSError(f"the peer announces a packet of {length} bytes")
        if self._at == len(self._received):
            received = super().recv(max(length, _BUFFER), flags)
            self.received_at = time.monotonic()
            if len(received) <= length:
                return received
            self._received, self._at = received, 0
        taken = self._received[self._at : self._at + length]
        self._at += len(taken)
        return taken


def _feed(channel: Any, message: paramiko.Message) -> None:
    """Keep a channel's data until its session reads it; discard what no session will read."""
    if not channel.transport.server_object.serves(channel):
        return
    channel._feed(message)
    if len(channel.in_buffer) > WINDOW:
        raise paramiko.SSHException(f"the peer sends beyond the window of {WINDOW} bytes")


def _discard(channel: Any, message: paramiko.Message) -> None:
    """A client's standard error, which no SFTP session has."""


class Transport(paramiko.Transport):
    """paramiko's transport, which by itself keeps in memory whatever a peer sends and nobody reads."""

    _channel_handler_table = {  # noqa: RUF012
        **paramiko.Transport._channel_handler_table,  # type: ignore[attr-defined]
        MSG_CHANNEL_DATA: _feed,
        MSG_CHANNEL_EXTENDED_DATA: _discard,
    }
