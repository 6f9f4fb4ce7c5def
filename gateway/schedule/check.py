"""What a check is: a declared value in a module of gateway.checks, found there and registered nowhere else."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import polars as pl
from sqlalchemy import Engine
from sqlmodel import Session

from market.home import Home
from market.policy import PolicyTable
from store import policy, reference
from store.database import reading

Summary = dict[str, Any]
"""What a run did, as JSON can hold it: what operators see of it."""

Apply = Callable[[Session], Summary]
"""Writes everything that a run does, in the transaction that ends it, and sums it up."""


@dataclass(frozen=True)
class Occasion:
    """One run of a check. `business_date` is a London day.

    The run looks at the state of `at` (aware), when it was due or started by hand: what was received later is not
    there, so that a run made up late finds what it would have found. `now` is when it is made. `token` fences the files
    that it stages, `parameters` are those of schedules.toml over the check's own.
    """

    check: str
    run_id: int
    business_date: date
    at: datetime
    now: datetime
    token: int
    engine: Engine
    home: Home
    parameters: Mapping[str, Any]

    def references(
        self, *names: str, days: tuple[date, date] | None = None, bm_units: Collection[str] | None = None
    ) -> dict[str, pl.DataFrame]:
        """The named frames of market.reference, of live traffic and in the state of `at`; volumes of the `days`."""
        until = self.at + timedelta(microseconds=1)
        with reading(self.engine) as session:
            as_of = reference.version_at(session, self.at)
            return reference.frames(
                session, names, before=(until, ""), as_of=as_of, bm_units=bm_units, days=days, home=self.home
            )

    def policy(self) -> PolicyTable:
        """The policy in force."""
        with reading(self.engine) as session:
            return policy.in_force(session)


@dataclass(frozen=True)
class Check:
    """A check: `name` as schedules.toml and `gridpost run` call it, `rules` the ids that it stands for.

    `work` reads and computes and has no effect; what it gives back has them all, in one transaction with the run's
    row. `parameters` names those that it takes, with what holds where schedules.toml is silent.
    """

    name: str
    title: str
    rules: tuple[str, ...]
    work: Callable[[Occasion], Apply]
    parameters: Mapping[str, Any] = field(default_factory=dict)
