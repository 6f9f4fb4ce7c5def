"""The acceptance units of declarations: the sets of a file, each with what other submissions hold of it."""

from collections.abc import Mapping

import polars as pl

from market.declarations import HELD, IN_FORCE, SET, WITHDRAW, msids_of
from market.frames import OPEN_END
from market.reference import DECLARATIONS, DECLARED_METERING_SYSTEMS
from rules.acceptance import Acceptance, UnitRows
from rules.context import FileFacts
from rules.declaration import FLOW
from rules.declaration.contexts import first_days_elsewhere
from rules.declaration.declared import declared, others_of_sets

_ISSUED = ("declaration_id", "standing", "received_at", "submission_ref")
"""The columns that a declaration gets when it is held or put in force."""

DECLARED = {name: dtype for name, dtype in DECLARATIONS.items() if name not in _ISSUED}
"""A declaration of a unit: DECLARATIONS without what the gateway adds."""

SYSTEM = {name: dtype for name, dtype in DECLARED_METERING_SYSTEMS.items() if name not in _ISSUED}
"""A metering system of a unit: DECLARED_METERING_SYSTEMS without what the gateway adds; `line` is its declaration's."""

_SET = list(SET)


def declaration_sets(frames: Mapping[str, pl.DataFrame], facts: FileFacts) -> UnitRows:
    """The sets of a file; a declaration whose set cannot be read is a unit of its own."""
    rows = frames["DEC"].select("line", "declaration_set_id__text").hstack(declared(frames))
    rows = rows.with_columns(pl.lit(facts.sender).alias("supplier_id")).with_row_index("row")
    systems = _systems(rows, frames.get("MSI"))
    rows = rows.join(_summed(systems), on="row", how="left", maintain_order="left").with_columns(
        pl.col("msids").fill_null(""), pl.col("count", "imports").fill_null(0), _first_of_set().alias("set")
    )
    sets = rows.group_by("set", maintain_order=True).agg(
        pl.col("line", *SET, "declaration_set_id__text", "number_of_metering_systems").first(),
        pl.struct(pl.col(name).cast(dtype) for name, dtype in DECLARED.items()).alias("declarations"),
        pl.col("count", "imports").sum(),
        (pl.col("declaration_type") == WITHDRAW).all().alias("withdraws"),
    )
    listed = (
        systems.join(rows.select("row", "set"), on="row")
        .group_by("set")
        .agg(pl.struct(pl.col(name).cast(dtype) for name, dtype in SYSTEM.items()).alias("systems"))
    )
    sets = sets.join(listed, on="set", how="left", maintain_order="left")
    sets = sets.join(_of_others(rows, facts), on=_SET, how="left", maintain_order="left")
    sets = sets.join(_used(facts), on=_SET, how="left", maintain_order="left")
    units = rows["set"].rank("dense").cast(pl.UInt32) - 1
    return UnitRows(_told(sets), _links(frames, units))


def _first_of_set() -> pl.Expr:
    """The first row of each row's set; of a row whose set cannot be read the row itself."""
    readable = pl.all_horizontal(pl.col(column).is_not_null() for column in SET)
    return pl.when(readable).then(pl.col("row").min().over(_SET)).otherwise("row")


def _systems(rows: pl.DataFrame, msi: pl.DataFrame | None) -> pl.DataFrame:
    """The metering systems of declarations as SYSTEM, with the `row` of their declaration, on the days of both."""
    if msi is None:
        return pl.DataFrame(schema={"row": pl.UInt32, **SYSTEM})
    end = pl.min_horizontal("effective_to", pl.col("effective_to_date").fill_null(OPEN_END))
    items = msi.select(
        pl.col("up").alias("row"),
        pl.col("msid").cast(pl.String),
        *("import_export_indicator", "bm_unit_id", "gsp_group_id", "measurement_class", "hhda_id"),
        *("effective_from_date", "effective_to_date"),
    )
    joined = items.join(rows, on="row", how="left", maintain_order="left").with_columns(
        pl.max_horizontal("effective_from", "effective_from_date").alias("effective_from"), end.alias("effective_to")
    )
    return joined.select("row", *SYSTEM)


