"""Policy: what the market leaves to decisions, dated (exchange.md, section 8).

The text is that of policy.toml. Percentages are Decimal, power is whole kW: nothing here is a binary float.
"""

import tomllib
from dataclasses import MISSING, dataclass, field, fields, replace
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

from market.baseline.policy import CHOICES as BASELINE_CHOICES
from market.baseline.policy import BaselinePolicy

SEASONS = ("SPR", "SUM", "AUT", "WIN")


class PolicyError(Exception):
    """The text of a policy does not say what it must; the message names the place and the value."""


@dataclass(frozen=True)
class FlowLimits:
    """The size of a file of one flow: bytes, and records with AAA and ZZZ."""

    max_bytes: int
    max_records: int


@dataclass(frozen=True)
class Policy:
    """The policy in force on one day. The comments of policy.toml say what each value means."""

    effective_from: date
    gateway_id: str
    challenge_days: int
    late_seasonal: str
    min_lead_days: int
    pn_horizon_days: int
    run_change_pct: Decimal
    set_hold_days: int
    sequence: str
    revalidation: str
    max_bytes: int
    max_records: int
    receipt_limit: int
    unit_limit: int
    report_limit: int
    store_limit: int
    retention_archive: int
    retention_answers: int
    retention_audit: int
    max_units: int = 5_000_000
    retention_partial: int = 7
    flows: dict[str, FlowLimits] = field(default_factory=dict)
    baseline: BaselinePolicy = field(default_factory=BaselinePolicy)

    def limits(self, file_type: str) -> FlowLimits:
        """The size limits of a flow."""
        return self.flows.get(file_type, FlowLimits(self.max_bytes, self.max_records))


@dataclass(frozen=True)
class CapacityLimit:
    """How far metered power may be beyond a declared value: the larger of `absolute_kw` and `percent` of it."""

    absolute_kw: int
    percent: Decimal


@dataclass(frozen=True)
class SeasonLimits:
    """The GC Limit and the DC Limit of one BSC Season, as magnitudes."""

    generation: CapacityLimit
    demand: CapacityLimit


@dataclass(frozen=True)
class PolicyTable:
    """Every dated policy, oldest first, and the limits per season (code, start year)."""

    policies: tuple[Policy, ...]
    capacity_limits: dict[tuple[str, int], SeasonLimits]

    def on(self, day: date) -> Policy:
        """The policy in force on a London day; before the first one, the first."""
        return next((policy for policy in reversed(self.policies) if policy.effective_from <= day), self.policies[0])

    def limits(self, season: str, start_year: int) -> SeasonLimits | None:
        """The GC and DC Limits of a season; None where nobody set them, and no breach is then evaluated."""
        return self.capacity_limits.get((season, start_year))


_CHOICES = {
    "late_seasonal": ("reject", "accept"),
    "sequence": ("monotonic", "strict"),
    "revalidation": ("list", "apply"),
}
_SCALARS = {item.name: item.type for item in fields(Policy) if item.name not in ("effective_from", "flows", "baseline")}
_DEFAULTS = {item.name: item.default for item in fields(Policy) if item.default is not MISSING}
"""What policies that were loaded before a value had a name are read with."""


