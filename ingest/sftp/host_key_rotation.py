"""New host keys for the server: announced first, so that parties can know them, then switched to.

The next and the former key of a type stand beside the current one; the server reads the current ones when it starts.
"""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ingest.sftp.algorithms import KEY_CLASSES, host_key_name, host_keys, make_host_key, read_host_key
from market.durable import sync_folder
from market.fault import Fault

KINDS = tuple(KEY_CLASSES)
NEXT, FORMER = ".next", ".former"
"""What the names of a type's next and former key end in."""


@dataclass(frozen=True)
class HostKey:
    """A host key: `standing` is current, next or former, `line` what stands in a known_hosts behind the host's name."""

    kind: str
    standing: str
    fingerprint: str
    line: str


def listed(folder: Path) -> list[HostKey]:
    """All host keys by type, the current ones made where there are none."""
    host_keys(folder)
    return [key for kind in KINDS for key in _of(folder, kind)]


def announce(folder: Path, kind: str) -> HostKey:
    """The next key of a type, made where there is none; Fault for no type."""
    if kind not in KINDS:
        raise Fault(f"{kind} is no type of host key; there are {', '.join(KINDS)}")
    name = host_key_name(kind) + NEXT
    if not (folder / name).exists():
        make_host_key(folder, name, kind)
    return _shown(folder, kind, NEXT)


def switch(folder: Path, kind: str) -> HostKey:
    """The next key of a type becomes the current one, which becomes the former; Fault where none was announced.

    There is a current key at every moment: a crash leaves the old one or the new one.
    """
    host_keys(folder)
    name = host_key_name(kind)
    if not (folder / f"{name}{NEXT}").exists():
        raise Fault(f"no next host key of type {kind} was announced")
    former = folder / f"{name}{FORMER}"
    former.unlink(missing_ok=True)
    os.link(folder / name, former)
    (folder / f"{name}{NEXT}").replace(folder / name)
    sync_folder(folder)
    return _shown(folder, kind, "")


def _of(folder: Path, kind: str) -> Iterator[HostKey]:
    for ending in ("", NEXT, FORMER):
        if (folder / f"{host_key_name(kind)}{ending}").exists():
            yield _shown(folder, kind, ending)


def _shown(folder: Path, kind: str, ending: str) -> HostKey:
    key = read_host_key(folder, host_key_name(kind) + ending, kind)
    line = f"{key.get_name()} {key.get_base64()}"
    return HostKey(kind, ending.removeprefix(".") or "current", key.fingerprint, line)
