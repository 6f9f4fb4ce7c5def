"""Host keys are announced before they are switched to; the server always has one of each type."""

import os
import shutil
from pathlib import Path

import pytest

from ingest.sftp import host_key_rotation
from ingest.sftp.algorithms import host_keys
from ingest.sftp.host_key_rotation import announce, listed, switch
from market.fault import Fault


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("made")
    host_keys(folder)
    return folder


@pytest.fixture
def keys(made: Path, tmp_path: Path) -> Path:
    """A folder with a server's host keys."""
    return shutil.copytree(made, tmp_path / "keys")


def standings(folder: Path) -> dict[tuple[str, str], str]:
    return {(key.kind, key.standing): key.line for key in listed(folder)}


def current(folder: Path) -> list[str]:
    return [f"{key.get_name()} {key.get_base64()}" for key in host_keys(folder)]


@pytest.mark.parametrize("kind", ["ed25519", "ecdsa"])
def test_an_announced_key_becomes_the_current_one(keys: Path, kind: str) -> None:
    before = standings(keys)
    following = announce(keys, kind)
    assert announce(keys, kind) == following
    assert current(keys) == list(before.values())
    done = switch(keys, kind)
    assert (done.standing, done.line, done.fingerprint) == ("current", following.line, following.fingerprint)
    after = standings(keys)
    assert after[kind, "former"] == before[kind, "current"]
    assert after[kind, "current"] == following.line in current(keys)
    assert {key: line for key, line in after.items() if key[0] != kind} == {
        key: line for key, line in before.items() if key[0] != kind
    }
    assert all(path.stat().st_mode & 0o777 == 0o600 for path in keys.iterdir())


def test_what_was_not_announced_is_not_switched_to(keys: Path) -> None:
    with pytest.raises(Fault, match="no next host key of type rsa was announced"):
        switch(keys, "rsa")
    with pytest.raises(Fault, match="dsa is no type of host key; there are ed25519, ecdsa, rsa"):
        announce(keys, "dsa")


def test_a_crash_leaves_the_old_key_or_the_new_one(keys: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = current(keys)
    following = announce(keys, "ed25519")

    def crash(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        killed.setattr(Path, "replace", crash)
        with pytest.raises(KeyboardInterrupt):
            switch(keys, "ed25519")
    assert current(keys) == before
    with monkeypatch.context() as killed:
        killed.setattr(host_key_rotation, "sync_folder", crash)
        with pytest.raises(KeyboardInterrupt):
            switch(keys, "ed25519")
    assert current(keys)[0] == following.line
    assert os.listdir(keys).count("ssh_host_ed25519_key") == 1
