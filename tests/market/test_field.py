"""The forms of items against plain Python, and what polars makes of nasty texts."""

import re
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from market.field import has_form, in_valid_set, typed, valid_set
from market.frames import text_column, typed_dtype
from market.item_type import Kind, item_type
from market.layout import Item, file_types, layout

TYPES = [
    "integer(1)", "integer(2)", "integer(10)", "integer(18)", "decimal(13,3)", "decimal(14,4)", "decimal(3,3)",
    "decimal(4,1)", "decimal(18,4)", "text(1)", "text(4)", "char", "boolean", "date", "datetime", "time",
]  # fmt: skip

NASTY = [
    "", " ", "0", "-0", "-0.0", "00", "007", "1E3", "1e3", "+1", " 1", "1 ", "1_000", "1,000", "NaN", "nan", "inf",
    "-inf", "Infinity", "null", "None", "99999999999999999999", "-99999999999999999999", "9223372036854775807",
    "9223372036854775808", "-9223372036854775808", "999999999999999999", "1000000000000000000", "1.", ".5", "-.5",
    "0.5", "00.5", "-0.5", "1.0", "1.50", "-1.50", "0.000", "0.0000", "0.00001", "1.2.3", "--1", "1-", "0x10", "1/2",
    "9999999999.999", "10000000000.000", "1" * 19, "20260230", "20260228", "20240229", "20250229", "19000229",
    "20000229", "00000101", "00010101", "99991231", "2026-01-01", "2026010", "202601011", "20261301", "20260100",
    "20260132", "235960", "20261025003000", "20260329013000", "20260230000000", "20261110240000", "20261110235960",
    "20261110235959", "00010101000000", "2026111009300", "0000", "2359", "2400", "2360", "1260", "959", "09:59",
    "-100", "T", "F", "t", "TRUE", "true", "1", "x", "é", "éé", "ééééé", "٣", "１", "٠٫٥", "²", "x\ty", "\tx", "x\n",
    "1\n", "20260228\n", "\u00a0x", "\u2003", "xxxx", "xxxxx", "x x", "x ", " x", "\0", "a\0b", "😀", "😀😀😀😀",
    "e\u0301",
]  # fmt: skip

TEXTS = st.sampled_from(NASTY) | st.text(st.sampled_from("0123456789-.+eE ,_T/:é"), max_size=20) | st.text(max_size=6)


def numbers(text: str, digits: int, decimals: int) -> int | None:
    """The scaled value of a decimal of the market, an integer's with no decimals."""
    if not re.fullmatch(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?", text, re.ASCII):
        return None
    sign = text.startswith("-")
    whole, _, part = text.removeprefix("-").partition(".")
    if len(part) > decimals or len("" if whole == "0" else whole) > digits - decimals:
        return None
    return (-1 if sign else 1) * int(Decimal(f"{whole}.{part or 0}") * 10**decimals)


def expected(item: Item, text: str) -> Any:
    """The typed value of a text; None where it has not its type's form."""
    type_ = item.type
    match type_.kind:
        case Kind.INTEGER:
            return None if "." in text or text == "-0" else numbers(text, type_.digits, 0)
        case Kind.DECIMAL:
            return numbers(text, type_.digits, type_.decimals)
        case Kind.TEXT:
            return text if len(text) <= type_.digits and text == text.strip(" ") else None
        case Kind.BOOLEAN:
            return text if text in ("T", "F") else None
    form = {Kind.DATE: "%Y%m%d", Kind.DATETIME: "%Y%m%d%H%M%S", Kind.TIME: "%H%M"}[type_.kind]
    length = {Kind.DATE: 8, Kind.DATETIME: 14, Kind.TIME: 4}[type_.kind]
    if not re.fullmatch(f"[0-9]{{{length}}}", text) or (type_.kind is Kind.DATETIME and text[12:] > "59"):
        return None
    try:
        instant = datetime.strptime(text, form).replace(tzinfo=UTC)
    except ValueError:
        return None
    if type_.kind is Kind.TIME:
        return instant.hour * 60 + instant.minute
    return instant if type_.kind is Kind.DATETIME else instant.date()


def read(item: Item, texts: list[str]) -> list[Any]:
    frame = pl.DataFrame({text_column(item.column): [text or None for text in texts]}, {"it__text": pl.String})
    found = frame.select(typed(item), has_form(item).alias("form"))
    assert found[item.column].dtype == typed_dtype(item.type)
    if not valid_set(item):
        assert found["form"].to_list() == [
            None if not text else value is not None for text, value in zip(texts, found[item.column], strict=True)
        ]
    return found[item.column].to_list()


@pytest.mark.parametrize("name", TYPES)
def test_nasty_texts_mean_what_they_say(name: str) -> None:
    item = Item("It", item_type(name), "O")
    assert read(item, NASTY) == [expected(item, text) if text else None for text in NASTY]


@pytest.mark.parametrize("name", TYPES)
@settings(max_examples=30, deadline=None)
@given(texts=st.lists(TEXTS, min_size=1, max_size=20))
def test_any_texts_mean_what_they_say(name: str, texts: list[str]) -> None:
    item = Item("It", item_type(name), "O")
    assert read(item, texts) == [expected(item, text) if text else None for text in texts]


@settings(deadline=None)
@given(days=st.lists(st.dates(), min_size=1), shift=st.sampled_from(["", "x", "1"]))
def test_every_day_and_no_other_is_a_date(days: list[date], shift: str) -> None:
    item = Item("It", item_type("date"), "M")
    texts = [f"{day.year:04}{day:%m%d}{shift}" for day in days]
    assert read(item, texts) == [None if shift else day for day in days]


def test_every_calendar_number_of_a_leap_year_and_a_common_one() -> None:
    item = Item("It", item_type("date"), "M")
    texts = [f"{year}{month:02}{day:02}" for year in (2024, 2026) for month in range(15) for day in range(34)]
    assert read(item, texts) == [expected(item, text) for text in texts]


def test_times_are_gmt_whatever_the_london_clock_does() -> None:
    item = Item("It", item_type("datetime"), "M")
    texts = ["20260329013000", "20261025003000", "20261025013000"]
    assert read(item, texts) == [
        datetime(2026, 3, 29, 1, 30, tzinfo=UTC), datetime(2026, 10, 25, 0, 30, tzinfo=UTC),
        datetime(2026, 10, 25, 1, 30, tzinfo=UTC),
    ]  # fmt: skip


def test_a_value_outside_its_set_is_none() -> None:
    item = Item("It", item_type("integer(3)"), "M", valid=("1", "100"))
    assert read(item, ["1", "100", "2", "01", "", "1.0"]) == [1, 100, None, None, None, None]
    boolean = Item("It", item_type("boolean"), "M")
    assert read(boolean, ["T", "F", "t", "", "TF"]) == ["T", "F", None, None, None]


def test_every_value_of_every_valid_set_has_its_items_form() -> None:
    for file_type in [*file_types(), "ENVELOPE"]:
        for record in layout(file_type).records:
            for item in record.items:
                for text in valid_set(item):
                    frame = pl.DataFrame({text_column(item.column): [text]})
                    assert frame.select(has_form(item) & in_valid_set(item)).item() is True, (file_type, item.name)
                    assert frame.select(typed(item)).item() is not None
