"""Decimals are kept as Int64 scaled by a power of ten; these expressions turn them into text and back."""

from decimal import Decimal

import polars as pl


def decimal_text(scaled: pl.Expr, decimals: int) -> pl.Expr:
    """The canonical text of each scaled Int64: `0.5`, `-0.12`, `17`; no trailing zero, no minus zero; null stays.

    Holds for up to 18 digits.
    """
    if decimals == 0:
        return scaled.cast(pl.String)
    size = scaled.abs()
    whole = (size // 10**decimals).cast(pl.String)
    part = (size % 10**decimals).cast(pl.String).str.zfill(decimals).str.strip_chars_end("0")
    return (
        pl.when(scaled.is_null())
        .then(None)
        .otherwise(
            pl.concat_str(
                pl.when(scaled < 0).then(pl.lit("-")).otherwise(pl.lit("")),
                whole,
                pl.when(part != "").then(pl.lit(".")).otherwise(pl.lit("")),
                part,
            )
        )
    )


def scaled_decimal(text: pl.Expr, decimals: int) -> pl.Expr:
    """Each decimal text as Int64 scaled by 10**decimals: null where it is no decimal or has more decimals than that.

    A decimal is `-?(0|[1-9][0-9]*)(.[0-9]+)?` of at most 18 digits; trailing zeros and minus zero are read.
    """
    form = rf"^-?(0|[1-9][0-9]*)(\.[0-9]{{1,{decimals}}})?$" if decimals else r"^-?(0|[1-9][0-9]*)$"
    parts = text.str.splitn(".", 2)
    part = parts.struct.field("field_1").fill_null("").str.pad_end(decimals, "0")
    digits = pl.concat_str(parts.struct.field("field_0"), part)
    return pl.when(text.str.contains(form)).then(digits).cast(pl.Int64, strict=False)


def mw_text(kilowatts: pl.Expr) -> pl.Expr:
    """Power in thousandths of a MW as messages show it: `99.5 MW`."""
    return decimal_text(kilowatts, 3) + " MW"


def mwh_text(scaled: pl.Expr) -> pl.Expr:
    """Energy in ten-thousandths of a MWh as messages show it: `12.5 MWh`."""
    return decimal_text(scaled, 4) + " MWh"


def number_text(scaled: int, decimals: int) -> str:
    """The same text as `decimal_text` gives, of one number."""
    return f"{Decimal(scaled).scaleb(-decimals).normalize() if scaled else Decimal():f}"
