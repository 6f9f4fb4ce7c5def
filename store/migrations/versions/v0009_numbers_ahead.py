"""Numbers that were consumed while earlier ones are missing: the strict sequence policy."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Creates the table of numbers ahead."""
    op.create_table(
        "number_ahead",
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("submission_ref", sa.String(), nullable=False),
        sa.Column("released", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["submission_ref"], ["submission.ref"], name="fk_number_ahead_submission_ref_submission"
        ),
        sa.PrimaryKeyConstraint("channel", "number", name="pk_number_ahead"),
    )
    op.create_index("ix_number_ahead_submission_ref", "number_ahead", ["submission_ref"])


def downgrade() -> None:
    """Drops it."""
    op.drop_table("number_ahead")
