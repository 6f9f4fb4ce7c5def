"""Dated reference data."""

from datetime import datetime

from sqlalchemy import BigInteger, Index
from sqlmodel import Field

from store.tables.row import Dated, Row, UtcTime


class ReferenceLoad(Row, table=True):
    """One change of reference data; its id is the reference version from then on."""

    __tablename__ = "reference_load"
    __table_args__ = ({"sqlite_autoincrement": True},)

    id: int | None = Field(default=None, primary_key=True)
    kind: str
    file_name: str
    sha256: str
    at: datetime = Field(sa_type=UtcTime)
    added: int = 0
    corrected: int = 0
    ended: int = 0
    unchanged: int = 0
    skipped: int = 0


class BmUnit(Dated, table=True):
    """A registration of a BM Unit. Capacities are the register's, null where it does not say."""

    __tablename__ = "bm_unit"
    __table_args__ = (Index(None, "bm_unit_id", "effective_from"), Index(None, "netso_name"))

    bm_unit_id: str
    netso_name: str | None = None
    bm_unit_name: str | None = None
    lead_party_id: str
    bm_unit_type: str
    gsp_group_id: str | None = None
    generation_capacity_kw: int | None = Field(default=None, sa_type=BigInteger)
    demand_capacity_kw: int | None = Field(default=None, sa_type=BigInteger)
    production_consumption_flag: str | None = None
    fpn_flag: str | None = None
    baselined: str = "F"
    interconnector_id: str | None = None


class MsidPair(Dated, table=True):
    """An MSID Pair or AMSID Pair allocated to a BM Unit."""

    __tablename__ = "msid_pair"
    __table_args__ = (Index(None, "bm_unit_id", "effective_from"),)

    bm_unit_id: str
    pair_indicator: str
    import_msid: str | None = None
    export_msid: str | None = None
    import_amsid: str | None = None
    export_amsid: str | None = None
    baselining_indicator: str | None = None
    baselining_methodology: str | None = None


class Distributor(Dated, table=True):
    """A GSP Group that a distributor serves."""

    __tablename__ = "distributor"
    __table_args__ = (Index(None, "distributor_id", "effective_from"),)

    distributor_id: str
    participant_id: str
    gsp_group_id: str
