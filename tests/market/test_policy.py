import datetime as dt
import re
from decimal import Decimal
from pathlib import Path

import pytest

from market.baseline.policy import BaselinePolicy
from market.policy import CapacityLimit, FlowLimits, PolicyError, read_policy

TEXT = (Path(__file__).parents[2] / "policy.toml").read_text()
LIMIT = """
[[capacity_limit]]
season = "WIN"
start_year = 2026
generation = { abs_mw = "1.5", pct = "5" }
demand = { abs_mw = "0.001", pct = "2.5" }
"""


def test_a_later_policy_changes_what_it_names() -> None:
    later = "\n[[policy]]\neffective_from = 2026-03-29\nmin_lead_days = 3\nflows.K0151001.max_records = 10\n"
    table = read_policy(TEXT + later)
    before, after = table.on(dt.date(2026, 3, 28)), table.on(dt.date(2026, 3, 29))
    assert (before.min_lead_days, after.min_lead_days) == (1, 3)
    assert after.challenge_days == before.challenge_days == 10
    assert before.limits("K0151001") == FlowLimits(2**30, 50_000_000)
    assert after.limits("K0151001") == FlowLimits(2**30, 10)
    assert after.limits("P0328001") == FlowLimits(2**30, 50_000_000)
    assert table.on(dt.date(1999, 1, 1)) == before


def test_a_policy_from_before_units_were_limited_has_the_limit_that_it_came_with() -> None:
    before = "\n".join(line for line in TEXT.splitlines() if not line.startswith("max_units"))
    table = read_policy(before + "\n[[policy]]\neffective_from = 2026-03-29\nmax_units = 5\n")
    assert [table.on(dt.date(2026, 3, day)).max_units for day in (28, 29)] == [5_000_000, 5]
    assert read_policy(TEXT).on(dt.date(2026, 3, 28)).max_units == 5_000_000


def test_limits_of_a_season_have_no_default() -> None:
    table = read_policy(TEXT + LIMIT)
    found = table.limits("WIN", 2026)
    assert found is not None
    assert found.generation == CapacityLimit(1_500, Decimal(5))
    assert found.demand == CapacityLimit(1, Decimal("2.5"))
    assert table.limits("WIN", 2027) is None
    assert table.limits("SUM", 2026) is None


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("challenge_days = 10", "", "policy 1: challenge_days is missing"),
        ("challenge_days = 10", "challenge_days = -1", "challenge_days is -1, not a whole number of 0 or more"),
        ("challenge_days = 10", "challenge_days = true", "challenge_days is True"),
        ("challenge_days = 10", "challenge_days = 1.5", "challenge_days is 1.5"),
        ('"60"', "60.5", "run_change_pct is 60.5, not a number of 0 or more as a text"),
        ('"60"', '"many"', "run_change_pct is 'many'"),
        ('"60"', '"NaN"', "run_change_pct is 'NaN'"),
        ('"reject"', '"refuse"', "late_seasonal is 'refuse', not reject or accept"),
        ("2001-03-27", '"2001-03-27"', "effective_from is '2001-03-27', not a date"),
        ("2001-03-27", "2001-03-27T00:00:00", "not a date"),
        ("unit_limit", "unit_limits", "policy 1: unit_limits is unknown"),
        ("[[policy]]", "[policy]", "policy is written [policy], not [[policy]]"),
        ("[[policy]]\n", "[[policy\n", "the policy is no TOML"),
    ],
)
def test_a_policy_that_does_not_say_what_it_must(old: str, new: str, told: str) -> None:
    assert old in TEXT
    head, _, tail = TEXT.rpartition(f"\n{old}") if old.startswith("[[") else TEXT.partition(old)
    with pytest.raises(PolicyError) as caught:
        read_policy(f"{head}\n{new}{tail}" if old.startswith("[[") else f"{head}{new}{tail}")
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", "the policy has no [[policy]]"),
        (TEXT + "\n[[policy]]\neffective_from = 2001-03-27\n", "2001-03-27 is not after 2001-03-27"),
        (TEXT + LIMIT + LIMIT, "capacity_limit 2: WIN 2026 stands twice"),
        (TEXT + LIMIT.replace('"WIN"', '"WINTER"'), "season is 'WINTER', not SPR or SUM or AUT or WIN"),
        (TEXT + LIMIT.replace('"1.5"', "1.5"), "abs_mw is 1.5, not a number of 0 or more as a text"),
        (TEXT + LIMIT.replace("0.001", "0.0001"), "abs_mw is '0.0001', with more than three decimals"),
        (TEXT + LIMIT.replace(', pct = "2.5"', ""), "capacity_limit 1, demand: pct is None"),
        (TEXT + "\n[policy.flows]\nK0151001 = 5\n", "flows K0151001 is 5, not a table"),
        (TEXT + "\n[policy.flows.K0151001]\nmax_lines = 5\n", "max_lines is unknown"),
    ],
)
def test_tables_that_contradict_themselves(text: str, told: str) -> None:
    with pytest.raises(PolicyError) as caught:
        read_policy(text)
    assert told in str(caught.value)


BASELINE = "\n[[policy]]\neffective_from = 2026-03-29\n[policy.baseline]\n"


def test_decisions_on_the_baseline_are_dated_and_stand_where_none_is_named() -> None:
    table = read_policy(TEXT + BASELINE + 'adjustment_cap = "0.25"\nclock_change = "period_number"\n')
    before, after = table.on(dt.date(2026, 3, 28)).baseline, table.on(dt.date(2026, 3, 29)).baseline
    assert before == BaselinePolicy()
    assert after == BaselinePolicy(adjustment_cap=Decimal("0.25"), clock_change="period_number")
    without = re.sub(r"\[policy\.baseline\]\n(?:\w.*\n)+", "", TEXT)
    assert "[policy.baseline]" in TEXT
    assert "[policy.baseline]" not in without
    assert read_policy(without).on(dt.date(2026, 3, 28)).baseline == BaselinePolicy()


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("min_days = -1", "policy 2, baseline: min_days is -1, not a whole number of 0 or more"),
        ('clock_change = "summer"', "clock_change is 'summer', not clock_time or period_number"),
        ("adjustment_cap = 0.5", "adjustment_cap is 0.5, not a number of 0 or more as a text"),
        ("most_days = 10", "policy 2, baseline: most_days is unknown"),
    ],
)
def test_decisions_on_the_baseline_that_are_none(line: str, told: str) -> None:
    with pytest.raises(PolicyError) as caught:
        read_policy(TEXT + BASELINE + line + "\n")
    assert told in str(caught.value)
