"""The protocol of a study, the roles of its cases, advice, and answers that name no class.

What was there before: every case was a test case, and only confidence could be chosen.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("studies", _column("protocol", sa.JSON(), default="{}"))
    op.execute(
        'UPDATE studies SET protocol = \'{"questions": {"confidence": false}}\' '
        "WHERE ask_confidence = false"
    )
    op.drop_column("studies", "ask_confidence")
    roles = sa.Enum("test", "practice", "attention", name="caserole", native_enum=False, length=16)
    op.add_column("cases", _column("role", roles, default="test"))
    op.add_column("cases", _column("is_repeated", sa.Boolean(), default=sa.false()))
    op.add_column("cases", _column("clinical_text", sa.Text(), default=""))
    op.add_column("readers", sa.Column("option_order", sa.JSON(), nullable=True))
    op.add_column("assignments", sa.Column("advice", sa.JSON(), nullable=True))
    op.add_column("answers", _column("cannot_tell", sa.Boolean(), default=sa.false()))
    op.add_column("answers", sa.Column("screen", sa.String(20), nullable=True))
    op.add_column("answers", sa.Column("zooms", sa.Integer(), nullable=True))


def _column(name: str, kind: sa.types.TypeEngine[Any], *, default: Any) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=False, server_default=default)
