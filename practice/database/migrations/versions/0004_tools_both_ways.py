"""Letters that are delivered, what is heard of the booking tools, what is disputed with them."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

_Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.add_column(
        "patients",
        sa.Column("language", sa.String(length=8), nullable=False, server_default=sa.text("''")),
    )
    op.add_column("patients", sa.Column("reminders", sa.BigInteger(), nullable=True))
    op.create_index("ix_appointments_start", "appointments", ["start"], unique=False)
    _letters()
    op.create_table(
        "reminders",
        sa.Column("appointment_id", _Id, autoincrement=False, nullable=False),
        sa.Column("start", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointments.id"], name=op.f("fk_reminders_appointment_id")
        ),
        sa.PrimaryKeyConstraint("appointment_id", "start", name=op.f("pk_reminders")),
    )
    op.create_table(
        "sources",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("attempted", sa.BigInteger(), nullable=True),
        sa.Column("succeeded", sa.BigInteger(), nullable=True),
        sa.Column("error", sa.String(length=255), nullable=False),
        sa.Column("counts", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("warned", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_sources")),
    )
    _receipts()
    _conflicts()
    op.create_table(
        "jobs",
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("begun", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_jobs")),
    )


def _letters() -> None:
    """Until now nothing delivered letters: what those that wait tell is known or past."""
    op.execute("UPDATE letters SET state = 'superseded' WHERE state = 'waiting'")
    op.drop_index("ix_letters_state", "letters")
    for column in (
        sa.Column("due", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("attempts", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("error", sa.String(length=255), nullable=False, server_default=sa.text("''")),
        sa.Column("settled", sa.BigInteger(), nullable=True),
    ):
        op.add_column("letters", column)
    op.create_index("ix_letters_due", "letters", ["state", "to", "due"], unique=False)


def _receipts() -> None:
    op.create_table(
        "receipts",
        sa.Column("id", _Id, nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("key", sa.String(length=64), nullable=False),
        sa.Column("received", sa.BigInteger(), nullable=False),
        sa.Column("headers", sa.Text(), nullable=False),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("due", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_receipts")),
        sa.UniqueConstraint("source", "key", name=op.f("uq_receipts_source_key")),
    )
    op.create_index("ix_receipts_due", "receipts", ["state", "due"], unique=False)
    op.create_index("ix_receipts_received", "receipts", ["received"], unique=False)


def _conflicts() -> None:
    op.create_table(
        "conflicts",
        sa.Column("id", _Id, nullable=False),
        sa.Column("appointment_id", _Id, nullable=False),
        sa.Column("source", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("noted", sa.BigInteger(), nullable=False),
        sa.Column("ours", sa.Text(), nullable=False),
        sa.Column("theirs", sa.Text(), nullable=True),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("resolved", sa.BigInteger(), nullable=True),
        sa.Column("resolved_by", sa.String(length=255), nullable=False),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointments.id"], name=op.f("fk_conflicts_appointment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conflicts")),
    )
    op.create_index("ix_conflicts_appointment_id", "conflicts", ["appointment_id"], unique=False)
    op.create_index("ix_conflicts_state", "conflicts", ["state"], unique=False)
