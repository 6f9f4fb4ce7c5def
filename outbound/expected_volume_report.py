"""The baselining expected volume report (P0333002): a day's expected volumes, and the baselines they are made of.

It takes a frame for each record type but BBH and BBB. A frame has the typed columns of its record (volumes are Int64
scaled by 10,000 MWh, ids of pairs Int64) and those that name the records above it:

| record | what it tells | named by |
|---|---|---|
| BBP | a period of a BM Unit | bm_unit_id |
| BTM, TMP | an MSID Pair and its baseline | bm_unit_id; import_msid |
| BAA, AAP | an AMSID Pair and its baseline | bm_unit_id; import_amsid |
| BAM, AMP | an MSID Pair around an AMSID Pair | bm_unit_id, import_amsid; import_msid |
| BDS, BDP | a differenced site | bm_unit_id; site_id |
| BDA, DAP | an AMSID Pair of a site | bm_unit_id, site_id; import_amsid |
| BDM, DMP | an MSID Pair of a site | bm_unit_id, site_id; import_msid |

Volumes of BM Units are in CVA sign but the baselined one; that and the volumes of pairs and sites are in SVA sign.
"""

from collections.abc import Mapping
from datetime import date

import polars as pl

from market.fault import Fault
from market.frames import typed_dtype
from market.header import Header
from market.layout import Record, layout
from market.settlement_period import periods_in_day
from outbound.answered import Frames
from outbound.writer import file

FILE_TYPE = "P0333002"
_LAYOUT = layout(FILE_TYPE)
_HEAD, *_RECORDS = _LAYOUT.records
_KEYS = ("bm_unit_id", "site_id", "import_amsid", "import_msid", "settlement_period_id")


def expected_volume_report(
    header: Header, settlement_date: date, run_type: str, frames: Mapping[str, pl.DataFrame]
) -> bytes | None:
    """The report file, None where no BM Unit has a period. `header` is its own.

    `frames` are as the module tells, by record type; a type without rows may be missing, and items that can have one
    value only (indicators, BL01) may be. Records are ordered by the ids that name them. Every BM Unit, pair and site
    has each period of the day once, as the layout wants; also one whose baseline is not calculated (status `F`),
    for the item is mandatory.

    Raises Fault where that does not hold, or a row is named twice or has nothing above it.
    """
    rows = {record.type: _completed(record, frames.get(record.type)) for record in _RECORDS}
    rows["BBB"] = rows["BBP"].select("bm_unit_id").unique()
    for record in _RECORDS:
        _check(record, rows, settlement_date)
    if rows["BBB"].is_empty():
        return None
    head = pl.DataFrame(
        {"line": [2], "settlement_date": [settlement_date], "settlement_run_type": [run_type]},
        {"line": pl.UInt32, "settlement_date": pl.Date, "settlement_run_type": pl.String},
    )
    return file(header, _LAYOUT, {"BBH": head, **_numbered(rows)})


def _key(record: Record) -> str:
    """The item that names a record below the one above it."""
    columns = {item.column for item in record.items}
    return next(column for column in _KEYS if column in columns)


def _chain(record: Record) -> tuple[Record, ...]:
    """The records from the BM Unit down to one."""
    return (*reversed(_LAYOUT.ancestors(record.type)[:-1]), record)


def _path(record: Record) -> list[str]:
    """The columns that name a record among all of its type."""
    return [_key(one) for one in _chain(record)]


def _completed(record: Record, frame: pl.DataFrame | None) -> pl.DataFrame:
    """A frame with the items that can have one value only; an empty one where there is none."""
    if frame is None:
        schema = {item.column: typed_dtype(item.type) for one in _chain(record) for item in one.items}
        return pl.DataFrame(schema=schema)
    missing = [item for item in record.items if len(item.valid) == 1 and item.column not in frame.columns]
    return frame.with_columns(pl.lit(item.valid[0], typed_dtype(item.type)).alias(item.column) for item in missing)


def _check(record: Record, rows: Frames, day: date) -> None:
    frame, path = rows[record.type], _path(record)
    if frame.select(path).is_duplicated().any():
        raise Fault(f"{FILE_TYPE} {record.type}: {', '.join(path)} stand twice")
    if record.parent is None or record.parent == _HEAD.type:
        return
    above, key = rows[record.parent], path[:-1]
    if not frame.join(above, on=key, how="anti").is_empty():
        raise Fault(f"{FILE_TYPE} {record.type}: a record has no {record.parent} above it")
    least, most = record.occurs_range
    if least > 0 and not above.join(frame, on=key, how="anti").is_empty():
        raise Fault(f"{FILE_TYPE} {record.parent}: a record has no {record.type} below it")
    if most is not None:
        _check_periods(record, frame, above.height, day)


def _check_periods(record: Record, periods: pl.DataFrame, above: int, day: date) -> None:
    due = periods_in_day(day)
    if periods.height != above * due or not periods["settlement_period_id"].is_between(1, due).all():
        found = f"{periods.height} periods below {above} {record.parent}"
        raise Fault(f"{FILE_TYPE} {record.type}: {found}, {day} has 1 to {due} for each")


def _numbered(rows: Frames) -> Frames:
    """The frames with the `line` that each record will have."""
    places = pl.concat([_places(record, rows[record.type]) for record in _RECORDS], how="diagonal")
    by = [column for column in places.columns if column not in ("record", "row")]
    lines = places.sort(by, nulls_last=False).with_row_index("line", 3)
    ordered = {record.type: lines.filter(pl.col("record") == record.type).sort("row")["line"] for record in _RECORDS}
    return {name: frame.with_columns(ordered[name]) for name, frame in rows.items()}


def _places(record: Record, frame: pl.DataFrame) -> pl.DataFrame:
    """Where each row stands: from its BM Unit down, the place of a record's type and the key of the record."""
    return frame.select(
        pl.lit(record.type).alias("record"),
        pl.int_range(pl.len(), dtype=pl.UInt32).alias("row"),
        *(
            expression
            for depth, one in enumerate(_chain(record))
            for expression in (
                pl.lit(_LAYOUT.records.index(one)).alias(f"place_{depth}"),
                pl.col(_key(one)).alias(f"key_{depth}"),
            )
        ),
    )
