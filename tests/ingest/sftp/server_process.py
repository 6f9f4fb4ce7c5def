"""The server as a process of its own, under its default limits: `python -m tests.ingest.sftp.server_process ROOT`.

ROOT has the folders `keys`, a private key of each account, and `host_keys`. The port goes to `ROOT/port`; it serves
until its standard input ends.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import paramiko

from ingest.sftp.limits import Limits
from market.home import Home
from tests.ingest.sftp.front_door import FrontDoor, TestClock, eventually, open_front_door

LIMITS = Limits(disk_reserve=0, drain_seconds=1)
REPOSITORY = Path(__file__).parents[3]


@dataclass
class ServerProcess:
    """A running one, and what the system says of it."""

    front: FrontDoor
    pid: int

    def memory(self) -> int:
        """The resident bytes at most since `forget_peak`."""
        return self._status("VmHWM")

    def forget_peak(self) -> int:
        """Begins to watch for a new peak; gives the resident bytes of now."""
        Path(f"/proc/{self.pid}/clear_refs").write_text("5")
        return self._status("VmRSS")

    def descriptors(self) -> int:
        return len(os.listdir(f"/proc/{self.pid}/fd"))

    def threads(self) -> int:
        return len(os.listdir(f"/proc/{self.pid}/task"))

    def _status(self, name: str) -> int:
        lines = Path(f"/proc/{self.pid}/status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))


@contextmanager
def served(root: Path, keys: dict[str, paramiko.PKey], host_keys: Path) -> Iterator[ServerProcess]:
    """Serves in a process; it must end well."""
    (root / "keys").mkdir(parents=True)
    for name, key in keys.items():
        key.write_private_key_file(str(root / "keys" / name))
    (root / "host_keys").symlink_to(host_keys)
    with (root / "log").open("wb") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", __name__, str(root)], cwd=REPOSITORY, stdin=subprocess.PIPE, stdout=log, stderr=log
        )
        try:
            eventually(lambda: (root / "port").exists() or process.poll() is not None, 60)
            port = int((root / "port").read_text())
            yield ServerProcess(FrontDoor(Home(root / "home"), TestClock(), port, keys), process.pid)
        finally:
            assert process.stdin is not None
            process.stdin.close()
            code = process.wait(60)
    said = (root / "log").read_text()
    assert (code, said) == (0, "")


def main(root: Path) -> None:
    keys: dict[str, paramiko.PKey] = {
        path.name: paramiko.ECDSAKey.from_private_key_file(str(path)) for path in (root / "keys").iterdir()
    }
    with open_front_door(root / "home", keys, root / "host_keys", LIMITS) as front:
        partial = root / "port.partial"
        partial.write_text(str(front.port))
        partial.rename(root / "port")
        sys.stdin.read()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
