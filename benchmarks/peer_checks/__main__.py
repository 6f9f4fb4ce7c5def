"""Runs one contestant over one file, in a process of its own: `python benchmarks/peer_checks MODULE SMALL FILE FOUND`.

The contestant is warmed up with the small file, whose time is its start-up: imports do not count. Writes what it finds
to FOUND as `line,rule` and prints the seconds and CPU seconds of FILE and of the start-up, and the peak MiB of its
process, as JSON.
"""

import importlib
import json
import resource
import sys
import time
from pathlib import Path

START_UP_TRIES = 3


def peak() -> float:
    """MiB at most, of this process or one that it ran; Linux counts in ru_maxrss what a parent held before exec."""
    status = Path("/proc/self/status").read_text()
    own = int(status.partition("VmHWM:")[2].split()[0])
    return max(own, resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss) / 1024


def cpu() -> float:
    """Seconds of all cores, of this process and those that it ran."""
    return sum(sum(resource.getrusage(of)[:2]) for of in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))


def taken(module: str, path: Path, found: Path) -> tuple[float, float]:
    """Seconds and CPU seconds."""
    contestant = importlib.import_module(module)
    began, worked = time.perf_counter(), cpu()
    contestant.find(path, found)
    return time.perf_counter() - began, cpu() - worked


def main(module: str, small: str, path: str, found: str) -> None:
    start_up, its_cpu = map(
        min, zip(*(taken(module, Path(small), Path(found)) for _ in range(START_UP_TRIES)), strict=True)
    )
    whole, all_cpu = taken(module, Path(path), Path(found))
    print(json.dumps({"seconds": whole, "cpu": all_cpu, "start_up": start_up, "start_up_cpu": its_cpu, "peak": peak()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
