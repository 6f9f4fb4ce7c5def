"""The reference exchange on PostgreSQL, killed between file system and store.

That is before each call that changes a file and before the end of each transaction. The store's own writes are
PostgreSQL's.
"""

from collections.abc import Callable, Iterator

import pytest

from tests.exchange.interposed import COMPILER, Calls, build
from tests.exchange.reference_exchange import STEPS
from tests.exchange.stage import Stage, of_kind
from tests.exchange.test_struck_calls import kills_of
from tests.exchange.warm import warm

OF_ALL = 4
"""A whole run tries one kill of so many."""

SAMPLE, SAMPLED_STEPS = 4, 4
"""How many kills a plain run tries, and in how many steps: declarations, a scheduled run, files accepted and not."""


@pytest.fixture(scope="module")
def stage(
    tmp_path_factory: pytest.TempPathFactory, postgresql_url: str, pytestconfig: pytest.Config
) -> Iterator[Stage]:
    folder = tmp_path_factory.mktemp("stage")
    if COMPILER is None:
        pytest.skip("no C compiler is installed")
    with warm(build(folder), "tests.exchange.struck_lives") as process:
        yield Stage(folder, process, postgresql_url, len(STEPS) if pytestconfig.getoption("--whole") else SAMPLED_STEPS)


@pytest.mark.slow
@pytest.mark.proof
def test_kills_between_file_system_and_store(
    stage: Stage, part: slice, whole: bool, tried: Callable[[str, str, int], None]
) -> None:
    kills = kills_of(stage)
    chosen = kills[::OF_ALL][part] if whole else kills[len(kills) // SAMPLE // 2 :: len(kills) // SAMPLE][:SAMPLE]
    assert all(of_kind(calls, Calls.COMMIT) > 10 for calls in stage.calls)
    failed = [kill for kill in chosen if not stage.is_well_after(*kill)]
    assert failed == []
    tried("kill points", "on PostgreSQL, at calls that change a file and at ends of transactions", len(chosen))
