"""`gridpost check` as a party runs it: a process of its own, with start-up and listing. What it finds is not read."""

import subprocess
import sys
from pathlib import Path


def find(path: Path, found: Path) -> None:
    """Runs the command; raises RuntimeError where the check could not be done."""
    command = [str(Path(sys.executable).with_name("gridpost")), "--home", str(path.parent / "home"), "check", str(path)]
    done = subprocess.run(
        [*command, "--received-at", "2026-11-02T09:30:00Z"], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
    )
    if done.returncode not in (0, 1):
        raise RuntimeError(done.stderr.decode())
