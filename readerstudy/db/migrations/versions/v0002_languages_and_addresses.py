"""Consent in a second language, and the address of a failed sign-in.

What was there before: every consent was given to the English text, and no address was kept.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("studies", sa.Column("consent_text_zh", sa.Text(), nullable=True))
    _add_text("consents", "language", 10, default="en")
    _add_text("sign_in_attempts", "address", 45, default="")


def _add_text(table: str, name: str, length: int, *, default: str) -> None:
    column = sa.Column(name, sa.String(length), nullable=False, server_default=default)
    op.add_column(table, column)
