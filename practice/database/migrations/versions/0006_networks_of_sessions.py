"""Where a session was begun from."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "sessions",
        sa.Column("network", sa.String(length=64), nullable=False, server_default=sa.text("''")),
    )
