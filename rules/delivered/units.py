"""The acceptance units of delivered volumes: a pair and period."""

from collections.abc import Iterator, Mapping

import polars as pl

from rules.acceptance import Acceptance, PutInForce, UnitRows
from rules.context import FileFacts
from rules.delivered import FLOW

_MSJ = {
    "settlement_date": "MSA.settlement_date",
    "gsp_group_id": "MSB.gsp_group_id",
    "bm_unit_id": "MSC.bm_unit_id",
    "import_msid": "import_msid",
    "export_msid": "export_msid",
    "import_msid__text": "import_msid__text",
    "msj": "line",
}
"""What units have of their MSJ, by the column of its frame; `msj` is its line."""

_ASJ = {
    "import_amsid": "import_amsid",
    "export_amsid": "export_amsid",
    "import_amsid__text": "import_amsid__text",
    "asj": "line",
}
"""What units of an AMSID Pair have of their ASJ."""

_PERIOD = {
    "settlement_period_id": "settlement_period_id",
    "settlement_period_id__text": "settlement_period_id__text",
    "delivered_volume": "delivered_volume",
    "line": "line",
}
"""What units have of their MSP or ASP."""

_UNITS = pl.Schema(
    {
        "line": pl.UInt32,
        "empty": pl.Boolean,
        "msj": pl.UInt32,
        "asj": pl.UInt32,
        "settlement_date": pl.Date,
        "gsp_group_id": pl.String,
        "bm_unit_id": pl.String,
        "import_msid": pl.Int64,
        "import_msid__text": pl.String,
        "export_msid": pl.Int64,
        "import_amsid": pl.Int64,
        "import_amsid__text": pl.String,
        "export_amsid": pl.Int64,
        "settlement_period_id": pl.Int64,
        "settlement_period_id__text": pl.String,
        "delivered_volume": pl.Int64,
    }
)
"""The columns of units but `key` and `msid_pair_indicator`; `msj` and `asj` are the lines of their pair above them."""


def pair_periods(frames: Mapping[str, pl.DataFrame], _: FileFacts) -> UnitRows:
    """A unit a MSP and a ASP, and one a MSJ with neither periods nor AMSID records below it.

    The frame has `line`, `key`, the columns of the effect, and `empty`: whether it is such a MSJ. A unit has the row of
    its own and those of its pair above it.
    """
    pieces = [_UNITS.to_frame()]
    if "MSJ" in frames:
        pairs = _picked(frames["MSJ"], _MSJ)
        pieces += [*_of_msids(frames, pairs), *_of_amsids(frames, pairs), _without_below(frames, pairs)]
    units = pl.concat(pieces, how="diagonal").sort("line").with_columns(_key(), _indicator())
    return UnitRows(units, _links(units))


def _of_msids(frames: Mapping[str, pl.DataFrame], pairs: pl.DataFrame) -> Iterator[pl.DataFrame]:
    if "MSP" in frames:
        periods = frames["MSP"]
        yield _picked(periods, _PERIOD).hstack(pairs[periods["up"]]).with_columns(empty=pl.lit(False))


def _of_amsids(frames: Mapping[str, pl.DataFrame], pairs: pl.DataFrame) -> Iterator[pl.DataFrame]:
    if "ASP" in frames:
        periods, assets = frames["ASP"], frames["ASJ"]
        of_assets = _picked(assets, _ASJ).hstack(pairs[assets["up"]])
        yield _picked(periods, _PERIOD).hstack(of_assets[periods["up"]]).with_columns(empty=pl.lit(False))


def _without_below(frames: Mapping[str, pl.DataFrame], pairs: pl.DataFrame) -> pl.DataFrame:
    alone = pairs.with_row_index("row")
    for below in ("MSP", "ASJ"):
        if below in frames:
            alone = alone.join(frames[below].select(pl.col("up").alias("row")), on="row", how="anti")
    return alone.drop("row").with_columns(line=pl.col("msj"), empty=pl.lit(True))


def _picked(frame: pl.DataFrame, columns: Mapping[str, str]) -> pl.DataFrame:
    return frame.select(pl.col(source).alias(column) for column, source in columns.items())


def _key() -> pl.Expr:
    """The pair and the period, `line N` where one of them cannot be read; the pair alone where it has no period."""
    of_asset = pl.col("asj").is_not_null()
    pair = pl.when(of_asset).then("import_amsid__text").otherwise("import_msid__text")
    read = pl.when(of_asset).then("import_amsid").otherwise("import_msid").is_not_null()
    texts = pl.concat_str(pair, "settlement_period_id__text", separator=" ")
    by_line = pl.concat_str(pl.lit("line "), "line")
    return (
        pl.when(read & pl.col("empty"))
        .then(pair)
        .when(read & pl.col("settlement_period_id").is_not_null())
        .then(texts)
        .otherwise(by_line)
        .alias("key")
    )


def _indicator() -> pl.Expr:
    of_asset = pl.col("asj").is_not_null()
    return pl.when(of_asset).then(pl.lit("A")).otherwise(pl.lit("T")).alias("msid_pair_indicator")


def _links(units: pl.DataFrame) -> pl.DataFrame:
    numbered = units.select("line", "msj", "asj").with_row_index("unit")
    own = numbered.select("line", "unit")
    above = [
        numbered.filter(pl.col(pair).is_not_null() & (pl.col(pair) != pl.col("line"))).select(
            pl.col(pair).alias("line"), "unit"
        )
        for pair in ("msj", "asj")
    ]
    return pl.concat([own, *above]).sort("line", maintain_order=True)


def delivered_volumes(effect: pl.DataFrame) -> pl.DataFrame:
    """Accepted units as market.reference.DELIVERED_VOLUMES without the columns of the submission."""
    return effect.select(
        *("bm_unit_id", "settlement_date", "gsp_group_id"),
        pl.col("import_msid", "export_msid", "import_amsid", "export_amsid").cast(pl.String),
        pl.col("settlement_period_id").alias("settlement_period"),
        pl.col("delivered_volume").alias("volume"),
        "line",
    )


DELIVERED = Acceptance(
    flow=FLOW,
    units=("MSJ",),
    effect=(
        *("settlement_date", "gsp_group_id", "bm_unit_id", "msid_pair_indicator", "import_msid", "export_msid"),
        *("import_amsid", "export_amsid", "settlement_period_id", "delivered_volume"),
    ),
    derive=pair_periods,
    reads={"MSJ": ("MSA.settlement_date", "MSB.gsp_group_id", "MSC.bm_unit_id")},
    puts=PutInForce("delivered_volumes", delivered_volumes),
)
"""A pair (MSID or AMSID) and period; the effect is its items, typed, with `T` or `A` as `msid_pair_indicator`."""
