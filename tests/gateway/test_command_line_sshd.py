"""`gridpost sshd-config` and `sshd-keys`."""

import subprocess
from pathlib import Path

import pytest

from tests.gateway.conftest import Gridpost


def new_key(folder: Path, name: str) -> Path:
    subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", folder / name], check=True)
    return folder / f"{name}.pub"


def test_the_keys_that_open_an_account_now(market: Path, gridpost: Gridpost, tmp_path: Path) -> None:
    def keys(account: str) -> list[str]:
        done = gridpost("--home", market, "sshd-keys", account)
        assert done.code == 0
        return done.out.splitlines()

    assert keys("acme") == []
    first, second = new_key(tmp_path, "first"), new_key(tmp_path, "second")
    for key in (first, second):
        assert gridpost("--home", market, "account", "add-key", "acme", "--key", key).code == 0
    assert keys("acme") == [f"restrict {' '.join(key.read_text().split()[:2])}" for key in (first, second)]
    fingerprint = subprocess.run(["ssh-keygen", "-lf", first], check=True, capture_output=True, text=True)
    assert gridpost("--home", market, "account", "end-key", "acme", fingerprint.stdout.split()[1]).code == 0
    assert keys("acme") == [f"restrict {' '.join(second.read_text().split()[:2])}"]
    assert gridpost("--home", market, "account", "end", "acme").code == 0
    assert keys("acme") == keys("nobody") == []


def test_the_configuration_names_home_program_and_group(market: Path, gridpost: Gridpost) -> None:
    done = gridpost("--home", market, "sshd-config", "--user", "gate", "--group", "gates", "--listen", "127.0.0.1:22")
    assert done.code == 0
    lines = [line.strip() for line in done.out.splitlines()]
    assert {
        "ListenAddress 127.0.0.1:22",
        f"HostKey {market}/keys/ssh_host_ed25519_key",
        "AuthorizedKeysCommandUser gate",
        "AllowGroups gates",
        "Match Group gates",
        "ChrootDirectory /srv/gridpost/%u",
        "DisableForwarding yes",
    } <= set(lines)
    (command,) = [line.split() for line in lines if line.startswith("AuthorizedKeysCommand ")]
    assert Path(command[1]).name == "gridpost"
    assert command[2:] == ["--home", str(market), "sshd-keys", "%u"]


def test_the_commands_make_users_and_folders_of_live_accounts(market: Path, gridpost: Gridpost) -> None:
    assert gridpost("--home", market, "account", "end", "othr").code == 0
    done = gridpost("--home", market, "sshd-config", "--folders")
    assert done.code == 0
    accounts = [line for line in done.out.splitlines() if line.startswith("account ")]
    assert "account acme" in accounts
    assert "account othr" not in accounts
    assert subprocess.run(["sh", "-n"], input=done.out, text=True, check=False).returncode == 0


@pytest.mark.parametrize(
    ("args", "why"),
    [
        (("--chroots", "/srv/a b"), "'/srv/a b' has characters that sshd's configuration or a shell reads as its own"),
        (("--user", "x;reboot"), "'x;reboot' has characters"),
        (("--store", "postgresql://me:secret@host/db"), "the store's URL holds a password, which others would read"),
    ],
)
def test_what_would_mean_something_else_is_refused(
    market: Path, gridpost: Gridpost, args: tuple[str, ...], why: str
) -> None:
    done = gridpost("--home", market, "sshd-config", *args)
    assert (done.code, done.out) == (2, "")
    assert why in done.err
    assert "secret" not in done.err
