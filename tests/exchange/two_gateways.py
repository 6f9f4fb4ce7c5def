"""Two gateways on one store and one folder tree, SQLite's or PostgreSQL's; one or the other is killed or stopped."""

import os
import random
import signal
import time
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.exc import OperationalError

from market.home import Home
from store.database import connect
from tests.exchange.running import Gateway, eventually

PATIENCE = 20.0


@dataclass
class Member(Gateway):
    """One of them; its door is open as soon as it runs, also while it stands by."""

    engine: Engine = field(kw_only=True)

    @property
    def door(self) -> int | None:
        """The port of its SFTP server, None while it does not run."""
        path = self.home.root / f"{self.name}.port"
        return int(path.read_text()) if self.is_alive() and path.exists() else None

    def start(self, kill: str | None = None, *, wait: bool = True) -> None:
        (self.home.root / f"{self.name}.port").unlink(missing_ok=True)
        super().start(kill, wait=wait)

    @property
    def owner(self) -> str:
        """What the names of its leases are like."""
        return f"%-{self._process.pid}-%" if self._process is not None else "nobody"

    def works(self) -> bool:
        """Whether it holds the lease."""
        return bool(self.rows("SELECT 1 FROM lease WHERE owner LIKE ? AND name = 'exchange'", self.owner))

    def end_lease(self) -> None:
        """Nothing: its leases are known only while it runs."""

    def send(self, number: signal.Signals) -> None:
        """A signal to all its processes."""
        try:
            os.killpg(self._process.pid, number)
        except ProcessLookupError:
            os.kill(self._process.pid, number)  # it has no group of its own yet

    def forfeit(self) -> bool:
        """Lets the time be over after which what it holds ends by itself; False where it stands in a transaction."""
        owner = self.owner
        past = "'2000-01-01 00:00:00.000000'"
        try:
            with self.engine.connect() as connection:
                if self.engine.dialect.name == "postgresql":
                    connection.exec_driver_sql("SET LOCAL lock_timeout = '2s'")
                for column in ("lease SET expires_at", "scheduled_run SET heartbeat"):
                    statement = f"UPDATE {column} = {past} WHERE owner LIKE ?"
                    connection.exec_driver_sql(self._placed(statement), (owner,))
                connection.commit()
        except OperationalError:
            return False
        return True

    def execute(self, statement: str, *parameters: object) -> None:
        with self.engine.begin() as connection:
            connection.exec_driver_sql(self._placed(statement), parameters)

    def rows(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        with self.engine.execution_options(gridpost_writes=False).connect() as connection:
            return [tuple(row) for row in connection.exec_driver_sql(self._placed(query), parameters)]

    def _placed(self, statement: str) -> str:
        if self.engine.dialect.name == "sqlite":
            return statement
        return statement.replace("%", "%%").replace("?", "%s")


@dataclass
class Pair:
    """Both; `port` is a door that is open now, at random: what a client connects to."""

    home: Home
    location: str
    compact: bool
    chance: random.Random
    engine: Engine = field(init=False)
    members: tuple[Member, Member] = field(init=False)
    interrupted: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.engine = connect(self.location)
        one, other = (
            Member(self.home, compact=self.compact, name=name, store=self.location, engine=self.engine)
            for name in ("one", "other")
        )
        self.members = (one, other)

    @property
    def port(self) -> int:
        doors = [door for member in self.members if (door := member.door) is not None]
        if not doors:
            raise ConnectionRefusedError("no gateway runs")
        return self.chance.choice(doors)

    def rows(self, query: str, *parameters: object) -> list[tuple[Any, ...]]:
        return self.members[0].rows(query, *parameters)

    def start(self) -> None:
        """Starts what does not run."""
        for member in self.members:
            if not member.is_alive():
                # With workers and server processes of its own, or as one process that starts in no time.
                member.compact = self.compact or self.chance.random() < 0.5
                member.start(wait=False)

    def interrupt(self, victim: Member, how: str) -> None:
        """Kills a gateway, or stops it until the other one has worked in its place and lets it go on then."""
        if not victim.is_alive():
            return
        worked = victim.works()
        self.interrupted.append(how)
        if how == "killed":
            victim.send(signal.SIGKILL)
            victim.await_end()
            victim.forfeit()
            return
        if how == "ended":
            victim.stop()
            return
        victim.send(signal.SIGSTOP)
        try:
            end = time.monotonic() + PATIENCE
            other = next(member for member in self.members if member is not victim)
            while victim.forfeit() and worked and other.is_alive() and not other.works() and time.monotonic() < end:
                time.sleep(0.02)
            time.sleep(self.chance.uniform(0, 0.5))
        finally:
            victim.send(signal.SIGCONT)

    def stop(self) -> None:
        """Ends the one that works, then the one that has taken over from it; both drain."""
        for _ in self.members:
            working: list[Member] = eventually(lambda: [one for one in self.members if one.is_alive() and one.works()])
            assert working[0].stop() == 0

    def kill(self) -> None:
        for member in self.members:
            if member.is_alive():
                member.send(signal.SIGCONT)
            member.kill()
        self.engine.dispose()


def jump(path: Path, by: timedelta) -> None:
    """Sets all clocks forward."""
    partial = path.with_suffix(".new")
    partial.write_text(str(float(path.read_text()) + by.total_seconds()))
    partial.rename(path)
