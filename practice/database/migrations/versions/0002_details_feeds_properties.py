"""Levels of detail, feeds, properties of objects and of accounts, a log that forgets."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

_Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    if op.get_bind().dialect.name == "postgresql":
        op.alter_column("calendars", "name", type_=sa.String(length=255), existing_nullable=False)
    op.add_column("house", sa.Column("forgotten_seal", sa.LargeBinary(length=32), nullable=True))
    op.create_index("ix_changes_time", "changes", ["time", "number"], unique=False)
    op.create_index("ix_objects_number", "objects", ["calendar_id", "number"], unique=False)
    op.create_table(
        "object_properties",
        sa.Column("object_id", _Id, nullable=False),
        sa.Column("name", sa.String(length=512), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["object_id"],
            ["objects.id"],
            name=op.f("fk_object_properties_object_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("object_id", "name", name=op.f("pk_object_properties")),
    )
    op.create_table(
        "account_properties",
        sa.Column("account_id", _Id, nullable=False),
        sa.Column("calendar_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("name", sa.String(length=512), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_account_properties_account_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            "account_id", "calendar_id", "name", name=op.f("pk_account_properties")
        ),
    )
    op.create_table(
        "feeds",
        sa.Column("id", _Id, nullable=False),
        sa.Column("calendar_id", _Id, nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.Column("label", sa.String(length=255), nullable=False),
        sa.Column("secret", sa.String(length=64), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["calendar_id"],
            ["calendars.id"],
            name=op.f("fk_feeds_calendar_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_feeds")),
        sa.UniqueConstraint("secret", name=op.f("uq_feeds_secret")),
        sqlite_autoincrement=True,
    )
    # Two levels of less detail came between nothing and reading everything.
    for table, column in (("grants", "level"), ("accounts", "everywhere")):
        op.execute(f"UPDATE {table} SET {column} = {column} + 2 WHERE {column} > 0")  # noqa: S608
