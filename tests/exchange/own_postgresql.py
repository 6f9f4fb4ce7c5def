"""A PostgreSQL of a test's own, which it may stop, kill and start again."""

import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from tests.conftest import _postgresql_programs, _unprivileged, _wait_for


@dataclass
class PostgreSQL:
    """One server on a folder; its database is `postgres`."""

    folder: Path
    _programs: Path
    _user: dict[str, Any]
    _process: Any = field(default=None)

    @property
    def url(self) -> str:
        return f"postgresql://gridpost@/postgres?host={self.folder}"

    def start(self) -> None:
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [self._programs / "postgres", "-D", self.folder / "data", "-k", self.folder, "-h", ""],
                stdout=log,
                stderr=log,
                cwd="/",
                **self._user,
            )
        _wait_for(self.folder, self._process)

    def stop(self, how: signal.Signals = signal.SIGINT) -> None:
        """SIGINT ends its sessions and stops it; SIGQUIT stops it as a crash would."""
        self._process.send_signal(how)
        self._process.wait(60)

    def cut_sessions(self) -> int:
        """Ends all sessions of others, whatever they are doing; how many."""
        query = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname <> ''"
        with psycopg.connect(host=str(self.folder), user="gridpost", dbname="postgres", autocommit=True) as connection:
            return len(connection.execute(query).fetchall())


@contextmanager
def own_postgresql(folder: Path) -> Iterator[PostgreSQL]:
    """A server that runs; `folder` is short enough for a socket's path, and is left for the caller to remove."""
    programs, user = _postgresql_programs(folder), _unprivileged(folder)
    initdb = ["--no-sync", "--auth=trust", "--username=gridpost", "--encoding=UTF8", "--locale=C"]
    with (folder / "log").open("ab") as log:
        subprocess.run([programs / "initdb", *initdb, "-D", folder / "data"], check=True, stdout=log, cwd="/", **user)
    made = PostgreSQL(folder, programs, user)
    made.start()
    try:
        yield made
    finally:
        made.stop()
