"""How much of a disk is free, beside the reserve that is to stay free."""

import os
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Space:
    """What is free on a disk and what is to stay free, in bytes."""

    free: int
    reserve: int

    @property
    def is_short(self) -> bool:
        """Whether less is free than the reserve."""
        return self.free < self.reserve

    def __str__(self) -> str:
        both = f"{self.free:,} bytes are free, the reserve is {self.reserve:,}"
        return f"{both}: uploads are refused and nothing new is decided" if self.is_short else both


def space(folder: Path, reserve: int) -> Space:
    """The space on the disk of a folder; OSError where that is gone."""
    disk = os.statvfs(folder)
    return Space(disk.f_bavail * disk.f_frsize, reserve)
