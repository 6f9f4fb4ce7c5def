"""The `sftp` subsystem of one channel: packets in, answers out, in the order in which they come.

Written on the channel itself rather than on paramiko's SFTPServer: that one answers OK to a close whatever became
of it, gives no reason with a status, and reads packets of any size that a client announces.

A request whose answer is short is answered by the transport's thread as it is received: of an upload these are all,
and the way through a second thread would cost more than the request. What could make that thread wait, an answer that
the client has no window for or new keys on their way, is left to the channel's own thread.
"""

import threading

import paramiko

from ingest.sftp import wire
from ingest.sftp.connection import Connection
from ingest.sftp.requests import Requests
from ingest.sftp.stream import may_send, widen
from ingest.sftp.wire import Packet

_RECEIVE = 512 * 1024
_SEND = 128 * 1024
_SHORT = 8 * 1024
"""No answer is longer but those to READ and READDIR."""
_LONG_ANSWERS = (Packet.READ, Packet.READDIR)
_EXTENSIONS = (
    (b"posix-rename@openssh.com", b"1"),
    (b"fsync@openssh.com", b"1"),
    (b"limits@openssh.com", b"1"),
)


class Conversation:
    """What the client of a channel asks, and what `requests` answer."""

    def __init__(self, channel: paramiko.Channel, requests: Requests) -> None:
        self._channel = channel
        self._requests = requests
        self._lock = threading.Lock()
        self._greeted = False
        self._ended = False
        self._rest = b""
        # Bytes, each counted by one thread alone; while they differ, the channel's thread has the next word.
        self._left = 0
        self._fetched = 0

    def run(self) -> None:
        """The channel's thread: answers what is left to it until the channel ends."""
        goes_on = True
        while goes_on and (received := self._channel.recv(_RECEIVE)):
            with self._lock:
                goes_on = self._answer(received)
                self._fetched += len(received)

    def end(self) -> None:
        """Answers nothing more; what is open is abandoned."""
        with self._lock:
            self._ended = True
            self._requests.abandon()

    def received(self, content: bytes) -> bytes:
        """The transport's thread: answers what it can at once and gives what is left to the channel's thread."""
        left = content
        if self._left == self._fetched and self._lock.acquire(blocking=False):
            try:
                if self._greeted and not self._ended and may_send(self._channel):
                    left = self._answer_at_once(content)
            finally:
                self._lock.release()
        self._left += len(left)
        return left

    def _answer_at_once(self, content: bytes) -> bytes:
        """Answers the packets that end in `content`, as far as that cannot block; gives the bytes from there on."""
        window = memoryview(self._rest + content if self._rest else content)
        answers = bytearray()
        read = 0
        self._requests.answering(True)
        while (length := _length(window, read)) > 0 and window[read + 4] not in _LONG_ANSWERS:
            if len(answers) + _SHORT > self._channel.out_window_size:
                break
            answers += self._requests.answer(window[read + 4 : read + 4 + length])
            read += 4 + length
        if length == 0:
            left, self._rest = b"", bytes(window[read:])
        elif read == 0:
            left = content  # it goes behind the rest
        else:
            left, self._rest = bytes(window[read:]), b""
        if answers:
            self._channel.sendall(bytes(answers))
        self._requests.answering(False)
        widen(self._channel, len(content) - len(left))
        return left

    def _answer(self, received: bytes) -> bool:
        """Answers all packets that end in `received`; False where what comes is not SFTP."""
        window = memoryview(self._rest + received if self._rest else received)
        answers = bytearray()
        read = 0
        self._requests.answering(True)
        while length := _length(window, read):
            if length < 0:
                return False
            packet = window[read + 4 : read + 4 + length]
            read += 4 + length
            if self._greeted:
                answers += self._requests.answer(packet)
            elif packet[0] == Packet.INIT:
                self._greeted = True
                answers += wire.version(_EXTENSIONS)
            else:
                return False
            if len(answers) >= _SEND:
                self._channel.sendall(bytes(answers))
                answers.clear()
        self._rest = bytes(window[read:])
        if answers:
            self._channel.sendall(bytes(answers))
        self._requests.answering(False)
        return True


class SftpSubsystem(paramiko.SubsystemHandler):
    """One channel's conversation, with a thread of its own; its server object is a Connection."""

    def __init__(self, channel: paramiko.Channel, name: str, server: Connection) -> None:
        super().__init__(channel, name, server)
        self._connection = server
        self._session = server.session_of(channel)
        self._conversation = Conversation(channel, Requests(self._session, server.handles))
        server.hear(channel, self._conversation.received)

    def start_subsystem(self, name: str, transport: paramiko.Transport, channel: paramiko.Channel) -> None:
        """Serve the channel until it ends."""
        try:
            self._conversation.run()
        except (OSError, EOFError, paramiko.SSHException):
            pass  # the connection is gone
        finally:
            self._conversation.end()
            self._connection.ended(self._session)


def _length(window: memoryview, at: int) -> int:
    """The length of the packet that starts at `at`; 0 until all of it is here, -1 where no packet is that long."""
    if len(window) - at < 4:
        return 0
    length = int.from_bytes(window[at : at + 4], "big")
    if not 1 <= length <= wire.MAX_PACKET:
        return -1
    return length if len(window) - at >= 4 + length else 0
