"""GC/DC breaches, their days, and the challenges of them. Volumes are kWh, export positive; values and limits kW."""

from datetime import date, datetime

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlmodel import Field

from store.states import GcdcBreachState
from store.tables.effects import BmUnitEffect
from store.tables.row import Row, UtcTime, enum_column


class GcdcBreach(Row, table=True):
    """A BM Unit metered beyond GC or DC and its limit in a season.

    What is told of the worst period is `settlement_date` to `limit_kw`. `value_kw` is what came into force by it, null
    while it is open and where nothing did. `is_open` is true or null, so that one breach at most is open in a season.
    """

    __tablename__ = "gcdc_breach"
    __table_args__ = (
        UniqueConstraint("bm_unit_id", "side", "season", "season_start_year", "is_open"),
        Index(None, "bm_unit_id"),
    )

    reference: str = Field(primary_key=True)
    bm_unit_id: str
    side: str
    season: str
    season_start_year: int
    party_id: str
    state: GcdcBreachState = Field(sa_column=enum_column(GcdcBreachState))
    settlement_date: date
    settlement_period: int
    volume_kwh: int = Field(sa_type=BigInteger)
    declared_kw: int = Field(sa_type=BigInteger)
    limit_kw: int = Field(sa_type=BigInteger)
    periods_in_breach: int
    estimated_value_kw: int = Field(sa_type=BigInteger)
    effective_from: date
    challenge_by: date
    opened_at: datetime = Field(sa_type=UtcTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcTime)
    is_open: bool | None = True
    value_kw: int | None = Field(default=None, sa_type=BigInteger)


class GcdcBreachDay(Row, table=True):
    """A Settlement Day of a breach: how many of its periods are in breach, and the worst of them."""

    __tablename__ = "gcdc_breach_day"
    __table_args__ = (Index(None, "settlement_date"),)

    reference: str = Field(primary_key=True)
    settlement_date: date = Field(primary_key=True)
    periods: int
    settlement_period: int
    volume_kwh: int = Field(sa_type=BigInteger)
    declared_kw: int = Field(sa_type=BigInteger)
    limit_kw: int = Field(sa_type=BigInteger)


class GcdcChallenge(BmUnitEffect, table=True):
    """An accepted challenge of a breach."""

    __tablename__ = "gcdc_challenge"
    __table_args__ = (Index(None, "breach_reference"), Index(None, "submission_ref"))

    breach_reference: str
    side: str
    proposed_value_kw: int = Field(sa_type=BigInteger)
    reason: str


class GcdcEvaluation(Row, table=True):
    """That a record set of metered volumes was held against declared values: as it came, or as it was withdrawn."""

    __tablename__ = "gcdc_evaluation"

    record_set_id: int = Field(primary_key=True)
    withdrawn: bool
