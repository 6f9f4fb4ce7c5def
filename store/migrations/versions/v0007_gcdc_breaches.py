"""GC/DC breaches and their challenges."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Creates the tables of breaches."""
    _gcdc_breach()
    _gcdc_breach_day()
    _gcdc_challenge()
    op.create_table(
        "gcdc_evaluation",
        sa.Column("record_set_id", sa.Integer(), nullable=False),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("record_set_id", name="pk_gcdc_evaluation"),
    )


def downgrade() -> None:
    """Drops them."""
    for table in ("gcdc_evaluation", "gcdc_challenge", "gcdc_breach_day", "gcdc_breach"):
        op.drop_table(table)


def _worst() -> tuple[sa.Column[object], ...]:
    """The columns that tell of a worst period."""
    return (
        sa.Column("settlement_date", sa.Date(), nullable=False),
        sa.Column("settlement_period", sa.Integer(), nullable=False),
        sa.Column("volume_kwh", sa.BigInteger(), nullable=False),
        sa.Column("declared_kw", sa.BigInteger(), nullable=False),
        sa.Column("limit_kw", sa.BigInteger(), nullable=False),
    )


def _gcdc_breach() -> None:
    op.create_table(
        "gcdc_breach",
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("bm_unit_id", sa.String(), nullable=False),
        sa.Column("side", sa.String(), nullable=False),
        sa.Column("season", sa.String(), nullable=False),
        sa.Column("season_start_year", sa.Integer(), nullable=False),
        sa.Column("party_id", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        *_worst(),
        sa.Column("periods_in_breach", sa.Integer(), nullable=False),
        sa.Column("estimated_value_kw", sa.BigInteger(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("challenge_by", sa.Date(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("value_kw", sa.BigInteger(), nullable=True),
        sa.Column("is_open", sa.Boolean(), nullable=True),
        sa.PrimaryKeyConstraint("reference", name="pk_gcdc_breach"),
        sa.UniqueConstraint(
            *("bm_unit_id", "side", "season", "season_start_year", "is_open"),
            name="uq_gcdc_breach_bm_unit_id_side_season_season_start_year_is_open",
        ),
    )
    op.create_index("ix_gcdc_breach_bm_unit_id", "gcdc_breach", ["bm_unit_id"])


def _gcdc_breach_day() -> None:
    op.create_table(
        "gcdc_breach_day",
        sa.Column("reference", sa.String(), nullable=False),
        sa.Column("periods", sa.Integer(), nullable=False),
        *_worst(),
        sa.PrimaryKeyConstraint("reference", "settlement_date", name="pk_gcdc_breach_day"),
    )
    op.create_index("ix_gcdc_breach_day_settlement_date", "gcdc_breach_day", ["settlement_date"])


def _gcdc_challenge() -> None:
    op.create_table(
        "gcdc_challenge",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("test_flag", sa.String(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submission_ref", sa.String(), nullable=False),
        sa.Column("run_number", sa.Integer(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("bm_unit_id", sa.String(), nullable=False),
        sa.Column("breach_reference", sa.String(), nullable=False),
        sa.Column("side", sa.String(), nullable=False),
        sa.Column("proposed_value_kw", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_gcdc_challenge"),
    )
    op.create_index("ix_gcdc_challenge_breach_reference", "gcdc_challenge", ["breach_reference"])
    op.create_index("ix_gcdc_challenge_submission_ref", "gcdc_challenge", ["submission_ref"])
