"""How much a party may still stage: bytes, files, one upload's size, and the disk's reserve."""

import os
import time
from collections.abc import Iterator

from ingest.sftp.limits import MIB, Limits
from ingest.sftp.session_folder import live_uploads
from ingest.sftp.status import Refusal, Status
from market.home import Home

_LOOK_SECONDS = 1.0
_DISK_EVERY = 16 * MIB


class Room:
    """Measured from the disk at most once a second, counted on between the looks; one per session, one thread."""

    def __init__(self, home: Home, account: str, limits: Limits) -> None:
        self._home = home
        self._account = account
        self._limits = limits
        self._bytes = 0
        self._files = 0
        self._looked = float("-inf")
        self._since_disk = 0

    def begin(self) -> None:
        """Room for one more file; raises Refusal."""
        self._require_disk()
        if time.monotonic() - self._looked > _LOOK_SECONDS:
            sizes = list(self._sizes())
            self._bytes, self._files, self._looked = sum(sizes), len(sizes), time.monotonic()
        if self._files >= self._limits.waiting_files:
            limit = self._limits.waiting_files
            raise Refusal(f"{self._files} files wait in temp, inbox and check, the limit is {limit}", Status.FAILURE)
        self._files += 1
        self._grow(0)

    def grow(self, size: int, by: int) -> None:
        """Room for a file to reach `size` bytes by growing `by`; raises Refusal."""
        if size > self._limits.upload_bytes:
            raise Refusal(f"the file reaches {size} bytes, the limit is {self._limits.upload_bytes}", Status.FAILURE)
        self._since_disk += by
        if self._since_disk >= _DISK_EVERY:
            self._since_disk = 0
            self._require_disk()
        self._grow(by)

    def _grow(self, by: int) -> None:
        if self._bytes + by > self._limits.staged_bytes:
            raise Refusal(
                f"the account's files reach {self._bytes + by} bytes, the limit is {self._limits.staged_bytes}",
                Status.FAILURE,
            )
        self._bytes += by

    def _require_disk(self) -> None:
        disk = os.statvfs(self._home.uploading)
        if disk.f_bavail * disk.f_frsize < self._limits.disk_reserve:
            raise Refusal(
                "the gateway's disk is below its reserve and takes no uploads now; reading and deleting go on",
                Status.FAILURE,
            )

    def _sizes(self) -> Iterator[int]:
        for folder in (self._home.temp, self._home.inbox, self._home.check):
            with os.scandir(folder(self._account)) as entries:
                for entry in entries:
                    try:
                        yield entry.stat(follow_symlinks=False).st_size
                    except FileNotFoundError:
                        continue
        for status in live_uploads(self._home, self._account).values():
            yield status.st_size
