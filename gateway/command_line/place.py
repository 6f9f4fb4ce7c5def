"""Where a command works: the home folder, the store, the operator."""

import getpass
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from market.clock import system_clock
from market.home import Home

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from market.disk import Space

POLICY_FILE = Path(__file__).parents[2] / "policy.toml"
"""The policy that a new store begins with."""


class NotPossibleError(Exception):
    """A command could not be done; the text is for the operator."""


@dataclass(frozen=True)
class Place:
    """The home folder (None: none is named) and the URL of the store (None: in the home)."""

    root: Path | None
    store: str | None

    @property
    def home(self) -> Home:
        """The home folder; NotPossibleError where none is named."""
        if self.root is None:
            raise NotPossibleError("no home is named: --home DIR or GRIDPOST_HOME")
        return Home(self.root.absolute())

    @property
    def home_if_named(self) -> Home | None:
        """The home folder, None where none is named: reading a store by its URL needs none."""
        return None if self.root is None else self.home

    @property
    def space_if_named(self) -> "Space | None":
        """The space on the home's disk beside the reserve of `serve`; None where no home is named, or none is there."""
        from ingest.sftp.limits import Limits
        from market.disk import space

        home = self.home_if_named
        return space(home.root, Limits().disk_reserve) if home is not None and home.root.exists() else None

    @property
    def location(self) -> str:
        """The URL of the store."""
        from store.database import store_url

        return self.store or store_url(self.home.root).render_as_string()

    @contextmanager
    def opened(self) -> Iterator["Engine"]:
        """An engine on the store, made where there is none; a store without policy gets the one of the product."""
        from sqlalchemy import make_url
        from sqlalchemy.exc import ArgumentError, OperationalError

        from store.database import open_store

        if self.store is None:
            self.home.make()
        try:
            if make_url(self.location).get_backend_name() not in ("sqlite", "postgresql"):
                raise NotPossibleError("the store's URL names neither sqlite nor postgresql")
            engine = open_store(self.location)
            try:
                _give_policy(engine)
                yield engine
            finally:
                engine.dispose()
        except (ArgumentError, OperationalError) as error:
            raise NotPossibleError(f"the store cannot be used: {str(error).splitlines()[0]}") from error


def _give_policy(engine: "Engine") -> None:
    from store.database import reading, writing
    from store.policy import load, loaded

    with reading(engine) as session:
        known = loaded(session)
    if not known:
        with writing(engine) as session:
            load(session, POLICY_FILE.read_text(), at=system_clock(), actor="gridpost")


def operator() -> str:
    """Who acts, as the audit names it: the user of the operating system."""
    try:
        return f"operator {getpass.getuser()}"
    except (KeyError, OSError):
        return f"operator {os.getuid()}"
