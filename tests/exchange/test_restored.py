"""A backup of a PostgreSQL store, restored with the commands that README names, goes on as a gateway's home."""

import itertools
import os
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from market.home import Home
from store.database import connect
from tests.conftest import _postgresql_programs, _sql
from tests.exchange.life import end_holds
from tests.exchange.reference_exchange import STEPS, live, make
from tests.exchange.settled import content, differing, unsettled
from tests.gateway.conftest import Gridpost
from tests.gateway.conftest import gridpost as gridpost

BEFORE, AFTER = STEPS[3:5], STEPS[19]
"""A file accepted and one in part, then their Party's notification, which becomes a record set."""


@pytest.fixture
def locations(postgresql_url: str) -> Iterator[tuple[str, str]]:
    """The URLs of two databases, both empty."""
    names = ("live", "restored")
    for name in names:
        _sql(postgresql_url, f"CREATE DATABASE {name}")
    yield postgresql_url.format(names[0]), postgresql_url.format(names[1])
    for name in names:
        _sql(postgresql_url, f"DROP DATABASE {name} WITH (FORCE)")


def read(root: Path, location: str) -> dict[str, list[str]]:
    engine = connect(location)
    assert unsettled(Home(root), engine) == []
    found = content(Home(root), engine)
    engine.dispose()
    return found


def test_a_restored_postgresql_differs_in_nothing_and_goes_on(
    locations: tuple[str, str], gridpost: Gridpost, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", f"{_postgresql_programs(tmp_path)}:{os.environ['PATH']}")
    # a submission's reference comes of its number in the landing
    monkeypatch.setattr("ingest.landing.itertools", SimpleNamespace(count=lambda _: itertools.repeat(0)))
    live_store, restored_store = locations
    home, kept, restored = tmp_path / "home", tmp_path / "kept", tmp_path / "restored"
    make(home, live_store)
    for step in (*BEFORE, AFTER):
        live(home, tmp_path / "memory", step, live_store)
    done = gridpost("--home", home, "--store", live_store, "backup", kept)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"{kept}: a store of 3 submissions, 3 archived files, 1 record sets, ")
    told = done.out.splitlines()[1]
    command = told.partition(": ")[2].partition(";")[0].replace("URL", restored_store)
    subprocess.run(shlex.split(command), check=True, capture_output=True)
    shutil.move(kept, restored)
    at_restored = ("--home", restored, "--store", restored_store)
    assert (gridpost(*at_restored, "doctor").out, gridpost(*at_restored, "doctor").code) == ("", 0)
    assert differing(read(home, live_store), read(restored, restored_store)) == []

    live(home, tmp_path / "memory", STEPS[20], live_store)
    assert gridpost("--home", restored, "--store", live_store, "doctor").code == 1
    end_holds(restored_store)
    live(restored, tmp_path / "another memory", STEPS[20], restored_store)
    assert differing(read(home, live_store), read(restored, restored_store)) == []
    assert gridpost(*at_restored, "doctor").code == 0
