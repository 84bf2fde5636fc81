"""The tables of the first version. Frozen: later changes are later migrations."""

import sqlalchemy as sa
from alembic import op

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
        _forbid_changes(table)


def _create_studies() -> None:
    op.create_table(
        "studies",
        _id(),
        _text("slug", 60),
        _text("title", 200),
        sa.Column(
            "state", _choice("studystate", "draft", "open", "closed", "archived"), nullable=False
        ),
        sa.Column("synthetic", sa.Boolean(), nullable=False),
        sa.Column("taxonomy", sa.JSON(), nullable=False),
        sa.Column("rule", _choice("rule", "renormalise", "strict"), nullable=False),
        sa.Column("ask_confidence", sa.Boolean(), nullable=False),
        sa.Column("consent_text", sa.Text(), nullable=False),
        _text("consent_version", 20),
        _time("created_at"),
        _time("opened_at", nullable=True),
        _time("closed_at", nullable=True),
        _text("seal_hash", 64, nullable=True),
        _key("studies"),
        _unique("studies", "slug"),
    )


def _create_cases() -> None:
    op.create_table(
        "cases",
        _id(),
        _number("study_id"),
        _text("case_id", 200),
        _text("image_file", 80),
        _text("image_sha256", 64),
        _text("lesion_id", 200),
        _text("patient_id", 200),
        _text("site", 200),
        _text("age_band", 100),
        _text("skin_tone", 100),
        _text("source", 500),
        _text("licence", 500),
        _key("cases"),
        _refers("cases", "study_id", "studies.id"),
        _unique("cases", "study_id", "case_id"),
    )
    _index("cases", "study_id")
    op.create_table(
        "reference_standards",
        _number("case_id"),
        _text("label", 40),
        _text("basis", 200),
        _key("reference_standards", "case_id"),
        _refers("reference_standards", "case_id", "cases.id"),
    )


def _create_models() -> None:
    op.create_table(
        "models",
        _id(),
        _number("study_id"),
        _text("name", 60),
        _text("checkpoint_sha256", 64),
        sa.Column("card", sa.JSON(), nullable=False),
        _time("imported_at"),
        _key("models"),
        _refers("models", "study_id", "studies.id"),
        _unique("models", "study_id", "name"),
    )
    _index("models", "study_id")
    op.create_table(
        "predictions",
        _number("model_id"),
        _number("case_id"),
        sa.Column("probabilities", sa.JSON(), nullable=False),
        _key("predictions", "model_id", "case_id"),
        _refers("predictions", "model_id", "models.id"),
        _refers("predictions", "case_id", "cases.id"),
    )


def _create_readers() -> None:
    op.create_table(
        "readers",
        _id(),
        _number("study_id"),
        _text("code", 40),
        sa.Column("kind", _choice("readerkind", "human", "model", "simulated"), nullable=False),
        sa.Column("order_seed", sa.BigInteger(), nullable=False),
        _time("created_at"),
        _key("readers"),
        _refers("readers", "study_id", "studies.id"),
        _unique("readers", "study_id", "code"),
    )
    _index("readers", "study_id")


def _create_invitations() -> None:
    op.create_table(
        "invitations",
        _id(),
        _number("study_id"),
        _text("token_hash", 64),
        _time("created_at"),
        _time("expires_at", nullable=True),
        _number("reader_id", nullable=True),
        _key("invitations"),
        _refers("invitations", "study_id", "studies.id"),
        _refers("invitations", "reader_id", "readers.id"),
        _unique("invitations", "token_hash"),
        _unique("invitations", "reader_id"),
    )
    _index("invitations", "study_id")


def _create_declarations() -> None:
    op.create_table(
        "consents",
        _id(),
        _number("reader_id"),
        _text("version", 20),
        _text("text_sha256", 64),
        _time("given_at"),
        _key("consents"),
        _refers("consents", "reader_id", "readers.id"),
        _unique("consents", "reader_id", "version"),
    )
    _index("consents", "reader_id")
    op.create_table(
        "profiles",
        _number("reader_id"),
        sa.Column("fields", sa.JSON(), nullable=False),
        _time("saved_at"),
        _key("profiles", "reader_id"),
        _refers("profiles", "reader_id", "readers.id"),
    )


def _create_accounts() -> None:
    op.create_table(
        "accounts",
        _id(),
        _text("name", 60),
        sa.Column("role", _choice("role", *_ROLES), nullable=False),
        _number("study_id", nullable=True),
        _text("password_hash", 200),
        _time("created_at"),
        _key("accounts"),
        _refers("accounts", "study_id", "studies.id"),
        _unique("accounts", "name"),
    )


