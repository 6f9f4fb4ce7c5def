"""The field rules FLD-01 to FLD-08 of a record, made from its layout.

They run over the frames of ingest.records: per item a text column and a typed one that is null exactly where
the text is empty or breaks the item's form or valid set.
"""

from collections.abc import Callable
from functools import lru_cache

import polars as pl

from market.check import Check, place_of
from market.field import has_form, in_valid_set, text_of, valid_set
from market.item_type import Kind
from market.layout import Item, Record
from market.severity import Severity

FORM_RULES = {
    Kind.INTEGER: "FLD-03",
    Kind.DECIMAL: "FLD-04",
    Kind.TEXT: "FLD-06",
    Kind.DATE: "FLD-07",
    Kind.DATETIME: "FLD-07",
    Kind.TIME: "FLD-07",
}
"""The rule that an item of each kind breaks when its text has not the kind's form."""

MASK = "********"
"""What stands for a password."""

SEVERITIES = {"FLD-05": Severity.WARNING}
"""Severities of the field rules that are no errors."""


@lru_cache
def field_checks(record: Record) -> tuple[Check, ...]:
    """Every field check of a record, in the order of its items."""
    return tuple(_check(record, item, rule) for item in record.items for rule in field_rules(item))


def field_rules(item: Item) -> tuple[str, ...]:
    """Ids of the field rules that apply to an item."""
    rules = []
    if item.presence == "M":
        rules.append("FLD-01")
    if item.presence == "N":
        rules.append("FLD-02")
    if item.type.kind in FORM_RULES:
        rules.append(FORM_RULES[item.type.kind])
    if item.type.kind is Kind.DECIMAL:
        rules.append("FLD-05")
    if valid_set(item):
        rules.append("FLD-08")
    return tuple(rules)


def breaks(item: Item, rule: str) -> pl.Expr:
    """True on the rows where the item's text breaks the field rule; never null. Reads the text column alone."""
    text = text_of(item)
    match rule:
        case "FLD-01":
            return text.is_null()
        case "FLD-02":
            return text.is_not_null()
        case "FLD-05":
            minus_zero = text.str.starts_with("-0") & ~text.str.contains("[1-9]")
            return (has_form(item) & (_has_trailing_zero(text) | minus_zero)).fill_null(False)
        case "FLD-08":
            return (~in_valid_set(item)).fill_null(False)
        case _:
            return (~has_form(item)).fill_null(False)


def _told_by_value(item: Item, rule: str) -> pl.Expr:
    """As `breaks`, but told by the typed value where that says the same for less.

    The typed value of a text is null where its form or its valid set is broken. Values of a valid set have the item's
    form, so that FLD-08 is broken wherever either is; the form rule is told by the value where no set is.
    """
    text, value = text_of(item), pl.col(item.column)
    if rule == "FLD-08" or (rule == FORM_RULES.get(item.type.kind) and not valid_set(item)):
        return text.is_not_null() & value.is_null()
    if rule == "FLD-05":
        return value.is_not_null() & text.map_batches(_has_needless_zero, return_dtype=pl.Boolean)
    return breaks(item, rule)


def _has_needless_zero(decimals: pl.Series) -> pl.Series:
    """Whether well-formed decimals have a trailing zero or a minus zero: few end in 0, and only these are looked at.

    Null where there is no decimal.
    """
    found = decimals.str.ends_with("0")
    if not found.any():
        return found
    ending = found.arg_true()
    texts = decimals.gather(ending)
    return found.scatter(ending, texts.str.contains(".", literal=True) | (texts == "-0"))


def _has_trailing_zero(decimal: pl.Expr) -> pl.Expr:
    return decimal.str.ends_with("0") & decimal.str.contains(".", literal=True)


def _check(record: Record, item: Item, rule: str) -> Check:
    name, position = place_of(record, item)
    return Check(
        rule=rule,
        severity=SEVERITIES.get(rule, Severity.ERROR),
        record=record.type,
        item=name,
        position=position,
        broken=_told_by_value(item, rule),
        value=_shown(item),
        message=_message(item, rule),
    )


def _shown(item: Item) -> pl.Expr:
    """The text as breaches show it: a password is masked."""
    text = text_of(item)
    return pl.when(text.is_not_null()).then(pl.lit(MASK)) if item.secret else text


def _message(item: Item, rule: str) -> pl.Expr:
    text = _shown(item)
    match rule:
        case "FLD-01":
            return pl.lit(f"{item.name} is mandatory and empty")
        case "FLD-02":
            return pl.format(f"{item.name} is unused in this flow and holds {{}}", text)
        case "FLD-05":
            return pl.format(f"{item.name} {{}} carries a trailing zero or a minus zero", text)
        case "FLD-06":
            length = text_of(item).str.len_chars()
            too_long = pl.format(f"{item.name} has {{}} characters, at most {item.type.digits} fit", length)
            spaced = pl.lit(f"{item.name} begins or ends with a space")
            return pl.when(length > item.type.digits).then(too_long).otherwise(spaced)
        case "FLD-08":
            allowed = ", ".join(valid_set(item))
            return pl.format(f"{item.name} {{}} is none of {allowed}", text)
        case _:
            return pl.format(f"{item.name} {{}} is {FORMS[item.type.kind](item)}", text)


FORMS: dict[Kind, Callable[[Item], str]] = {
    Kind.INTEGER: lambda item: f"no {item.type}: at most {item.type.digits} digits, no leading zero, no minus zero",
    Kind.DECIMAL: lambda item: (
        f"no {item.type}: at most {item.type.digits - item.type.decimals} digits before the point"
        f" and {item.type.decimals} after it, no leading zero"
    ),
    Kind.DATE: lambda _: "no date YYYYMMDD",
    Kind.DATETIME: lambda _: "no time YYYYMMDDHHMMSS",
    Kind.TIME: lambda _: "no time HHMM",
}
"""What the message of a broken form says of each kind."""
