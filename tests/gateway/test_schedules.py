"""schedules.toml: what it says, and what is refused with its reason."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from gateway.schedule.catalogue import all_checks, check_named, product_schedules
from gateway.schedule.check import Check
from gateway.schedule.plan import Schedule, SchedulesError, read_schedules
from market.clock import LONDON
from rules.catalogue import all_rules
from store.refused import RefusedError

CHECKS = (
    Check("one", "One", (), lambda _: lambda _: {}, {"days": [1]}),
    Check("two", "Two", (), lambda _: lambda _: {}),
)


def schedules(*entries: dict[str, Any]) -> tuple[Schedule, ...]:
    def text(value: Any) -> str:
        if isinstance(value, dict):
            return "{" + ", ".join(f"{key} = {text(one)}" for key, one in value.items()) + "}"
        return f'"{value}"' if isinstance(value, str) else str(value)

    lines = ["\n".join(["[[schedule]]", *(f"{key} = {text(value)}" for key, value in one.items())]) for one in entries]
    return read_schedules("\n".join(lines), CHECKS)


def schedule(cron: str = "5 11 * * *", **other: Any) -> Schedule:
    return schedules({"check": "one", "cron": cron, "missed": "each"} | other)[0]


def test_the_schedules_of_the_product_name_checks_that_are_there() -> None:
    found = product_schedules()
    assert {one.check for one in found} <= {check.name for check in all_checks()}
    assert {"season-reminders", "season-defaults", "missing-notifications"} <= {one.check for one in found}


def test_every_check_stands_for_rules_that_are_there() -> None:
    known = {rule.id for rule in all_rules()}
    assert {rule for check in all_checks() for rule in check.rules} <= known
    with pytest.raises(RefusedError, match="nothing is no check; there are "):
        check_named("nothing")


@pytest.mark.parametrize(
    ("entry", "reason"),
    [
        ({"check": "three"}, "check is 'three'; there are one, two"),
        ({"cron": "30 1 * * *"}, "is due between 01:00 and 02:00 London time: the night on which clocks go forward"),
        ({"cron": "0 01 * * *"}, "is due between 01:00 and 02:00 London time"),
        ({"cron": "* 3 * * *"}, "is due more than once a day"),
        ({"cron": "0 3,4 * * *"}, "is due more than once a day"),
        ({"cron": "0 */2 * * *"}, "is due more than once a day"),
        ({"cron": "61 3 * * *"}, "is not understood: "),
        ({"cron": "0 24 * * *"}, "is not understood: "),
        ({"cron": "0 3 32 * *"}, "is not understood: "),
        ({"cron": "0 3 * *"}, "not five fields: minute hour day month weekday"),
        ({"cron": "0 3 * * 1"}, "the weekday 1 of cron '0 3 \\* \\* 1' is not written mon to sun"),
        ({"cron": 3}, "cron is 3, not five fields"),
        ({"missed": "none"}, "missed is 'none', not each or latest"),
        ({"parameters": 3}, "parameters is 3, not a table"),
        ({"parameters": {"hours": 3}}, "parameter hours is unknown"),
        ({"parameters": {"days": "3"}}, "parameter days is '3', not like \\[1\\]"),
        ({"at": "noon"}, "at is unknown"),
    ],
)
def test_what_is_wrong_is_refused_with_its_reason(entry: dict[str, Any], reason: str) -> None:
    with pytest.raises(SchedulesError, match=f"^schedule 1(, one)?: .*{reason}"):
        schedule(**entry)


@pytest.mark.parametrize("text", ["[schedule]\n", "schedule = 3", "check = 'one'\n", "[[schedule"])
def test_a_text_that_is_no_list_of_schedules_is_refused(text: str) -> None:
    with pytest.raises(SchedulesError, match=r"^the schedules "):
        read_schedules(text, CHECKS)


def test_a_check_stands_once() -> None:
    one = {"check": "one", "cron": "0 3 * * *", "missed": "each"}
    with pytest.raises(SchedulesError, match="schedule 2: one stands twice"):
        schedules(one, one)
    assert [found.check for found in schedules(one, one | {"check": "two"})] == ["one", "two"]


@pytest.mark.parametrize("cron", ["0 2 * * *", "59 0 * * *", "0 3 1 * *", "0 3 * * mon-fri", "0 3 * * sat,sun"])
def test_what_is_right_is_read(cron: str) -> None:
    assert schedule(cron).cron == cron
    assert schedule(cron, parameters={"days": [2, 3]}).parameters == {"days": [2, 3]}
    assert schedule(cron).parameters == {"days": [1]}


@pytest.mark.parametrize("cron", ["0 0 * * *", "59 0 * * *", "0 2 * * *", "30 2 * * *", "5 11 * * *", "59 23 * * *"])
@pytest.mark.parametrize("change", [date(2026, 3, 29), date(2026, 10, 25), date(2026, 11, 10)])
def test_every_london_day_is_due_once_whatever_the_clocks_do(cron: str, change: date) -> None:
    minute, hour = map(int, cron.split()[:2])
    due = list(schedule(cron).due(change - timedelta(days=3), datetime(2026, 12, 31, tzinfo=UTC)))[:5]
    assert [day for day, _ in due] == [change + timedelta(days=days) for days in range(-2, 3)]
    for day, at in due:
        local = at.astimezone(LONDON)
        assert (local.date(), local.hour, local.minute) == (day, hour, minute)
        # The instant exists, and names no other.
        assert local.astimezone(UTC).astimezone(LONDON) == local
        assert local.utcoffset() == local.replace(fold=1).utcoffset()


def test_weekdays_are_those_of_london() -> None:
    due = list(schedule("30 0 * * mon").due(date(2026, 6, 1), datetime(2026, 6, 30, tzinfo=UTC)))
    assert [day for day, _ in due] == [date(2026, 6, 8), date(2026, 6, 15), date(2026, 6, 22), date(2026, 6, 29)]
    assert due[0][1] == datetime(2026, 6, 7, 23, 30, tzinfo=UTC)
