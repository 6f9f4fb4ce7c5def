"""Where the gateway's steps are done: its home, its store, its clock, and the lease under which it works."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from sqlalchemy import Engine
from sqlmodel import Session

from market.clock import Clock
from market.disk import Space, space
from market.fault import Fault
from market.home import Home
from store import leases
from store.database import end_when_idle, writing

LEASE = "exchange"
"""The lease of the gateway that works; another on the same store stands by until it ends."""

LEASE_SECONDS = 30.0


class LeaseLostError(Fault):
    """This gateway no longer holds the lease: what it was about to commit is left to the one that does."""


@dataclass
class Office:
    """One gateway's place of work. `name` is unique to the process; `token` is the lease's, None while standing by.

    `swept` is when it last looked at its landing, by the monotonic clock. `disk_reserve` bytes are to stay free on the
    home's disk.
    """

    home: Home
    engine: Engine
    location: str
    clock: Clock
    name: str
    token: int | None = field(default=None)
    swept: float | None = field(default=None)
    disk_reserve: int = field(default=0)

    @property
    def space(self) -> Space:
        """What is free on the home's disk, and its reserve."""
        return space(self.home.root, self.disk_reserve)

    def claim(self) -> bool:
        """Claims the lease; True where this gateway holds it from now on."""
        with writing(self.engine) as session:
            self.token = leases.claim(session, LEASE, self.name, LEASE_SECONDS)
        return self.token is not None

    def renew(self) -> bool:
        """The heartbeat: False where the lease was lost."""
        if self.token is None:
            return False
        with writing(self.engine) as session:
            if not leases.renew(session, LEASE, self.name, self.token, LEASE_SECONDS):
                self.token = None
        return self.token is not None

    def release(self) -> None:
        """Lets another gateway take over at once."""
        if self.token is not None:
            with writing(self.engine) as session:
                leases.release(session, LEASE, self.name, self.token)
            self.token = None

    @contextmanager
    def committing(self) -> Iterator[Session]:
        """A writing transaction that only the holder of the lease can commit; raises LeaseLostError."""
        with writing(self.engine) as session:
            # It locks the lease, and who stands still for that long has lost it.
            end_when_idle(session, LEASE_SECONDS)
            if self.token is None or not leases.holds(session, LEASE, self.name, self.token):
                raise LeaseLostError(f"gateway {self.name} does not hold the lease")
            yield session
