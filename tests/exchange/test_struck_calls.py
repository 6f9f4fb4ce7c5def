"""The reference exchange is struck at its Nth call that changes a file or the store: killed, or the call fails.

A kill leaves what was written to the system, so a kill before each call, and one in the middle of each write, are all
that a kill can leave. What a power cut can leave is less, and not tried here. After a failure the gateway goes on, or
is started again where it ended.
"""

import errno
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.exchange.interposed import COMPILER, Calls, Strike, build
from tests.exchange.reference_exchange import STEPS
from tests.exchange.stage import Stage, is_torn, of_kind, undurable
from tests.exchange.warm import warm

SAMPLE = 16
"""How many single kills a plain run tries."""

Tried = Callable[[str, str, int], None]


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("stage")
    if COMPILER is None:
        pytest.skip("no C compiler is installed")
    with warm(build(folder), "tests.exchange.struck_lives") as process:
        yield Stage(folder, process)


def kills_of(stage: Stage) -> list[tuple[int, Strike, int]]:
    """Every kill: the step, before a call or in the middle of a write, and the call's number."""
    return [
        (step, strike, number)
        for step, calls in enumerate(stage.calls)
        for number, call in enumerate(calls, 1)
        for strike in ((Strike.KILL, Strike.TEAR) if is_torn(call) else (Strike.KILL,))
    ]


@pytest.mark.proof
def test_a_kill_at_every_call(stage: Stage, part: slice, whole: bool, tried: Tried) -> None:
    kills = kills_of(stage)
    chosen = kills[part] if whole else kills[SAMPLE // 2 :: len(kills) // SAMPLE][:SAMPLE]
    failed = [kill for kill in chosen if not stage.is_well_after(*kill)]
    assert failed == []
    tried("kill points", "at each call that changes a file or the store, each write also torn", len(chosen))


def test_what_the_store_speaks_of_is_durable_before_it(stage: Stage) -> None:
    renames = [call for calls in stage.calls for call in calls if call.startswith("rename")]
    assert len(renames) > 100
    assert [undurable(calls) for calls in stage.calls] == [[]] * len(STEPS)


RENAMED = [
    "write\t/h/a\t\t1",
    "sync\t/h/a\t\t1",
    "rename\t/h/a\t/x/b\t0",
    "sync\t/x\t\t2",
    "sync\t/gridpost.db-wal\t\t3",
]


@pytest.mark.parametrize(("without", "found"), [(None, 0), (1, 1), (3, 1)])
def test_a_missing_sync_is_found(without: int | None, found: int) -> None:
    assert len(undurable([call for place, call in enumerate(RENAMED) if place != without])) == found


@pytest.mark.proof
def test_kill_upon_kill(
    stage: Stage, part: slice, whole: bool, tried: Tried, pytestconfig: pytest.Config, tmp_path: Path
) -> None:
    """One home through the exchange; a life that takes up after a kill is killed as well, now and then."""
    kills = 0

    def chosen(chance: random.Random, number: int) -> dict[str, int]:
        first = chance.randint(1, 3 * len(stage.calls[number]) // 2)
        return {"strike": chance.choice((Strike.KILL, Strike.TEAR)), "first": first}

    for exchange in range(40 if whole else 1)[part]:
        chance = random.Random(None if pytestconfig.getoption("--explore") else exchange)
        place = shutil.copytree(stage.kept[0], tmp_path / str(exchange))
        for number in range(len(STEPS) if whole else 8):
            like = str(stage.kept[number + 1])
            killed = stage.live("step", place, number=number, **chosen(chance, number)) != 0
            kills += killed
            while killed:
                killed = stage.live("resume", place, number=number, like=like, **chosen(chance, number)) != 0
                kills += killed
    assert kills > 0
    tried("kill points", "one after the other, also in the recovery", kills)


FAILURES = {
    "full disk": (Calls.WRITE | Calls.MAKE | Calls.CUT, errno.ENOSPC),
    "failing write": (Calls.WRITE, errno.EIO),
    "failing sync": (Calls.SYNC, errno.EIO),
    "failing rename or delete": (Calls.MOVE | Calls.REMOVE, errno.EIO),
}


@pytest.mark.proof
def test_calls_that_fail(stage: Stage, part: slice, whole: bool, tried: Tried, pytestconfig: pytest.Config) -> None:
    """For one call or for many, then no longer: nothing is lost, nothing doubled, nothing left over."""
    failed = []
    cases = range(250 if whole else 3)[part]
    for what, (calls, error) in FAILURES.items():
        for case in cases:
            chance = random.Random(None if pytestconfig.getoption("--explore") else f"{what} {case}")
            number = chance.randrange(len(STEPS))
            first = chance.randint(1, max(1, of_kind(stage.calls[number], calls)))
            last = first + chance.choice((0, 0, 5, 40))
            if not stage.endures(number, first=first, last=last, error=error, calls=int(calls)):
                failed.append((what, number, first, last))
        tried("faults", f"{what}, then well again", len(cases))
    assert failed == []
