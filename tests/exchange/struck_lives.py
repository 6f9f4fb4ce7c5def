"""Lives of the reference exchange in a warm process: whole ones, and ones struck at a call that changes files."""

import json
import logging
import os
import shutil
import time
from pathlib import Path

import psycopg

from market.home import Home
from store.database import connect
from tests.exchange import interposed
from tests.exchange.interposed import Calls, Strike
from tests.exchange.life import ROUNDS, end_holds, leave_nothing_to_chance
from tests.exchange.reference_exchange import STEPS, live, make
from tests.exchange.settled import content, differing, mend, unsettled

_log = logging.getLogger(__name__)


def play(place: str, steps: int, server: str = "") -> None:
    """Plays the exchange undisturbed, its first steps: a place for how all is before it and after each, by number."""
    before = Path(place) / "0"
    before.mkdir()
    new_database(server, "0")
    make(before / "home", _location(str(before), server))
    for number in range(steps):
        after = Path(shutil.copytree(before, Path(place) / str(number + 1)))
        new_database(server, after.name, before.name)
        step(str(after), number, server=server)
        (after / "content").write_text(json.dumps(_look(str(after), number, server)))
        before = after


def step(
    place: str,
    number: int,
    strike: int = 0,
    first: int = 0,
    last: int = 0,
    error: int = 0,
    calls: int = Calls.FILES,
    server: str = "",
) -> None:
    """Does a step of the exchange; its calls are written down, and those ordered are struck."""
    leave_nothing_to_chance()
    root = Path(place) / "home"
    counted = Calls(calls) | Calls.COMMIT if server else Calls(calls)
    interposed.order(root, Strike(strike), first, last, error, counted)
    interposed.trace(os.open(Path(place) / "calls", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    live(root, Path(place) / "memory", STEPS[number], _location(place, server))


def resume(place: str, number: int, like: str, strike: int = 0, first: int = 0, server: str = "") -> None:
    """Does what is left of a step whose gateway was killed, and looks."""
    end_holds(_location(place, server))
    if server:
        _give_numbers_back(_location(place, server))
    step(place, number, strike, first, server=server)
    look(place, number, like, server)


def endure(place: str, number: int, like: str, **strike: int) -> None:
    """Does a step while calls fail, as often as it takes, and looks."""
    begun = 0
    while True:
        try:
            # The calls that fail are counted on when the gateway is started again.
            if begun:
                end_holds(_location(place, ""))
                live(Path(place) / "home", Path(place) / "memory", STEPS[number])
            else:
                step(place, number, strike=Strike.FAIL, **strike)
            break
        except Exception:
            begun += 1
            if begun > ROUNDS:
                raise
            _log.exception("the gateway ends and is started again")
    look(place, number, like)


def look(place: str, number: int, like: str, server: str = "") -> None:
    """Raises unless all is well, and as it is in the home of another place."""
    expected = json.loads((Path(like) / "content").read_text())
    found = differing(expected, _look(place, number, server))
    assert not found, "\n".join(found)


def new_database(server: str, name: str, like: str = "template1") -> None:
    """Makes a database of a PostgreSQL as another one is; whoever still uses one of the two is cut off."""
    if server:
        with psycopg.connect(server.format("postgres"), autocommit=True) as connection:
            connection.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s", (like,))
            await_nobody(server, like)
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)'.encode())
            connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{like}"'.encode())


def await_nobody(server: str, name: str) -> None:
    """Waits until the PostgreSQL has noticed that who used a database is dead."""
    query = "SELECT count(*) FROM pg_stat_activity WHERE datname = %s"
    with psycopg.connect(server.format("postgres"), autocommit=True) as connection:
        while connection.execute(query, (name,)).fetchone() != (0,):
            time.sleep(0.005)


def _give_numbers_back(location: str) -> None:
    """Declaration Ids that a transaction took which was rolled back: parties see them, and may see gaps."""
    free = "SELECT setval(pg_get_serial_sequence('declaration_id', 'id'), max(id) + 1, false) FROM declaration_id"
    restart = "ALTER SEQUENCE declaration_id_id_seq RESTART"
    with psycopg.connect(location, autocommit=True) as connection:
        connection.execute(restart)
        connection.execute(free)


def _location(place: str, server: str) -> str:
    """Where the store of a place is: in its home, or the database of its name."""
    return server.format(Path(place).name) if server else f"sqlite:///{Path(place) / 'home' / 'gridpost.db'}"


def _look(place: str, number: int, server: str = "") -> dict[str, list[str]]:
    interposed.order(Path("/nowhere"))
    home = Home(Path(place) / "home")
    location = _location(place, server)
    engine = connect(location)
    mend(home, engine, location, STEPS[number].at)
    assert unsettled(home, engine) == []
    found = content(home, engine)
    engine.dispose()
    return found


LIVES = {"play": play, "step": step, "resume": resume, "endure": endure, "look": look}
