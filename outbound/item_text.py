"""Typed columns as the text of IDD items: how every outgoing file spells its values (IDD Part 1, 2.2.3)."""

import re

import polars as pl

from market.character_set import ALLOWED
from market.item_type import ItemType, Kind
from market.number_text import decimal_text

_UNSAFE = f"[^{re.escape(ALLOWED.decode())}]"


def made_safe_expr(text: pl.Expr) -> pl.Expr:
    """Each text with every character outside the IDD set, separator and line end too, shown as `?`."""
    return text.str.replace_all(_UNSAFE, "?")


def cut_expr(text: pl.Expr, type_: ItemType) -> pl.Expr:
    """Each text cut to the characters that a text item of that type holds; a cut one does not end in a space."""
    cut = text.str.head(type_.digits).str.strip_chars_end(" ")
    return pl.when(text.str.len_chars() > type_.digits).then(cut).otherwise(text)


def item_text(typed: pl.Expr, type_: ItemType) -> pl.Expr:
    """The text of a typed column (market.frames.typed_dtype); null becomes the empty item. Datetimes are GMT."""
    match type_.kind:
        case Kind.INTEGER:
            text = typed.cast(pl.String)
        case Kind.DECIMAL:
            text = decimal_text(typed, type_.decimals)
        case Kind.DATE:
            text = typed.dt.strftime("%Y%m%d")
        case Kind.DATETIME:
            text = typed.dt.strftime("%Y%m%d%H%M%S")
        case Kind.TIME:
            text = (typed // 60 * 100 + typed % 60).cast(pl.String).str.zfill(4)
        case Kind.TEXT | Kind.BOOLEAN:
            text = made_safe_expr(typed)
    return text.fill_null("")
