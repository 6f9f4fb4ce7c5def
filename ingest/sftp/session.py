"""One SFTP session of one account: what each request does to the party's folders."""

import contextlib
import fcntl
import logging
import os
from collections.abc import Callable

from ingest.landing import LostBytes, Untakeable, is_taken_name
from ingest.sftp import cut_uploads
from ingest.sftp.cut_uploads import SESSION_ENDED, Doubts, Kept
from ingest.sftp.files import (
    DirectUpload,
    OpenFile,
    held,
    open_held,
    open_regular,
    require_settable,
    set_attributes,
    system_flags,
)
from ingest.sftp.interfaces import AccountKeys, Door, SessionEvent, SessionKind
from ingest.sftp.paths import TAKING, FilePlace, Folder, Place, shown
from ingest.sftp.room import Room
from ingest.sftp.session_folder import open_session_folder, upload_name
from ingest.sftp.status import Refusal, Status, missing, told
from ingest.sftp.view import View
from ingest.sftp.wire import Attributes, OpenFlag
from market.durable import rename_without_replacing
from market.fault import Fault

_REFUSALS_WRITTEN = 100
_REGULAR = 0o100600

_log = logging.getLogger(__name__)


class Session:
    """The requests of one session, called by one thread; each may raise Refusal."""

    def __init__(self, door: Door, account: AccountKeys, address: str) -> None:
        self.stopping = False
        self.answering = False
        self.files: dict[bytes, OpenFile] = {}
        self._door = door
        self._account = account.account
        self._party_id = account.party_id
        self._address = address
        self._refusals = 0
        self._doubts = Doubts()
        self._room = Room(door.home, account, door.limits)
        door.home.make_account(account.account)
        self.view = View(door.home, account.account)
        try:
            self._own = open_session_folder(door.home, account, door.limits.sessions_per_party)
        except BaseException:
            self.view.close()
            raise

    def end(self) -> None:
        """Give back what the session held; its open files are closed or abandoned before."""
        self.view.close()
        self._own.remove()

    def tell(self, kind: SessionKind, detail: str, place: FilePlace | None = None) -> None:
        """Write one session event."""
        path = shown(str(place)) if place else None
        event = SessionEvent(self._door.clock(), kind, self._account, self._address, shown(detail), path)
        _guarded(lambda: self._door.log.write(event))

    def tell_refusal(self, refusal: Refusal) -> None:
        """Write a refusal to the session log; a session that goes on being refused does not fill it."""
        if refusal.code is Status.NO_SUCH_FILE:
            return
        self._refusals += 1
        if self._refusals <= _REFUSALS_WRITTEN:
            last = "; further refusals of this session are not written" * (self._refusals == _REFUSALS_WRITTEN)
            self.tell(SessionKind.REFUSED, refusal.reason + last)

    def open(self, place: FilePlace, flags: int) -> OpenFile:
        """Open a file as OPEN's flags say."""
        writes = bool(flags & OpenFlag.WRITE)
        if place.folder is Folder.OUTBOX and (writes or flags & (OpenFlag.CREATE | OpenFlag.TRUNCATE)):
            raise Refusal("outbox is for reading and deleting; answers are put there by the gateway")
        if not writes:
            # An answer may be deleted while it is read, as clients do that collect.
            lock = fcntl.LOCK_UN if place.folder is Folder.OUTBOX else fcntl.LOCK_SH
            return OpenFile(
                place, open_held(place, self.view.folders[place.folder], os.O_RDONLY, lock), flags, self._room
            )
        if self.stopping:
            raise Refusal("the gateway is stopping; send the file again in a moment", Status.FAILURE)
        self._room.begin()
        with told(place):
            opened = self._open_aside(place, flags) if _is_taken(place) else self._open_in_place(place, flags)
        self.tell(SessionKind.UPLOAD, "opened for writing", place)
        return opened

    def closed(self, file: OpenFile) -> None:
        """The client closed `file`: a direct upload is submitted, of another it is kept why it seems to be cut."""
        if file.writes and not isinstance(file, DirectUpload):
            self._doubts.note(file.place, file.why_cut())
        file.finish()

    def abandoned(self, file: OpenFile) -> None:
        """The session ended while the client had `file` open."""
        size = file.certain_size
        file.abandon()
        if file.writes and not isinstance(file, DirectUpload):
            self.tell(SessionKind.ABANDONED, f"{SESSION_ENDED}; {size} bytes stay", file.place)

    def set(self, place: FilePlace, wanted: Attributes) -> None:
        """SETSTAT: times and size of a file in reach; times of a file just taken are only remembered."""
        if place.folder is Folder.OUTBOX:
            raise Refusal(f"{place.folder} is not for setting attributes")
        require_settable(place, wanted)
        if (place.folder, place.name) in self.view.uploads:
            self.view.uploads[place.folder, place.name].set(wanted)
            return
        known = self.view.taken(place.folder, place.name)
        if known is not None:
            times = wanted.times or known.times
            self.view.remember(place.folder, place.name, Attributes(known.size, known.permissions, times, known.owner))
            return
        with held(place, self.view.folders[place.folder], os.O_RDWR, fcntl.LOCK_SH) as descriptor, told(place):
            size = os.fstat(descriptor).st_size
            set_attributes(descriptor, wanted, lambda reached: self._room.grow(reached, max(0, reached - size)))

    def remove(self, place: FilePlace) -> None:
        """REMOVE; in outbox it is the party's confirmation of collection."""
        if (place.folder, place.name) in self.view.uploads:
            raise Refusal(f"{place} is being uploaded", Status.FAILURE)
        if self.view.taken(place.folder, place.name):
            self.view.forget(place.folder, place.name)
            raise _left(place)
        self.view.attributes(Place(place.folder, place.name))
        folder = self.view.folders[place.folder]
        if place.folder is not Folder.OUTBOX:
            with held(place, folder, os.O_RDONLY, fcntl.LOCK_EX), told(place):
                os.unlink(place.name, dir_fd=folder)
            return
        with told(place):
            os.unlink(place.name, dir_fd=folder)
            os.fsync(folder)
        self.tell(SessionKind.COLLECTED, "deleted from outbox", place)
        _guarded(lambda: self._door.on_collected(self._account, place.name))

    def rename(self, source: FilePlace, target: FilePlace, *, replace: bool) -> None:
        """RENAME and posix-rename; under a name that is taken, in inbox it is the submission, in check the dry run."""
        self._require_movable(source, target)
        folder, into = self.view.folders[source.folder], self.view.folders[target.folder]
        with held(source, folder, os.O_RDONLY, fcntl.LOCK_EX):
            if _is_taken(target):
                self._doubts.tell(source)
                self._take(folder, source.name, target, None)
                return
            try:
                with told(target):
                    rename_without_replacing(source.name, target.name, folder, into)
            except Refusal:
                if not replace:
                    raise
                if source == target:
                    return
                with held(target, into, os.O_RDONLY, fcntl.LOCK_EX), told(target):
                    os.rename(source.name, target.name, src_dir_fd=folder, dst_dir_fd=into)
            self._doubts.moved(source, target)

    def _require_movable(self, source: FilePlace, target: FilePlace) -> None:
        for place in (source, target):
            if place.folder is Folder.OUTBOX:
                raise Refusal("outbox is for reading and deleting; nothing is renamed into it or out of it")
            if (place.folder, place.name) in self.view.uploads:
                raise Refusal(f"{place} is being uploaded", Status.FAILURE)
        if self.view.taken(source.folder, source.name):
            raise _left(source)
        if source.folder in TAKING and target.folder is not source.folder:
            raise Refusal(f"a file in {source.folder} is renamed within {source.folder} only")

    def _open_in_place(self, place: FilePlace, flags: int) -> OpenFile:
        descriptor = open_held(place, self.view.folders[place.folder], system_flags(flags), fcntl.LOCK_SH)
        try:
            if flags & OpenFlag.TRUNCATE:
                os.ftruncate(descriptor, 0)
            return OpenFile(place, descriptor, flags, self._room)
        except BaseException:
            os.close(descriptor)  # or the file would be held for as long as the process lives
            raise

    def _open_aside(self, place: FilePlace, flags: int) -> DirectUpload:
        if not flags & OpenFlag.CREATE:
            raise missing(str(place))
        if (place.folder, place.name) in self.view.uploads:
            raise Refusal(f"{place} is being uploaded", Status.FAILURE)
        aside = os.O_CREAT | os.O_EXCL | os.O_RDWR
        descriptor = open_regular(place, self._own.descriptor, upload_name(place.folder, place.name), aside)
        upload = DirectUpload(
            place, descriptor, flags, self._room, submit=self._submit, discard=self._discard, keep=self._keep
        )
        self.view.uploads[place.folder, place.name] = upload
        self.view.forget(place.folder, place.name)
        return upload

    def _submit(self, upload: DirectUpload) -> None:
        del self.view.uploads[upload.place.folder, upload.place.name]
        source = upload_name(upload.place.folder, upload.place.name)
        try:
            self._take(self._own.descriptor, source, upload.place, upload.times)
        except Refusal:
            with contextlib.suppress(OSError):
                os.unlink(source, dir_fd=self._own.descriptor)
            raise

    def _discard(self, upload: DirectUpload, reason: str) -> None:
        del self.view.uploads[upload.place.folder, upload.place.name]
        os.unlink(upload_name(upload.place.folder, upload.place.name), dir_fd=self._own.descriptor)
        self.tell(SessionKind.ABANDONED, reason, upload.place)

    def _keep(self, upload: DirectUpload, reason: str, size: int) -> Kept:
        folder, name = upload.place.folder, upload.place.name
        del self.view.uploads[folder, name]
        kept = cut_uploads.keep(self._own.descriptor, upload_name(folder, name), self.view.folders[folder], name, size)
        self.tell(SessionKind.ABANDONED, f"{reason}; {kept}", upload.place)
        return kept

    def _take(self, folder: int, source: str, place: FilePlace, times: tuple[int, int] | None) -> None:
        landing = self._door.landing if place.folder is Folder.INBOX else self._door.dry_runs
        try:
            landed = landing.take(folder, source, party_id=self._party_id, account=self._account, file_name=place.name)
        except Untakeable as error:
            raise Refusal(f"{place} is not taken: {error}", Status.FAILURE) from error
        except (OSError, Fault) as error:
            _log.exception("a finished file of account %s is not taken", self._account)
            if isinstance(error, LostBytes):  # another try would find no failure
                _guarded(lambda: os.unlink(source, dir_fd=folder))
            self.tell(SessionKind.FAULT, f"not taken: {error}", place)
            raise Refusal(f"{place} is not taken: the gateway's disk reports a failure", Status.FAILURE) from error
        stamp = int(landed.stamp.timestamp())
        self.view.remember(place.folder, place.name, Attributes(landed.size, _REGULAR, times or (stamp, stamp), (0, 0)))
        self.tell(SessionKind.TAKEN, f"{landed.size} bytes as {landed.path}", place)
        _guarded(lambda: self._door.on_taken(landed))


def _is_taken(place: FilePlace) -> bool:
    return place.folder in TAKING and is_taken_name(place.name)


def _left(place: FilePlace) -> Refusal:
    done = "submitted" if place.folder is Folder.INBOX else "checked"
    return Refusal(f"{place} is {done} and has left {place.folder}", Status.NO_SUCH_FILE)


def _guarded(effect: Callable[[], object]) -> None:
    """Run what must not undo a request that is already done; its failure is the operator's to see."""
    try:
        effect()
    except Exception:
        _log.exception("the gateway behind the SFTP server fails; the sweep will catch up")