def _summed(systems: pl.DataFrame) -> pl.DataFrame:
    """Of each declaration with metering systems their number, how many are import, and their MSIDs."""
    return systems.group_by("row").agg(
        pl.len().cast(pl.Int64).alias("count"),
        (pl.col("import_export_indicator") == "I").sum().cast(pl.Int64).alias("imports"),
        pl.col("msid").str.join(" ").alias("msids"),
    )


def _of_others(rows: pl.DataFrame, facts: FileFacts) -> pl.DataFrame:
    """What other submissions hold of sets: how many metering systems, how many import, and which of them wait.

    `taken` tells the first day on which one of theirs is in another declaration.
    """
    others = others_of_sets(facts)
    each = msids_of(others)
    ends = pl.concat(
        [rows.select(*SET, "declaration_type", "named_declaration_id", "effective_from", "effective_to"), others],
        how="diagonal",
    )
    systems = each.select(*SET, "msid", pl.col("effective_from").alias("from"), pl.col("effective_to").alias("to"))
    each = each.with_columns(first_days_elsewhere(systems, ends, facts).alias("taken"))
    counted = each.group_by(SET).agg(pl.len().cast(pl.Int64).alias("others.count"), pl.col("taken").min())
    declared_ = others.group_by(SET).agg(
        pl.col("imports").sum().alias("others.imports"),
        (pl.col("declaration_type") == WITHDRAW).all().alias("others.withdraw"),
        pl.col("submission_ref").filter(pl.col("standing") == HELD).unique().sort().alias("others"),
    )
    return declared_.join(counted, on=_SET, how="left")


def _used(facts: FileFacts) -> pl.DataFrame:
    """The sets that were decided and are none of the submission's, marked as `used`."""
    decided = facts.references["declarations"].filter(pl.col("standing") == IN_FORCE)
    return decided.select(SET).unique().with_columns(pl.lit(True).alias("used"))


def _told(sets: pl.DataFrame) -> pl.DataFrame:
    """Units with key, and with what is declared of the whole set."""
    readable = pl.all_horizontal(pl.col(column).is_not_null() for column in SET)
    key = pl.when(readable).then(pl.concat_str(SET, separator=" "))
    whole = sets.with_columns(
        key.otherwise(pl.concat_str(pl.lit("line "), "line")).alias("key"),
        pl.col("count") + pl.col("others.count").fill_null(0),
        pl.col("imports") + pl.col("others.imports").fill_null(0),
        pl.col("withdraws") & pl.col("others.withdraw").fill_null(True),
        pl.col("others").fill_null(pl.lit([], pl.List(pl.String))),
        pl.col("used").fill_null(False),
    )
    # without a number that can be read there is nothing to wait for: its field rule refuses
    waits = ~pl.col("withdraws") & (pl.col("count") != pl.col("number_of_metering_systems")).fill_null(False)
    return whole.with_columns(waits.alias("waits")).drop("set", "others.count", "others.imports", "others.withdraw")


def _links(frames: Mapping[str, pl.DataFrame], units: pl.Series) -> pl.DataFrame:
    """Every row of a file with the unit of its declaration."""
    dec = frames["DEC"].select("line", units.alias("unit"))
    below = [
        frame.select("line", units.gather(frame["up"]).alias("unit"))
        for record, frame in frames.items()
        if record != "DEC"
    ]
    return pl.concat([dec, *below]).sort("line")


DECLARED_SETS = Acceptance(
    flow=FLOW,
    units=("DEC",),
    derive=declaration_sets,
    frames=("declarations", "declared_metering_systems"),
    effect=(*SET, "declarations", "systems", "others"),
    whole=True,
)
"""One declaration set: what of it stands in the file."""
