"""What a session sees of its account's folders: listings and attributes."""

import contextlib
import itertools
import os
from collections import OrderedDict
from collections.abc import Generator, Iterator
from pathlib import Path

from ingest.sftp.files import DirectUpload, attributes_of, is_own
from ingest.sftp.paths import TAKING, Folder, Place
from ingest.sftp.session_folder import live_uploads
from ingest.sftp.status import Refusal, Status, missing
from ingest.sftp.wire import Attributes
from market.home import Home

_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_REMEMBERED = 1000
_PIECE = 1000


class View:
    """The folders of one account by descriptor, this session's uploads, and the names that it has just had taken."""

    def __init__(self, home: Home, account: str) -> None:
        self.folders = _opened(home.account(account))
        self.uploads: dict[tuple[Folder, str], DirectUpload] = {}
        self._taken: OrderedDict[tuple[Folder, str], Attributes] = OrderedDict()
        self._home = home
        self._account = account

    def close(self) -> None:
        """Close the folders."""
        for descriptor in self.folders.values():
            os.close(descriptor)

    def remember(self, folder: Folder, name: str, attributes: Attributes) -> None:
        """Keep the attributes of a file just taken, for clients that look at it again."""
        self._taken[folder, name] = attributes
        self._taken.move_to_end((folder, name))
        if len(self._taken) > _REMEMBERED:
            self._taken.popitem(last=False)

    def taken(self, folder: Folder, name: str) -> Attributes | None:
        """The remembered attributes, where that name was taken from that folder in this session."""
        return self._taken.get((folder, name))

    def forget(self, folder: Folder, name: str) -> None:
        """The name is about to be another file's."""
        self._taken.pop((folder, name), None)

    def names(self, place: Place) -> "Generator[tuple[str, Attributes]]":
        """What a folder lists: its regular files, and the account's uploads into it under way; to be closed.

        In order of name up to `_PIECE` names; a larger folder comes in pieces, so that no listing holds more than one.
        """
        if place.name is not None:
            raise Refusal(f"{place} is not a folder", Status.FAILURE)
        if place.folder is None:
            return ((folder.value, self.attributes(Place(folder))) for folder in Folder)
        return self._listed(place.folder)

    def _listed(self, folder: Folder) -> "Generator[tuple[str, Attributes]]":
        under_way = live_uploads(self._home, self._account) if folder in TAKING else {}
        uploads = {name: status for (into, name), status in under_way.items() if into == folder}
        with _own_position(self.folders[folder]) as entries:
            piece = {entry.name for entry in itertools.islice(entries, _PIECE)} | set(uploads)
            while piece:
                for name in sorted(piece):
                    with contextlib.suppress(FileNotFoundError):
                        found = uploads.get(name) or os.stat(name, dir_fd=self.folders[folder], follow_symlinks=False)
                        if is_own(found) and name.isprintable():
                            yield name, attributes_of(found)
                piece = {entry.name for entry in itertools.islice(entries, _PIECE)} - set(uploads)

    def attributes(self, place: Place) -> Attributes:
        """STAT and LSTAT, which are the same where there are no links; Refusal where there is nothing."""
        if place.folder is None:
            return attributes_of(self._home.account(self._account).stat())
        if place.name is None:
            return attributes_of(os.fstat(self.folders[place.folder]))
        if (place.folder, place.name) in self.uploads:
            return self.uploads[place.folder, place.name].attributes()
        with contextlib.suppress(FileNotFoundError):
            found = os.stat(place.name, dir_fd=self.folders[place.folder], follow_symlinks=False)
            if is_own(found):
                return attributes_of(found)
        known = self.taken(place.folder, place.name)
        if known is not None:
            return known
        uploads = live_uploads(self._home, self._account) if place.folder in TAKING else {}
        if (place.folder, place.name) in uploads:
            return attributes_of(uploads[place.folder, place.name])
        raise missing(str(place))


@contextlib.contextmanager
def _own_position(folder: int) -> Iterator[Iterator["os.DirEntry[str]"]]:
    """The entries of a folder given by descriptor, apart from other listings of it."""
    descriptor = os.open(".", _FOLDER_FLAGS, dir_fd=folder)
    try:
        entries = os.scandir(descriptor)
    finally:
        os.close(descriptor)
    with entries:
        yield entries


def _opened(root: Path) -> dict[Folder, int]:
    """The party's folders by descriptor; OSError where one is no folder of its own."""
    opened: dict[Folder, int] = {}
    try:
        for folder in Folder:
            opened[folder] = os.open(root / folder, _FOLDER_FLAGS)
    except OSError:
        for descriptor in opened.values():
            os.close(descriptor)
        raise
    return opened
