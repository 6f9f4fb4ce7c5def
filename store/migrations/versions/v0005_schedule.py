"""Scheduled runs and their notices."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Creates the tables of the schedule."""
    op.create_table(
        "scheduled_run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("check", sa.String(), nullable=False),
        sa.Column("business_date", sa.Date(), nullable=False),
        sa.Column("attempt", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("token", sa.Integer(), nullable=False),
        sa.Column("heartbeat", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fault", sa.String(), nullable=True),
        sa.Column("summary", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_scheduled_run"),
        sa.UniqueConstraint("check", "business_date", "attempt", name="uq_scheduled_run_check_business_date_attempt"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_scheduled_run_state", "scheduled_run", ["state"])
    op.create_table(
        "notice",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("check", sa.String(), nullable=False),
        sa.Column("notice_date", sa.Date(), nullable=False),
        sa.Column("party_id", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("answer_id", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["scheduled_run.id"], name="fk_notice_run_id"),
        sa.ForeignKeyConstraint(["answer_id"], ["answer.id"], name="fk_notice_answer_id"),
        sa.PrimaryKeyConstraint("id", name="pk_notice"),
        sa.UniqueConstraint(
            "check", "notice_date", "party_id", "subject", name="uq_notice_check_notice_date_party_id_subject"
        ),
        sqlite_autoincrement=True,
    )


def downgrade() -> None:
    """Drops them."""
    op.drop_table("notice")
    op.drop_table("scheduled_run")
