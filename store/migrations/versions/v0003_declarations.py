"""Declarations, their metering systems, and the ids issued for them."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Creates the tables of declarations."""
    _declaration_id()
    _declaration()
    _declared_metering_system()


def downgrade() -> None:
    """Drops them."""
    for table in ("declared_metering_system", "declaration", "declaration_id"):
        op.drop_table(table)


def _trace() -> tuple[sa.Column[object], ...]:
    """The columns that tell where an effect comes from."""
    return (
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("test_flag", sa.String(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submission_ref", sa.String(), nullable=False),
        sa.Column("run_number", sa.Integer(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("line", sa.Integer(), nullable=False),
    )


def _texts(*names: str) -> tuple[sa.Column[str], ...]:
    return tuple(sa.Column(name, sa.String(), nullable=False) for name in names)


def _declaration_id() -> None:
    op.create_table(
        "declaration_id",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("submission_ref", sa.String(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_declaration_id"),
        sa.UniqueConstraint("submission_ref", "line", name="uq_declaration_id_submission_ref_line"),
        sqlite_autoincrement=True,
    )


def _declaration() -> None:
    op.create_table(
        "declaration",
        *_trace(),
        sa.Column("declaration_id", sa.Integer(), nullable=True),
        sa.Column("named_declaration_id", sa.BigInteger(), nullable=True),
        *_texts("declaration_type", "declaration_set_id", "operator_company_number", "facility_id", "supplier_id"),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("effective_to", sa.Date(), nullable=False),
        sa.Column("number_of_metering_systems", sa.Integer(), nullable=False),
        *_texts("shared", "msids", "standing"),
        sa.Column("imports", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_declaration"),
    )
    op.create_index("ix_declaration_facility_id", "declaration", ["facility_id"])
    op.create_index("ix_declaration_submission_ref", "declaration", ["submission_ref"])


def _declared_metering_system() -> None:
    op.create_table(
        "declared_metering_system",
        *_trace(),
        sa.Column("declaration_id", sa.Integer(), nullable=False),
        *_texts("declaration_set_id", "operator_company_number", "facility_id", "facility_type"),
        sa.Column("maximum_import_capacity_kw", sa.BigInteger(), nullable=False),
        *_texts("supplier_id", "msid", "import_export_indicator", "bm_unit_id", "gsp_group_id"),
        *_texts("measurement_class", "hhda_id"),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("effective_to", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_declared_metering_system"),
    )
    op.create_index("ix_declared_metering_system_bm_unit_id", "declared_metering_system", ["bm_unit_id"])
    op.create_index("ix_declared_metering_system_msid", "declared_metering_system", ["msid"])
    op.create_index("ix_declared_metering_system_submission_ref", "declared_metering_system", ["submission_ref"])
