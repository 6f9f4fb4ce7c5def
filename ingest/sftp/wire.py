"""The packets of SFTP version 3 (draft-ietf-secsh-filexfer-02): reading requests, writing answers. Pure."""

import struct
import time
from collections.abc import Iterable
from dataclasses import dataclass
from enum import IntEnum

from ingest.sftp.status import Refusal, Status

VERSION = 3
MAX_PACKET = 256 * 1024 + 1024
MAX_DATA = 255 * 1024

_U32 = struct.Struct(">I")
_U64 = struct.Struct(">Q")
_HEAD = struct.Struct(">IBI")


class Packet(IntEnum):
    """Packet types."""

    INIT = 1
    VERSION = 2
    OPEN = 3
    CLOSE = 4
    READ = 5
    WRITE = 6
    LSTAT = 7
    FSTAT = 8
    SETSTAT = 9
    FSETSTAT = 10
    OPENDIR = 11
    READDIR = 12
    REMOVE = 13
    MKDIR = 14
    RMDIR = 15
    REALPATH = 16
    STAT = 17
    RENAME = 18
    READLINK = 19
    SYMLINK = 20
    STATUS = 101
    HANDLE = 102
    DATA = 103
    NAME = 104
    ATTRS = 105
    EXTENDED = 200
    EXTENDED_REPLY = 201


class OpenFlag(IntEnum):
    """Flags of OPEN."""

    READ = 1
    WRITE = 2
    APPEND = 4
    CREATE = 8
    TRUNCATE = 16
    EXCLUSIVE = 32


_SIZE, _OWNER, _PERMISSIONS, _TIMES, _EXTENDED = 1, 2, 4, 8, 0x80000000


@dataclass(frozen=True)
class Attributes:
    """What is said of a file; None where a packet does not say it. Times are Unix seconds."""

    size: int | None = None
    permissions: int | None = None
    times: tuple[int, int] | None = None
    """Access and modification."""
    owner: tuple[int, int] | None = None
    """User and group."""

    def packed(self) -> bytes:
        """The attributes as they stand in a packet."""
        flags, body = 0, b""
        if self.size is not None:
            flags, body = flags | _SIZE, body + _U64.pack(self.size)
        if self.owner is not None:
            flags, body = flags | _OWNER, body + struct.pack(">II", *self.owner)
        if self.permissions is not None:
            flags, body = flags | _PERMISSIONS, body + _U32.pack(self.permissions)
        if self.times is not None:
            flags, body = flags | _TIMES, body + struct.pack(">II", *self.times)
        return _U32.pack(flags) + body

    def long_name(self, name: str) -> str:
        """The line that `ls -l` prints."""
        kind = "d" if (self.permissions or 0) & 0o170000 == 0o040000 else "-"
        mode = "".join(
            letter if (self.permissions or 0) >> (8 - bit) & 1 else "-" for bit, letter in enumerate("rwxrwxrwx")
        )
        modified = time.strftime("%b %d  %Y", time.gmtime(self.times[1] if self.times else 0))
        return f"{kind}{mode}    1 party    party    {self.size or 0:>12} {modified} {name}"


class Fields:
    """The fields of one request, read from the front; raises Refusal where the packet is too short."""

    def __init__(self, packet: memoryview) -> None:
        self._packet = packet
        self._at = 0

    def u32(self) -> int:
        """An unsigned integer of four bytes."""
        value: int = _U32.unpack(self._take(4))[0]
        return value

    def u64(self) -> int:
        """An unsigned integer of eight bytes."""
        value: int = _U64.unpack(self._take(8))[0]
        return value

    def view(self) -> memoryview:
        """A string, as a window on the packet."""
        return self._take(self.u32())

    def string(self) -> bytes:
        """A string, copied."""
        return bytes(self.view())

    def attributes(self) -> Attributes:
        """An attributes structure."""
        flags = self.u32()
        size = self.u64() if flags & _SIZE else None
        owner = (self.u32(), self.u32()) if flags & _OWNER else None
        permissions = self.u32() if flags & _PERMISSIONS else None
        times = (self.u32(), self.u32()) if flags & _TIMES else None
        if flags & _EXTENDED:
            for _ in range(min(self.u32(), 16)):
                self.view()
                self.view()
        return Attributes(size, permissions, times, owner)

    def _take(self, length: int) -> memoryview:
        taken = self._packet[self._at : self._at + length]
        if len(taken) != length:
            raise Refusal(f"the packet ends {length - len(taken)} bytes early", Status.BAD_MESSAGE)
        self._at += length
        return taken


def string(value: bytes) -> bytes:
    """A string field."""
    return _U32.pack(len(value)) + value


def answer(kind: Packet, request: int, body: bytes) -> bytes:
    """A whole packet, length in front."""
    return _HEAD.pack(len(body) + 5, kind, request) + body


def status(request: int, code: Status, reason: str = "") -> bytes:
    """A STATUS packet."""
    body = _U32.pack(code) + string(reason.encode("utf-8", "replace")) + string(b"")
    return answer(Packet.STATUS, request, body)


def data(request: int, content: bytes) -> bytes:
    """A DATA packet."""
    return answer(Packet.DATA, request, string(content))


def names(request: int, entries: Iterable[tuple[str, str, Attributes]]) -> bytes:
    """A NAME packet of (name, long name, attributes)."""
    packed = [string(name.encode()) + string(long.encode()) + of.packed() for name, long, of in entries]
    return answer(Packet.NAME, request, _U32.pack(len(packed)) + b"".join(packed))


def version(extensions: Iterable[tuple[bytes, bytes]]) -> bytes:
    """The VERSION packet with the extensions that the server offers."""
    body = _U32.pack(VERSION) + b"".join(string(name) + string(value) for name, value in extensions)
    return _U32.pack(len(body) + 1) + bytes([Packet.VERSION]) + body


def limits(request: int, handles: int) -> bytes:
    """The answer to `limits@openssh.com`: packet, read and write lengths in bytes, and open handles."""
    return answer(Packet.EXTENDED_REPLY, request, struct.pack(">QQQQ", MAX_PACKET, MAX_DATA, MAX_DATA, handles))