def _create_sessions() -> None:
    op.create_table(
        "sign_in_attempts", _id(), _text("name", 60), _time("at"), _key("sign_in_attempts")
    )
    _index("sign_in_attempts", "name")
    op.create_table(
        "sessions",
        _id(),
        _text("token_hash", 64),
        _number("account_id", nullable=True),
        _number("reader_id", nullable=True),
        _time("created_at"),
        _time("expires_at"),
        _check("sessions", "one_owner", "(account_id IS NULL) <> (reader_id IS NULL)"),
        _key("sessions"),
        _refers("sessions", "account_id", "accounts.id"),
        _refers("sessions", "reader_id", "readers.id"),
        _unique("sessions", "token_hash"),
    )


def _create_assignments() -> None:
    op.create_table(
        "assignments",
        _id(),
        _number("reader_id"),
        _number("case_id"),
        sa.Column("arm", _choice("arm", *_ARMS), nullable=False),
        _number("position"),
        _text("token", 40),
        _time("shown_at", nullable=True),
        _check("assignments", "position_from_1", "position >= 1"),
        _key("assignments"),
        _refers("assignments", "reader_id", "readers.id"),
        _refers("assignments", "case_id", "cases.id"),
        _unique("assignments", "reader_id", "case_id", "arm"),
        _unique("assignments", "reader_id", "position"),
        _unique("assignments", "token"),
    )
    _index("assignments", "case_id")


def _create_answers() -> None:
    cell = ("reader_id", "case_id", "arm")
    op.create_table(
        "answers",
        _id(),
        _number("reader_id"),
        _number("case_id"),
        sa.Column("arm", _choice("arm", *_ARMS), nullable=False),
        _number("revision"),
        _text("answer", 40),
        _text("answer_2", 40, nullable=True),
        _text("answer_3", 40, nullable=True),
        _number("confidence", nullable=True),
        _text("management", 40, nullable=True),
        _text("client_token", 80),
        _time("shown_at"),
        _time("answered_at"),
        _number("active_ms", nullable=True),
        sa.Column("timed_out", sa.Boolean(), nullable=False),
        _check("answers", "answered_after_shown", "answered_at >= shown_at"),
        _check("answers", "confidence_0_to_100", "confidence BETWEEN 0 AND 100"),
        _check("answers", "active_ms_from_0", "active_ms >= 0"),
        _check("answers", "revision_from_1", "revision >= 1"),
        _key("answers"),
        sa.ForeignKeyConstraint(
            cell,
            [f"assignments.{column}" for column in cell],
            name=op.f("fk_answers_reader_id_case_id_arm"),
        ),
        _unique("answers", *cell, "revision"),
        _unique("answers", "client_token"),
    )
    _index("answers", "case_id")


def _create_events() -> None:
    op.create_table(
        "events",
        _id(),
        _time("at"),
        _text("actor", 80),
        _number("study_id", nullable=True),
        _text("verb", 40),
        _text("subject", 200),
        sa.Column("old", sa.JSON(), nullable=True),
        sa.Column("new", sa.JSON(), nullable=True),
        _text("reason", 500),
        _key("events"),
        _refers("events", "study_id", "studies.id"),
    )
    _index("events", "study_id")


def _forbid_changes(table: str) -> None:
    """A trigger, so that not even another program rewrites what was answered."""
    if op.get_context().dialect.name == "sqlite":
        for verb in ("UPDATE", "DELETE"):
            op.execute(
                f"CREATE TRIGGER {table}_no_{verb.lower()} BEFORE {verb} ON {table} "
                f"BEGIN SELECT RAISE(ABORT, '{table} are append-only'); END"
            )
        return
    op.execute(
        f"CREATE FUNCTION {table}_append_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN RAISE EXCEPTION '{table} are append-only' "
        "USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    op.execute(
        f"CREATE TRIGGER {table}_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {table} "
        f"FOR EACH STATEMENT EXECUTE FUNCTION {table}_append_only()"
    )


def _id() -> sa.Column[int]:
    return sa.Column("id", sa.Integer(), nullable=False)


def _number(name: str, *, nullable: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), nullable=nullable)


def _text(name: str, length: int, *, nullable: bool = False) -> sa.Column[str]:
    return sa.Column(name, sa.String(length), nullable=nullable)


def _time(name: str, *, nullable: bool = False) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _choice(name: str, *values: str) -> sa.Enum:
    return sa.Enum(*values, name=name, native_enum=False, create_constraint=True, length=16)


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*(columns or ("id",)), name=op.f(f"pk_{table}"))


def _unique(table: str, *columns: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*columns, name=op.f(f"uq_{table}_{'_'.join(columns)}"))


def _refers(table: str, column: str, target: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [target], name=op.f(f"fk_{table}_{column}"))


def _check(table: str, name: str, rule: str) -> sa.CheckConstraint:
    return sa.CheckConstraint(rule, name=op.f(f"ck_{table}_{name}"))


def _index(table: str, column: str) -> None:
    op.create_index(op.f(f"ix_{table}_{column}"), table, [column])
