"""The public register of BM Units, with its own column names, as rows of the kind bm-units."""

import polars as pl

from store.reference_kinds import KINDS

COLUMNS = {
    "elexonBmUnit": "bm_unit_id",
    "nationalGridBmUnit": "netso_name",
    "bmUnitName": "bm_unit_name",
    "leadPartyId": "lead_party_id",
    "bmUnitType": "bm_unit_type",
    "gspGroupId": "gsp_group_id",
    "generationCapacity": "generation_capacity",
    "demandCapacity": "demand_capacity",
    "productionOrConsumptionFlag": "production_consumption_flag",
    "interconnectorId": "interconnector_id",
}
"""The register's columns that are read, and what they are here. `leadPartyName` is read as well."""

FPN_TYPES = ("T", "E", "I")
"""The types of BM Unit that give physical notifications."""

LINES = pl.Schema({"line": pl.UInt32, "message": pl.String})
"""One row something to tell of a line of a file."""


def is_register(text: pl.DataFrame) -> bool:
    """Whether a file's columns are the register's."""
    return {*COLUMNS, "leadPartyName"} <= set(text.columns)


def units(text: pl.DataFrame) -> pl.DataFrame:
    """The rows that have a BSC id, as text columns of the kind bm-units, with `line`."""
    with_id = text.filter(pl.col("elexonBmUnit").is_not_null()).rename(COLUMNS)
    names = [column.name for column in KINDS["bm-units"].columns]
    empty = [pl.lit(None, pl.String).alias(name) for name in names if name not in with_id.columns]
    flag = pl.when(pl.col("bm_unit_type").is_in(list(FPN_TYPES))).then(pl.lit("T"))
    return with_id.with_columns(empty).with_columns(fpn_flag=flag).select("line", *names)


def without_id(text: pl.DataFrame) -> pl.DataFrame:
    """What to tell of the rows that are skipped: LINES."""
    name = pl.format("no BSC id stands beside the NETSO name {}: the row is skipped", "nationalGridBmUnit")
    message = name.fill_null("neither a BSC id nor a NETSO name stands here: the row is skipped")
    return text.filter(pl.col("elexonBmUnit").is_null()).select(pl.col("line").cast(pl.UInt32), message=message)


def lead_parties(text: pl.DataFrame) -> pl.DataFrame:
    """The Lead Parties: party_id, name, role, a row per role, BP first and VP for those that lead a V unit."""
    leading = text.filter(pl.col("elexonBmUnit").is_not_null()).select(
        party_id="leadPartyId", name=pl.coalesce("leadPartyName", "leadPartyId"), type="bmUnitType"
    )
    parties = leading.group_by("party_id", maintain_order=True).agg(
        pl.col("name").first(), virtual=(pl.col("type") == "V").any()
    )
    role = pl.when("virtual").then(pl.lit(["BP", "VP"])).otherwise(pl.lit(["BP"])).alias("role")
    return parties.select("party_id", "name", role).explode("role")
