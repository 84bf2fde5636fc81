"""The rest of a study's life: several views of a case, support beside advice, requests, contacts,
withdrawal, amendments, sign-off.

What was there before: one image per case, nobody withdrew, nothing was amended.
"""

import sqlalchemy as sa
from alembic import op

from readerstudy.db.migrations.building import (
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

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("studies", time("archived_at", nullable=True))
    op.add_column("studies", sa.Column("sign_off", sa.JSON(), nullable=True))
    op.add_column("readers", time("withdrawn_at", nullable=True))
    op.add_column("readers", text("withdrawal", 16, nullable=True))
    op.add_column("invitations", time("revoked_at", nullable=True))
    _create_case_views()
    _create_supports()
    _create_contacts()
    _create_requests()
    _create_amendments()
    forbid_changes("reference_amendments")
    _let_withdrawn_answers_go()


def _create_case_views() -> None:
    op.create_table(
        "case_views",
        identity(),
        number("case_id"),
        number("position"),
        text("image_file", 80),
        text("image_sha256", 64),
        text("caption", 200),
        key("case_views"),
        refers("case_views", "case_id", "cases.id"),
        unique("case_views", "case_id", "position"),
    )


def _create_supports() -> None:
    op.create_table(
        "supports",
        identity(),
        number("model_id"),
        number("case_id"),
        sa.Column("kind", choice("supportkind", "saliency", "similar"), nullable=False),
        number("position"),
        text("image_file", 80),
        text("image_sha256", 64),
        text("caption", 200),
        key("supports"),
        refers("supports", "model_id", "models.id"),
        refers("supports", "case_id", "cases.id"),
        unique("supports", "model_id", "case_id", "kind", "position"),
    )
    index("supports", "case_id")


def _create_contacts() -> None:
    op.create_table(
        "contacts",
        identity(),
        number("invitation_id"),
        text("name", 200),
        text("email", 200),
        text("note", 500),
        time("created_at"),
        key("contacts"),
        refers("contacts", "invitation_id", "invitations.id"),
        unique("contacts", "invitation_id"),
    )


def _create_requests() -> None:
    op.create_table(
        "access_requests",
        identity(),
        number("study_id"),
        text("name", 200),
        text("email", 200),
        text("message", 500),
        sa.Column(
            "state", choice("requeststate", "pending", "approved", "refused"), nullable=False
        ),
        time("requested_at"),
        time("decided_at", nullable=True),
        text("decided_by", 80, nullable=True),
        number("invitation_id", nullable=True),
        key("access_requests"),
        refers("access_requests", "study_id", "studies.id"),
        refers("access_requests", "invitation_id", "invitations.id"),
        unique("access_requests", "invitation_id"),
    )
    index("access_requests", "study_id")


def _create_amendments() -> None:
    op.create_table(
        "reference_amendments",
        identity(),
        number("case_id"),
        time("at"),
        text("actor", 80),
        text("old_label", 40),
        text("old_basis", 200),
        text("new_label", 40),
        text("new_basis", 200),
        text("reason", 500),
        key("reference_amendments"),
        refers("reference_amendments", "case_id", "cases.id"),
    )
    index("reference_amendments", "case_id")


def _let_withdrawn_answers_go() -> None:
    """Answers stay append-only, but those of a reader whose withdrawal deletes may be deleted."""
    refusal = "answers are append-only"
    withdrew = "SELECT 1 FROM readers WHERE id = OLD.reader_id AND withdrawal = 'delete'"
    if op.get_context().dialect.name == "sqlite":
        op.execute("DROP TRIGGER answers_no_delete")
        op.execute(
            "CREATE TRIGGER answers_no_delete BEFORE DELETE ON answers "
            f"WHEN NOT EXISTS ({withdrew}) BEGIN SELECT RAISE(ABORT, '{refusal}'); END"
        )
        return
    op.execute("DROP TRIGGER answers_no_change ON answers")
    op.execute(
        "CREATE TRIGGER answers_no_change BEFORE UPDATE OR TRUNCATE ON answers "
        "FOR EACH STATEMENT EXECUTE FUNCTION answers_append_only()"
    )
    op.execute(
        "CREATE FUNCTION answers_withdrawn_only() RETURNS trigger LANGUAGE plpgsql AS "
        f"$$ BEGIN IF EXISTS ({withdrew}) THEN RETURN OLD; END IF; RAISE EXCEPTION '{refusal}' "
        "USING ERRCODE = 'integrity_constraint_violation'; END $$"
    )
    op.execute(
        "CREATE TRIGGER answers_no_delete BEFORE DELETE ON answers "
        "FOR EACH ROW EXECUTE FUNCTION answers_withdrawn_only()"
    )
