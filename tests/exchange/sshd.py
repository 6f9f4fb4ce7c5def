"""A gateway behind a real sshd: the printed configuration, users and folders, in a mount namespace of their own."""

import functools
import os
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from gateway.sshd_config import SshdPlace, configuration, folder_commands
from tests.exchange import gateway_process
from tests.exchange.made_market import ACCOUNTS
from tests.exchange.running import Gateway, eventually

USER, USER_ID = "gridpost", 64_321
SSHD = shutil.which("sshd", path=f"{os.environ.get('PATH', '')}:/usr/sbin")
_NAMESPACE = ("unshare", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child")


@functools.cache
def why_not() -> str | None:
    """What keeps this machine from running an sshd with users of its own; None where nothing does."""
    if SSHD is None:
        return "Debian's openssh-server is not installed"
    if os.geteuid() != 0:
        return "only root can start an sshd with chroots"
    tried = subprocess.run([*_NAMESPACE, "true"], capture_output=True, text=True, check=False)
    return f"no mount namespace can be made here: {tried.stderr.strip()}" if tried.returncode else None


@dataclass
class SshdGateway(Gateway):
    """A gateway that works as a user of its own and watches the folders; `port` is the sshd's."""

    _sshd: Any = field(default=None)
    _place: Path | None = field(default=None)

    def start(self, kill: str | None = None, *, wait: bool = True) -> None:
        if self._place is None:
            self._prepare()
        super().start(kill, wait=wait)

    def orders(self) -> dict[str, str]:
        return {**super().orders(), gateway_process.EXTERNAL: str(USER_ID)}

    def await_ready(self) -> None:
        port = self.port
        super().await_ready()
        self.port = port

    def kill(self) -> None:
        super().kill()
        if self._sshd is not None:
            self._sshd.kill()
            self._sshd.wait(60)
            self._sshd = None
        if self._place is not None:
            shutil.rmtree(self._place)
            self._place = None

    def _prepare(self) -> None:
        self.execute("UPDATE account_key SET valid_from = '2001-03-27 00:00:00.000000'")
        self.troubles.mkdir(exist_ok=True)
        subprocess.run(["chown", "-R", f"{USER_ID}:{USER_ID}", self.home.root], check=True)
        Path("/run/sshd").mkdir(exist_ok=True)
        # Every folder above must be root's and writable by root alone, which /tmp is not.
        self._place = Path(tempfile.mkdtemp(prefix="gridpost-", dir="/run"))
        self._place.chmod(0o755)
        subprocess.run(["cp", "-a", "/etc", self._place / "etc"], check=True)
        program = self._place / "gridpost"
        # Asked once for each account: a process of Python's for each of many logins would take most of a test's time.
        gridpost = shlex.quote(str(Path(sys.executable).with_name("gridpost")))
        known = f'"{self._place}/keys.$4"'
        program.write_text(f'#!/bin/sh\n[ -s {known} ] || {gridpost} "$@" > {known}\ncat {known}\n')
        program.chmod(0o755)
        self._start_sshd(program)

    def _start_sshd(self, program: Path) -> None:
        """On a port that was free a moment ago; should another take it meanwhile, on the next."""
        assert self._place is not None
        for _ in range(10):
            with socket.create_server(("127.0.0.1", 0)) as free:
                self.port = free.getsockname()[1]
            place = SshdPlace(
                self.home.root, program, None, USER, USER, self._place / "chroots", f"127.0.0.1:{self.port}"
            )
            config, script = self._place / "sshd_config", self._place / "start"
            # The gateway's user may not be able to enter the folder of this Python.
            text = configuration(place).replace(f"CommandUser {USER}", "CommandUser root")
            config.write_text(text)
            script.write_text(
                f"set -eu\nmount --bind {self._place}/etc /etc\n"
                f"groupadd --gid {USER_ID} {USER}\n"
                f"useradd --uid {USER_ID} --gid {USER_ID} --no-create-home {USER}\n"
                f"{folder_commands(place, list(ACCOUNTS))}\n"
                f"exec {SSHD} -D -e -f {config}\n"
            )
            with self.sshd_log.open("wb") as log:
                self._sshd = subprocess.Popen([*_NAMESPACE, "sh", script], stdout=log, stderr=log)
            eventually(lambda: self._sshd.poll() is not None or b"Server listening" in self.sshd_log.read_bytes())
            if self._sshd.poll() is None:
                return
            assert b"Address already in use" in self.sshd_log.read_bytes(), self.sshd_log.read_text()
        raise AssertionError("no port stays free")

    @property
    def sshd_log(self) -> Path:
        return self.home.root / "sshd.log"
