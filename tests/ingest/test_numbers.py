"""Numbers read from the bytes are those that market.field reads of their texts, and no others."""

import itertools
import random
import re

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ingest import numbers
from ingest.lines import index_lines
from ingest.numbers import FEW, is_number, typed_number
from ingest.records import slices
from ingest.structure import structure_of
from market.field import typed
from market.frames import text_column
from market.item_type import Kind, item_type
from market.layout import Item, file_types, layout

TYPES = ("integer(1)", "integer(2)", "integer(8)", "integer(10)", "decimal(4,3)", "decimal(13,4)", "decimal(8,7)")


def from_bytes(item: Item, texts: list[str]) -> pl.Series:
    """Their typed values, read from the bytes of a file in which they stand one behind the other."""
    series = pl.Series([text or None for text in texts], dtype=pl.String)
    lengths = series.str.len_bytes().fill_null(0).to_numpy()
    starts = 9 + lengths.astype("int64").cumsum() - lengths + range(len(texts))
    return typed_number(item, series, f"AAA|NFH|\n{'|'.join(texts)}|\n".encode(), starts, lengths)


def from_texts(item: Item, texts: list[str]) -> pl.Series:
    column = pl.Series(text_column(item.column), [text or None for text in texts], dtype=pl.String)
    return column.to_frame().select(typed(item)).to_series()


def assert_read(type_: str, texts: list[str]) -> pl.Series:
    item = Item("It", item_type(type_), "O")
    assert is_number(item)
    found = from_bytes(item, texts)
    wrong = found.to_frame().with_columns(pl.Series("text", texts), from_texts(item, texts).alias("due"))
    assert wrong.filter(~pl.col(item.column).eq_missing(pl.col("due"))).is_empty()
    assert found.to_frame().schema == {item.column: pl.Int64}
    return found


@pytest.mark.parametrize("type_", TYPES)
@given(
    texts=st.lists(st.text("0123456789.-", max_size=12) | st.from_regex(r"-?[0-9]{1,9}(\.[0-9]{0,9})?", fullmatch=True))
)
def test_texts_of_figures_signs_and_points(type_: str, texts: list[str]) -> None:
    assert_read(type_, texts)


_NO_SEPARATOR = st.characters(codec="utf-8", exclude_characters="|\n\r")


@pytest.mark.parametrize("type_", TYPES)
@given(texts=st.lists(st.text(st.sampled_from("01.-") | _NO_SEPARATOR, max_size=30)))
def test_texts_of_anything(type_: str, texts: list[str]) -> None:
    assert_read(type_, texts)


@pytest.mark.parametrize("type_", TYPES)
def test_every_text_of_up_to_four_characters(type_: str) -> None:
    texts = ["".join(text) for size in range(5) for text in itertools.product("0159.-+/: ", repeat=size)]
    assert_read(type_, texts)


@pytest.mark.parametrize("size", [7, 8, 9, 255, 256, 257, 264, 300])
@pytest.mark.parametrize("type_", TYPES)
def test_texts_as_long_as_a_word_and_longer(type_: str, size: int) -> None:
    texts = [(head + tail * size)[:size] for head in ("1", "-1", "1.", "-0.", "12345.", "0", "-") for tail in "150.-"]
    assert_read(type_, texts + [text + " " for text in texts] + ["1", ""])


@pytest.mark.parametrize(
    ("type_", "text", "value"),
    [
        *(("integer(2)", text, value) for text, value in [("7", 7), ("48", 48), ("-5", -5), ("0", 0), ("-0", None)]),
        *(("integer(2)", text, None) for text in ("07", "123", "", "-", "1.", "1.0", "+1", "١")),
        *(("decimal(13,4)", text, None) for text in ("07", ".5", "5.", "1.23456", "1234567890", "1e3", "-.5", "1.2.3")),
        *(("decimal(13,4)", text, value) for text, value in [("0.5", 5000), ("-0.0", 0), ("1.50", 15000)]),
        *(("decimal(13,4)", text, value) for text, value in [("21.4149", 214149), ("-99999.99", -999999900)]),
        *(("decimal(13,4)", text, value) for text, value in [("12345678", 123456780000), ("123456789", 1234567890000)]),
    ],
)
def test_what_some_texts_say(type_: str, text: str, value: int | None) -> None:
    assert assert_read(type_, [text, "1"]).to_list()[0] == value


def test_more_numbers_than_a_piece(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numbers, "PIECE", 64)
    chosen = random.Random(1)
    texts = [
        f"{chosen.randint(-(10**5), 10**5) / 10 ** chosen.randint(0, 5):.{chosen.randint(0, 5)}f}" for _ in range(1000)
    ]
    found = assert_read("decimal(13,4)", texts)
    fits = [bool(re.fullmatch(r"-?[0-9]+(\.[0-9]{1,4})?", text)) for text in texts]
    assert found.is_not_null().to_list() == fits
    assert 0 < sum(fits) < len(fits)


@pytest.mark.parametrize("periods", [FEW - 1, FEW, 3 * FEW])
def test_the_items_of_few_and_of_many_records(periods: int) -> None:
    flow, chosen = layout("K4192001"), random.Random(2)
    odd = ["", "7", "07", "-3.25", "1.50", "x", "123456789.1234", "12345678901", "-0", "1.23456"]
    texts = [[chosen.choice([*odd, f"{chosen.random() * 300:.4f}"]) for _ in range(4)] for _ in range(periods)]
    body = "".join(f"NFP|{'|'.join(row)}|\n" for row in texts)
    data = f"AAA|K4192001|D|\nNFH|20261025|SF|1|\nNFU|2__A|_C|C|\n{body}ZZZ|1|1|\n".encode()
    lines = index_lines(data)
    (piece,) = slices(lines, structure_of(lines, flow, 1))
    found = piece.frames["NFP"]
    assert found.select("^.*__text$").rows() == [tuple(text or None for text in row) for row in texts]
    assert found.equals(found.with_columns(map(typed, flow.record("NFP").items)))
    assert all(0 < found[item.column].null_count() < periods for item in flow.record("NFP").items)


def test_none_at_all() -> None:
    assert assert_read("integer(2)", []).is_empty()


def test_which_items_are_numbers() -> None:
    items = [item for name in file_types() for record in layout(name).records for item in record.items]
    assert {item.type.kind for item in items if is_number(item)} == {Kind.INTEGER, Kind.DECIMAL}
    assert not any(item.valid for item in items if is_number(item))
    assert not is_number(Item("It", item_type("decimal(3,3)"), "O"))
