"""What the records of a declaration say together, and what all declarations of a set have in common."""

from collections.abc import Mapping

import polars as pl

from market.declarations import HELD, JOINED, SET
from market.frames import OPEN_END
from market.layout import layout
from rules.context import FileFacts
from rules.declaration import FLOW

_LAYOUT = layout(FLOW)
_SHARING = ("FAC", "OPR", "DIR")

SHARED = (
    *(item.name for record in _SHARING for item in _LAYOUT.record(record).items),
    "Effective From Date",
)
"""The items that are the same in every declaration of a set, in the order of `shared` (market.reference.DECLARATIONS).

The Company Number and the Facility Id among them are what the set is known by."""

_ITEMS = {
    "FAC": ("facility_id", "facility_type", "maximum_import_capacity", "number_of_metering_systems"),
    "OPR": ("company_number",),
}


def declared(frames: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """One row a DEC of the typed frames of a slice, with what SET names and the items of FAC and OPR.

    Columns: those of SET, `facility_type`, `maximum_import_capacity` (kW), `number_of_metering_systems`, `shared`,
    `facility_from`, `declaration_type`, `named_declaration_id`, `effective_from`, `effective_to` (OPEN_END where it is
    empty). Each DEC has one FAC, OPR and DIR, so that their rows stand side by side.
    """
    dec = frames["DEC"]
    shared = [
        pl.Series(frames[record][item.column]).cast(pl.String).fill_null("")
        for record in _SHARING
        for item in _LAYOUT.record(record).items
    ]
    columns = [series.alias(f"{place}") for place, series in enumerate(shared)]
    text = pl.DataFrame(columns).select(pl.concat_str(pl.all(), separator="|")).to_series()
    items = [frames[record][column] for record, names in _ITEMS.items() for column in names]
    return (
        pl.DataFrame(items)
        .with_columns(frames["FAC"]["facility_effective_from_date"].alias("facility_from"), text.alias("shared"))
        .rename({"company_number": "operator_company_number"})
        .hstack(
            dec.select(
                "declaration_type",
                pl.col("declaration_id").alias("named_declaration_id"),
                "declaration_set_id",
                pl.col("effective_from_date").alias("effective_from"),
                # an Effective To Date that cannot be read is refused by its field rule
                pl.col("effective_to_date").fill_null(OPEN_END).alias("effective_to"),
            )
        )
        .with_columns(pl.concat_str("shared", pl.col("effective_from").cast(pl.String).fill_null(""), separator="|"))
    )


def others_of_sets(facts: FileFacts) -> pl.DataFrame:
    """The declarations, held or in force, of other submissions in sets of which this one may be a part."""
    return facts.references["declarations"].filter(pl.col("standing").is_in([HELD, JOINED]))


def differing(rows: pl.DataFrame, others: pl.DataFrame) -> pl.Series:
    """Of each row the names of the shared items that differ within its set, with commas between; empty for none."""
    places = [str(place) for place in range(len(SHARED))]
    known = rows.filter(pl.all_horizontal(pl.col(column).is_not_null() for column in SET))
    every = pl.concat([known.select(*SET, "shared"), others.select(*SET, "shared")])
    split = every.select(*SET, pl.col("shared").str.split("|").list.to_struct(fields=places)).unnest("shared")
    counts = split.group_by(SET).agg(pl.col(places).n_unique())
    names = [pl.when(pl.col(place) > 1).then(pl.lit(name)) for place, name in zip(places, SHARED, strict=True)]
    told = counts.select(*SET, pl.concat_str(names, separator=", ", ignore_nulls=True).alias("differing"))
    joined = rows.select(SET).join(told, on=SET, how="left", maintain_order="left")
    return joined["differing"].fill_null("")
