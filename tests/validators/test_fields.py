"""The field rules one by one: what breaks them, what stands beside it and does not, and what the breach says."""

import polars as pl
import pytest

from market.field import typed
from market.frames import text_column
from market.item_type import Kind, item_type
from market.layout import Item, Record, file_types, layout
from market.severity import Severity
from validators.fields import FORM_RULES, field_checks, field_rules


def broken(item: Item, text: str) -> dict[str, tuple[str, str]]:
    """By rule, the severity and message of the breaches of one text."""
    record = Record("XXX", "Made", None, "1", (item,), 0)
    frame = pl.DataFrame({text_column(item.column): [text or None]}, {text_column(item.column): pl.String})
    frame = frame.with_columns(typed(item))
    found = {}
    for check in field_checks(record):
        assert (check.record, check.item, check.position) == ("XXX", item.name, 1)
        row = frame.select(check.broken.alias("broken"), check.value.alias("value"), check.message.alias("message"))
        assert row["broken"].item() is not None
        if row["broken"].item():
            assert row["value"].item() == (text or None)
            found[check.rule] = (str(check.severity), row["message"].item())
    return found


def item(type_: str, presence: str = "O", *valid: str) -> Item:
    return Item("It", item_type(type_), presence, valid)


INTEGER = "no integer(2): at most 2 digits, no leading zero, no minus zero"
DECIMAL = "no decimal(5,2): at most 3 digits before the point and 2 after it, no leading zero"


@pytest.mark.parametrize(
    ("of", "text", "rule", "message"),
    [
        (item("integer(2)", "M"), "", "FLD-01", "It is mandatory and empty"),
        (item("text(4)", "N"), "x", "FLD-02", "It is unused in this flow and holds x"),
        (item("integer(2)"), "017", "FLD-03", f"It 017 is {INTEGER}"),
        (item("integer(2)"), "100", "FLD-03", f"It 100 is {INTEGER}"),
        (item("integer(2)"), "-100", "FLD-03", f"It -100 is {INTEGER}"),
        (item("integer(2)"), "-0", "FLD-03", f"It -0 is {INTEGER}"),
        (item("integer(2)"), "1.0", "FLD-03", f"It 1.0 is {INTEGER}"),
        (item("decimal(5,2)"), "1E3", "FLD-04", f"It 1E3 is {DECIMAL}"),
        (item("decimal(5,2)"), "1000", "FLD-04", f"It 1000 is {DECIMAL}"),
        (item("decimal(5,2)"), "0.123", "FLD-04", f"It 0.123 is {DECIMAL}"),
        (item("decimal(5,2)"), "0.100", "FLD-04", f"It 0.100 is {DECIMAL}"),
        (item("decimal(5,2)"), "01.5", "FLD-04", f"It 01.5 is {DECIMAL}"),
        (item("decimal(5,2)"), ".5", "FLD-04", f"It .5 is {DECIMAL}"),
        (item("decimal(5,2)"), "2.30", "FLD-05", "It 2.30 carries a trailing zero or a minus zero"),
        (item("decimal(5,2)"), "0.0", "FLD-05", "It 0.0 carries a trailing zero or a minus zero"),
        (item("decimal(5,2)"), "-0", "FLD-05", "It -0 carries a trailing zero or a minus zero"),
        (item("decimal(5,2)"), "-0.0", "FLD-05", "It -0.0 carries a trailing zero or a minus zero"),
        (item("text(4)"), "Acme Ltd", "FLD-06", "It has 8 characters, at most 4 fit"),
        (item("text(4)"), " x", "FLD-06", "It begins or ends with a space"),
        (item("text(4)"), "x ", "FLD-06", "It begins or ends with a space"),
        (item("date"), "20260230", "FLD-07", "It 20260230 is no date YYYYMMDD"),
        (item("datetime"), "20261110235960", "FLD-07", "It 20261110235960 is no time YYYYMMDDHHMMSS"),
        (item("time"), "2400", "FLD-07", "It 2400 is no time HHMM"),
        (item("char", "O", "S", "M"), "X", "FLD-08", "It X is none of S, M"),
        (item("boolean"), "t", "FLD-08", "It t is none of T, F"),
    ],
)
def test_a_broken_field_and_its_message(of: Item, text: str, rule: str, message: str) -> None:
    severity = "W" if rule == "FLD-05" else "E"
    assert broken(of, text) == {rule: (severity, message)}


@pytest.mark.parametrize(
    ("of", "text"),
    [
        (item("integer(2)", "M"), "17"), (item("integer(2)"), ""), (item("text(4)", "N"), ""),
        (item("integer(2)"), "0"), (item("integer(2)"), "-99"), (item("decimal(5,2)"), "-0.12"),
        (item("decimal(5,2)"), "999.99"), (item("decimal(5,2)"), "100"), (item("decimal(5,2)"), "0"),
        (item("decimal(5,2)"), "0.01"), (item("decimal(5,2)"), "-0.01"), (item("decimal(3,3)"), "0.999"),
        (item("text(4)"), "A  B"), (item("text(4)"), "éééé"), (item("date"), "20240229"), (item("date"), ""),
        (item("datetime"), "20260329013000"), (item("time"), "0000"), (item("char", "O", "S", "M"), "M"),
        (item("char", "O", "S", "M"), ""), (item("boolean"), "F"),
    ],
)  # fmt: skip
def test_a_field_that_breaks_no_rule(of: Item, text: str) -> None:
    assert broken(of, text) == {}


@pytest.mark.parametrize(
    ("of", "text", "rules"),
    [
        (item("text(3)", "M", "WIN", "SUM"), "WINT", {"FLD-06", "FLD-08"}),
        (item("text(3)", "M", "WIN", "SUM"), "WI", {"FLD-08"}),
        (item("integer(3)", "M", "1", "100"), "001", {"FLD-03", "FLD-08"}),
        (item("integer(3)", "M", "1", "100"), "2", {"FLD-08"}),
        (item("text(3)", "N"), " xyz", {"FLD-02", "FLD-06"}),
        (item("decimal(5,2)", "N"), "1.0", {"FLD-02", "FLD-05"}),
    ],
)
def test_rules_are_independent_of_each_other(of: Item, text: str, rules: set[str]) -> None:
    assert set(broken(of, text)) == rules


def test_every_item_of_every_layout_has_the_rules_of_its_type() -> None:
    for file_type in file_types():
        for record in layout(file_type).records:
            for each in record.items:
                rules = field_rules(each)
                assert ("FLD-01" in rules) == (each.presence == "M")
                assert ("FLD-02" in rules) == (each.presence == "N")
                assert ("FLD-08" in rules) == bool(each.valid or each.type.kind is Kind.BOOLEAN)
                assert each.type.kind is Kind.BOOLEAN or FORM_RULES[each.type.kind] in rules
            for check in field_checks(record):
                assert check.severity is (Severity.WARNING if check.rule == "FLD-05" else Severity.ERROR)
                assert record.items[check.position - 1].name == check.item


def test_a_password_is_masked_in_value_and_message() -> None:
    record = layout("R0051002").record("BR2")
    checks = [check for check in field_checks(record) if check.item == "Party Authentication Password"]
    texts = {text_column(item.column): ["secret word "] for item in record.items}
    frame = pl.DataFrame(texts).with_columns(typed(item) for item in record.items)
    shown = [frame.select(value=check.value, message=check.message).row(0) for check in checks]
    assert all("secret" not in part for row in shown for part in row)
    assert {value for value, _ in shown} == {"********"}
