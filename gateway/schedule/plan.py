"""schedules.toml: which check runs when, what becomes of missed runs, and with which parameters.

Times are London's. A run's key is its check and its business date, the London day on which it is due: so a check runs
once a day at most, and never between 01:00 and 02:00, which one night of the year does not have and another has twice.
"""

import re
import tomllib
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

from apscheduler.triggers.cron import CronTrigger

from gateway.schedule.check import Check
from market.clock import LONDON, london_day
from market.settlement_period import day_start
from store.refused import RefusedError

SCHEDULES_FILE = Path(__file__).parents[2] / "schedules.toml"
"""The schedules of the product."""

MISSED = ("each", "latest")
"""What becomes of runs that nobody made when they were due: each is made up in order, or only the latest."""

_FIELDS = ("minute", "hour", "day", "month", "day_of_week")
_KEYS = ("check", "cron", "missed", "parameters")
_DAYS = "(mon|tue|wed|thu|fri|sat|sun)"
_WEEKDAYS = re.compile(rf"\*|{_DAYS}(-{_DAYS})?(,{_DAYS}(-{_DAYS})?)*")


class SchedulesError(RefusedError):
    """The text of schedules.toml does not say what it must; the message names the place and the value."""


@dataclass(frozen=True)
class Schedule:
    """When a check runs. `trigger` gives its London times."""

    check: str
    cron: str
    missed: str
    parameters: Mapping[str, Any]
    trigger: CronTrigger

    def next_due(self, after: datetime) -> datetime | None:
        """The first instant after another (both aware) at which it is due; None where it never is."""
        found: datetime | None = self.trigger.get_next_fire_time(None, after + timedelta(microseconds=1))
        return found

    def due(self, last: date, now: datetime) -> Iterator[tuple[date, datetime]]:
        """The business dates after `last` that were due by `now`, in order, each with its instant."""
        at = self.next_due(day_start(last + timedelta(days=1)) - timedelta(microseconds=1))
        while at is not None and at <= now:
            yield london_day(at), at
            at = self.next_due(at)


def read_schedules(text: str, checks: Collection[Check]) -> tuple[Schedule, ...]:
    """Reads the text of schedules.toml, in its order; raises SchedulesError."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SchedulesError(f"the schedules are no TOML: {error}") from error
    entries = table.pop("schedule", [])
    if table or not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise SchedulesError(f"the schedules have {next(iter(table), '[schedule]')}, not [[schedule]] alone")
    known = {check.name: check for check in checks}
    found = [_schedule(entry, known, f"schedule {number}") for number, entry in enumerate(entries, 1)]
    names = [schedule.check for schedule in found]
    for number, name in enumerate(names, 1):
        if names.index(name) != number - 1:
            raise SchedulesError(f"schedule {number}: {name} stands twice, and a run's key is its check and its date")
    return tuple(found)


def _schedule(entry: dict[str, Any], known: Mapping[str, Check], where: str) -> Schedule:
    unknown = sorted(set(entry) - set(_KEYS))
    if unknown:
        raise SchedulesError(f"{where}: {unknown[0]} is unknown")
    name, missed = entry.get("check"), entry.get("missed")
    if not isinstance(name, str) or name not in known:
        raise SchedulesError(f"{where}: check is {name!r}; there are {', '.join(known)}")
    where = f"{where}, {name}"
    if missed not in MISSED:
        raise SchedulesError(f"{where}: missed is {missed!r}, not {' or '.join(MISSED)}")
    parameters = entry.get("parameters", {})
    if not isinstance(parameters, dict):
        raise SchedulesError(f"{where}: parameters is {parameters!r}, not a table")
    for key, value in parameters.items():
        default = known[name].parameters.get(key)
        if default is None:
            raise SchedulesError(f"{where}: parameter {key} is unknown")
        if type(value) is not type(default):
            raise SchedulesError(f"{where}: parameter {key} is {value!r}, not like {default!r}")
    cron = entry.get("cron")
    return Schedule(name, str(cron), missed, {**known[name].parameters, **parameters}, _trigger(cron, where))


def _trigger(cron: object, where: str) -> CronTrigger:
    fields = cron.split() if isinstance(cron, str) else []
    if len(fields) != len(_FIELDS):
        raise SchedulesError(f"{where}: cron is {cron!r}, not five fields: minute hour day month weekday")
    minute, hour, *_, weekday = fields
    if not (re.fullmatch("[0-9]{1,2}", minute) and re.fullmatch("[0-9]{1,2}", hour)):
        raise SchedulesError(f"{where}: cron {cron!r} is due more than once a day; minute and hour are one number each")
    if int(hour) == 1:
        raise SchedulesError(
            f"{where}: cron {cron!r} is due between 01:00 and 02:00 London time: the night on which clocks go forward "
            "has no such time, the night on which they go back has it twice"
        )
    if not _WEEKDAYS.fullmatch(weekday):
        raise SchedulesError(f"{where}: the weekday {weekday} of cron {cron!r} is not written mon to sun")
    try:
        return CronTrigger(**dict(zip(_FIELDS, fields, strict=True)), timezone=LONDON)
    except ValueError as error:
        raise SchedulesError(f"{where}: cron {cron!r} is not understood: {error}") from error
