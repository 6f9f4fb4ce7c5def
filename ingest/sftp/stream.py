"""The socket and the transport as the server needs them: buffered, bounded, and watched for silence."""

import hmac
import socket
import struct
import time
from typing import Any

import paramiko
from paramiko.common import MSG_CHANNEL_DATA, MSG_CHANNEL_EXTENDED_DATA, cMSG_CHANNEL_WINDOW_ADJUST
from paramiko.packet import Packetizer

WINDOW = 4 * 1024 * 1024
"""How many bytes a channel may send ahead of what is read from it."""

# paramiko's own of these are Python, and every packet needs both; the results are the same.
paramiko.packet.compute_hmac = hmac.digest  # type: ignore[assignment]
paramiko.util.constant_time_bytes_eq = hmac.compare_digest  # type: ignore[assignment]

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

    def settimeout(self, seconds: float | None) -> None:
        """Have the system itself end a call after so many seconds: Python would ask it twice for each."""
        span = struct.pack("ll", int(seconds or 0), int((seconds or 0) % 1 * 1_000_000))
        for option in (socket.SO_RCVTIMEO, socket.SO_SNDTIMEO):
            self.setsockopt(socket.SOL_SOCKET, option, span)

    def recv(self, length: int, flags: int = 0) -> bytes:
        """Up to `length` bytes; TimeoutError, and OSError where the peer announces a packet that no client sends."""
        if length > _LONGEST_READ:
            raise OSError(f"the peer announces a packet of {length} bytes")
        if self._at == len(self._received):
            try:
                received = super().recv(max(length, _BUFFER), flags)
            except BlockingIOError:
                raise TimeoutError from None
            self.received_at = time.monotonic()
            if len(received) <= length:
                return received
            self._received, self._at = received, 0
        taken = self._received[self._at : self._at + length]
        self._at += len(taken)
        return taken


def may_send(channel: Any) -> bool:
    """Whether the transport's own thread could send on a channel without waiting for itself."""
    return bool(channel.transport.clear_to_send.is_set())


def widen(channel: Any, length: int) -> None:
    """Let the peer send `length` bytes more: they were received and read past the channel's buffer."""
    more = channel._check_add_window(length)
    if more > 0:
        message = paramiko.Message()
        message.add_byte(cMSG_CHANNEL_WINDOW_ADJUST)
        message.add_int(channel.remote_chanid)
        message.add_int(more)
        channel.transport._send_user_message(message)


def _feed(channel: Any, message: paramiko.Message) -> None:
    """Give a channel's data to its session, and keep what that leaves; discard what no session will read."""
    receive = channel.transport.server_object.hearing(channel)
    if receive is None:
        return
    left = receive(message.get_binary())
    if left:
        channel._feed(left)
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
