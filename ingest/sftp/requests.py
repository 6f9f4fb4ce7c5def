"""The requests of one `sftp` channel, each answered by one packet."""

import itertools
import logging
from collections.abc import Callable, Generator

from ingest.sftp import wire
from ingest.sftp.files import OpenFile
from ingest.sftp.paths import Place, canonical, file_place, place
from ingest.sftp.session import Session
from ingest.sftp.status import Refusal, Status, refusal_of
from ingest.sftp.wire import Attributes, Fields, Packet

_LISTED_AT_ONCE = 64

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


def _refused(reason: str) -> Callable[[int, Fields], bytes]:
    def refuse(request: int, fields: Fields) -> bytes:
        raise Refusal(reason)

    return refuse