@lru_cache(maxsize=8)
def read_policy(text: str) -> PolicyTable:
    """Reads the text of policy.toml; raises PolicyError."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PolicyError(f"the policy is no TOML: {error}") from error
    _known(table, {"policy", "capacity_limit"}, "the policy")
    policies: list[Policy] = []
    for number, entry in enumerate(_tables(table, "policy"), 1):
        policies.append(_policy(entry, policies[-1] if policies else None, f"policy {number}"))
    if not policies:
        raise PolicyError("the policy has no [[policy]]")
    limits: dict[tuple[str, int], SeasonLimits] = {}
    for number, entry in enumerate(_tables(table, "capacity_limit"), 1):
        season, season_limits = _season_limits(entry, f"capacity_limit {number}")
        if season in limits:
            raise PolicyError(f"capacity_limit {number}: {season[0]} {season[1]} stands twice")
        limits[season] = season_limits
    return PolicyTable(tuple(policies), limits)


def _policy(entry: dict[str, Any], before: Policy | None, where: str) -> Policy:
    _known(entry, {"effective_from", "flows", "baseline", *_SCALARS}, where)
    effective_from = entry.get("effective_from")
    if type(effective_from) is not date:
        raise PolicyError(f"{where}: effective_from is {effective_from!r}, not a date")
    if before is not None and effective_from <= before.effective_from:
        raise PolicyError(f"{where}: effective_from {effective_from} is not after {before.effective_from}")
    values = {name: _scalar(entry, name, before, where) for name in _SCALARS}
    flows = dict(before.flows) if before else {}
    for file_type, limits in _mapping(entry.get("flows", {}), f"{where}, flows").items():
        _known(_mapping(limits, f"{where}, flows {file_type}"), {"max_bytes", "max_records"}, f"{where}, {file_type}")
        whole = FlowLimits(values["max_bytes"], values["max_records"])
        known = flows.get(file_type, whole)
        flows[file_type] = FlowLimits(
            _number(limits.get("max_bytes", known.max_bytes), f"{where}, {file_type}: max_bytes"),
            _number(limits.get("max_records", known.max_records), f"{where}, {file_type}: max_records"),
        )
    decisions = before.baseline if before else BaselinePolicy()
    baseline = _baseline(_mapping(entry.get("baseline", {}), f"{where}, baseline"), decisions, f"{where}, baseline")
    return Policy(effective_from=effective_from, flows=flows, baseline=baseline, **values)


def _baseline(entry: dict[str, Any], before: BaselinePolicy, where: str) -> BaselinePolicy:
    """The decisions that an entry names, the others as before: policies older than BL01 have none."""
    _known(entry, {item.name for item in fields(BaselinePolicy)}, where)
    named: dict[str, Any] = {}
    for name, value in entry.items():
        place = f"{where}: {name}"
        if name == "adjustment_cap":
            named[name] = None if value == "none" else _decimal(value, place)
        elif name in BASELINE_CHOICES:
            named[name] = _choice(value, BASELINE_CHOICES[name], place)
        else:
            named[name] = _number(value, place)
    return replace(before, **named)


def _scalar(entry: dict[str, Any], name: str, before: Policy | None, where: str) -> Any:
    if name not in entry:
        if before is not None:
            return getattr(before, name)
        if name not in _DEFAULTS:
            raise PolicyError(f"{where}: {name} is missing")
        return _DEFAULTS[name]
    value, place = entry[name], f"{where}: {name}"
    if _SCALARS[name] is int:
        return _number(value, place)
    if _SCALARS[name] is Decimal:
        return _decimal(value, place)
    return _choice(value, _CHOICES.get(name, ()), place)


def _choice(value: object, choices: tuple[str, ...], place: str) -> str:
    if not isinstance(value, str) or (choices and value not in choices):
        raise PolicyError(f"{place} is {value!r}, not {' or '.join(choices or ('a text',))}")
    return value


def _season_limits(entry: dict[str, Any], where: str) -> tuple[tuple[str, int], SeasonLimits]:
    _known(entry, {"season", "start_year", "generation", "demand"}, where)
    season = entry.get("season")
    if season not in SEASONS:
        raise PolicyError(f"{where}: season is {season!r}, not {' or '.join(SEASONS)}")
    year = _number(entry.get("start_year"), f"{where}: start_year")
    sides = {side: _capacity_limit(entry.get(side), f"{where}, {side}") for side in ("generation", "demand")}
    return (season, year), SeasonLimits(**sides)


def _capacity_limit(value: object, where: str) -> CapacityLimit:
    entry = _mapping(value, where)
    _known(entry, {"abs_mw", "pct"}, where)
    kilowatts = _decimal(entry.get("abs_mw"), f"{where}: abs_mw") * 1000
    if kilowatts != int(kilowatts):
        raise PolicyError(f"{where}: abs_mw is {entry['abs_mw']!r}, with more than three decimals")
    return CapacityLimit(int(kilowatts), _decimal(entry.get("pct"), f"{where}: pct"))


def _number(value: object, place: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise PolicyError(f"{place} is {value!r}, not a whole number of 0 or more")
    return value


def _decimal(value: object, place: str) -> Decimal:
    try:
        number = Decimal(value) if isinstance(value, str) else None
    except InvalidOperation:
        number = None
    if number is None or not number.is_finite() or number < 0:
        raise PolicyError(f'{place} is {value!r}, not a number of 0 or more as a text, such as "1.5"')
    return number


def _tables(table: dict[str, Any], name: str) -> list[dict[str, Any]]:
    found = table.get(name, [])
    if not isinstance(found, list):
        raise PolicyError(f"{name} is written [{name}], not [[{name}]]")
    return found


def _mapping(value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise PolicyError(f"{where} is {value!r}, not a table")
    return value


def _known(entry: dict[str, Any], names: set[str], where: str) -> None:
    unknown = sorted(set(entry) - names)
    if unknown:
        raise PolicyError(f"{where}: {unknown[0]} is unknown")
