"""The registration report (R0145005): the BM Units whose GC or DC changed, and from when."""

from functools import cache

import polars as pl

from market.frames import OPEN_END, typed_dtype
from market.header import Header
from market.item_type import Kind
from market.layout import Item, layout
from market.reference import BM_UNITS
from outbound.item_text import cut_expr
from outbound.writer import file

FILE_TYPE = "R0145005"
_LAYOUT = layout(FILE_TYPE)
_BU3 = _LAYOUT.record("BU3")


def registration_report(header: Header, party_id: str, changes: pl.DataFrame) -> bytes:
    """The report file to the party that asked for the changes. `header` is its own.

    `changes` has the columns of market.reference.BM_UNITS, one row a changed value in the order to be told:
    `generation_capacity` and `demand_capacity` are the new values in kW (null: not known), in force from
    `effective_from`. What gridpost does not keep (zone, loss factor, credit items) stays empty.
    """
    head = pl.DataFrame(
        {"line": [2], "requesting_registrant": [party_id], "registration_type": ["BM"]},
        {"line": pl.UInt32, "requesting_registrant": pl.String, "registration_type": pl.String},
    )
    details = changes.select(_details()).with_row_index("line", 3)
    return file(header, _LAYOUT, {"RRH": head, "BU3": details})


@cache
def _details() -> tuple[pl.Expr, ...]:
    """The columns of BU3 from those of BM_UNITS: what gridpost keeps of a BM Unit, null for what it does not."""
    effective_to = pl.col("effective_to")
    known = {
        "action_code": pl.lit("Change"),
        "registration_status": pl.lit("S"),
        # A registration may come without a name; the item is mandatory, and the id names the unit as well.
        "bm_unit_name": pl.coalesce("bm_unit_name", "bm_unit_id"),
        "ngc_bm_unit_name": pl.col("netso_name"),
        "effective_to_date": pl.when(effective_to < OPEN_END).then(effective_to),
        "effective_from_date": pl.col("effective_from"),
    }
    same = {item.column: pl.col(item.column) for item in _BU3.items if item.column in BM_UNITS}
    named = {**same, **known}
    empty = {item.column: pl.lit(None, typed_dtype(item.type)) for item in _BU3.items}
    held = {item.column: _held(item, named[item.column]) for item in _BU3.items if item.column in named}
    return tuple(value.alias(column) for column, value in {**empty, **held}.items())


def _held(item: Item, value: pl.Expr) -> pl.Expr:
    """A value as its item holds it: names are cut, other optional texts that do not fit are left out."""
    if item.type.kind is not Kind.TEXT or item.presence == "M":
        return cut_expr(value, item.type) if item.column == "bm_unit_name" else value
    fits = value.is_in(item.valid) if item.valid else value.str.len_chars() <= item.type.digits
    return pl.when(fits).then(value)
