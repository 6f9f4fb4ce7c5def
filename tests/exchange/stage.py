"""The reference exchange on a stage: as it goes undisturbed, and struck at a call that changes files."""

import logging
import shutil
import signal
from pathlib import Path

from tests.exchange.interposed import Calls, Strike
from tests.exchange.reference_exchange import STEPS
from tests.exchange.struck_lives import await_nobody, new_database
from tests.exchange.warm import Warm

_log = logging.getLogger(__name__)

_KINDS = {
    "write": Calls.WRITE,
    "sync": Calls.SYNC,
    "make": Calls.MAKE,
    "truncate": Calls.MAKE,
    "mkdir": Calls.MAKE,
    "rename": Calls.MOVE,
    "link": Calls.MOVE,
    "unlink": Calls.REMOVE,
    "rmdir": Calls.REMOVE,
    "cut": Calls.CUT,
    "commit": Calls.COMMIT,
}
"""What calls are written down as."""


class Stage:
    """The reference exchange as it goes undisturbed, kept after each step, and copies of it to be struck.

    `server` is the URL of a PostgreSQL with `{}` for the database, one for each place; none means SQLite in the homes.
    Only the first `steps` are played.
    """

    def __init__(self, folder: Path, process: Warm, server: str = "", steps: int = len(STEPS)) -> None:
        self._warm = process
        self._server = server
        self._copy = folder / "struck"
        self.kept = [folder / str(number) for number in range(steps + 1)]
        self.live("play", folder, steps=steps)
        self.calls = [(after / "calls").read_text().splitlines() for after in self.kept[1:]]

    def live(self, kind: str, place: Path, **order: object) -> int:
        """Lets a life be lived: 0, or the negative number of the signal that ended it. None may raise."""
        log = place / "log"
        if self._server:
            order["server"] = self._server
        code = self._warm.live(kind, log, place=str(place), **order)
        assert code in (0, -signal.SIGKILL), f"{kind} {order}: {log.read_text()[-6000:]}"
        return code

    def is_well_after(self, number: int, strike: Strike, first: int) -> bool:
        """Whether a step was killed and all is well once another life did what was left; if not, it is logged."""
        order = {"strike": strike, "first": first}
        try:
            place = self._copied(number)
            assert self.live("step", place, number=number, **order) != 0, "it was not killed"
            if self._server:
                await_nobody(self._server, place.name)
            self.live("resume", place, number=number, like=str(self.kept[number + 1]))
        except AssertionError:
            _log.exception("step %s of the exchange, %s", number, order)
            return False
        return True

    def endures(self, number: int, **failing: int) -> bool:
        """Whether all is well after a step during which calls fail; if not, it is logged."""
        try:
            place = self._copied(number)
            assert self.live("endure", place, number=number, like=str(self.kept[number + 1]), **failing) == 0
        except AssertionError:
            _log.exception("step %s of the exchange, %s", number, failing)
            return False
        return True

    def _copied(self, number: int) -> Path:
        shutil.rmtree(self._copy, ignore_errors=True)
        new_database(self._server, self._copy.name, str(number))
        return shutil.copytree(self.kept[number], self._copy)


def of_kind(calls: list[str], wanted: Calls) -> int:
    """How many of the calls that were written down are of a kind."""
    return sum(bool(_KINDS[call.partition("\t")[0]] & wanted) for call in calls)


def is_torn(call: str) -> bool:
    """Whether a call can leave half of what it does; what SQLite makes of its own files torn is SQLite's to prove."""
    kind, path, *_ = call.split("\t")
    return kind == "write" and "/gridpost.db" not in path


def undurable(calls: list[str]) -> list[str]:
    """The files that a power cut could lose although a commit came behind their rename.

    A file is synced before it is renamed, and the folder that it comes into before the store's next commit.
    """
    wrong, unsynced, unnamed = [], set(), set()
    for call in calls:
        kind, path, other, _ = call.split("\t")
        if kind == "sync":
            if "/gridpost.db" in path:
                wrong += sorted(f"{named} is not durable in its folder" for named in unnamed)
            unsynced.discard(path)
            unnamed = {named for named in unnamed if path != str(Path(named).parent) and "/gridpost.db" not in path}
        elif kind in ("write", "truncate", "cut") and "/gridpost.db" not in path:
            unsynced.add(path)
        elif kind == "rename":
            wrong += [f"{path} is renamed and was not synced"] * (path in unsynced)
            unnamed.add(other)
    return wrong
