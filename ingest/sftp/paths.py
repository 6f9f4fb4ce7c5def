"""The path layer: what a path that a client sends can mean, decided from its text alone.

A party's world is `/` with flat folders in it. There are no links, so a path means what its text says.
"""

import unicodedata
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from ingest.landing import NAME_BYTES, is_taken_name, quoted
from ingest.sftp.status import Refusal, Status

NAME_CHARACTERS = 120
UNFINISHED_CHARACTERS = 20
"""What clients may put to such a name while they upload: `.partial`, `.filepart`, rclone's `.0123abcd.partial`."""
_PATH_BYTES = 1024
_SYSTEM_NAME_BYTES = 255


class Folder(StrEnum):
    """The folders of a party's root, in the order of their listing."""

    TEMP = "temp"
    INBOX = "inbox"
    CHECK = "check"
    OUTBOX = "outbox"


TAKING = (Folder.INBOX, Folder.CHECK)
"""The folders from which finished files are taken."""


@dataclass(frozen=True)
class Place:
    """Where a path leads: the root, a folder, or a flat name in a folder."""

    folder: Folder | None = None
    name: str | None = None

    def __str__(self) -> str:
        """The path in full, as the party sees it."""
        return "/" + "/".join(part for part in (self.folder, self.name) if part is not None)


@dataclass(frozen=True)
class FilePlace:
    """A flat name in a folder."""

    folder: Folder
    name: str

    def __str__(self) -> str:
        """The path in full, as the party sees it."""
        return f"/{self.folder}/{self.name}"


@lru_cache(4096)
def place(path: bytes) -> Place:
    """What `path` names, relative to the root; raises Refusal where it can name nothing of the party's."""
    parts = _parts(path)
    if ".." in parts:
        raise Refusal("a path has no '..' here; name files as /inbox/NAME")
    if not parts:
        return Place()
    if parts[0] not in list(Folder):
        raise Refusal(
            f"/{shown(parts[0])} does not exist; there are temp, inbox, check and outbox", Status.NO_SUCH_FILE
        )
    folder = Folder(parts[0])
    if len(parts) == 1:
        return Place(folder)
    if len(parts) > 2:
        raise Refusal(f"{folder} has no folders in it", Status.NO_SUCH_FILE)
    _require_name(parts[1], new=folder is not Folder.OUTBOX)
    return Place(folder, parts[1])


def file_place(path: bytes) -> FilePlace:
    """What `path` names where it must be a file; raises Refusal."""
    found = place(path)
    if found.folder is None or found.name is None:
        raise Refusal(f"{found} is a folder", Status.FAILURE)
    return FilePlace(found.folder, found.name)


def canonical(path: bytes) -> str:
    """The absolute form of `path`, for clients that ask (`.`, `cd ..`): purely textual, never above the root."""
    walked: list[str] = []
    for part in _parts(path):
        if part != "..":
            walked.append(part)
        elif walked:
            walked.pop()
    return "/" + "/".join(walked)


def shown(text: str, limit: int = 160) -> str:
    """`text` fit for a status or a log line: what does not print is escaped, and it is cut to `limit` characters."""
    if text.isprintable() and len(text) <= limit:
        return text
    escaped = "".join(
        character if character.isprintable() else character.encode("unicode_escape", "surrogatepass").decode()
        for character in text[:limit]
    )
    return escaped if len(escaped) <= limit and len(text) <= limit else f"{escaped[:limit]}..."


def _parts(path: bytes) -> list[str]:
    if len(path) > _PATH_BYTES:
        raise Refusal(f"the path has {len(path)} bytes, the limit is {_PATH_BYTES}")
    try:
        text = path.decode()
    except UnicodeDecodeError:
        raise Refusal("the path is not UTF-8") from None
    if "\0" in text:
        raise Refusal("the path has a NUL character")
    return [part for part in text.split("/") if part not in ("", ".")]


def _require_name(name: str, *, new: bool) -> None:
    if len(name.encode()) > _SYSTEM_NAME_BYTES:
        raise Refusal(f"the name has {len(name.encode())} bytes, the limit is {_SYSTEM_NAME_BYTES}")
    if not name.isprintable():
        raise Refusal(f"the name {shown(name)} has a character that does not print")
    if not new:
        return
    spare = 0 if is_taken_name(name) else UNFINISHED_CHARACTERS
    if len(name) > NAME_CHARACTERS + spare:
        raise Refusal(f"the name has {len(name)} characters, the limit is {NAME_CHARACTERS + spare}")
    if len(quoted(name).encode()) > NAME_BYTES + spare:
        raise Refusal(f"the name takes {len(quoted(name).encode())} bytes, the limit is {NAME_BYTES + spare}")
    if not unicodedata.is_normalized("NFC", name):
        raise Refusal(f"the name {shown(name)} is not in Unicode normal form C")
