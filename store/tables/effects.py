"""What accepted submissions put in force: rows, and parquet files of volumes."""

from datetime import date, datetime

from sqlalchemy import BigInteger, Index
from sqlmodel import Field

from store.tables.row import Row, UtcTime


class Traced(Row):
    """What every effect tells of where it comes from. A row taken back keeps its place and its trace."""

    id: int | None = Field(default=None, primary_key=True)
    test_flag: str
    received_at: datetime = Field(sa_type=UtcTime)
    submission_ref: str
    run_number: int
    withdrawn_at: datetime | None = Field(default=None, sa_type=UtcTime)


class Effect(Traced):
    """An effect of one line of a submission."""

    line: int


class BmUnitEffect(Effect):
    """An effect on one BM Unit."""

    bm_unit_id: str


class CapacityValue(BmUnitEffect, table=True):
    """Values of GC and DC that took effect after the register."""

    __tablename__ = "capacity_value"
    __table_args__ = (Index(None, "bm_unit_id", "effective_from"), Index(None, "submission_ref"))

    effective_from: date
    generation_capacity_kw: int | None = Field(default=None, sa_type=BigInteger)
    demand_capacity_kw: int | None = Field(default=None, sa_type=BigInteger)
    source: str
    declaration_type: str | None = None
    season: str | None = None
    season_start_year: int | None = None


class BaseliningStatus(BmUnitEffect, table=True):
    """Whether a BM Unit is baselined from a day on."""

    __tablename__ = "baselining_status"
    __table_args__ = (Index(None, "bm_unit_id", "effective_from"), Index(None, "submission_ref"))

    effective_from: date
    baselined: str


class BaseliningDetail(BmUnitEffect, table=True):
    """How an MSID Pair or AMSID Pair in a BM Unit is baselined from a day on."""

    __tablename__ = "baselining_detail"
    __table_args__ = (Index(None, "bm_unit_id", "effective_from"), Index(None, "submission_ref"))

    pair_indicator: str
    import_msid: str | None = None
    import_amsid: str | None = None
    effective_from: date
    baselining_indicator: str
    baselining_methodology: str | None = None


class EventDay(BmUnitEffect, table=True):
    """A word on an event day of an MSID Pair or AMSID Pair in a BM Unit."""

    __tablename__ = "event_day"
    __table_args__ = (Index(None, "bm_unit_id", "event_day"), Index(None, "submission_ref"))

    pair_indicator: str
    import_msid: str | None = None
    import_amsid: str | None = None
    event_day: date
    event_day_type: str


class RecordSet(Traced, table=True):
    """Volumes that one run put in force: a parquet file, about the days from the first to the last.

    `file` is its name below the home's record sets, `rows` and `size` (bytes) what it holds.
    """

    __tablename__ = "record_set"
    __table_args__ = (Index(None, "kind", "first_day", "last_day"), Index(None, "submission_ref"))

    kind: str
    first_day: date
    last_day: date
    party_id: str
    file: str = Field(unique=True)
    sha256: str
    size: int = Field(sa_type=BigInteger)
    rows: int


class EffectChange(Row, table=True):
    """That effects were added or taken back: of the reference frame `kind`, about a BM Unit or, for volumes, a Party.

    The days are those that volumes are about; null for other effects.
    """

    __tablename__ = "effect_change"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: int | None = Field(default=None, primary_key=True)
    kind: str
    subject: str
    first_day: date | None = None
    last_day: date | None = None
