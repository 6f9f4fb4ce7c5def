"""Behind a real sshd: uploads that are cut, what a party can reach, and what it cannot."""

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import paramiko
import pytest

from market.home import Home
from tests.exchange import sshd
from tests.exchange.client import Client, openssh, openssh_options
from tests.exchange.made_market import copy_home, declaration, records
from tests.exchange.market_time import market_clock
from tests.exchange.running import eventually
from tests.exchange.sshd import SshdGateway

MakeClient = Callable[[SshdGateway, str], Client]
SIZE = 4 << 20


@pytest.fixture
def behind(template_home: Home, tmp_path: Path) -> Iterator[SshdGateway]:
    if reason := sshd.why_not():
        pytest.skip(reason)
    made = SshdGateway(copy_home(template_home, tmp_path / "home"), compact=True)
    made.start()
    yield made
    made.kill()


def cut(client: Client, folder: Path, end: signal.Signals) -> None:
    """OpenSSH's client is ended by a signal in the middle of an upload into the inbox."""
    command = ["sftp", "-l", "2000", *openssh_options(client, folder), f"{client.account}@127.0.0.1"]
    inbox = client.gateway.home.inbox(client.account)
    with subprocess.Popen(command, cwd=folder, stdin=subprocess.PIPE, start_new_session=True) as process:
        assert process.stdin is not None
        process.stdin.write(b"put big inbox/big\n")
        process.stdin.flush()
        eventually(lambda: (inbox / "big").exists() and (inbox / "big").stat().st_size > 100_000)
        os.killpg(process.pid, end)


@pytest.mark.proof
def test_cut_uploads_are_no_submissions_and_can_be_resumed(
    behind: SshdGateway, client_of: MakeClient, tmp_path: Path, tried: Callable[[str, str, int], None]
) -> None:
    acme = client_of(behind, "acme")
    inbox = behind.home.inbox("acme")
    whole = declaration(1, *["T_DINO-1|20261201|100|-2|||"] * (SIZE // 60), at=market_clock())
    (tmp_path / "big").write_bytes(whole)
    for end in (signal.SIGKILL, signal.SIGINT):
        cut(acme, tmp_path, end)
        eventually(lambda: [path.name for path in inbox.iterdir()] == ["big.partial"])
        kept = (inbox / "big.partial").read_bytes()
        assert 100_000 < len(kept) < len(whole)
        assert whole.startswith(kept)
    (tmp_path / "plan.csv").write_bytes(b"no gridpost column\n1\n")
    openssh(acme, tmp_path, "put -p plan.csv inbox/pn_1.csv")
    assert behind.rows("SELECT count(*) FROM submission") == [(0,)]
    eventually(
        lambda: behind.rows("SELECT DISTINCT subject FROM audit WHERE action = 'abandoned'") == [("/inbox/big",)]
    )
    openssh(acme, tmp_path, "put -a big inbox/big.partial", "rename inbox/big.partial inbox/big")
    (receipt,) = acme.wait_for("big.ADT")
    assert records(receipt, "ADT")[0][3] == "100"
    # A CSV file's end shows nothing: it waits for its rename.
    assert [path.name for path in inbox.iterdir()] == ["pn_1.csv"]
    openssh(acme, tmp_path, "rename inbox/pn_1.csv inbox/pn_2.csv")
    acme.wait_for("pn_2.csv.ack.csv")
    assert behind.rows("SELECT file_name FROM submission ORDER BY arrival") == [("big",), ("pn_2.csv",)]
    assert behind.stop() == 0
    tried("upload endings", "OpenSSH's client behind a real sshd: killed, interrupted, resumed, CSV in place", 4)


def test_a_party_reaches_its_own_folders_and_nothing_else(
    behind: SshdGateway, client_of: MakeClient, tmp_path: Path
) -> None:
    acme, othr = client_of(behind, "acme"), client_of(behind, "othr")
    othr.send("BP000000000001", declaration(1, "T_OTTR-1|20261201|10|-2|||", at=market_clock(), party_id="OTHR"))
    othr.answers("BP000000000001")
    folders = ["check", "dev", "inbox", "outbox", "temp"]
    assert sorted(acme.sftp.listdir("/")) == sorted(acme.sftp.listdir("../..")) == folders
    for path in ("/etc/passwd", "/../othr", "outbox/../../othr/outbox/BP000000000001.ADT", "/proc/self/root"):
        with pytest.raises(OSError):
            acme.sftp.stat(path)
    for refused in (
        lambda: acme.sftp.symlink("/etc/passwd", "temp/link"),
        lambda: acme.sftp.mkdir("temp/folder"),
        lambda: acme.sftp.rmdir("inbox"),
        lambda: acme.sftp.rename("inbox", "temp/inbox"),
        lambda: acme.sftp.chmod("inbox", 0),
        lambda: acme.sftp.chmod("/", 0o777),
        lambda: acme.sftp.open("/file", "wb"),
    ):
        with pytest.raises(OSError):
            refused()
    options = openssh_options(acme, tmp_path)
    options[options.index("-P")] = "-p"
    ssh = ["ssh", *options, "acme@127.0.0.1"]
    shell = subprocess.run([*ssh, "id"], input=b"", capture_output=True, timeout=60, check=False)
    assert b"uid=" not in shell.stdout
    with pytest.raises(paramiko.ChannelException, match="prohibited"):
        acme.transport.open_channel("direct-tcpip", ("127.0.0.1", behind.port), ("127.0.0.1", 0))
    assert behind.stop() == 0


def test_a_file_of_the_partys_own_in_its_outbox_is_never_overwritten(
    behind: SshdGateway, client_of: MakeClient
) -> None:
    """Who may delete in a folder may write there: it gains nothing by it, and its answer waits until it is gone."""
    acme = client_of(behind, "acme")
    with acme.sftp.open("outbox/BP000000000001.ADT", "wb") as file:
        file.write(b"mine")
    acme.send("BP000000000001", declaration(1, at=market_clock()))
    eventually(lambda: behind.rows("SELECT count(*) FROM audit WHERE action = 'fault'") == [(1,)])
    assert acme.collect("BP000000000001.ADT") == b"mine"
    receipt, _ = acme.answers("BP000000000001")
    assert records(receipt, "ADT")[0][3] == "100"
