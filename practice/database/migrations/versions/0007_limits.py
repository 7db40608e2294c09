"""What patients booked themselves is counted, so that nobody fills a calendar; and what is rare
among all appointments is found by an index.
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

_Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "self_bookings",
        sa.Column("id", _Id, nullable=False),
        sa.Column("about", sa.String(length=64), nullable=False),
        sa.Column("network", sa.String(length=64), nullable=False),
        sa.Column("booked", sa.BigInteger(), nullable=False),
        sa.Column("appointment_id", _Id, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_self_bookings")),
        sa.ForeignKeyConstraint(
            ["appointment_id"], ["appointments.id"], name=op.f("fk_self_bookings_appointment_id")
        ),
    )
    for name, *columns in (
        ("about", "about"),
        ("booked", "booked"),
        ("appointment_id", "appointment_id"),
        ("network", "network", "booked"),
    ):
        op.create_index(f"ix_self_bookings_{name}", "self_bookings", columns, unique=False)
    op.drop_index("ix_appointments_patient_id", "appointments")
    for table, name, *columns in (
        ("appointments", "patient", "patient_id", "start"),
        ("appointments", "calendar", "calendar_id", "start"),
        ("appointments", "status", "status", "start"),
        ("details", "treatment_plan", "treatment_plan"),
    ):
        op.create_index(f"ix_{table}_{name}", table, columns, unique=False)
