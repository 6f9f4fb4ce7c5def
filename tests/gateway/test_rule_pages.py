import json
from pathlib import Path

import pytest

import rules
from gateway.rule_pages import catalogue_page, rule_page, rule_text, rules_table, rules_text
from rules.catalogue import all_rules
from rules.rule import Rule

GCD_01 = """\
### GCD-01

Generation Capacity and the export QM are zero or positive, Demand Capacity and the import QM zero or negative.

A slipped sign turns a generator into a demand.

- E: refuses the acceptance unit
- flows: K0151001
- stage: value
- source: BSC K3.4.2
- since 0.1.0

Passes:

```
GCH|S|WIN|2026|Ann Archer|
GCV|E_ABRTW-9|20261201|15.4|-5|||
```

Breaks on line 3:

```
GCH|S|WIN|2026|Ann Archer|
GCV|E_ABRTW-9|20261201|15.4|5|||
```
"""


def rule(id_: str) -> Rule:
    return next(found for found in all_rules() if found.id == id_)


def test_the_catalogue_is_current() -> None:
    written = Path(rules.__path__[0], "README.md").read_text()
    assert written == catalogue_page(all_rules()), "rules/README.md is not current: run `gridpost rules --write`"


def test_the_page_of_a_rule_says_what_why_and_shows_both_examples() -> None:
    assert rule_text(rule("GCD-01")) == GCD_01


def test_the_catalogue_has_every_rule_once() -> None:
    page = catalogue_page(all_rules())
    assert all(page.count(f"\n### {found.id}\n") == 1 for found in all_rules())
    assert page.count("\n### ") == len(all_rules())


def test_what_a_text_does_not_show_is_said() -> None:
    assert "Breaks on line 3, from VOLT:" in rule_text(rule("GCD-05"))
    assert "Passes, received 2021-11-17T16:59:00Z:" in rule_text(rule("GCS-03"))
    assert "Breaks as a whole. The file name is `my file (2).txt`." in rule_text(rule("ENV-16"))
    assert "ACME|CR|UKDC|1|OPER|<CR>\n" in rule_text(rule("ENV-12"))
    assert rule_text(rule("GCM-05")).count("Accepted before:") == 3


def test_the_table_has_a_line_for_every_rule() -> None:
    lines = rules_text(all_rules()).splitlines()
    assert [line.split()[0] for line in lines] == [entry["id"] for entry in rules_table(all_rules())]
    assert "GCD-01  E  Generation Capacity and the export QM" in "\n".join(lines)


@pytest.mark.parametrize("found", all_rules(), ids=lambda found: found.id)
def test_a_page_is_plain_data_that_agrees_with_the_table(found: Rule) -> None:
    page = rule_page(found)
    assert json.loads(json.dumps(page)) == page
    assert {key: page[key] for key in page if key in rules_table([found])[0]} == rules_table([found])[0]
    assert page["fails"]["breaks"]
