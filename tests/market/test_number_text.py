from decimal import Decimal

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from market.number_text import decimal_text, mw_text, mwh_text, number_text, scaled_decimal

SCALED = st.integers(-(10**18) + 1, 10**18 - 1) | st.integers(-2000, 2000)


def texts(values: list[int | None], decimals: int) -> list[str | None]:
    frame = pl.DataFrame({"n": values}, {"n": pl.Int64})
    return frame.select(decimal_text(pl.col("n"), decimals)).to_series().to_list()


def scaled(values: list[str | None], decimals: int) -> list[int | None]:
    frame = pl.DataFrame({"t": values}, {"t": pl.String})
    return frame.select(scaled_decimal(pl.col("t"), decimals)).to_series().to_list()


def test_text_has_no_trailing_zero_and_no_minus_zero() -> None:
    assert texts([0, 500, -120, 17000, -1, 100000, None], 3) == ["0", "0.5", "-0.12", "17", "-0.001", "100", None]
    assert texts([0, -30, None], 0) == ["0", "-30", None]


@given(st.lists(st.none() | SCALED, min_size=1, max_size=20), st.integers(0, 8))
def test_text_is_the_shortest_that_decimal_reads_as_the_same_number(values: list[int | None], decimals: int) -> None:
    for value, text in zip(values, texts(values, decimals), strict=True):
        if value is None:
            assert text is None
            continue
        number = Decimal(value).scaleb(-decimals)
        assert text is not None
        assert Decimal(text) == number
        shown = f"{number:f}"
        assert text == (shown.rstrip("0").rstrip(".") if "." in shown else shown)


@given(st.lists(st.none() | SCALED, min_size=1, max_size=20), st.integers(0, 8))
def test_text_reads_back_as_the_same_scaled_number(values: list[int | None], decimals: int) -> None:
    assert scaled(texts(values, decimals), decimals) == values


def test_reading_takes_only_decimals() -> None:
    assert scaled(["1.50", "-0", "-0.0", "007", "1.", ".5", "+1", "1e3", "1.2345", "", " 1", "NaN", "1,5"], 3) == [
        1500, 0, 0, *[None] * 10,
    ]  # fmt: skip
    assert scaled(["12", "1.0", "9" * 19], 0) == [12, None, None]


def test_amounts_carry_their_unit() -> None:
    frame = pl.DataFrame({"n": [99500, -2000, None]}, {"n": pl.Int64})
    assert frame.select(mw_text(pl.col("n"))).to_series().to_list() == ["99.5 MW", "-2 MW", None]
    assert frame.select(mwh_text(pl.col("n"))).to_series().to_list() == ["9.95 MWh", "-0.2 MWh", None]


@given(SCALED, st.integers(0, 8))
def test_one_number_has_the_text_of_a_column(value: int, decimals: int) -> None:
    assert [number_text(value, decimals)] == texts([value], decimals)
