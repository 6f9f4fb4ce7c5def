"""The units of a run that were not simply accepted."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Creates the table of told units."""
    op.create_table(
        "told_units",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("frame", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", name="pk_told_units"),
    )


def downgrade() -> None:
    """Drops it."""
    op.drop_table("told_units")
