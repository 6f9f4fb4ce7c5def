from collections.abc import Iterator
from pathlib import Path

import paramiko
import pytest

from ingest.sftp.algorithms import host_keys
from ingest.sftp.limits import MIB, Limits
from tests.ingest.sftp.front_door import FrontDoor, open_front_door

LIMITS = Limits(
    failed_logins=3,
    sessions_per_party=3,
    handles_per_session=8,
    staged_bytes=64 * MIB,
    waiting_files=200,
    upload_bytes=16 * MIB,
    disk_reserve=0,
    drain_seconds=1,
)


@pytest.fixture(scope="session")
def party_keys() -> dict[str, paramiko.PKey]:
    return {name: paramiko.ECDSAKey.generate(bits=256) for name in ("acme", "acme2", "bolt", "stranger")}


@pytest.fixture(scope="session")
def server_keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("keys")
    host_keys(folder)
    return folder


@pytest.fixture
def limits() -> Limits:
    return LIMITS


@pytest.fixture
def front(
    tmp_path: Path, party_keys: dict[str, paramiko.PKey], server_keys: Path, limits: Limits
) -> Iterator[FrontDoor]:
    with open_front_door(tmp_path / "home", party_keys, server_keys, limits) as opened:
        yield opened
