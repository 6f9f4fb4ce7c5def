"""The `sftp` subsystem of one channel: packets in, requests to the session, answers out.

Written on the channel itself rather than on paramiko's SFTPServer: that one answers OK to a close whatever became
of it, gives no reason with a status, and reads packets of any size that a client announces.
"""

import itertools
import logging
from collections.abc import Callable, Generator

import paramiko

from ingest.sftp import wire
from ingest.sftp.connection import Connection
from ingest.sftp.files import OpenFile
from ingest.sftp.paths import Place, canonical, file_place, place
from ingest.sftp.session import Session
from ingest.sftp.status import Refusal, Status, refusal_of
from ingest.sftp.wire import Attributes, Fields, Packet

_RECEIVE = 512 * 1024
_SEND = 128 * 1024
_LISTED_AT_ONCE = 64
_EXTENSIONS = (
    (b"posix-rename@openssh.com", b"1"),
    (b"fsync@openssh.com", b"1"),
    (b"limits@openssh.com", b"1"),
)

_log = logging.getLogger(__name__)


class Requests:
    """Answers one request after the other, each with one packet."""

    def __init__(self, session: Session, handles: int) -> None:
        self._files = session.files
        self._listings: dict[bytes, Generator[tuple[str, Attributes]]] = {}
        self._session = session
        self._handles = handles
        self._next = 0
        self._operations: dict[int, Callable[[int, Fields], bytes]] = {
            Packet.OPEN: self._open,
            Packet.CLOSE: self._close,
            Packet.READ: self._read,
            Packet.WRITE: self._write,
            Packet.LSTAT: self._stat,
            Packet.STAT: self._stat,
            Packet.FSTAT: self._fstat,
            Packet.SETSTAT: self._setstat,
            Packet.FSETSTAT: self._fsetstat,
            Packet.OPENDIR: self._opendir,
            Packet.READDIR: self._readdir,
            Packet.REMOVE: self._remove,
            Packet.RENAME: self._rename,
            Packet.REALPATH: self._realpath,
            Packet.EXTENDED: self._extended,
            Packet.MKDIR: _refused("a party makes no folders; there are temp, inbox, check and outbox"),
            Packet.RMDIR: _refused("the folders stay"),
            Packet.SYMLINK: _refused("there are no symbolic links here"),
            Packet.READLINK: _refused("there are no symbolic links here"),
        }

    def answer(self, packet: memoryview) -> bytes:
        """The answer to a packet (without its length); whatever the client sent, it is an answer."""
        kind = packet[0]
        request = 0
        try:
            fields = Fields(packet[1:])
            request = fields.u32()
            operation = self._operations.get(kind)
            if operation is None:
                raise Refusal(f"request {kind} is not known here", Status.UNSUPPORTED)
            return operation(request, fields)
        except Refusal as refusal:
            self._session.tell_refusal(refusal)
            return wire.status(request, refusal.code, refusal.reason)
        except OSError as error:
            _log.exception("request %d of an SFTP session fails", kind)
            return wire.status(request, Status.FAILURE, refusal_of(error, "the file").reason)
        except Exception:
            _log.exception("request %d of an SFTP session fails", kind)
            return wire.status(request, Status.FAILURE, "the gateway fails; its operator knows")

    def answering(self, begun: bool) -> None:
        """Requests are being worked off, or their answers are all sent."""
        self._session.answering = begun

    def abandon(self) -> None:
        """The session ended: what is open is abandoned, not finished."""
        for listing in self._listings.values():
            listing.close()
        while self._files:
            _, file = self._files.popitem()
            try:
                self._session.abandoned(file)
            except Exception:
                _log.exception("an abandoned file cannot be put away")

    def _handle(self) -> bytes:
        opened = len(self._files) + len(self._listings)
        if opened >= self._handles:
            raise Refusal(f"{opened} files and folders are open, the limit is {self._handles}", Status.FAILURE)
        self._next += 1
        return b"%d" % self._next

    def _open(self, request: int, fields: Fields) -> bytes:
        path, flags = file_place(fields.string()), fields.u32()
        handle = self._handle()
        self._files[handle] = self._session.open(path, flags)
        return wire.answer(Packet.HANDLE, request, wire.string(handle))

    def _close(self, request: int, fields: Fields) -> bytes:
        handle = fields.string()
        listing = self._listings.pop(handle, None)
        if listing is not None:
            listing.close()
        else:
            self._file(handle)
            self._session.closed(self._files.pop(handle))
        return wire.status(request, Status.OK)

    def _read(self, request: int, fields: Fields) -> bytes:
        content = self._file(fields.string()).read(fields.u64(), fields.u32())
        return wire.data(request, content) if content else wire.status(request, Status.EOF)

    def _write(self, request: int, fields: Fields) -> bytes:
        self._file(fields.string()).write(fields.u64(), fields.view())
        return wire.status(request, Status.OK)

    def _stat(self, request: int, fields: Fields) -> bytes:
        return wire.answer(Packet.ATTRS, request, self._session.view.attributes(place(fields.string())).packed())

    def _fstat(self, request: int, fields: Fields) -> bytes:
        return wire.answer(Packet.ATTRS, request, self._file(fields.string()).attributes().packed())

    def _setstat(self, request: int, fields: Fields) -> bytes:
        self._session.set(file_place(fields.string()), fields.attributes())
        return wire.status(request, Status.OK)

    def _fsetstat(self, request: int, fields: Fields) -> bytes:
        self._file(fields.string()).set(fields.attributes())
        return wire.status(request, Status.OK)

    def _opendir(self, request: int, fields: Fields) -> bytes:
        folder: Place = place(fields.string())
        handle = self._handle()
        self._listings[handle] = self._session.view.names(folder)
        return wire.answer(Packet.HANDLE, request, wire.string(handle))

    def _readdir(self, request: int, fields: Fields) -> bytes:
        listing = self._listings.get(fields.string())
        if listing is None:
            raise Refusal("the handle names no open folder", Status.FAILURE)
        entries = list(itertools.islice(listing, _LISTED_AT_ONCE))
        if not entries:
            return wire.status(request, Status.EOF)
        return wire.names(request, [(name, of.long_name(name), of) for name, of in entries])

    def _remove(self, request: int, fields: Fields) -> bytes:
        self._session.remove(file_place(fields.string()))
        return wire.status(request, Status.OK)

    def _rename(self, request: int, fields: Fields, *, replace: bool = False) -> bytes:
        self._session.rename(file_place(fields.string()), file_place(fields.string()), replace=replace)
        return wire.status(request, Status.OK)

    def _realpath(self, request: int, fields: Fields) -> bytes:
        path = canonical(fields.string())
        return wire.names(request, [(path, path, Attributes())])

    def _extended(self, request: int, fields: Fields) -> bytes:
        name = fields.string()
        if name == b"posix-rename@openssh.com":
            return self._rename(request, fields, replace=True)
        if name == b"fsync@openssh.com":
            self._file(fields.string()).sync()
            return wire.status(request, Status.OK)
        if name == b"limits@openssh.com":
            return wire.limits(request, self._handles)
        if name == b"hardlink@openssh.com":
            raise Refusal("there are no links here")
        raise Refusal("the extension is not known here", Status.UNSUPPORTED)

    def _file(self, handle: bytes) -> OpenFile:
        file = self._files.get(handle)
        if file is None:
            raise Refusal("the handle names no open file", Status.FAILURE)
        return file


