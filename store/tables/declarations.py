"""P419 declarations: held ones, those put in force, their metering systems, and the ids that the gateway issued."""

from datetime import date

from sqlalchemy import BigInteger, Index, UniqueConstraint
from sqlmodel import Field

from store.tables.effects import BmUnitEffect, Effect
from store.tables.row import Row


class DeclarationId(Row, table=True):
    """An issued Declaration Id: of the declaration on one line of a submission, whatever becomes of it."""

    __tablename__ = "declaration_id"
    __table_args__ = (UniqueConstraint("submission_ref", "line"), {"sqlite_autoincrement": True})

    id: int | None = Field(default=None, primary_key=True)
    submission_ref: str
    line: int


class Declaration(Effect, table=True):
    """A declaration that is held or was put in force; it ends those that it names."""

    __tablename__ = "declaration"
    __table_args__ = (Index(None, "facility_id"), Index(None, "submission_ref"))

    declaration_id: int | None = None
    declaration_type: str
    named_declaration_id: int | None = Field(default=None, sa_type=BigInteger)
    declaration_set_id: str
    operator_company_number: str
    facility_id: str
    supplier_id: str
    effective_from: date
    effective_to: date
    number_of_metering_systems: int
    shared: str
    msids: str
    imports: int
    standing: str


class DeclaredMeteringSystem(BmUnitEffect, table=True):
    """A metering system of a declaration that was put in force."""

    __tablename__ = "declared_metering_system"
    __table_args__ = (Index(None, "bm_unit_id"), Index(None, "msid"), Index(None, "submission_ref"))

    declaration_id: int
    declaration_set_id: str
    operator_company_number: str
    facility_id: str
    facility_type: str
    maximum_import_capacity_kw: int = Field(sa_type=BigInteger)
    supplier_id: str
    msid: str
    import_export_indicator: str
    gsp_group_id: str
    measurement_class: str
    hhda_id: str
    effective_from: date
    effective_to: date
