"""Every example of every rule, run."""

from datetime import datetime, timedelta

import polars as pl
import pytest

from rules.catalogue import all_rules
from rules.judge import Judgement
from rules.rule import Example, Rule
from tests.rules.world import in_force_after, judged, lines_broken, references

TESTED = [rule for rule in all_rules() if rule.tests]
ALSO = {"GCS-02": ("GCS-03",), "BLD-06": ("IDN-01",)}
"""A season that has begun is past its deadline as well; before its first day a BM Unit is not registered."""

by_id = pytest.mark.parametrize("rule", TESTED, ids=lambda rule: rule.id)


def shown(example: Example) -> Judgement:
    """The judgement on an example, received after those before it, a minute apart."""
    received_at = datetime.fromisoformat(example.received_at)
    known = references()
    for number, body in enumerate(example.before):
        earlier = received_at - timedelta(minutes=len(example.before) - number)
        judgement = judged(body, flow=example.flow, sender=example.sender, received_at=earlier, known=known)
        assert judgement.outcome == "ACCEPTED", judgement.breaches
        known = in_force_after(known, judgement, earlier, f"S{number}", flow=example.flow, body=body)
    return judged(example.body, flow=example.flow, sender=example.sender, received_at=received_at, known=known)


@by_id
def test_the_example_that_passes_breaks_the_rule_nowhere(rule: Rule) -> None:
    assert not rule.passes.breaks
    assert lines_broken(shown(rule.passes), rule.id) == []


@by_id
def test_the_example_that_passes_is_accepted(rule: Rule) -> None:
    judgement = shown(rule.passes)
    assert judgement.outcome == "ACCEPTED", judgement.breaches


@by_id
def test_the_example_that_fails_breaks_the_rule_where_it_says(rule: Rule) -> None:
    judgement = shown(rule.fails)
    assert rule.fails.breaks
    assert lines_broken(judgement, rule.id) == list(rule.fails.breaks)
    found = judgement.breaches.filter(pl.col("rule") == rule.id)
    assert set(found["severity"]) == {rule.severity}
    assert found["message"].str.len_chars().max() <= 255
    assert judgement.counts[rule.id] == len(rule.fails.breaks)


@by_id
def test_the_example_that_fails_breaks_nothing_else_that_refuses(rule: Rule) -> None:
    refusing = shown(rule.fails).breaches.filter(severity="E")["rule"].unique()
    assert set(refusing) <= {rule.id, *ALSO.get(rule.id, ())}
