"""What came of a suite, beside what is refused by design."""

import re
import tomllib
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Judged:
    """A suite's cases: how many passed, why others are refused by design, and what is neither."""

    suite: str
    cases: int
    passed: int
    refused: dict[str, str]
    """By case, why."""
    findings: dict[str, str]
    """By case, its complaint."""


def judged(suite: str, ended: dict[str, str], designed: list[tuple[str, str]] | None = None) -> Judged:
    """Sorts the cases of a suite by what they ended with; `designed` has pairs of a pattern of cases and why."""
    designed = _designed(suite) if designed is None else designed
    refused: dict[str, str] = {}
    findings = {} if ended else {"all": "the suite has no cases"}
    for case, complaint in ended.items():
        why = next((why for pattern, why in designed if re.fullmatch(pattern, case)), None)
        if complaint and why:
            refused[case] = why
        elif complaint:
            findings[case] = complaint
        elif why:
            findings[case] = f"passes, though {why}"
    passed = sum(not complaint for complaint in ended.values())
    return Judged(suite, len(ended), passed, refused, findings)


def refusals(found: list[Judged]) -> dict[str, list[str]]:
    """The cases of each reason, over all suites."""
    cases: dict[str, list[str]] = {}
    for one in found:
        for case, why in one.refused.items():
            cases.setdefault(why, []).append(f"{one.suite}, {case}")
    return cases


def _designed(suite: str) -> list[tuple[str, str]]:
    table = tomllib.loads((Path(__file__).parent / "expected.toml").read_text())
    return [(pattern, refusal["why"]) for refusal in table["refusal"] for pattern in refusal.get(suite, ())]
