"""The check digit of MSIDs, on published examples and on made-up numbers."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.msid import check_digit, check_digit_expr, distributor_expr, is_msid, is_msid_expr

HOLDS = (
    *(1200023305967, 1014568234275, 1100013222946, 1312345678907),
    *(1000000000003, 1470116845051, 1200012345679, 1200000000030),
)
BREAKS = (1200012345678, 2499999999990, 8699999999991)

msids = st.integers(10**12, 10**13 - 1)


@pytest.mark.parametrize("msid", HOLDS)
def test_the_check_digit_of_an_msid_holds(msid: int) -> None:
    assert is_msid(msid)
    assert check_digit(msid) == msid % 10


@pytest.mark.parametrize("msid", BREAKS)
def test_a_number_with_another_check_digit_is_no_msid(msid: int) -> None:
    assert not is_msid(msid)
    assert check_digit(msid) != msid % 10


@pytest.mark.parametrize("number", [0, -1200012345679, 120001234567, 12000123456790, 999_999_999_999, 10**13])
def test_a_number_without_13_digits_is_no_msid(number: int) -> None:
    assert not is_msid(number)
    assert pl.select(is_msid_expr(pl.lit(number, pl.Int64))).item() is False
    with pytest.raises(ValueError, match="has not 13 digits"):
        check_digit(number)


def test_a_remainder_of_ten_is_the_check_digit_0() -> None:
    assert sum(int(digit) * weight for digit, weight in zip("120000000003", (3, 5), strict=False)) + 3 * 43 == 142
    assert 142 % 11 == 10
    assert check_digit(1200000000030) == 0


@given(st.lists(msids, min_size=1))
def test_expressions_say_what_the_functions_say(numbers: list[int]) -> None:
    frame = pl.DataFrame({"msid": numbers}, {"msid": pl.Int64})
    told = frame.select(
        digit=check_digit_expr(pl.col("msid")),
        holds=is_msid_expr(pl.col("msid")),
        distributor=distributor_expr(pl.col("msid")),
    )
    assert told["digit"].to_list() == [check_digit(number) for number in numbers]
    assert told["holds"].to_list() == [is_msid(number) for number in numbers]
    assert told["distributor"].to_list() == [str(number)[:2] for number in numbers]


@given(msids, st.integers(1, 9))
def test_of_the_ten_last_digits_one_holds(number: int, turn: int) -> None:
    right = number // 10 * 10 + check_digit(number)
    assert is_msid(right)
    assert not is_msid(right // 10 * 10 + (right % 10 + turn) % 10)


def test_nothing_is_said_of_no_number() -> None:
    frame = pl.DataFrame({"msid": [None, HOLDS[0]]}, {"msid": pl.Int64})
    assert frame.select(is_msid_expr(pl.col("msid"))).to_series().to_list() == [None, True]
