"""The Settlement Calendar."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Creates the table of the calendar."""
    op.create_table(
        "settlement_calendar",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("effective_to", sa.Date(), nullable=False),
        sa.Column("since_version", sa.Integer(), nullable=False),
        sa.Column("until_version", sa.Integer(), nullable=True),
        sa.Column("settlement_date", sa.Date(), nullable=False),
        sa.Column("settlement_run_type", sa.String(), nullable=False),
        sa.Column("sva_run_date", sa.Date(), nullable=True),
        sa.Column("notification_date", sa.Date(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_settlement_calendar"),
    )
    op.create_index(
        "ix_settlement_calendar_settlement_date_settlement_run_type",
        "settlement_calendar",
        ["settlement_date", "settlement_run_type"],
    )


def downgrade() -> None:
    """Drops it."""
    op.drop_table("settlement_calendar")
