"""`gridpost serve` as an operator runs it: one line when it is ready, SIGTERM ends it with 0."""

import json
import re
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.sample_cases import SAMPLES, read_case, records
from tests.gateway.conftest import Gridpost

GRIDPOST = Path(sys.executable).with_name("gridpost")
PATIENCE = 60.0
CASE = read_case(SAMPLES, "K0151001/seasonal_accepted")


@contextmanager
def serving(home: Path, *args: str) -> Iterator[str]:
    """A gateway in a process of its own; gives the line that it prints, and sees that it ends well."""
    command = [GRIDPOST, "--home", home, "serve", *args]
    with (home.parent / "log").open("w+") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=log, text=True)
        assert process.stdout is not None
        try:
            yield process.stdout.readline()
        finally:
            process.send_signal(signal.SIGTERM)
            rest, _ = process.communicate(timeout=PATIENCE)
            log.seek(0)
            said = log.read()
    assert (process.returncode, rest) == (0, ""), said
    assert "Traceback" not in said


def wait_for(*paths: Path) -> None:
    end = time.monotonic() + PATIENCE
    while not all(path.exists() for path in paths):
        assert time.monotonic() < end, [path.name for path in paths if not path.exists()]
        time.sleep(0.02)


def test_it_says_where_it_serves_and_drains(market: Path, gridpost: Gridpost) -> None:
    with serving(market, "--listen", "127.0.0.1:0") as line:
        found = re.fullmatch(r"serving SFTP on 127\.0\.0\.1:(\d+)\n", line)
        assert found is not None
        with socket.create_connection(("127.0.0.1", int(found[1])), timeout=PATIENCE) as connection:
            assert connection.recv(4) == b"SSH-"
        status = gridpost("--home", market, "status", "--format", "json").json
        assert status["gateway"] is not None
        assert gridpost("--home", market, "doctor", "--repair").code == 2
    assert gridpost("--home", market, "status", "--format", "json").json["gateway"] is None
    assert gridpost("--home", market, "doctor").code == 0
    lines = [json.loads(line) for line in (market.parent / "log").read_text().splitlines()]
    assert ["SIGTERM"] in [line.get("values") for line in lines if line["event"] == "%s: the gateway stops"]


def test_it_answers_a_monitor_on_loopback(market: Path) -> None:
    with serving(market, "--listen", "127.0.0.1:0", "--metrics", "0") as line:
        found = re.fullmatch(r"serving SFTP on 127\.0\.0\.1:\d+, monitors on (http://127\.0\.0\.1:\d+)\n", line)
        assert found is not None
        with urllib.request.urlopen(f"{found[1]}/health", timeout=PATIENCE) as answer:
            assert json.load(answer)["working"]
        with urllib.request.urlopen(f"{found[1]}/metrics", timeout=PATIENCE) as answer:
            assert b"\ngridpost_gateways_working 1\n" in answer.read()


def test_a_port_that_is_taken_is_told(market: Path, gridpost: Gridpost) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = gridpost("--home", market, "serve", "--listen", f"127.0.0.1:{port}")
    assert done.code == 2
    assert f"127.0.0.1:{port} cannot be listened on: " in done.err


@pytest.mark.parametrize("renamed", [True, False])
def test_without_a_server_the_inboxes_are_watched(market: Path, gridpost: Gridpost, renamed: bool) -> None:
    """Renamed into the inbox or written there; the real clock makes the declaration late, which is an answer too."""
    account = market / "accounts" / "acme"
    assert gridpost("--home", market, "account", "sign-receipts", "acme").code == 0
    with serving(market, "--no-sftp") as line:
        assert line == f"watching the inboxes in {market / 'accounts'}\n"
        written = account / ("temp" if renamed else "inbox") / CASE.file_name
        shutil.copyfile(SAMPLES / CASE.name / CASE.file_name, written)
        if renamed:
            written.rename(account / "inbox" / CASE.file_name)
        receipt, report = (account / "outbox" / f"{CASE.file_name}.{ending}" for ending in ("ADT", "VAL"))
        wait_for(receipt, report)
        assert records(receipt.read_bytes())[0][4] == "100"
        assert list((account / "inbox").iterdir()) == []
    signed, sent = account / "outbox" / f"{receipt.name}.sig", SAMPLES / CASE.name / CASE.file_name
    assert gridpost("verify", signed, sent, "--chain", account / "outbox").code == 0
    (found,) = gridpost("--home", market, "submissions", "--format", "json").json
    assert (found["file_name"], found["state"]) == (CASE.file_name, "VALIDATED")
    assert gridpost("--home", market, "doctor").code == 0
