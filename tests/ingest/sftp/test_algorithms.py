"""What the server offers in the negotiation, to a client of today, to an older one, and to an auditor."""

import re
import shutil
import subprocess
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import paramiko
import pytest

from ingest.sftp.algorithms import host_keys
from ingest.sftp.limits import Limits
from tests.ingest.sftp.conftest import LIMITS
from tests.ingest.sftp.front_door import FrontDoor

MODERN = [
    ("ciphers", "aes128-gcm@openssh.com"),
    ("ciphers", "aes256-ctr"),
    ("digests", "hmac-sha2-256-etm@openssh.com"),
    ("kex", "mlkem768x25519-sha256"),
    ("kex", "curve25519-sha256@libssh.org"),
    ("kex", "diffie-hellman-group16-sha512"),
    ("key_types", "ssh-ed25519"),
    ("key_types", "rsa-sha2-512"),
]
OLDER = [
    ("digests", "hmac-sha2-256"),
    ("kex", "ecdh-sha2-nistp256"),
    ("key_types", "ecdsa-sha2-nistp256"),
]
OLD = [
    ("ciphers", "aes128-cbc"),
    ("ciphers", "3des-cbc"),
    ("digests", "hmac-sha1"),
    ("kex", "diffie-hellman-group14-sha256"),
    ("kex", "diffie-hellman-group-exchange-sha256"),
]


def _agrees(front: FrontDoor, option: str, name: str) -> bool:
    with closing(paramiko.Transport(("127.0.0.1", front.port))) as transport:
        options = transport.get_security_options()
        if name not in getattr(options, option):
            pytest.skip(f"the installed cryptography lacks {name}")
        if option == "digests":
            options.ciphers = ("aes128-ctr",)
        setattr(options, option, (name,))
        try:
            transport.start_client()
        except (paramiko.SSHException, EOFError):
            return False
        return True


@pytest.mark.parametrize(("option", "name"), MODERN)
def test_modern_algorithms(front: FrontDoor, option: str, name: str) -> None:
    assert _agrees(front, option, name)


@pytest.mark.parametrize(("option", "name"), OLDER + OLD)
def test_algorithms_of_yesterday(front: FrontDoor, option: str, name: str) -> None:
    assert not _agrees(front, option, name)


class TestOlderClients:
    @pytest.fixture
    def limits(self) -> Limits:
        return replace(LIMITS, older_clients=True)

    def test_older_clients_where_they_are_let_in(self, front: FrontDoor) -> None:
        assert [_agrees(front, *one) for one in OLDER] == [True] * len(OLDER)
        assert [_agrees(front, *one) for one in OLD] == [False] * len(OLD)
        assert _agrees(front, "key_types", "ssh-ed25519")

    def test_an_audit_finds_them(self, front: FrontDoor) -> None:
        assert {name for name, _ in _audited(front)} >= {"ecdh-sha2-nistp256", "ecdsa-sha2-nistp256", "hmac-sha2-256"}


def test_host_keys_are_made_once_and_kept(tmp_path: Path) -> None:
    made = host_keys(tmp_path)
    assert [key.get_name() for key in made] == ["ssh-ed25519", "ecdsa-sha2-nistp256", "ssh-rsa"]
    assert made[2].get_bits() == 3072
    assert [key.fingerprint for key in host_keys(tmp_path)] == [key.fingerprint for key in made]
    assert {path.stat().st_mode & 0o777 for path in tmp_path.iterdir()} == {0o600}
    assert len(list(tmp_path.iterdir())) == 3


# An audit older than an algorithm calls it unknown; one newer than 2024 warns of whatever is not post-quantum, which
# most clients in use cannot do without.
_OF_ITS_TIME = ("unknown algorithm", "does not provide protection against post-quantum attacks")


@pytest.mark.proof
def test_an_audit_finds_no_fault(front: FrontDoor, tried: Callable[[str, str, int], None]) -> None:
    assert _audited(front) == []
    tried("hostile cases", "algorithms that ssh-audit judges", len({name for name, _, _ in _algorithms(_audit(front))}))


def _audited(front: FrontDoor) -> list[tuple[str, str]]:
    """What ssh-audit finds fault with or warns of: (algorithm, why)."""
    found = _algorithms(_audit(front))
    assert {"ssh-ed25519", "aes128-gcm@openssh.com", "hmac-sha2-256-etm@openssh.com"} <= {name for name, _, _ in found}
    return [(name, why) for name, level, why in found if level in ("fail", "warn") and why not in _OF_ITS_TIME]


def _algorithms(audit: str) -> list[tuple[str, str, str]]:
    """(algorithm, level, why) of each line of ssh-audit's text; its JSON says no levels before version 3."""
    found: list[tuple[str, str, str]] = []
    name = ""
    for line in audit.splitlines():
        told = re.fullmatch(r"(?:\((?:kex|key|enc|mac)\) (\S+).*-- |\s+`- )\[(\w+)\] (.*?)\s*", line)
        if told:
            name = told[1] or name
            found.append((name, told[2], told[3]))
    return found


def _audit(front: FrontDoor) -> str:
    program = shutil.which("ssh-audit")
    if program is None:
        pytest.skip("Debian's ssh-audit is not installed")
    command = [program, "--no-colors", "--port", str(front.port), "--timeout", "60", "127.0.0.1"]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=150).stdout
