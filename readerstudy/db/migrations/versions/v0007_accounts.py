"""Accounts can be disabled, attempts are counted by address, and failed sign-ins are told."""

import sqlalchemy as sa
from alembic import op

from readerstudy.db.migrations.building import index, key, number, text, time

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    disabled_at: sa.Column[object] = time("disabled_at", nullable=True)
    op.add_column("accounts", disabled_at)
    index("sign_in_attempts", "address")
    op.create_table(
        "sign_in_failures",
        text("name", 60),
        time("since"),
        number("wrong"),
        number("unchecked"),
        key("sign_in_failures", "name", "since"),
    )
