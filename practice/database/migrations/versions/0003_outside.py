"""What changes outside the log is noted by triggers, so that remembered answers end with it."""

from typing import NamedTuple

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


class _Watched(NamedTuple):
    """A table, what to do with its rows counts, and which columns if not all of them do."""

    table: str
    events: tuple[str, ...] = ("INSERT", "UPDATE", "DELETE")
    columns: str = ""


_WATCHED = (
    _Watched("accounts"),
    _Watched("credentials"),
    _Watched("grants"),
    _Watched("doctors"),
    _Watched("account_properties"),
    _Watched("object_properties"),
    _Watched("patients", ("UPDATE", "DELETE")),
    # Made together with a change in the log; whose they are is watched below.
    _Watched("appointments", ("DELETE",)),
    # Its number and mark tell of the log themselves.
    _Watched("calendars", columns="name, kind, doctor_id, components, properties"),
)


def upgrade() -> None:
    outside = sa.Column("outside", sa.BigInteger(), nullable=False, server_default="0")
    op.add_column("house", outside)
    if op.get_bind().dialect.name == "postgresql":
        _postgresql()
    else:
        _sqlite()


def _sqlite() -> None:
    body = "BEGIN UPDATE house SET outside = random(); END"
    for table, events, columns in _WATCHED:
        for event in events:
            of = f" OF {columns}" if columns and event == "UPDATE" else ""
            name = f"outside_{table}_{event.lower()}"
            op.execute(f"CREATE TRIGGER {name} AFTER {event}{of} ON {table} {body}")
    # Whose appointment it is: the only thing of it that answers tell and the log does not.
    op.execute(
        "CREATE TRIGGER outside_appointments_patient AFTER UPDATE OF patient_id ON appointments"
        f" WHEN OLD.patient_id IS NOT NEW.patient_id {body}"
    )


def _postgresql() -> None:
    op.execute(
        "CREATE FUNCTION draw_outside() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " UPDATE house SET outside = (random() * 9e18)::bigint; RETURN NULL; END $$"
    )
    for table, events, columns in _WATCHED:
        told = " OR ".join(
            f"{event} OF {columns}" if columns and event == "UPDATE" else event for event in events
        )
        op.execute(
            f"CREATE TRIGGER outside_{table} AFTER {told} OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION draw_outside()"
        )
    op.execute(
        "CREATE TRIGGER outside_appointments_patient AFTER UPDATE OF patient_id ON appointments"
        " FOR EACH ROW WHEN (OLD.patient_id IS DISTINCT FROM NEW.patient_id)"
        " EXECUTE FUNCTION draw_outside()"
    )
