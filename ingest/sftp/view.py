"""What a session sees of its account's folders: listings and attributes."""

import contextlib
import os
import stat
from collections import OrderedDict
from collections.abc import Iterator

from ingest.sftp.files import DirectUpload, attributes_of
from ingest.sftp.paths import TAKING, Folder, Place
from ingest.sftp.session_folder import live_uploads
from ingest.sftp.status import Refusal, Status, missing
from ingest.sftp.wire import Attributes
from market.home import Home

_FOLDER_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_REMEMBERED = 1000


class View:
    """The folders of one account by descriptor, this session's uploads, and the names that it has just had taken."""

    def __init__(self, home: Home, account: str) -> None:
        root = home.account(account)
        self.folders = {folder: os.open(root / folder, _FOLDER_FLAGS) for folder in Folder}
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

    def names(self, place: Place) -> Iterator[tuple[str, Attributes]]:
        """What a folder lists: its regular files, and the account's uploads into it under way."""
        if place.name is not None:
            raise Refusal(f"{place} is not a folder", Status.FAILURE)
        if place.folder is None:
            for folder in Folder:
                yield folder.value, self.attributes(Place(folder))
            return
        listed: dict[str, os.stat_result] = {}
        with os.scandir(self.folders[place.folder]) as entries:
            for entry in entries:
                with contextlib.suppress(FileNotFoundError):
                    listed[entry.name] = entry.stat(follow_symlinks=False)
        uploads = live_uploads(self._home, self._account) if place.folder in TAKING else {}
        listed |= {name: status for (folder, name), status in uploads.items() if folder == place.folder}
        for name in sorted(listed):
            if stat.S_ISREG(listed[name].st_mode) and name.isprintable():
                yield name, attributes_of(listed[name])

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
            if stat.S_ISREG(found.st_mode):
                return attributes_of(found)
        known = self.taken(place.folder, place.name)
        if known is not None:
            return known
        uploads = live_uploads(self._home, self._account) if place.folder in TAKING else {}
        if (place.folder, place.name) in uploads:
            return attributes_of(uploads[place.folder, place.name])
        raise missing(str(place))
