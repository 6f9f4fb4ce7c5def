"""The tables of the first release."""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Creates every table."""
    _audit()
    _bm_unit()
    _breach()
    _capacity_value()
    _distributor()
    _lease()
    _msid_pair()
    _party()
    _party_role()
    _policy_version()
    _reference_load()
    _sequence()
    _signatory()
    _account()
    _account_key()
    _submission()
    _answer()
    _run()


def downgrade() -> None:
    """Drops every table."""
    for table in (
        "run",
        "answer",
        "submission",
        "account_key",
        "account",
        "signatory",
        "sequence",
        "reference_load",
        "policy_version",
        "party_role",
        "party",
        "msid_pair",
        "lease",
        "distributor",
        "capacity_value",
        "breach",
        "bm_unit",
        "audit",
    ):
        op.drop_table(table)


def _audit() -> None:
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor", sa.String(), nullable=False),
        sa.Column("action", sa.String(), nullable=False),
        sa.Column("subject_kind", sa.String(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("from_state", sa.String(), nullable=True),
        sa.Column("to_state", sa.String(), nullable=True),
        sa.Column("why", sa.String(), nullable=False),
        sa.Column("detail", sa.JSON(none_as_null=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_audit"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_subject_kind_subject", "audit", ["subject_kind", "subject"])


def _bm_unit() -> None:
    op.create_table(
        "bm_unit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("effective_to", sa.Date(), nullable=False),
        sa.Column("since_version", sa.Integer(), nullable=False),
        sa.Column("until_version", sa.Integer(), nullable=True),
        sa.Column("bm_unit_id", sa.String(), nullable=False),
        sa.Column("netso_name", sa.String(), nullable=True),
        sa.Column("bm_unit_name", sa.String(), nullable=True),
        sa.Column("lead_party_id", sa.String(), nullable=False),
        sa.Column("bm_unit_type", sa.String(), nullable=False),
        sa.Column("gsp_group_id", sa.String(), nullable=True),
        sa.Column("generation_capacity_kw", sa.BigInteger(), nullable=True),
        sa.Column("demand_capacity_kw", sa.BigInteger(), nullable=True),
        sa.Column("production_consumption_flag", sa.String(), nullable=True),
        sa.Column("fpn_flag", sa.String(), nullable=True),
        sa.Column("baselined", sa.String(), nullable=False),
        sa.Column("interconnector_id", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_bm_unit"),
    )
    op.create_index("ix_bm_unit_bm_unit_id_effective_from", "bm_unit", ["bm_unit_id", "effective_from"])
    op.create_index("ix_bm_unit_netso_name", "bm_unit", ["netso_name"])


def _breach() -> None:
    op.create_table(
        "breach",
        sa.Column("run_id", sa.Integer(), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=True),
        sa.Column("record", sa.String(), nullable=True),
        sa.Column("item", sa.String(), nullable=True),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("rule", sa.String(), nullable=False),
        sa.Column("severity", sa.String(), nullable=False),
        sa.Column("unit_key", sa.String(), nullable=True),
        sa.Column("value", sa.String(), nullable=True),
        sa.Column("message", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("run_id", "seq", name="pk_breach"),
        sqlite_with_rowid=False,
    )


def _capacity_value() -> None:
    op.create_table(
        "capacity_value",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("bm_unit_id", sa.String(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("generation_capacity_kw", sa.BigInteger(), nullable=True),
        sa.Column("demand_capacity_kw", sa.BigInteger(), nullable=True),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("declaration_type", sa.String(), nullable=True),
        sa.Column("season", sa.String(), nullable=True),
        sa.Column("season_start_year", sa.Integer(), nullable=True),
        sa.Column("test_flag", sa.String(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("submission_ref", sa.String(), nullable=False),
        sa.Column("run_number", sa.Integer(), nullable=False),
        sa.Column("line", sa.Integer(), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_capacity_value"),
    )
    op.create_index("ix_capacity_value_bm_unit_id_effective_from", "capacity_value", ["bm_unit_id", "effective_from"])
    op.create_index("ix_capacity_value_submission_ref", "capacity_value", ["submission_ref"])


def _distributor() -> None:
    op.create_table(
        "distributor",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("effective_to", sa.Date(), nullable=False),
        sa.Column("since_version", sa.Integer(), nullable=False),
        sa.Column("until_version", sa.Integer(), nullable=True),
        sa.Column("distributor_id", sa.String(), nullable=False),
        sa.Column("participant_id", sa.String(), nullable=False),
        sa.Column("gsp_group_id", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_distributor"),
    )
    op.create_index("ix_distributor_distributor_id_effective_from", "distributor", ["distributor_id", "effective_from"])


def _lease() -> None:
    op.create_table(
        "lease",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("owner", sa.String(), nullable=False),
        sa.Column("token", sa.Integer(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_lease"),
    )


def _msid_pair() -> None:
    op.create_table(
        "msid_pair",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("effective_to", sa.Date(), nullable=False),
        sa.Column("since_version", sa.Integer(), nullable=False),
        sa.Column("until_version", sa.Integer(), nullable=True),
        sa.Column("bm_unit_id", sa.String(), nullable=False),
        sa.Column("pair_indicator", sa.String(), nullable=False),
        sa.Column("import_msid", sa.String(), nullable=True),
        sa.Column("export_msid", sa.String(), nullable=True),
        sa.Column("import_amsid", sa.String(), nullable=True),
        sa.Column("export_amsid", sa.String(), nullable=True),
        sa.Column("baselining_indicator", sa.String(), nullable=True),
        sa.Column("baselining_methodology", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_msid_pair"),
    )
    op.create_index("ix_msid_pair_bm_unit_id_effective_from", "msid_pair", ["bm_unit_id", "effective_from"])


def _party() -> None:
    op.create_table(
        "party",
        sa.Column("party_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("party_id", name="pk_party"),
    )


def _party_role() -> None:
    op.create_table(
        "party_role",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("effective_to", sa.Date(), nullable=False),
        sa.Column("since_version", sa.Integer(), nullable=False),
        sa.Column("until_version", sa.Integer(), nullable=True),
        sa.Column("party_id", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_party_role"),
    )
    op.create_index("ix_party_role_party_id_role_effective_from", "party_role", ["party_id", "role", "effective_from"])


def _policy_version() -> None:
    op.create_table(
        "policy_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.String(), nullable=False),
        sa.Column("loaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("text", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_policy_version"),
        sqlite_autoincrement=True,
    )


def _reference_load() -> None:
    op.create_table(
        "reference_load",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("added", sa.Integer(), nullable=False),
        sa.Column("corrected", sa.Integer(), nullable=False),
        sa.Column("ended", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_reference_load"),
        sqlite_autoincrement=True,
    )


def _sequence() -> None:
    op.create_table(
        "sequence",
        sa.Column("channel", sa.String(), nullable=False),
        sa.Column("direction", sa.String(), nullable=False),
        sa.Column("last", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("channel", "direction", name="pk_sequence"),
    )


def _signatory() -> None:
    op.create_table(
        "signatory",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("effective_from", sa.Date(), nullable=False),
        sa.Column("effective_to", sa.Date(), nullable=False),
        sa.Column("since_version", sa.Integer(), nullable=False),
        sa.Column("until_version", sa.Integer(), nullable=True),
        sa.Column("party_id", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("category", sa.String(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_signatory"),
    )
    op.create_index(
        "ix_signatory_party_id_name_category_effective_from",
        "signatory",
        ["party_id", "name", "category", "effective_from"],
    )


def _account() -> None:
    op.create_table(
        "account",
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("party_id", sa.String(), nullable=False),
        sa.Column("notices", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["party_id"], ["party.party_id"], name="fk_account_party_id"),
        sa.PrimaryKeyConstraint("name", name="pk_account"),
    )
    op.create_index("ix_account_party_id", "account", ["party_id"])


def _account_key() -> None:
    op.create_table(
        "account_key",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("key_type", sa.String(), nullable=False),
        sa.Column("key_base64", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.String(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_to", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(["account"], ["account.name"], name="fk_account_key_account"),
        sa.PrimaryKeyConstraint("id", name="pk_account_key"),
        sa.UniqueConstraint("account", "fingerprint", name="uq_account_key_account_fingerprint"),
    )


def _submission() -> None:
    op.create_table(
        "submission",
        sa.Column("ref", sa.String(), nullable=False),
        sa.Column("landing_name", sa.String(), nullable=False),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("party_id", sa.String(), nullable=False),
        sa.Column("file_name", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=True),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("arrival", sa.DateTime(timezone=True), nullable=False),
        sa.Column("profile", sa.String(), nullable=True),
        sa.Column("file_type", sa.String(), nullable=True),
        sa.Column("channel", sa.String(), nullable=True),
        sa.Column("sequence", sa.Integer(), nullable=True),
        sa.Column("test_flag", sa.String(), nullable=True),
        sa.Column("creation_time", sa.DateTime(timezone=True), nullable=True),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("receipt_code", sa.Integer(), nullable=True),
        sa.Column("skipped", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_try_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fault", sa.String(), nullable=True),
        sa.ForeignKeyConstraint(["account"], ["account.name"], name="fk_submission_account"),
        sa.PrimaryKeyConstraint("ref", name="pk_submission"),
        sa.UniqueConstraint("landing_name", name="uq_submission_landing_name"),
    )
    op.create_index("ix_submission_channel_sequence", "submission", ["channel", "sequence"])
    op.create_index("ix_submission_party_id_file_name", "submission", ["party_id", "file_name"])
    op.create_index("ix_submission_sha256", "submission", ["sha256"])
    op.create_index("ix_submission_state_arrival", "submission", ["state", "arrival"])


def _answer() -> None:
    op.create_table(
        "answer",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("submission_ref", sa.String(), nullable=True),
        sa.Column("run_number", sa.Integer(), nullable=True),
        sa.Column("account", sa.String(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("file_type", sa.String(), nullable=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("body_file", sa.String(), nullable=True),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("token", sa.Integer(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("staged_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("delivered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("collected_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("redelivery_of", sa.Integer(), nullable=True),
        sa.ForeignKeyConstraint(["account"], ["account.name"], name="fk_answer_account"),
        sa.ForeignKeyConstraint(["redelivery_of"], ["answer.id"], name="fk_answer_redelivery_of"),
        sa.ForeignKeyConstraint(["submission_ref"], ["submission.ref"], name="fk_answer_submission_ref"),
        sa.PrimaryKeyConstraint("id", name="pk_answer"),
        sa.UniqueConstraint("account", "name", name="uq_answer_account_name"),
        sa.UniqueConstraint("submission_ref", "position", name="uq_answer_submission_ref_position"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_answer_state_id", "answer", ["state", "id"])


def _run() -> None:
    op.create_table(
        "run",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("submission_ref", sa.String(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("started_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.Column("units_in", sa.Integer(), nullable=False),
        sa.Column("units_accepted", sa.Integer(), nullable=False),
        sa.Column("units_rejected", sa.Integer(), nullable=False),
        sa.Column("units_held", sa.Integer(), nullable=False),
        sa.Column("breaches_total", sa.Integer(), nullable=False),
        sa.Column("breaches_listed", sa.Integer(), nullable=False),
        sa.Column("policy_version", sa.String(), nullable=False),
        sa.Column("rules_version", sa.String(), nullable=False),
        sa.Column("reference_version", sa.Integer(), nullable=False),
        sa.Column("breaches_file", sa.String(), nullable=True),
        sa.Column("applied", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["submission_ref"], ["submission.ref"], name="fk_run_submission_ref"),
        sa.PrimaryKeyConstraint("id", name="pk_run"),
        sa.UniqueConstraint("submission_ref", "number", name="uq_run_submission_ref_number"),
        sqlite_autoincrement=True,
    )
