"""What the API keeps: what can be booked and when, imports, tasks, holds, acts, and more of
patients, appointments and credentials.
"""

import sqlalchemy as sa
from alembic import op

from practice.lookup import keys_of
from practice.patients import PatientRecord

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

_Id = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_Moment = sa.BigInteger
# Keys that begin alike stand together on every database.
_Key = sa.String(length=80).with_variant(sa.String(length=80, collation="C"), "postgresql")
_SOME = 1000
_NEVER_ANOTHERS = {"sqlite_autoincrement": True}


def upgrade() -> None:
    _ids_that_are_never_anothers()
    _more_columns()
    _sessions()
    _sign_ins()
    _what_can_be_booked()
    _booked()
    _kept_for_the_api()
    _imports()
    _acts()


def _text(name: str, length: int) -> "sa.Column[str]":
    return sa.Column(name, sa.String(length=length), nullable=False)


def _long(name: str) -> "sa.Column[str]":
    return sa.Column(name, sa.Text(), nullable=False)


def _moment(name: str, *, nullable: bool = False) -> "sa.Column[int]":
    return sa.Column(name, _Moment(), nullable=nullable)


def _number(name: str) -> "sa.Column[int]":
    return sa.Column(name, sa.Integer(), nullable=False)


def _yes_or_no(name: str) -> "sa.Column[bool]":
    return sa.Column(name, sa.Boolean(), nullable=False)


def _refers(table: str, name: str, to: str, ondelete: str | None = None) -> sa.ForeignKeyConstraint:
    called = op.f(f"fk_{table}_{name}")
    return sa.ForeignKeyConstraint([name], [f"{to}.id"], name=called, ondelete=ondelete)


def _key(table: str, *names: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*names, name=op.f(f"pk_{table}"))


