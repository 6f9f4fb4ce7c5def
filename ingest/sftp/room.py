"""How much a party may still stage: bytes, files, one upload's size, and the disk's reserve."""

import contextlib
import os
import time
from collections.abc import Iterator
from pathlib import Path

from ingest.landing import landing_folder
from ingest.sftp.interfaces import AccountKeys
from ingest.sftp.limits import MIB, Limits
from ingest.sftp.session_folder import uploads_of
from ingest.sftp.status import Refusal, Status
from market.home import Home

_LOOK_SECONDS = 1.0
_LOOK_BYTES = 16 * MIB


class Room:
    """Measured from the disk at most once a second, counted on between the looks; one per session, one thread."""

    def __init__(self, home: Home, account: AccountKeys, limits: Limits) -> None:
        self._home = home
        self._account = account
        self._limits = limits
        self._bytes = 0
        self._files = 0
        self._looked = float("-inf")
        self._since_look = 0

    def begin(self) -> None:
        """Room for one more file; raises Refusal."""
        self._look()
        if self._files >= self._limits.waiting_files:
            raise Refusal(
                f"{self._files} files of {self._account.party_id} wait in temp, inbox and check and behind them, "
                f"the limit is {self._limits.waiting_files}",
                Status.FAILURE,
            )
        self._files += 1
        self._grow(0)

    def grow(self, size: int, by: int) -> None:
        """Room for a file to reach `size` bytes by growing `by`; raises Refusal."""
        if size > self._limits.upload_bytes:
            raise Refusal(f"the file reaches {size} bytes, the limit is {self._limits.upload_bytes}", Status.FAILURE)
        self._since_look += by
        if self._since_look >= _LOOK_BYTES:
            self._look()
        self._grow(by)

    def _look(self) -> None:
        """What this and all other sessions of the party take up, and what the disk still has."""
        self._since_look = 0
        self._require_disk()
        if time.monotonic() - self._looked > _LOOK_SECONDS:
            sizes = list(self._sizes())
            self._bytes, self._files, self._looked = sum(sizes), len(sizes), time.monotonic()

    def _grow(self, by: int) -> None:
        reached, limit = self._bytes + by, self._limits.staged_bytes
        if reached > limit:
            raise Refusal(
                f"the files of {self._account.party_id} reach {reached} bytes, the limit is {limit}", Status.FAILURE
            )
        self._bytes = reached

    def _require_disk(self) -> None:
        disk = os.statvfs(self._home.uploading)
        if disk.f_bavail * disk.f_frsize < self._limits.disk_reserve:
            raise Refusal(
                "the gateway's disk is below its reserve and takes no uploads now; reading and deleting go on",
                Status.FAILURE,
            )

    def _sizes(self) -> Iterator[int]:
        for account in self._account.all_accounts:
            yield from _sizes_in(self._home.temp(account))
            yield from _sizes_in(self._home.inbox(account))
            yield from _sizes_in(self._home.check(account))
            for landing in (self._home.landing, self._home.dry_runs):
                yield from _sizes_in(landing_folder(landing, self._account.party_id, account))
        for _, status in uploads_of(self._home, self._account.all_accounts):
            yield status.st_size


def _sizes_in(folder: Path) -> Iterator[int]:
    with contextlib.suppress(FileNotFoundError), os.scandir(folder) as entries:
        for entry in entries:
            with contextlib.suppress(FileNotFoundError):
                yield entry.stat(follow_symlinks=False).st_size
