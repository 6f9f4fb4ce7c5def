"""MSIDs, the 13-digit numbers of metering systems (the MPAN core): the distributor's two digits, ten, a check digit."""

import polars as pl

LENGTH = 13
"""How many digits an MSID has."""

_WEIGHTS = (3, 5, 7, 13, 17, 19, 23, 29, 31, 37, 41, 43)
"""What each of the first twelve digits counts for in the check digit: the primes from 3, without 11."""

_LEAST, _MOST = 10 ** (LENGTH - 1), 10**LENGTH - 1


def check_digit(msid: int) -> int:
    """The check digit that the first twelve of an MSID's 13 digits make, modulo 11 and then 10.

    Raises ValueError where the number has not 13 digits.
    """
    digits = str(msid)
    if len(digits) != LENGTH or not digits.isdecimal():
        raise ValueError(f"{msid} has not {LENGTH} digits")
    weighed = sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=False))
    return weighed % 11 % 10


def is_msid(msid: int) -> bool:
    """Whether a number has 13 digits and its check digit holds."""
    return _LEAST <= msid <= _MOST and check_digit(msid) == msid % 10


def check_digit_expr(msid: pl.Expr) -> pl.Expr:
    """As check_digit, for a column of MSIDs (Int64)."""
    powers: list[int] = [10**power for power in range(LENGTH - 1, 0, -1)]
    weighed = [msid // power % 10 * weight for power, weight in zip(powers, _WEIGHTS, strict=True)]
    return pl.sum_horizontal(*weighed, ignore_nulls=False) % 11 % 10


def has_length_expr(msid: pl.Expr) -> pl.Expr:
    """Whether each number (Int64) has 13 digits; null where it is null."""
    return msid.is_between(_LEAST, _MOST)


def is_msid_expr(msid: pl.Expr) -> pl.Expr:
    """As is_msid, for a column of numbers (Int64); null where it is null."""
    return has_length_expr(msid) & (check_digit_expr(msid) == msid % 10)


def distributor_expr(msid: pl.Expr) -> pl.Expr:
    """The first two digits of each MSID (Int64) as text: the id of its distributor."""
    others: int = 10 ** (LENGTH - 2)
    return (msid // others).cast(pl.String)
