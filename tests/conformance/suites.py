"""Suites that others wrote for SFTP, run against a server and read case by case.

Each gives what its cases ended with: the empty text where one passed, else its complaint.
"""

import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree

from tests.conformance import bridge
from tests.conformance.server import Served
from tests.conformance.sources import from_debian, from_pypi

_CONFTEST = """
from pathlib import Path
import pytest
from paramiko import ECDSAKey, SFTPClient, Transport

@pytest.fixture
def sftp():
    transport = Transport(("127.0.0.1", {port}))
    transport.connect(username="acme", pkey=ECDSAKey.from_private_key_file("{key}"))
    client = SFTPClient.from_transport(transport)
    client.FOLDER = "/temp"
    yield client
    transport.close()
    for left in Path("{root}/temp").iterdir():
        left.unlink()
"""

_EXECUTE = """
verbose() {{ echo "CASE $*"; }}
fail() {{ echo "FAIL $*"; }}
fatal() {{ echo "FAIL $*"; exit 1; }}
config_defined() {{ false; }}
{folders}
OBJ={folder}; DATANAME=data; DATA=$OBJ/$DATANAME; COPY=$OBJ/copy
SFTP=sftp; SFTPSERVER={server}; EXEEXT=
. {script}
"""


def of_paramiko(served: Served) -> dict[str, str]:
    """The tests of its SFTP client, with a client of this server and the folder `temp`."""
    work = served.work / "paramiko"
    shutil.copytree(from_pypi() / "tests", work / "tests")
    (work / "tests" / "conftest.py").write_text(_CONFTEST.format(port=served.port, key=served.key, root=served.root))
    report = work / "report.xml"
    tests = ["tests/test_sftp.py", "tests/test_sftp_big.py"]
    _output(
        [sys.executable, "-m", "pytest", "-q", "-c", "/dev/null", f"--rootdir={work}", f"--junit-xml={report}", *tests],
        work,
    )
    cases = {}
    for case in ElementTree.parse(report).iter("testcase"):
        wrong = [found for kind in ("failure", "error") if (found := case.find(kind)) is not None]
        if case.find("skipped") is None:
            cases[str(case.get("name"))] = str(wrong[0].get("message")) if wrong else ""
    return cases


def of_net_sftp_foreign(served: Served) -> dict[str, str]:
    """The tests of the Perl module that run against a server, which sees their folder `t` as `temp`."""
    source = from_debian("libnet-sftp-foreign-perl", "Net-SFTP-Foreign-*")
    work = served.work / "perl"
    work.mkdir()
    folder = served.root / "temp"
    for path in (source / "t").iterdir():
        if path.is_file():
            shutil.copy(path, folder)
    (work / "t").symlink_to(folder)
    server = _server(served, work / "server", f"{work}/t=/temp", f"{work}=")
    output = _output(["env", f"NET_SFTP_FOREIGN_TESTING_SFTP_SERVER_PATH={server}", "perl", "-I.", "t/1_run.t"], work)
    cases: dict[str, str] = {}
    for ended, number, title in re.findall(r"^(ok|not ok) (\d+)(?: - (.*))?$", output, re.MULTILINE):
        cases[f"{number} {title}".strip()] = "" if ended == "ok" else "not ok"
    planned = re.search(r"^1\.\.(\d+)$", output, re.MULTILINE)
    for number in range(len(cases) + 1, int(planned[1]) + 1 if planned else 1):
        cases[f"{number}"] = "not reached"
    _clear(folder)
    return cases


def of_openssh(served: Served) -> dict[str, str]:
    """Those of OpenSSH's regress scripts that drive its sftp against a server program, with `temp` as their folder."""
    regress = from_debian("openssh", "openssh-*") / "regress"
    folder = served.root / "temp"
    glob = served.work / "obj" / "glob"
    glob.parent.mkdir()
    server = _server(served, served.work / "server", f"{glob}/dir=/temp", f"{glob}=", f"{served.root}=")
    cases: dict[str, str] = {}
    for name in ("sftp", "sftp-batch", "sftp-badcmds", "sftp-cmds", "sftp-glob"):
        (folder / "data").write_bytes(bytes(range(256)) * 40)
        script = served.work / name
        # This one makes a folder in a folder to look into: the outer one is the party's root, the inner one its temp.
        globs = name == "sftp-glob"
        folders = f"mkdir() {{ command mkdir $BASE; ln -s {folder} $DIR; }}" if globs else ""
        text = _EXECUTE.format(
            folders=folders,
            folder=glob.parent if globs else folder,
            server=shlex.quote(str(server)),
            script=regress / f"{name}.sh",
        )
        script.write_text(text)
        case = name
        for line in _output(["sh", str(script)], served.work).splitlines():
            kind, _, text = line.partition(" ")
            if kind == "CASE":
                case = f"{name}: {text.removeprefix('test ').partition(': ')[2]}"
                cases[case] = ""
            elif kind == "FAIL":
                cases[case] = f"{cases.get(case, '')}; {text}".removeprefix("; ")
        _clear(folder)
    return cases


def _server(served: Served, path: Path, *places: str) -> Path:
    command = [sys.executable, bridge.__file__, str(served.port), str(served.key), *places]
    path.write_text(f"#!/bin/sh\nexec {shlex.join(command)}\n")
    path.chmod(0o700)
    return path


def _output(command: list[str], folder: Path) -> str:
    done = subprocess.run(
        command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=900, check=False
    )
    return done.stdout.decode(errors="replace")


def _clear(folder: Path) -> None:
    for left in folder.iterdir():
        shutil.rmtree(left) if left.is_dir() else left.unlink()


SUITES = {
    "paramiko's tests of SFTP": of_paramiko,
    "Net::SFTP::Foreign's tests": of_net_sftp_foreign,
    "OpenSSH's regress scripts": of_openssh,
}
