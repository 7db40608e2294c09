"""Which accounts of staff may import patient lists."""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "accounts",
        sa.Column("may_import", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
