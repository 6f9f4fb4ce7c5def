"""The checks that stand in the modules of gateway.checks: found, registered nowhere."""

import importlib
import pkgutil
from functools import lru_cache

from gateway import checks
from gateway.schedule.check import Check
from gateway.schedule.plan import SCHEDULES_FILE, Schedule, read_schedules
from store.refused import RefusedError


@lru_cache
def all_checks() -> tuple[Check, ...]:
    """Every check, by name; raises ValueError where two share one."""
    modules = [
        importlib.import_module(found.name) for found in pkgutil.walk_packages(checks.__path__, "gateway.checks.")
    ]
    found = {id(value): value for module in modules for value in vars(module).values() if isinstance(value, Check)}
    ordered = tuple(sorted(found.values(), key=lambda check: check.name))
    names = [check.name for check in ordered]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"checks stand twice: {', '.join(twice)}")
    return ordered


def check_named(name: str) -> Check:
    """The check of that name; raises RefusedError where there is none."""
    found = next((check for check in all_checks() if check.name == name), None)
    if found is None:
        raise RefusedError(f"{name} is no check; there are {', '.join(check.name for check in all_checks())}")
    return found


def product_schedules() -> tuple[Schedule, ...]:
    """The schedules of the product's schedules.toml; raises SchedulesError."""
    return read_schedules(SCHEDULES_FILE.read_text(encoding="utf-8"), all_checks())
