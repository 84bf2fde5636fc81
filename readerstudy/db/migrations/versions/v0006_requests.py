"""Whether people may ask to take part in a study; nobody could before."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    column: sa.Column[bool] = sa.Column(
        "takes_requests", sa.Boolean(), nullable=False, server_default=sa.false()
    )
    op.add_column("studies", column)