class SftpSubsystem(paramiko.SubsystemHandler):
    """Runs `Requests` over a channel, in a thread of its own; its server object is a Connection."""

    def start_subsystem(self, name: str, transport: paramiko.Transport, channel: paramiko.Channel) -> None:
        """Serve the channel until it ends."""
        connection = self.get_server()
        assert isinstance(connection, Connection)
        session = connection.session_of(channel)
        requests = Requests(session, connection.handles)
        try:
            _serve(channel, requests)
        except (OSError, EOFError, paramiko.SSHException):
            pass  # the connection is gone
        finally:
            requests.abandon()
            connection.ended(session)


def _refused(reason: str) -> Callable[[int, Fields], bytes]:
    def refuse(request: int, fields: Fields) -> bytes:
        raise Refusal(reason)

    return refuse


def _serve(channel: paramiko.Channel, requests: Requests) -> None:
    rest = b""
    greeted = False
    while received := channel.recv(_RECEIVE):
        requests.answering(True)
        window = memoryview(rest + received if rest else received)
        answers = bytearray()
        read = 0
        while (packet := _next_packet(window, read)) is not None:
            read += 4 + len(packet)
            if greeted:
                answers += requests.answer(packet)
            elif packet[0] == Packet.INIT:
                greeted = True
                answers += wire.version(_EXTENSIONS)
            else:
                return
            if len(answers) >= _SEND:
                channel.sendall(bytes(answers))
                answers.clear()
        rest = bytes(window[read:])
        if answers:
            channel.sendall(bytes(answers))
        requests.answering(False)


def _next_packet(window: memoryview, at: int) -> memoryview | None:
    """The packet that starts at `at`, without its length; None until all of it is here."""
    if len(window) - at < 4:
        return None
    length = int.from_bytes(window[at : at + 4], "big")
    if not 1 <= length <= wire.MAX_PACKET:
        raise EOFError(f"a packet announces {length} bytes")
    return window[at + 4 : at + 4 + length] if len(window) - at >= 4 + length else None
