"""Chains of signed receipts, and the keys that sign them."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Creates the two tables."""
    op.create_table(
        "receipt_chain",
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=True),
        sa.Column("begun_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account"], ["account.name"], name="fk_receipt_chain_account"),
        sa.PrimaryKeyConstraint("account", name="pk_receipt_chain"),
    )
    op.create_table(
        "receipt_key",
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("public_key", sa.String(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_to", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("key_id", name="pk_receipt_key"),
    )


def downgrade() -> None:
    """Drops them."""
    op.drop_table("receipt_key")
    op.drop_table("receipt_chain")
