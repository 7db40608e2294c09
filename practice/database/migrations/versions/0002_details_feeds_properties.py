"""Levels of detail, feeds, properties of objects and of accounts, a log that forgets."""

import hmac
import secrets

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
    _give_aliases()


def _give_aliases() -> None:
    """Give every object what stands for its name in views of less detail."""
    op.add_column("house", sa.Column("secret", sa.LargeBinary(length=32), nullable=True))
    op.add_column("objects", sa.Column("alias", sa.String(length=32), nullable=True))
    house = sa.table("house", sa.column("secret", sa.LargeBinary()))
    objects = sa.table("objects", *map(sa.column, ("id", "calendar_id", "href", "alias")))
    secret = secrets.token_bytes(32)
    connection = op.get_bind()
    connection.execute(house.update().values(secret=secret))
    named = sa.select(objects.c.id, objects.c.calendar_id, objects.c.href)
    rows = [
        {"the_id": row.id, "alias": _alias(secret, row.calendar_id, row.href)}
        for row in connection.execute(named)
    ]
    if rows:
        by_id = objects.update().where(objects.c.id == sa.bindparam("the_id"))
        connection.execute(by_id.values(alias=sa.bindparam("alias")), rows)
    op.create_index("ix_objects_alias", "objects", ["alias"], unique=False)


def _alias(secret: bytes, calendar_id: int, href: str) -> str:
    parts = [part.encode("utf-8", "surrogatepass") for part in ("href", str(calendar_id), href)]
    message = b"".join(len(part).to_bytes(4) + part for part in parts)
    return hmac.digest(secret, message, "sha256").hex()[:32]