def _once(table: str, name: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(name, name=op.f(f"uq_{table}_{name}"))


def _index(table: str, *names: str, called: str = "") -> None:
    op.create_index(called or f"ix_{table}_{'_'.join(names)}", table, list(names), unique=False)


def _ids_that_are_never_anothers() -> None:
    """From now on they can be removed, and the trail goes on to name them by their ids."""
    database = op.get_bind()
    if database.dialect.name != "sqlite":
        return
    triggers = sa.text("SELECT sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = :table")
    for table in ("doctors", "rooms", "patients"):
        # A table that is made anew has none of its triggers.
        kept = database.execute(triggers, {"table": table}).scalars().all()
        with op.batch_alter_table(table, recreate="always", table_kwargs=_NEVER_ANOTHERS):
            pass
        for trigger in kept:
            op.execute(trigger)


def _more_columns() -> None:
    for table, name, length in (
        ("patients", "insurance_number", 64),
        ("patients", "held_until", 10),
        ("patients", "held_why", 255),
    ):
        empty = sa.text("''")
        column = sa.Column(name, sa.String(length=length), nullable=False, server_default=empty)
        op.add_column(table, column)
    op.add_column("patients", sa.Column("merged_into", sa.BigInteger(), nullable=True))
    _index("patients", "merged_into")
    _index("patients", "insurance_number")
    scopes = sa.Column("scopes", sa.Text(), nullable=False, server_default=sa.text("''"))
    op.add_column("credentials", scopes)
    op.create_table(
        "patient_keys",
        sa.Column("key", _Key, nullable=False),
        sa.Column("patient_id", _Id, nullable=False),
        _refers("patient_keys", "patient_id", "patients", ondelete="CASCADE"),
        _key("patient_keys", "key", "patient_id"),
    )
    _index("patient_keys", "patient_id")
    _keys_of_those_there()


def _keys_of_those_there() -> None:
    """Give the patients stored before the keys by which they are found."""
    told = ("last_name", "first_name", "birth_date", "email", "phone", "number")
    patients = sa.table("patients", sa.column("id"), *map(sa.column, told))
    keys = sa.table("patient_keys", sa.column("key"), sa.column("patient_id"))
    last = 0
    while (
        rows := op.get_bind()
        .execute(
            sa.select(patients).where(patients.c.id > last).order_by(patients.c.id).limit(_SOME)
        )
        .all()
    ):
        last = rows[-1].id
        records = (
            (row.id, PatientRecord(**{name: getattr(row, name) for name in told})) for row in rows
        )
        made = [{"key": key, "patient_id": i} for i, one in records for key in keys_of(one)]
        op.get_bind().execute(keys.insert(), made)


def _sessions() -> None:
    op.create_table(
        "sessions",
        _text("secret", 64),
        sa.Column("account_id", _Id, nullable=True),
        sa.Column("patient_id", _Id, nullable=True),
        _moment("begun"),
        _moment("used"),
        _refers("sessions", "account_id", "accounts", ondelete="CASCADE"),
        _refers("sessions", "patient_id", "patients", ondelete="CASCADE"),
        _key("sessions", "secret"),
    )
    _index("sessions", "account_id")
    _index("sessions", "patient_id")
    _index("sessions", "begun")


def _sign_ins() -> None:
    op.create_table(
        "sign_ins",
        sa.Column("id", _Id, nullable=False),
        _text("email", 255),
        _text("about", 64),
        _text("network", 64),
        _text("language", 2),
        _moment("asked"),
        _moment("due", nullable=True),
        _number("attempts"),
        _key("sign_ins", "id"),
    )
    _index("sign_ins", "asked")
    _index("sign_ins", "due")
    op.create_table(
        "sign_in_links",
        _text("secret", 64),
        sa.Column("patient_id", _Id, nullable=False),
        _moment("until"),
        _refers("sign_in_links", "patient_id", "patients", ondelete="CASCADE"),
        _key("sign_in_links", "secret"),
    )
    _index("sign_in_links", "patient_id")
    _index("sign_in_links", "until")


def _what_can_be_booked() -> None:
    op.create_table(
        "types",
        sa.Column("id", _Id, nullable=False),
        _text("slug", 64),
        _text("name", 255),
        _text("name_en", 255),
        *map(_number, ("minutes", "min_minutes", "max_minutes")),
        *map(_number, ("buffer_before", "buffer_after", "step")),
        _yes_or_no("online"),
        _yes_or_no("needs_confirmation"),
        _text("specialty", 255),
        _long("rooms"),
        _long("doctors"),
        _text("category", 64),
        _text("color", 32),
        _yes_or_no("active"),
        _key("types", "id"),
        _once("types", "slug"),
        **_NEVER_ANOTHERS,
    )
    op.create_table(
        "categories",
        sa.Column("id", _Id, nullable=False),
        _text("slug", 64),
        _text("name", 255),
        _text("color", 32),
        _key("categories", "id"),
        _once("categories", "slug"),
        **_NEVER_ANOTHERS,
    )
    op.create_table(
        "exceptions",
        sa.Column("id", _Id, nullable=False),
        sa.Column("doctor_id", _Id, nullable=True),
        sa.Column("room_id", _Id, nullable=True),
        _moment("start"),
        _moment("end"),
        _yes_or_no("open"),
        _text("reason", 255),
        _refers("exceptions", "doctor_id", "doctors"),
        _refers("exceptions", "room_id", "rooms"),
        _key("exceptions", "id"),
        **_NEVER_ANOTHERS,
    )
    _index("exceptions", "end")
    op.create_table("preferences", _text("name", 64), _long("value"), _key("preferences", "name"))


def _booked() -> None:
    _index("appointments", "room_id", "start", called="ix_appointments_room")
    _index("appointments", "doctor_id", "start", called="ix_appointments_doctor")
    op.create_table(
        "details",
        sa.Column("appointment_id", _Id, autoincrement=False, nullable=False),
        _text("source", 32),
        sa.Column("type_id", _Id, nullable=True),
        _long("note"),
        _long("patient_note"),
        _long("reason"),
        _text("treatment_plan", 64),
        _long("procedures"),
        _text("visit", 32),
        _text("template_slot", 64),
        _text("booked_by", 255),
        _moment("booked", nullable=True),
        _moment("changed"),
        _text("progress", 16),
        _moment("progressed", nullable=True),
        _moment("cancelled", nullable=True),
        _long("cancel_reason"),
        _yes_or_no("late"),
        _long("override"),
        _refers("details", "appointment_id", "appointments"),
        _refers("details", "type_id", "types"),
        _key("details", "appointment_id"),
    )
    _index("details", "visit")
    op.create_table(
        "holds",
        sa.Column("id", _Id, nullable=False),
        _text("secret", 64),
        sa.Column("doctor_id", _Id, nullable=False),
        sa.Column("room_id", _Id, nullable=True),
        sa.Column("type_id", _Id, nullable=True),
        _moment("start"),
        _moment("end"),
        _moment("until"),
        _text("network", 32),
        _refers("holds", "doctor_id", "doctors"),
        _refers("holds", "room_id", "rooms"),
        _refers("holds", "type_id", "types"),
        _key("holds", "id"),
        _once("holds", "secret"),
        **_NEVER_ANOTHERS,
    )
    _index("holds", "until")


def _kept_for_the_api() -> None:
    op.create_table(
        "answers",
        _text("key", 64),
        _text("fingerprint", 64),
        _number("status"),
        _long("headers"),
        sa.Column("body", sa.LargeBinary(), nullable=False),
        _moment("kept"),
        _key("answers", "key"),
    )
    _index("answers", "kept")
    op.create_table(
        "tasks",
        _text("id", 64),
        _text("kind", 32),
        _text("key", 64),
        _text("state", 16),
        _moment("begun"),
        _moment("ended", nullable=True),
        _moment("due"),
        _long("asked"),
        _long("told"),
        _text("made_by", 255),
        _key("tasks", "id"),
    )
    _index("tasks", "begun")
    _index("tasks", "state", "kind", "key", called="ix_tasks_running")


def _imports() -> None:
    op.create_table(
        "imports",
        sa.Column("id", _Id, nullable=False),
        _text("name", 255),
        _text("source", 64),
        _text("state", 16),
        _moment("made"),
        _text("made_by", 255),
        _moment("applied", nullable=True),
        _text("error", 255),
        _long("told"),
        _key("imports", "id"),
        **_NEVER_ANOTHERS,
    )
    _index("imports", "made")
    op.create_table(
        "import_rows",
        sa.Column("import_id", _Id, nullable=False),
        sa.Column("line", sa.Integer(), autoincrement=False, nullable=False),
        _long("record"),
        _text("verdict", 16),
        sa.Column("patient_id", _Id, nullable=True),
        _long("candidates"),
        _text("decision", 16),
        _text("decided_by", 255),
        sa.Column("before", sa.Text(), nullable=True),
        _refers("import_rows", "import_id", "imports", ondelete="CASCADE"),
        _refers("import_rows", "patient_id", "patients"),
        _key("import_rows", "import_id", "line"),
    )
    _index("import_rows", "patient_id")
    _index("import_rows", "import_id", "verdict", "line", called="ix_import_rows_verdict")
    op.create_table(
        "decisions",
        _text("key", 64),
        sa.Column("patient_id", _Id, nullable=True),
        _moment("decided"),
        _text("decided_by", 255),
        _refers("decisions", "patient_id", "patients"),
        _key("decisions", "key"),
    )
    _index("decisions", "patient_id")


def _acts() -> None:
    op.create_table(
        "acts",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        _moment("time"),
        _text("actor", 255),
        _text("action", 64),
        _text("kind", 32),
        _text("of", 64),
        sa.Column("before", sa.Text(), nullable=True),
        sa.Column("after", sa.Text(), nullable=True),
        _text("before_digest", 64),
        _text("after_digest", 64),
        sa.Column("seal", sa.LargeBinary(length=32), nullable=False),
        _key("acts", "number"),
    )
    _index("acts", "time", "number", called="ix_acts_time")
    _index("acts", "kind", "of", "number", called="ix_acts_of")
    op.create_table(
        "act_head",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("seal", sa.LargeBinary(length=32), nullable=False),
        _key("act_head", "id"),
    )
    head = sa.table("act_head", sa.column("id"), sa.column("number"), sa.column("seal"))
    op.execute(head.insert().values(id=1, number=0, seal=bytes(32)))
    op.create_table(
        "erasures",
        sa.Column("id", _Id, nullable=False),
        _text("number", 64),
        _moment("erased"),
        _text("erased_by", 255),
        _key("erasures", "id"),
    )
    op.create_table(
        "erased_changes",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("seal", sa.LargeBinary(length=32), nullable=False),
        sa.Column("act", sa.BigInteger(), nullable=False),
        _key("erased_changes", "number"),
    )
