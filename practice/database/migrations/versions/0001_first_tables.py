"""The first tables."""

import secrets

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

_Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "changes",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.Column("actor", sa.String(length=255), nullable=False),
        sa.Column("calendar_id", sa.BigInteger(), nullable=False),
        sa.Column("href", sa.String(length=255), nullable=False),
        sa.Column("uid", sa.String(length=1000), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        sa.Column("seal", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_changes")),
    )
    op.create_index("ix_changes_calendar", "changes", ["calendar_id", "number"], unique=False)
    op.create_table(
        "doctors",
        sa.Column("id", _Id, nullable=False),
        sa.Column("slug", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.Column("specialty", sa.String(length=255), nullable=False),
        sa.Column("hours", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_doctors")),
        sa.UniqueConstraint("slug", name=op.f("uq_doctors_slug")),
    )
    op.create_table(
        "failures",
        sa.Column("id", _Id, nullable=False),
        sa.Column("account", sa.String(length=32), nullable=False),
        sa.Column("network", sa.String(length=32), nullable=False),
        sa.Column("time", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_failures")),
    )
    op.create_index("ix_failures_account", "failures", ["account", "time"], unique=False)
    op.create_index("ix_failures_network", "failures", ["network", "time"], unique=False)
    op.create_index(op.f("ix_failures_time"), "failures", ["time"], unique=False)
    op.create_table(
        "house",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("forgotten", sa.BigInteger(), nullable=False),
        sa.Column("epoch", sa.String(length=32), nullable=False),
        sa.Column("seal", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_house")),
    )
    op.create_table(
        "patients",
        sa.Column("id", _Id, nullable=False),
        sa.Column("number", sa.String(length=64), nullable=False),
        sa.Column("last_name", sa.String(length=255), nullable=False),
        sa.Column("first_name", sa.String(length=255), nullable=False),
        sa.Column("birth_date", sa.String(length=10), nullable=False),
        sa.Column("email", sa.String(length=255), nullable=False),
        sa.Column("phone", sa.String(length=64), nullable=False),
        sa.Column("insurance", sa.String(length=32), nullable=False),
        sa.Column("booking_system_id", sa.String(length=255), nullable=True),
        sa.Column("match_key", sa.String(length=512), nullable=False),
        sa.Column("to_review", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_patients")),
        sa.UniqueConstraint("number", name=op.f("uq_patients_number")),
    )
    op.create_index(
        op.f("ix_patients_booking_system_id"), "patients", ["booking_system_id"], unique=False
    )
    op.create_index(op.f("ix_patients_match_key"), "patients", ["match_key"], unique=False)
    op.create_table(
        "rooms",
        sa.Column("id", _Id, nullable=False),
        sa.Column("slug", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=255), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rooms")),
        sa.UniqueConstraint("slug", name=op.f("uq_rooms_slug")),
    )
    op.create_table(
        "accounts",
        sa.Column("id", _Id, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("role", sa.String(length=16), nullable=False),
        sa.Column("doctor_id", _Id, nullable=True),
        sa.Column("display_name", sa.String(length=255), nullable=False),
        sa.Column("email", sa.String(length=255), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("everywhere", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(["doctor_id"], ["doctors.id"], name=op.f("fk_accounts_doctor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("name", name=op.f("uq_accounts_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "appointments",
        sa.Column("id", _Id, nullable=False),
        sa.Column("uid", sa.String(length=1000), nullable=False),
        sa.Column("calendar_id", sa.BigInteger(), nullable=False),
        sa.Column("doctor_id", _Id, nullable=True),
        sa.Column("room_id", _Id, nullable=True),
        sa.Column("patient_id", _Id, nullable=True),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("end", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.String(length=16), nullable=False),
        sa.Column("kind", sa.String(length=255), nullable=True),
        sa.Column("insurance", sa.String(length=255), nullable=True),
        sa.Column("requires_confirmation", sa.Boolean(), nullable=False),
        sa.Column("booking_source", sa.String(length=255), nullable=True),
        sa.Column("booking_id", sa.String(length=255), nullable=True),
        sa.Column("booking_base", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(
            ["doctor_id"], ["doctors.id"], name=op.f("fk_appointments_doctor_id")
        ),
        sa.ForeignKeyConstraint(
            ["patient_id"], ["patients.id"], name=op.f("fk_appointments_patient_id")
        ),
        sa.ForeignKeyConstraint(["room_id"], ["rooms.id"], name=op.f("fk_appointments_room_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_appointments")),
        sa.UniqueConstraint(
            "booking_source", "booking_id", name=op.f("uq_appointments_booking_source_booking_id")
        ),
        sa.UniqueConstraint("uid", name=op.f("uq_appointments_uid")),
    )
    op.create_index(
        op.f("ix_appointments_patient_id"), "appointments", ["patient_id"], unique=False
    )
    op.create_index(
        "ix_appointments_source_start", "appointments", ["booking_source", "start"], unique=False
    )
    op.create_table(
        "calendars",
        sa.Column("id", _Id, nullable=False),
        sa.Column("name", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("doctor_id", _Id, nullable=True),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("mark", sa.String(length=16), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("components", sa.String(length=255), nullable=False),
        sa.Column("properties", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["doctor_id"], ["doctors.id"], name=op.f("fk_calendars_doctor_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calendars")),
        sa.UniqueConstraint("name", name=op.f("uq_calendars_name")),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "credentials",
        sa.Column("id", _Id, nullable=False),
        sa.Column("account_id", _Id, nullable=False),
        sa.Column("kind", sa.String(length=16), nullable=False),
        sa.Column("label", sa.String(length=255), nullable=False),
        sa.Column("secret", sa.String(length=255), nullable=False),
        sa.Column("created", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"],
            ["accounts.id"],
            name=op.f("fk_credentials_account_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credentials")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_credentials_account_id"), "credentials", ["account_id"], unique=False)
    op.create_index(op.f("ix_credentials_secret"), "credentials", ["secret"], unique=False)
    op.create_table(
        "grants",
        sa.Column("account_id", _Id, nullable=False),
        sa.Column("calendar_id", _Id, nullable=False),
        sa.Column("level", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["account_id"], ["accounts.id"], name=op.f("fk_grants_account_id"), ondelete="CASCADE"
        ),
        sa.ForeignKeyConstraint(
            ["calendar_id"],
            ["calendars.id"],
            name=op.f("fk_grants_calendar_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("account_id", "calendar_id", name=op.f("pk_grants")),
    )
    op.create_table(
        "letters",
        sa.Column("id", _Id, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("posted", sa.BigInteger(), nullable=False),
        sa.Column("to", sa.String(length=32), nullable=False),
        sa.Column("message", sa.String(length=64), nullable=False),
        sa.Column("appointment_id", _Id, nullable=False),
        sa.Column("state", sa.String(length=16), nullable=False),
        sa.Column("before", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointments.id"], name=op.f("fk_letters_appointment_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_letters")),
    )
    op.create_index("ix_letters_appointment", "letters", ["appointment_id", "state"], unique=False)
    op.create_index("ix_letters_state", "letters", ["state", "id"], unique=False)
    op.create_table(
        "objects",
        sa.Column("id", _Id, nullable=False),
        sa.Column("calendar_id", _Id, nullable=False),
        sa.Column("href", sa.String(length=255), nullable=False),
        sa.Column("uid", sa.String(length=1000), nullable=False),
        sa.Column("component", sa.String(length=16), nullable=False),
        sa.Column("etag", sa.String(length=64), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("owner_id", sa.BigInteger(), nullable=False),
        sa.Column("changed", sa.BigInteger(), nullable=False),
        sa.Column("covered_from", sa.BigInteger(), nullable=True),
        sa.Column("covered_until", sa.BigInteger(), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["calendar_id"], ["calendars.id"], name=op.f("fk_objects_calendar_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_objects")),
        sa.UniqueConstraint("calendar_id", "href", name=op.f("uq_objects_calendar_id_href")),
        sa.UniqueConstraint("calendar_id", "uid", name=op.f("uq_objects_calendar_id_uid")),
    )
    op.create_index(
        "ix_objects_endless",
        "objects",
        ["calendar_id", "covered_until"],
        unique=False,
        postgresql_where=sa.text("covered_until IS NOT NULL"),
        sqlite_where=sa.text("covered_until IS NOT NULL"),
    )
    op.create_index("ix_objects_uid", "objects", ["uid"], unique=False)
    op.create_table(
        "occurrences",
        sa.Column("object_id", _Id, nullable=False),
        sa.Column("calendar_id", sa.BigInteger(), nullable=False),
        sa.Column("reach", sa.SmallInteger(), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("end", sa.BigInteger(), nullable=False),
        sa.Column("busy", sa.SmallInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["object_id"], ["objects.id"], name=op.f("fk_occurrences_object_id"), ondelete="CASCADE"
        ),
    )
    op.create_index(op.f("ix_occurrences_object_id"), "occurrences", ["object_id"], unique=False)
    op.create_index(
        "ix_occurrences_time",
        "occurrences",
        ["calendar_id", "reach", "start", "end", "object_id", "busy"],
        unique=False,
    )
    house = sa.table(
        "house", *(sa.column(n) for n in ("id", "number", "forgotten", "epoch", "seal"))
    )
    epoch = secrets.token_hex(16)
    op.bulk_insert(
        house, [{"id": 1, "number": 0, "forgotten": 0, "epoch": epoch, "seal": bytes(32)}]
    )
