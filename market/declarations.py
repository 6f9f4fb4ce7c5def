"""Declaration sets, and until when a declaration is in force: frames of market.reference in."""

import polars as pl

SET = ("operator_company_number", "facility_id", "declaration_set_id")
"""What a declaration set is known by."""

WITHDRAW = "Withdraw"
"""The type of a declaration that only ends the one that it names."""

HELD, IN_FORCE, JOINED = "HELD", "IN FORCE", "JOINED"
"""How declarations stand (market.reference.DECLARATIONS)."""


def last_days(declarations: pl.DataFrame, *by: str) -> pl.DataFrame:
    """The last day of each declaration that another names: `declaration_id` (Int64) and `last_day`.

    `declarations` have the columns `declaration_type`, `named_declaration_id`, `effective_from` and `effective_to` of
    DECLARATIONS. One that changes ends the other the day before it begins, one that withdraws on its last day.
    `by` are columns by which the ends are told apart.
    """
    withdrawn = pl.col("declaration_type") == WITHDRAW
    day = pl.when(withdrawn).then("effective_to").otherwise(pl.col("effective_from").dt.offset_by("-1d"))
    naming = declarations.filter(pl.col("named_declaration_id").is_not_null())
    return naming.group_by(*by, pl.col("named_declaration_id").alias("declaration_id")).agg(day.min().alias("last_day"))


def msids_of(declarations: pl.DataFrame) -> pl.DataFrame:
    """DECLARATIONS with one row a metering system: its `msid` in place of `msids`."""
    listed = declarations.with_columns(pl.col("msids").str.split(" ").alias("msid")).drop("msids")
    return listed.explode("msid").filter(pl.col("msid") != "")
