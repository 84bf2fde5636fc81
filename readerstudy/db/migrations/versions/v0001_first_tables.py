"""The tables of the first version. Frozen: later changes are later migrations."""

import sqlalchemy as sa
from alembic import op

from readerstudy.db.migrations.building import (
    check,
    choice,
    forbid_changes,
    identity,
    index,
    key,
    number,
    refers,
    text,
    time,
    unique,
)

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_ARMS = ("unaided", "aided", "practice", "attention", "repeat")
_ROLES = ("owner", "analyst", "monitor", "reader")


def upgrade() -> None:
    _create_studies()
    _create_cases()
    _create_models()
    _create_readers()
    _create_invitations()
    _create_declarations()
    _create_accounts()
    _create_sessions()
    _create_assignments()
    _create_answers()
    _create_events()
    for table in ("answers", "events"):
        forbid_changes(table)


def _create_studies() -> None:
    op.create_table(
        "studies",
        identity(),
        text("slug", 60),
        text("title", 200),
        sa.Column(
            "state", choice("studystate", "draft", "open", "closed", "archived"), nullable=False
        ),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.Column("taxonomy", sa.JSON(), nullable=False),
        sa.Column("rule", choice("rule", "renormalise", "strict"), nullable=False),
        sa.Column("ask_confidence", sa.Boolean(), nullable=False),
        sa.Column("consent_text", sa.Text(), nullable=False),
        text("consent_version", 20),
        time("created_at"),
        time("opened_at", nullable=True),
        time("closed_at", nullable=True),
        text("seal_hash", 64, nullable=True),
        key("studies"),
        unique("studies", "slug"),
    )


def _create_cases() -> None:
    op.create_table(
        "cases",
        identity(),
        number("study_id"),
        text("case_id", 200),
        text("image_file", 80),
        text("image_sha256", 64),
        text("lesion_id", 200),
        text("patient_id", 200),
        text("site", 200),
        text("age_band", 100),
        text("skin_tone", 100),
        text("source", 500),
        text("licence", 500),
        key("cases"),
        refers("cases", "study_id", "studies.id"),
        unique("cases", "study_id", "case_id"),
    )
    index("cases", "study_id")
    op.create_table(
        "reference_standards",
        number("case_id"),
        text("label", 40),
        text("basis", 200),
        key("reference_standards", "case_id"),
        refers("reference_standards", "case_id", "cases.id"),
    )


def _create_models() -> None:
    op.create_table(
        "models",
        identity(),
        number("study_id"),
        text("name", 60),
        text("checkpoint_sha256", 64),
        sa.Column("card", sa.JSON(), nullable=False),
        time("imported_at"),
        key("models"),
        refers("models", "study_id", "studies.id"),
        unique("models", "study_id", "name"),
    )
    index("models", "study_id")
    op.create_table(
        "predictions",
        number("model_id"),
        number("case_id"),
        sa.Column("probabilities", sa.JSON(), nullable=False),
        key("predictions", "model_id", "case_id"),
        refers("predictions", "model_id", "models.id"),
        refers("predictions", "case_id", "cases.id"),
    )


def _create_readers() -> None:
    op.create_table(
        "readers",
        identity(),
        number("study_id"),
        text("code", 40),
        sa.Column("kind", choice("readerkind", "human", "model", "simulated"), nullable=False),
        sa.Column("order_seed", sa.BigInteger(), nullable=False),
        time("created_at"),
        key("readers"),
        refers("readers", "study_id", "studies.id"),
        unique("readers", "study_id", "code"),
    )
    index("readers", "study_id")


def _create_invitations() -> None:
    op.create_table(
        "invitations",
        identity(),
        number("study_id"),
        text("token_hash", 64),
        time("created_at"),
        time("expires_at", nullable=True),
        number("reader_id", nullable=True),
        key("invitations"),
        refers("invitations", "study_id", "studies.id"),
        refers("invitations", "reader_id", "readers.id"),
        unique("invitations", "token_hash"),
        unique("invitations", "reader_id"),
    )
    index("invitations", "study_id")


