"""Baselining, event days and record sets, and the journal of all effects."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Creates the tables of the new effects."""
    _baselining_status()
    _baselining_detail()
    _event_day()
    _record_set()
    _effect_change()


def downgrade() -> None:
    """Drops them."""
    for table in ("effect_change", "record_set", "event_day", "baselining_detail", "baselining_status"):
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
    )


def _baselining_status() -> None:
    op.create_table(
        "baselining_status",
        *_trace(),
        sa.Column("bm_unit_id", sa.String(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("baselined", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_baselining_status"),
    )
    op.create_index(
        "ix_baselining_status_bm_unit_id_effective_from", "baselining_status", ["bm_unit_id", "effective_from"]
    )
    op.create_index("ix_baselining_status_submission_ref", "baselining_status", ["submission_ref"])


def _baselining_detail() -> None:
    op.create_table(
        "baselining_detail",
        *_trace(),
        sa.Column("bm_unit_id", sa.String(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("pair_indicator", sa.String(), nullable=False),
        sa.Column("import_msid", sa.String(), nullable=True),
        sa.Column("import_amsid", sa.String(), nullable=True),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("baselining_indicator", sa.String(), nullable=False),
        sa.Column("baselining_methodology", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_baselining_detail"),
    )
    op.create_index(
        "ix_baselining_detail_bm_unit_id_effective_from", "baselining_detail", ["bm_unit_id", "effective_from"]
    )
    op.create_index("ix_baselining_detail_submission_ref", "baselining_detail", ["submission_ref"])


def _event_day() -> None:
    op.create_table(
        "event_day",
        *_trace(),
        sa.Column("bm_unit_id", sa.String(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("pair_indicator", sa.String(), nullable=False),
        sa.Column("import_msid", sa.String(), nullable=True),
        sa.Column("import_amsid", sa.String(), nullable=True),
        sa.Column("event_day", sa.Date(), nullable=False),
        sa.Column("event_day_type", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_event_day"),
    )
    op.create_index("ix_event_day_bm_unit_id_event_day", "event_day", ["bm_unit_id", "event_day"])
    op.create_index("ix_event_day_submission_ref", "event_day", ["submission_ref"])


def _record_set() -> None:
    op.create_table(
        "record_set",
        *_trace(),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("party_id", sa.String(), nullable=False),
        sa.Column("file", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("rows", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_record_set"),
        sa.UniqueConstraint("file", name="uq_record_set_file"),
    )
    op.create_index("ix_record_set_kind_first_day_last_day", "record_set", ["kind", "first_day", "last_day"])
    op.create_index("ix_record_set_submission_ref", "record_set", ["submission_ref"])


def _effect_change() -> None:
    op.create_table(
        "effect_change",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=True),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_effect_change"),
        sqlite_autoincrement=True,
    )
