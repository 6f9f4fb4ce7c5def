"""Lives of the reference exchange in a warm process: whole ones, and ones struck at a call that changes files."""

import json
import logging
import os
import shutil
from pathlib import Path

from market.home import Home
from store.database import connect
from tests.exchange import interposed
from tests.exchange.interposed import Calls, Strike
from tests.exchange.life import ROUNDS, end_holds, leave_nothing_to_chance
from tests.exchange.reference_exchange import STEPS, live, make
from tests.exchange.settled import content, differing, mend, unsettled

_log = logging.getLogger(__name__)


def play(place: str) -> None:
    """Plays the exchange undisturbed: a place for how all is before it and after each step, by their numbers."""
    before = Path(place) / "0"
    before.mkdir()
    make(before / "home")
    for number in range(len(STEPS)):
        after = Path(shutil.copytree(before, Path(place) / str(number + 1)))
        step(str(after), number)
        (after / "content").write_text(json.dumps(_look(str(after), number)))
        before = after


def step(
    place: str, number: int, strike: int = 0, first: int = 0, last: int = 0, error: int = 0, calls: int = Calls.FILES
) -> None:
    """Does a step of the exchange; its calls are written down, and those ordered are struck."""
    leave_nothing_to_chance()
    root = Path(place) / "home"
    interposed.order(root, Strike(strike), first, last, error, Calls(calls))
    interposed.trace(os.open(Path(place) / "calls", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    live(root, Path(place) / "memory", STEPS[number])


def resume(place: str, number: int, like: str, strike: int = 0, first: int = 0) -> None:
    """Does what is left of a step whose gateway was killed, and looks."""
    end_holds(Home(Path(place) / "home"))
    step(place, number, strike, first)
    look(place, number, like)


def endure(place: str, number: int, like: str, **strike: int) -> None:
    """Does a step while calls fail, as often as it takes, and looks."""
    begun = 0
    while True:
        try:
            # The calls that fail are counted on when the gateway is started again.
            if begun:
                end_holds(Home(Path(place) / "home"))
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


def look(place: str, number: int, like: str) -> None:
    """Raises unless all is well, and as it is in the home of another place."""
    expected = json.loads((Path(like) / "content").read_text())
    assert differing(expected, _look(place, number)) == []


def _look(place: str, number: int) -> dict[str, list[str]]:
    interposed.order(Path("/nowhere"))
    home = Home(Path(place) / "home")
    location = f"sqlite:///{home.database}"
    engine = connect(location)
    mend(home, engine, location, STEPS[number].at)
    assert unsettled(home, engine) == []
    found = content(home, engine)
    engine.dispose()
    return found


LIVES = {"play": play, "step": step, "resume": resume, "endure": endure, "look": look}
