"""What rules of declarations read besides the records: the facility, the declaration named, the set, MSIDs in force."""

import polars as pl

from market.declarations import IN_FORCE, JOINED, SET, last_days, msids_of
from market.frames import OPEN_END
from rules.context import Context, FileFacts
from rules.declaration import COA, COM, COS, FLOW
from rules.declaration.declared import declared, differing, others_of_sets

_KEY = list(SET)
_SYSTEM = ("msid", "import_export_indicator", "bm_unit_id", "gsp_group_id", "measurement_class")
"""What makes a metering system another one."""


def _facility(
    rows: pl.DataFrame,
    facts: FileFacts,
    fac: pl.DataFrame,
    opr: pl.DataFrame,
    dir_: pl.DataFrame,
) -> pl.DataFrame:
    dec = declared({"DEC": rows, "FAC": fac, "OPR": opr, "DIR": dir_})
    return rows.hstack(
        [
            dec["facility_id"].alias("facility.facility_id"),
            dec["operator_company_number"].alias("facility.company_number"),
            dec["facility_from"].alias("facility.effective_from"),
            differing(dec, others_of_sets(facts)).alias("facility.differing"),
        ]
    )


FACILITY = Context(
    "facility",
    FLOW,
    "DEC",
    ("declaration_set_id", "effective_from_date"),
    _facility,
    frames=("declarations",),
    others=("FAC", "OPR", "DIR"),
)
"""Facility Id, operator's Company Number and Facility Effective From Date of a declaration, and `facility.differing`:
the items that another declaration of its set has otherwise."""


def _licences(rows: pl.DataFrame, facts: FileFacts, lic: pl.DataFrame) -> pl.DataFrame:
    given = pl.Series("licences.count", [0], dtype=pl.UInt32).new_from_index(0, rows.height)
    counts = lic["up"].value_counts()
    return rows.with_columns(given.scatter(counts["up"], counts["count"]))


LICENCES = Context("licences", FLOW, "DEC", (), _licences, others=("LIC",))
"""How many licences and exemptions a declaration gives."""


def _named(rows: pl.DataFrame, facts: FileFacts, msi: pl.DataFrame) -> pl.DataFrame:
    every = facts.references["declarations"].filter(pl.col("standing") == IN_FORCE)
    ends = last_days(every)
    known = (
        every.filter(pl.col("declaration_id").is_not_null())
        .join(ends, on="declaration_id", how="left")
        .select(
            "declaration_id",
            pl.col("facility_id").alias("__facility"),
            pl.col("operator_company_number").alias("__company"),
            pl.col("supplier_id").alias("__supplier"),
            pl.col("effective_from").alias("__from"),
            pl.min_horizontal("effective_to", "last_day").alias("__to"),
        )
    )
    joined = rows.join(known, on="declaration_id", how="left", maintain_order="left")
    same = (pl.col("__facility") == pl.col("facility.facility_id")) & (
        pl.col("__company") == pl.col("facility.company_number")
    )
    # a Supplier that takes a facility over names the declaration of the one that had it
    own = (pl.col("__supplier") == facts.sender) | (pl.col("declaration_type") == COS)
    joined = joined.with_columns((same & own).fill_null(False).alias("named.found"))
    found = pl.col("named.found")
    holds = pl.col("effective_from_date").is_between("__from", "__to")
    changes = _changes(joined, facts, msi)
    changed = (
        pl.when(pl.col("declaration_type") == COS)
        .then(pl.col("__supplier") != facts.sender)
        .when(pl.col("declaration_type") == COA)
        .then(changes["hhda"])
        .when(pl.col("declaration_type") == COM)
        .then(changes["systems"])
    )
    return joined.with_columns(
        pl.when(found).then(holds).alias("named.in_force"), pl.when(found).then(changed).alias("named.changed")
    ).drop("__facility", "__company", "__supplier", "__from", "__to")


def _changes(rows: pl.DataFrame, facts: FileFacts, msi: pl.DataFrame) -> pl.DataFrame:
    """Of each DEC whether an HHDA, and whether a metering system, is another than in the declaration named."""
    msi = msi.with_columns(pl.col("msid").cast(pl.String))
    ids = rows.select(pl.int_range(pl.len(), dtype=pl.UInt32).alias("up"), "declaration_id")
    named = ids.join(facts.references["declared_metering_systems"], on="declaration_id", how="inner")
    both = msi.join(named, on=["up", "msid"], how="inner", suffix=".named")
    other = both.filter(pl.col("hhda_id").ne_missing(pl.col("hhda_id.named")))["up"].unique()
    now, before = (frame.select("up", *_SYSTEM) for frame in (msi, named))
    moved = pl.concat([now.join(before, on=now.columns, how="anti"), before.join(now, on=now.columns, how="anti")])
    place = ids["up"]
    return pl.DataFrame(
        [place.is_in(other.implode()).alias("hhda"), place.is_in(moved["up"].implode()).alias("systems")]
    )


