"""Answers come in the order of the requests, whichever of the two threads gives them and however the bytes are cut."""

import hashlib
import hmac
import threading
from types import SimpleNamespace
from typing import Any

import paramiko
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ingest.sftp.subsystem import Conversation
from ingest.sftp.wire import MAX_PACKET, VERSION, Packet, string
from tests.ingest.sftp.front_door import eventually

_INIT = string(bytes([Packet.INIT]) + VERSION.to_bytes(4, "big"))
_KINDS = st.sampled_from([Packet.STAT, Packet.WRITE, Packet.READ, Packet.READDIR, Packet.CLOSE])


class _Requests:
    """Answers each packet with its own bytes."""

    def __init__(self) -> None:
        self.abandoned = False
        self.threads: set[threading.Thread] = set()

    def answer(self, packet: memoryview) -> bytes:
        assert not self.abandoned
        self.threads.add(threading.current_thread())
        return string(bytes(packet))

    def answering(self, begun: bool) -> None:
        pass

    def abandon(self) -> None:
        self.abandoned = True


class _Channel:
    """A channel as paramiko has it, whose transport only counts."""

    def __init__(self, window: int) -> None:
        self._pipe = paramiko.buffered_pipe.BufferedPipe()  # type: ignore[attr-defined]
        self.sent = b""
        self.out_window_size = window
        self.remote_chanid = 0
        self.acknowledged = 0
        may_send = threading.Event()
        may_send.set()
        self.transport = SimpleNamespace(clear_to_send=may_send, _send_user_message=lambda message: None)

    def recv(self, length: int) -> bytes:
        read: bytes = self._pipe.read(length)
        self.acknowledged += len(read)
        return read

    def sendall(self, content: bytes) -> None:
        self.sent += content

    def _check_add_window(self, length: int) -> int:
        self.acknowledged += length
        return 0

    def feed(self, content: bytes) -> None:
        self._pipe.feed(content)

    def close(self) -> None:
        self._pipe.close()


class _Talk:
    def __init__(self, window: int) -> None:
        self.channel, self.requests = _Channel(window), _Requests()
        self.conversation = Conversation(self.channel, self.requests)  # type: ignore[arg-type]
        self.thread = threading.Thread(target=self.conversation.run)
        self.thread.start()

    def __enter__(self) -> "_Talk":
        return self

    def __exit__(self, *_: Any) -> None:
        self.channel.close()
        self.thread.join()
        self.conversation.end()

    def receive(self, content: bytes) -> None:
        left = self.conversation.received(content)
        if left:
            self.channel.feed(left)


@settings(max_examples=60)
@given(
    kinds=st.lists(st.tuples(_KINDS, st.integers(0, 300)), max_size=30),
    cuts=st.lists(st.integers(1, 400), min_size=1, max_size=20),
    window=st.sampled_from([0, 8 * 1024, 8 * 1024 + 200, 1 << 20]),
)
def test_answers_come_in_order(kinds: list[tuple[Packet, int]], cuts: list[int], window: int) -> None:
    sent = b"".join(
        string(bytes([kind]) + number.to_bytes(4, "big") + b"x" * length) for number, (kind, length) in enumerate(kinds)
    )
    with _Talk(window) as talk:
        talk.receive(_INIT)
        rest, number = sent, 0
        while rest:
            cut = cuts[number % len(cuts)]
            talk.receive(rest[:cut])
            rest, number = rest[cut:], number + 1
        eventually(lambda: talk.channel.sent.endswith(sent) and talk.channel.acknowledged == len(_INIT) + len(sent))
        greeting = talk.channel.sent[: -len(sent)] if sent else talk.channel.sent
        assert greeting[4] == Packet.VERSION


def test_an_upload_needs_no_second_thread() -> None:
    with _Talk(1 << 20) as talk:
        talk.receive(_INIT)
        for kind in (Packet.OPEN, Packet.WRITE, Packet.CLOSE, Packet.EXTENDED):
            eventually(lambda: talk.conversation._fetched == talk.conversation._left)
            talk.receive(string(bytes([kind]) + bytes(4)))
        assert talk.requests.threads == {threading.current_thread()}


@pytest.mark.parametrize("kind", [Packet.READ, Packet.WRITE])
def test_what_could_wait_is_the_channels_own(kind: Packet) -> None:
    with _Talk(0) as talk:
        talk.receive(_INIT)
        talk.receive(string(bytes([kind]) + bytes(4)))
        eventually(lambda: talk.requests.threads == {talk.thread})


def test_a_packet_too_long_ends_the_conversation() -> None:
    with _Talk(1 << 20) as talk:
        talk.receive(_INIT)
        talk.receive((MAX_PACKET + 1).to_bytes(4, "big") + b"x" * 100)
        talk.thread.join(20)
        assert not talk.thread.is_alive()


def test_after_the_end_nothing_is_answered() -> None:
    talk = _Talk(1 << 20)
    with talk:
        talk.receive(_INIT)
    late = string(bytes([Packet.STAT]) + bytes(4))
    assert talk.conversation.received(late) == late
    assert not talk.requests.threads


def test_paramiko_seals_by_our_functions() -> None:
    """Both names that the stream gives to faster functions are those that paramiko's packets use."""
    used = set(paramiko.packet.Packetizer.read_message.__code__.co_names)
    assert {"compute_hmac", "constant_time_bytes_eq"} <= used
    assert "compute_hmac" in paramiko.packet.Packetizer.send_message.__code__.co_names
    assert paramiko.packet.compute_hmac(b"key", b"message", hashlib.sha256) == (
        hmac.new(b"key", b"message", hashlib.sha256).digest()
    )
    assert paramiko.util.constant_time_bytes_eq(b"same", b"same")
    assert not paramiko.util.constant_time_bytes_eq(b"same", b"other")