def _create_declarations() -> None:
    op.create_table(
        "consents",
        identity(),
        number("reader_id"),
        text("version", 20),
        text("text_sha256", 64),
        time("given_at"),
        key("consents"),
        refers("consents", "reader_id", "readers.id"),
        unique("consents", "reader_id", "version"),
    )
    index("consents", "reader_id")
    op.create_table(
        "profiles",
        number("reader_id"),
        sa.Column("fields", sa.JSON(), nullable=False),
        time("saved_at"),
        key("profiles", "reader_id"),
        refers("profiles", "reader_id", "readers.id"),
    )


def _create_accounts() -> None:
    op.create_table(
        "accounts",
        identity(),
        text("name", 60),
        sa.Column("role", choice("role", *_ROLES), nullable=False),
        number("study_id", nullable=True),
        text("password_hash", 200),
        time("created_at"),
        key("accounts"),
        refers("accounts", "study_id", "studies.id"),
        unique("accounts", "name"),
    )


def _create_sessions() -> None:
    op.create_table(
        "sign_in_attempts", identity(), text("name", 60), time("at"), key("sign_in_attempts")
    )
    index("sign_in_attempts", "name")
    op.create_table(
        "sessions",
        identity(),
        text("token_hash", 64),
        number("account_id", nullable=True),
        number("reader_id", nullable=True),
        time("created_at"),
        time("expires_at"),
        check("sessions", "one_owner", "(account_id IS NULL) <> (reader_id IS NULL)"),
        key("sessions"),
        refers("sessions", "account_id", "accounts.id"),
        refers("sessions", "reader_id", "readers.id"),
        unique("sessions", "token_hash"),
    )


def _create_assignments() -> None:
    op.create_table(
        "assignments",
        identity(),
        number("reader_id"),
        number("case_id"),
        sa.Column("arm", choice("arm", *_ARMS), nullable=False),
        number("position"),
        text("token", 40),
        time("shown_at", nullable=True),
        check("assignments", "position_from_1", "position >= 1"),
        key("assignments"),
        refers("assignments", "reader_id", "readers.id"),
        refers("assignments", "case_id", "cases.id"),
        unique("assignments", "reader_id", "case_id", "arm"),
        unique("assignments", "reader_id", "position"),
        unique("assignments", "token"),
    )
    index("assignments", "case_id")


def _create_answers() -> None:
    cell = ("reader_id", "case_id", "arm")
    op.create_table(
        "answers",
        identity(),
        number("reader_id"),
        number("case_id"),
        sa.Column("arm", choice("arm", *_ARMS), nullable=False),
        number("revision"),
        text("answer", 40),
        text("answer_2", 40, nullable=True),
        text("answer_3", 40, nullable=True),
        number("confidence", nullable=True),
        text("management", 40, nullable=True),
        text("client_token", 80),
        time("shown_at"),
        time("answered_at"),
        number("active_ms", nullable=True),
        sa.Column("timed_out", sa.Boolean(), nullable=False),
        check("answers", "answered_after_shown", "answered_at >= shown_at"),
        check("answers", "confidence_0_to_100", "confidence BETWEEN 0 AND 100"),
        check("answers", "active_ms_from_0", "active_ms >= 0"),
        check("answers", "revision_from_1", "revision >= 1"),
        key("answers"),
        sa.ForeignKeyConstraint(
            cell,
            [f"assignments.{column}" for column in cell],
            name=op.f("fk_answers_reader_id_case_id_arm"),
        ),
        unique("answers", *cell, "revision"),
        unique("answers", "client_token"),
    )
    index("answers", "case_id")


def _create_events() -> None:
    op.create_table(
        "events",
        identity(),
        time("at"),
        text("actor", 80),
        number("study_id", nullable=True),
        text("verb", 40),
        text("subject", 200),
        sa.Column("old", sa.JSON(), nullable=True),
        sa.Column("new", sa.JSON(), nullable=True),
        text("reason", 500),
        key("events"),
        refers("events", "study_id", "studies.id"),
    )
    index("events", "study_id")
