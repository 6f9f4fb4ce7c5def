"""An SFTP server on standard input and output, as suites expect it to run on their own machine.

`python bridge.py PORT KEY LOCAL=REMOTE...` speaks to the server by `ssh -s`, and shows the party's folders as lying
where LOCAL says: a path in a request has the first LOCAL that begins it replaced by its REMOTE, a resolved path the
other way round. A path that is not absolute begins at the last LOCAL.
"""

import struct
import subprocess
import sys
import threading
from collections.abc import Iterator
from typing import BinaryIO

_PATHS = {3: 1, 7: 1, 9: 1, 11: 1, 13: 1, 14: 1, 15: 1, 16: 1, 17: 1, 18: 2, 19: 1, 20: 2}
"""By the kind of request, how many of its first fields are paths."""
_EXTENDED = {b"posix-rename@openssh.com": 2, b"hardlink@openssh.com": 2, b"statvfs@openssh.com": 1}
_REALPATH, _NAME, _EXTENDED_REQUEST = 16, 104, 200


class Bridge:
    """Carries packets both ways."""

    def __init__(self, places: list[tuple[bytes, bytes]]) -> None:
        self._places = places
        self._resolving: set[bytes] = set()

    def request(self, packet: bytes) -> bytes:
        """The packet as the server understands it."""
        kind, number, body = packet[0], packet[1:5], packet[5:]
        if kind == _EXTENDED_REQUEST:
            name, rest = _taken(body)
            return packet[:5] + _field(name) + self._mapped(rest, _EXTENDED.get(name, 0))
        if kind == _REALPATH:
            self._resolving.add(number)
        return packet[:5] + self._mapped(body, _PATHS.get(kind, 0))

    def answer(self, packet: bytes) -> bytes:
        """The packet as the suite understands it."""
        number = packet[1:5]
        if packet[0] != _NAME or number not in self._resolving:
            return packet
        self._resolving.discard(number)
        name, rest = _taken(packet[9:])
        long_name, attributes = _taken(rest)
        local = self._local(name)
        return packet[:9] + _field(local) + _field(local if long_name == name else long_name) + attributes

    def _mapped(self, body: bytes, paths: int) -> bytes:
        mapped = b""
        for _ in range(paths):
            path, body = _taken(body)
            mapped += _field(self._remote(path))
        return mapped + body

    def _remote(self, path: bytes) -> bytes:
        if not path.startswith(b"/"):
            path = b"/".join((self._places[-1][0], path)) if path else self._places[-1][0]
        for local, remote in self._places:
            if path == local or path.startswith(local + b"/"):
                return remote + path[len(local) :] or b"/"
        return path

    def _local(self, path: bytes) -> bytes:
        for local, remote in self._places:
            if path.rstrip(b"/") == remote or path.startswith(remote + b"/"):
                return local + path[len(remote) :].rstrip(b"/")
        return path


def _taken(body: bytes) -> tuple[bytes, bytes]:
    length = struct.unpack(">I", body[:4])[0]
    return body[4 : 4 + length], body[4 + length :]


def _field(value: bytes) -> bytes:
    return struct.pack(">I", len(value)) + value


def _packets(stream: BinaryIO) -> Iterator[bytes]:
    while len(head := stream.read(4)) == 4:
        yield stream.read(struct.unpack(">I", head)[0])


def main(port: str, key: str, *places: str) -> None:
    """Serves until standard input ends."""
    options = ("StrictHostKeyChecking=no", "UserKnownHostsFile=/dev/null", "IdentitiesOnly=yes", "LogLevel=ERROR")
    command = ["ssh", "-p", port, "-i", key, *(f"-o{option}" for option in options), "-s", "acme@127.0.0.1", "sftp"]
    pairs = [(local.encode(), remote.encode()) for local, _, remote in (place.partition("=") for place in places)]
    bridge = Bridge(pairs)
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as ssh:
        assert ssh.stdin is not None
        assert ssh.stdout is not None

        def back(answers: BinaryIO) -> None:
            for packet in _packets(answers):
                sys.stdout.buffer.write(_field(bridge.answer(packet)))
                sys.stdout.buffer.flush()

        carrying = threading.Thread(target=back, args=(ssh.stdout,))
        carrying.start()
        for packet in _packets(sys.stdin.buffer):
            # INIT has a version where others have a number
            ssh.stdin.write(_field(packet if packet[0] == 1 else bridge.request(packet)))
            ssh.stdin.flush()
        ssh.stdin.close()
        carrying.join()


if __name__ == "__main__":
    main(*sys.argv[1:])
