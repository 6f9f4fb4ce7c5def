"""What `gridpost rules` tells: the table of all rules, the page of one, and the catalogue that rules/README.md is.

The structures are for JSON, the texts for people; both say the same.
"""

from collections.abc import Sequence
from typing import Any

from market.layout import layout
from market.severity import Severity
from rules.rule import Example, Rule

_SEVERITIES = {
    Severity.FILE: "refuses the file",
    Severity.DUPLICATE: "is answered as a duplicate, nothing is done",
    Severity.HELD: "holds the acceptance unit",
    Severity.ERROR: "refuses the acceptance unit",
    Severity.WARNING: "is reported, the unit is accepted",
    Severity.INFORMATION: "is told, the unit is accepted",
    Severity.MARKET_BREACH: "raises a GC/DC breach in a scheduled run",
    Severity.NOTICE: "sends a notice in a scheduled run",
}

_PREFACE = """\
# The rules

Written from the rules themselves by `gridpost rules --write`: change a rule, not this page.

A line number counts the whole file, its AAA record being line 1. Examples of the envelope show whole files, the
others what stands between AAA and ZZZ; they are received at 09:30 GMT on 2 November 2026 from ACME where nothing
else is said, in the made-up market of `tests/rules/world.py`.
"""


def rules_table(rules: Sequence[Rule]) -> list[dict[str, Any]]:
    """One entry a rule, in the order given."""
    return [_summary(rule) for rule in rules]


def rules_text(rules: Sequence[Rule]) -> str:
    """A line a rule: id, severity, title."""
    return "".join(f"{rule.id}  {rule.severity}  {rule.title}\n" for rule in rules)


def rule_page(rule: Rule) -> dict[str, Any]:
    """One rule with where it looks, what it says there, and its examples."""
    return {
        **_summary(rule),
        "why": rule.why,
        "looks_at": [
            {
                "flow": test.flow,
                "record": test.record,
                "item": test.item and layout(test.flow).record(test.record).item(test.item).name,
                "message": test.message,
            }
            for test in rule.tests
        ],
        "passes": _example(rule.passes),
        "fails": _example(rule.fails),
    }


def rule_text(rule: Rule) -> str:
    """The page of one rule, as it stands in the catalogue."""
    facts = [
        f"{rule.severity}: {_SEVERITIES[rule.severity]}{_code(rule)}",
        f"flows: {_flows(rule)}",
        f"stage: {rule.stage}",
        f"source: {rule.source}",
        f"since {rule.since}",
    ]
    parts = [
        f"### {rule.id}\n\n{rule.title}\n\n{rule.why}\n",
        "".join(f"- {fact}\n" for fact in facts),
        *_example_texts("Passes", rule.passes),
        *_example_texts(f"Breaks {_lines(rule.fails.breaks)}", rule.fails),
    ]
    return "\n".join(parts)


def catalogue_page(rules: Sequence[Rule]) -> str:
    """The catalogue of all rules: by flow, first those of every flow, in the order given."""
    families = sorted({_family(rule) for rule in rules})
    parts = [_PREFACE, _severities()]
    for family in families:
        found = [rule for rule in rules if _family(rule) == family]
        parts.append(f"## {family[1]}\n\n{_index(found)}")
        parts += map(rule_text, found)
    return "\n".join(parts)


def _summary(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.id,
        "title": rule.title,
        "severity": str(rule.severity),
        "receipt_code": rule.receipt_code,
        "flows": list(rule.flows),
        "stage": rule.stage,
        "source": rule.source,
        "since": rule.since,
    }


def _example(example: Example) -> dict[str, Any]:
    return {
        "flow": example.flow,
        "body": example.body,
        "before": list(example.before),
        "breaks": list(example.breaks),
        "sender": example.sender,
        "received_at": example.received_at,
        "note": example.note,
    }


def _example_texts(head: str, example: Example) -> list[str]:
    plain = Example(example.body)
    said = [
        f"from {example.sender}" if example.sender != plain.sender else "",
        f"received {example.received_at}" if example.received_at != plain.received_at else "",
        f"in a {example.flow}" if example.flow != plain.flow else "",
    ]
    conditions = ", ".join([head, *filter(None, said)])
    note = f" {example.note}" if example.note else ""
    texts = [f"{conditions}.{note}\n\n{_block(example.body)}" if note else f"{conditions}:\n\n{_block(example.body)}"]
    return [*(f"Accepted before:\n\n{_block(body)}" for body in example.before), *texts]


def _block(text: str) -> str:
    shown = text.rstrip("\n").replace("\r", "<CR>")
    return f"```\n{shown}\n```\n"


def _lines(breaks: Sequence[int]) -> str:
    if breaks == (0,):
        return "as a whole"
    return f"on line{'s' if len(breaks) > 1 else ''} {', '.join(map(str, breaks))}"


def _family(rule: Rule) -> tuple[int, str]:
    """Where a rule stands in the catalogue: place and heading."""
    if rule.flows == ("ALL",):
        return 0, "Every flow"
    if len(rule.flows) > 1:
        return 1, "Several flows"
    return 2, f"{rule.flows[0]}: {layout(rule.flows[0]).name}"


def _flows(rule: Rule) -> str:
    return "all" if rule.flows == ("ALL",) else ", ".join(rule.flows)


def _code(rule: Rule) -> str:
    return "" if rule.receipt_code is None else f", receipt code {rule.receipt_code}"


def _index(rules: Sequence[Rule]) -> str:
    rows = "".join(f"| [{rule.id}](#{rule.id.lower()}) | {rule.severity} | {rule.title} |\n" for rule in rules)
    return f"| rule | severity | |\n|---|---|---|\n{rows}"


def _severities() -> str:
    rows = "".join(f"| {severity} | {meaning} |\n" for severity, meaning in _SEVERITIES.items())
    return f"| severity | a rule that is broken |\n|---|---|\n{rows}"
