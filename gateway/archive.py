"""The archive: the bytes of every submission under their SHA-256, durable before the landing lets go of them."""

import contextlib
import hashlib
import os
from pathlib import Path

from market.durable import sync_folder
from market.fault import Fault
from market.home import Home

PIECE = 1 << 20

ASIDE = ".purging"
"""What the name of a file ends in while retention removes it."""


def keep(home: Home, landing_name: str) -> str:
    """Copies a landed file into the archive and gives its SHA-256; done again, it changes nothing.

    The copy is a new inode, so that nobody who still holds the landed file open can change what is archived.
    Raises Fault where the file is not in the landing.
    """
    source = home.landing / landing_name
    temporary = home.archive / f"{hashlib.sha256(landing_name.encode()).hexdigest()}.{os.getpid()}.taking"
    try:
        sha256 = _copied(source, temporary)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    temporary.replace(path(home, sha256))
    sync_folder(home.archive)
    return sha256


def _copied(source: Path, temporary: Path) -> str:
    """Copies, durable when it returns, and gives the SHA-256 of what was copied."""
    digest = hashlib.sha256()
    try:
        landed = source.open("rb")
    except FileNotFoundError as error:
        raise Fault(f"{source.name} is neither archived nor in the landing") from error
    with landed, temporary.open("wb") as copy:
        while piece := landed.read(PIECE):
            digest.update(piece)
            copy.write(piece)
        copy.flush()
        os.fsync(copy.fileno())
    return digest.hexdigest()


def let_go(home: Home, landing_name: str, sha256: str) -> None:
    """Removes a landed file whose row names its archived bytes; done again, it changes nothing.

    Where retention has removed the same bytes of an older submission meanwhile, they are archived anew before.
    """
    landed = home.landing / landing_name
    if landed.exists() and not path(home, sha256).exists():
        keep(home, landing_name)
    landed.unlink(missing_ok=True)


def path(home: Home, sha256: str) -> Path:
    """Where the bytes of that hash are kept."""
    return home.archive / sha256


def load(home: Home, sha256: str) -> bytes:
    """The bytes of that hash; raises Fault where they are missing or no longer what they were."""
    try:
        found = path(home, sha256).read_bytes()
    except FileNotFoundError as error:
        raise Fault(f"the archive has no bytes {sha256}") from error
    if hashlib.sha256(found).hexdigest() != sha256:
        raise Fault(f"the archived bytes {sha256} are damaged")
    return found


def leftovers(home: Home) -> list[Path]:
    """Copies that a crash left unfinished."""
    return sorted(home.archive.glob("*.taking"))


def remove_leftovers(home: Home) -> None:
    """Removes what a crash left unfinished, and undoes removals that it cut off; only while nobody archives."""
    for copy in leftovers(home):
        copy.unlink(missing_ok=True)
    for aside in set_aside(home):
        # who is removing it in this moment may be faster
        with contextlib.suppress(FileNotFoundError):
            aside.rename(path(home, aside.name.removesuffix(ASIDE)))


def set_aside(home: Home) -> list[Path]:
    """Files that are being removed, or were when a crash came."""
    return sorted(home.archive.glob(f"*{ASIDE}"))
