"""Whatever the bytes are, there is an answer: a receipt, behind a receipt of 100 a report, and no fault."""

import json
import resource
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from gateway.check_folder import dry_run
from gateway.sample_cases import Case, read_cases, records
from ingest.landing import parse
from market.home import Home
from store.database import connect
from tests.gateway.any_bytes import mutated

REPOSITORY = Path(__file__).parents[2]
_SMALL = [case for case in read_cases().values() if len(case.content) < 100_000]
_CSV = [case for case in _SMALL if case.file_name.endswith(".csv")]
CASES = _SMALL + _CSV * (len(_SMALL) // len(_CSV) // 2)
"""A third of them are CSV."""
NAMES = (
    "{}",
    "{}",
    "{}",
    "gcdc_any.csv",
    "pn_any.csv",
    "p419_any.csv",
    "sev_any.csv",
    "delivered_any.csv",
    "é =1+1.csv",
)
PROCESSOR_SECONDS = 60
"""Of one file at most: a file that hangs its reader is found, however busy the machine."""
MEMORY = 1 << 30
"""What a process that judges one such file after the other takes up at most."""


@contextmanager
def _ends() -> Iterator[None]:
    """Inside, the processor works no longer than it may."""

    def too_long(number: int, frame: object) -> None:
        raise AssertionError(f"it takes more than {PROCESSOR_SECONDS} seconds of the processor")

    before = signal.signal(signal.SIGPROF, too_long)
    signal.setitimer(signal.ITIMER_PROF, PROCESSOR_SECONDS)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _judged(home: Home, engine: object, case: Case, name: str, content: bytes) -> str:
    """The outcome of a file as the party of a case sends it; its answers are whole."""
    path = f"{case.party_id}/{case.party_id.lower()}/20260101T000000000000Z-000000000001-{name}"
    placed = home.dry_runs / path
    placed.parent.mkdir(parents=True, exist_ok=True)
    placed.write_bytes(content)
    landed = parse(path, len(content))
    arrived = case.received_at
    landed = type(landed)(**{**vars(landed), "received_at": arrived, "stamp": arrived})
    done = dry_run(home, engine, landed, arrived + timedelta(seconds=1))  # type: ignore[arg-type]
    receipt, *rest = (body for _, body in done.answers)
    found = next(record for record in records(receipt) if record[0] == "ADT")
    assert int(found[4]) in (100, 101, 1, 2, 3, 4, 5, 6, 7)
    assert len(rest) == (int(found[4]) == 100)
    for answer in rest:
        assert [record[8] for record in records(answer) if record[0] == "VRH"] == [done.outcome]
    return f"{found[4]} {done.outcome}"


def fuzz(root: Path, seed: int, count: int) -> dict[str, int]:
    """Judges so many mutated files; gives how many ended in each way. A failure names the file that it leaves."""
    home, random, outcomes = Home(root), np.random.default_rng(seed), Counter[str]()
    engine = connect(f"sqlite:///{home.database}")
    for _ in range(count):
        chosen, content = mutated([case.content for case in CASES], random)
        case = CASES[chosen]
        own = case.file_name if random.integers(8) else NAMES[random.integers(len(NAMES))].format(case.file_name)
        try:
            with _ends():
                outcomes[_judged(home, engine, case, own, content)] += 1
        except BaseException as error:
            kept = root / "failed"
            kept.write_bytes(content)
            raise AssertionError(f"{own} of {case.party_id} (as {case.name}), kept as {kept}: {error!r}") from error
    engine.dispose()
    return dict(outcomes)


@pytest.mark.proof
def test_there_is_always_an_answer(
    market: Path, whole: bool, pytestconfig: pytest.Config, tried: Callable[[str, str, int], None]
) -> None:
    """In a process of its own, whose memory is its own."""
    count = 8000 if whole else 120
    seed = int(np.random.default_rng().integers(1 << 30)) if pytestconfig.getoption("--explore") else 20261101
    command = [sys.executable, "-m", __name__, str(market), str(seed), str(count)]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    found = json.loads(done.stdout)
    outcomes = found["outcomes"]
    assert sum(outcomes.values()) == count
    assert {"100 ACCEPTED", "100 REJECTED", "1 NACKED", "4 NACKED"} <= set(outcomes)
    assert found["peak"] < MEMORY
    tried("fuzzed inputs", "mutated files judged", count)


def test_the_files_as_they_are(market: Path) -> None:
    engine = connect(f"sqlite:///{Home(market).database}")
    for case in CASES[::9]:
        assert _judged(Home(market), engine, case, case.file_name, case.content).split()[0].isdecimal()
    engine.dispose()


def main(root: Path, seed: int, count: int) -> None:
    outcomes = fuzz(root, seed, count)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    json.dump({"outcomes": outcomes, "peak": peak}, sys.stdout)


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]))