NAMED = Context(
    "named",
    FLOW,
    "DEC",
    ("declaration_id", "declaration_type", "effective_from_date", "facility.facility_id", "facility.company_number"),
    _named,
    frames=("declarations", "declared_metering_systems"),
    others=("MSI",),
)
"""The declaration that Declaration Id names: whether it is one of the facility and, but for CoS, of the sender
(`found`), whether it is in force on the Effective From Date, and whether what the type changes is changed."""


def _in_set(
    rows: pl.DataFrame,
    facts: FileFacts,
    dec: pl.DataFrame,
    fac: pl.DataFrame,
    opr: pl.DataFrame,
    dir_: pl.DataFrame,
) -> pl.DataFrame:
    declarations = declared({"DEC": dec, "FAC": fac, "OPR": opr, "DIR": dir_})
    above = declarations.select(*_KEY, "effective_from", "effective_to")[rows["up"]]
    systems = above.select(
        *_KEY,
        pl.max_horizontal("effective_from", rows["effective_from_date"]).alias("from"),
        pl.min_horizontal("effective_to", rows["effective_to_date"].fill_null(OPEN_END)).alias("to"),
    ).with_columns(rows["msid"].cast(pl.String).alias("msid"))
    others = others_of_sets(facts)
    stated = pl.concat([systems.select(*_KEY, "msid"), msids_of(others).select(*_KEY, "msid")])
    times = stated.group_by(*_KEY, "msid").agg(pl.len().alias("set.times"))
    counted = systems.join(times, on=[*_KEY, "msid"], how="left", maintain_order="left")["set.times"]
    day = first_days_elsewhere(systems, pl.concat([declarations, others], how="diagonal"), facts)
    return rows.hstack([counted.fill_null(1), day.alias("set.elsewhere")])


def first_days_elsewhere(systems: pl.DataFrame, of_sets: pl.DataFrame, facts: FileFacts) -> pl.Series:
    """Of each metering system the first day on which another declaration has it; null where none has.

    `systems` have the columns of SET, `msid` (String), `from` and `to`. Other declarations are those in force, until
    `of_sets`, the declarations of the same sets, end them, and those of the file that are in other sets.
    """
    numbered = systems.with_row_index("row")
    mine = facts.references["declarations"].filter(pl.col("standing") == JOINED).select("submission_ref", "line")
    in_force = facts.references["declared_metering_systems"].join(mine, on=["submission_ref", "line"], how="anti")
    ends = last_days(of_sets, *_KEY)
    met = numbered.join(in_force, on="msid", how="inner", suffix=".there")
    met = met.join(ends, on=[*_KEY, "declaration_id"], how="left")
    until = pl.min_horizontal("effective_to", "last_day")
    met = met.select("row", "from", "to", pl.col("effective_from").alias("f"), until.alias("t"))
    first = pl.max_horizontal("from", "f")
    met = met.filter(first <= pl.min_horizontal("to", "t")).select("row", first.alias("day"))
    days = pl.concat([met, _days_in_other_sets(numbered)]).group_by("row").agg(pl.col("day").min())
    return numbered.join(days, on="row", how="left", maintain_order="left")["day"]


def _days_in_other_sets(systems: pl.DataFrame) -> pl.DataFrame:
    """The `row` of each metering system that another set of the file has on some day as well, and the first such `day`.

    The ranges of an MSID stand in order: one meets another where it begins before those in front end, or where the next
    begins before it ends. A join of each with each would be a product of rows.
    """
    ranges = systems.group_by("msid", *_KEY).agg(pl.col("from").min(), pl.col("to").max()).sort("msid", "from")
    ranges = ranges.with_columns(pl.col("to").cum_max().over("msid").alias("until"))
    ranges = ranges.with_columns(
        pl.col("until").shift(1).over("msid").alias("before"), pl.col("from").shift(-1).over("msid").alias("next")
    )
    day = (
        pl.when(pl.col("before") >= pl.col("from"))
        .then("from")
        .when(pl.col("next") <= pl.col("to"))
        .then(pl.col("next"))
    )
    met = ranges.select("msid", *_KEY, day.alias("day")).drop_nulls()
    return systems.join(met, on=["msid", *_KEY], how="inner").select("row", "day")


IN_SET = Context(
    "set",
    FLOW,
    "MSI",
    ("msid", "effective_from_date", "effective_to_date"),
    _in_set,
    frames=("declarations", "declared_metering_systems"),
    others=("DEC", "FAC", "OPR", "DIR"),
)
"""How often the MSID stands in its set, `set.times`, and the first day on which another declaration has it,
`set.elsewhere`."""
