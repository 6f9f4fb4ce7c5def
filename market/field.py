"""The form of one item as expressions over its text: what is well formed, and the typed value of what is.

The forms are those of IDD Part 1, 2.2.3, with the readings that gridpost publishes: no leading zeros, no plus
sign, no exponent, no thousands mark; a decimal's digits fit before and after its point.
"""

from functools import cache

import polars as pl

from market.frames import text_column
from market.item_type import ItemType, Kind
from market.layout import Item


def text_of(item: Item) -> pl.Expr:
    """The item's text as received; null where empty."""
    return pl.col(text_column(item.column))


def _integer_pattern(type_: ItemType) -> str:
    return f"^(-?[1-9][0-9]{{0,{type_.digits - 1}}}|0)$"


def _decimal_pattern(type_: ItemType) -> str:
    """At most n-d digits before the point and d after it; a minus zero is a matter of FLD-05, not of form."""
    whole = type_.digits - type_.decimals
    before = f"(0|[1-9][0-9]{{0,{whole - 1}}})" if whole else "0"
    return f"^-?{before}(\\.[0-9]{{1,{type_.decimals}}})?$"


_YEAR = "([1-9][0-9]{3}|0[1-9][0-9]{2}|00[1-9][0-9]|000[1-9])"
_DAY = f"^{_YEAR}[0-9]{{4}}$"
_SECOND = f"^{_YEAR}[0-9]{{4}}([01][0-9]|2[0-3])[0-5][0-9][0-5][0-9]$"
_MINUTE = "^([01][0-9]|2[0-3])[0-5][0-9]$"


def has_form(item: Item) -> pl.Expr:
    """Whether the text has the item type's form (FLD-03, FLD-04, FLD-06, FLD-07); null where empty."""
    text = text_of(item)
    match item.type.kind:
        case Kind.INTEGER:
            return text.str.contains(_integer_pattern(item.type))
        case Kind.DECIMAL:
            return text.str.contains(_decimal_pattern(item.type))
        case Kind.DATE:
            return text.str.contains(_DAY) & _is_real(text, text.str.to_date("%Y%m%d", strict=False))
        case Kind.DATETIME:
            return text.str.contains(_SECOND) & _is_real(text, _instant(text))
        case Kind.TIME:
            return text.str.contains(_MINUTE)
        case Kind.BOOLEAN:
            return text.is_not_null()
        case Kind.TEXT:
            return (text.str.len_chars() <= item.type.digits) & ~text.str.starts_with(" ") & ~text.str.ends_with(" ")


def valid_set(item: Item) -> tuple[str, ...]:
    """The values the item may have; empty where any text of its form may stand."""
    return item.valid or (("T", "F") if item.type.kind is Kind.BOOLEAN else ())


def in_valid_set(item: Item) -> pl.Expr:
    """Whether the text is in the item's valid set (FLD-08); null where empty."""
    return text_of(item).is_in(list(valid_set(item)))


def _is_real(text: pl.Expr, value: pl.Expr) -> pl.Expr:
    """Whether a text stands for a value; null where there is no text."""
    return pl.when(text.is_not_null()).then(value.is_not_null())


def _instant(text: pl.Expr) -> pl.Expr:
    return text.str.to_datetime("%Y%m%d%H%M%S", time_unit="us", time_zone="UTC", strict=False)


def _value(item: Item) -> pl.Expr:
    text = text_of(item)
    match item.type.kind:
        case Kind.INTEGER:
            return text.cast(pl.Int64, strict=False)
        case Kind.DECIMAL:
            scaled = text.cast(pl.Decimal(item.type.digits + 1, item.type.decimals), strict=False)
            return scaled.to_physical().cast(pl.Int64)
        case Kind.DATE:
            return text.str.to_date("%Y%m%d", strict=False)
        case Kind.DATETIME:
            return _instant(text)
        case Kind.TIME:
            hours = text.str.slice(0, 2).cast(pl.Int32, strict=False)
            return hours * 60 + text.str.slice(2, 2).cast(pl.Int32, strict=False)
        case Kind.TEXT | Kind.BOOLEAN:
            return text


@cache
def typed(item: Item) -> pl.Expr:
    """The item's typed value, named by its column: null where the text is empty or breaks its form or valid set."""
    fits = has_form(item)
    if valid_set(item):
        fits = fits & in_valid_set(item)
    return pl.when(fits).then(_value(item)).alias(item.column)
