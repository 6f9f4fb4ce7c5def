"""The embedded server for suites that know nothing of it: one party, one key, and where its folders lie."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import paramiko

from ingest.sftp.algorithms import host_keys
from ingest.sftp.limits import Limits
from tests.ingest.sftp.front_door import open_front_door


@dataclass(frozen=True)
class Served:
    """A server at work; `key` is the private key of its account `acme`, `root` what that account sees."""

    port: int
    key: Path
    root: Path
    work: Path


@contextmanager
def served() -> Iterator[Served]:
    """A server of its own, in a folder that goes with it."""
    with tempfile.TemporaryDirectory(prefix="conformance-") as folder:
        work = Path(folder)
        keys = {name: paramiko.ECDSAKey.generate(bits=256) for name in ("acme", "bolt")}
        keys["acme"].write_private_key_file(str(work / "key"))
        (work / "keys").mkdir()
        host_keys(work / "keys")
        limits = Limits(disk_reserve=0, handles_per_session=1000, drain_seconds=0)
        with open_front_door(work / "home", keys, work / "keys", limits) as front:
            yield Served(front.port, work / "key", front.home.account("acme"), work)
