"""The rules, contexts and acceptances that stand in the modules of this package: found, registered nowhere."""

import hashlib
import importlib
import pkgutil
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import TypeVar

import rules
from market.layout import Layout, layout
from rules.acceptance import Acceptance
from rules.context import Context
from rules.rule import RecordTest, Rule

Declared = TypeVar("Declared", Rule, Context, Acceptance)


@lru_cache
def _modules() -> tuple[ModuleType, ...]:
    found = pkgutil.walk_packages(rules.__path__, "rules.")
    return tuple(importlib.import_module(module.name) for module in found)


def _declared(kind: type[Declared]) -> list[Declared]:
    """The values of a kind that stand in a module by themselves or in a tuple."""
    standing = [value for module in _modules() for value in vars(module).values()]
    each = [one for value in standing for one in (value if isinstance(value, tuple) else (value,))]
    return list({id(one): one for one in each if isinstance(one, kind)}.values())


@lru_cache
def all_rules() -> tuple[Rule, ...]:
    """Every rule, by id; raises ValueError where two share one."""
    return by_id(_declared(Rule))


def by_id(found: Iterable[Rule]) -> tuple[Rule, ...]:
    """Rules in the order of their ids; raises ValueError where two share one."""
    ordered = tuple(sorted(found, key=lambda rule: rule.id))
    ids = [rule.id for rule in ordered]
    twice = sorted({id_ for id_ in ids if ids.count(id_) > 1})
    if twice:
        raise ValueError(f"rule ids stand twice: {', '.join(twice)}")
    return ordered


@lru_cache
def rules_version() -> str:
    """The version of the rules as every run keeps it: twelve digits of the SHA-256 over the modules of this package."""
    digest = hashlib.sha256()
    for module in sorted(Path(rules.__path__[0]).rglob("*.py")):
        digest.update(module.read_bytes())
    return digest.hexdigest()[:12]


@lru_cache
def tests_of(flow: str) -> tuple[tuple[Rule, RecordTest], ...]:
    """The tests of a flow's records, each with its rule, by rule id."""
    return tuple((rule, test) for rule in all_rules() for test in rule.tests if test.flow == flow)


@lru_cache
def contexts_of(flow: str) -> dict[tuple[str, str], Context]:
    """The contexts of a flow by record type and name."""
    return {(context.record, context.name): context for context in _declared(Context) if context.flow == flow}


@lru_cache
def references_of(flow: str) -> frozenset[str]:
    """The names of the reference frames (market.reference) that a flow's contexts and its acceptance use."""
    users: tuple[Context | Acceptance, ...] = (*contexts_of(flow).values(), acceptance_of(layout(flow)))
    return frozenset(frame for user in users for frame in user.frames)


@lru_cache
def acceptance_of(layout: Layout) -> Acceptance:
    """What a flow's acceptance units are: as declared, or one root record with what is below it."""
    for acceptance in _declared(Acceptance):
        if acceptance.flow == layout.file_type:
            return acceptance
    return Acceptance(layout.file_type, tuple(record.type for record in layout.roots))
