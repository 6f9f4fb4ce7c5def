"""An index on the received time of submissions: a day is counted without reading all others."""

from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Creates the index."""
    op.create_index("ix_submission_received_at", "submission", ["received_at"])


def downgrade() -> None:
    """Drops it."""
    op.drop_index("ix_submission_received_at", "submission")
