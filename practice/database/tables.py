"""The tables. Only columns here; what may stand in them is said in the records of `practice`.

Times of the index are whole seconds since 1970 (UTC); moments are kept to the microsecond.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    false,
    text,
)

__all__ = ["metadata"]

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
#: SQLite gives out row ids by itself only for a column declared INTEGER.
_Id = BigInteger().with_variant(Integer, "sqlite")


class Moment(TypeDecorator[datetime]):
    """An aware datetime, stored as microseconds since 1970: the same on every database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> int | None:  # noqa: ARG002
        """Turn an aware datetime into microseconds."""
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    def process_result_value(self, value: int | None, dialect: Any) -> datetime | None:  # noqa: ARG002
        """Turn microseconds into an aware datetime in UTC."""
        return None if value is None else _EPOCH + timedelta(microseconds=value)


#: One row: the counter whose lock serialises writers, and the head of the log's chain of seals.
house = Table(
    "house",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
    Column("forgotten", BigInteger, nullable=False),
    Column("epoch", String(32), nullable=False),
    Column("seal", LargeBinary(32), nullable=False),
    # That of the last change forgotten: what the first one left is sealed after.
    Column("forgotten_seal", LargeBinary(32), nullable=True),
    # The key of what views of less detail show in place of names and UIDs (`practice.disguise`).
    Column("secret", LargeBinary(32), nullable=True),
    # Drawn anew, by triggers, whenever something changes that answers tell and the log does not:
    # accounts, credentials, grants, what clients set for themselves (see `practice.footing`).
    Column("outside", BigInteger, nullable=False, server_default="0"),
)

doctors = Table(
    "doctors",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("slug", String(64), nullable=False, unique=True),
    Column("name", String(255), nullable=False),
    Column("specialty", String(255), nullable=False, default=""),
    Column("hours", Text, nullable=False),
    sqlite_autoincrement=True,  # an id, once given out, is never another's
)

rooms = Table(
    "rooms",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("slug", String(64), nullable=False, unique=True),
    Column("name", String(255), nullable=False),
    sqlite_autoincrement=True,  # an id, once given out, is never another's
)

calendars = Table(
    "calendars",
    metadata,
    Column("id", _Id, primary_key=True),
    # SQLite does not look at the length, and could change it only by copying the table.
    Column("name", String(255).with_variant(String(64), "sqlite"), nullable=False, unique=True),
    Column("kind", String(16), nullable=False),
    Column("doctor_id", ForeignKey("doctors.id"), nullable=True),
    Column("number", BigInteger, nullable=False),
    # The start of the seal of that change: tells two histories of one number apart.
    Column("mark", String(16), nullable=False),
    Column("changed", Moment, nullable=False),
    Column("components", String(255), nullable=False),
    Column("properties", Text, nullable=False),
    sqlite_autoincrement=True,  # an id, once given out, is never another's
)

objects = Table(
    "objects",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("calendar_id", ForeignKey("calendars.id"), nullable=False),
    Column("href", String(255), nullable=False),
    Column("uid", String(1000), nullable=False),
    Column("component", String(16), nullable=False),
    Column("etag", String(64), nullable=False),
    Column("size", Integer, nullable=False),
    Column("number", BigInteger, nullable=False),
    Column("owner_id", BigInteger, nullable=False),
    Column("changed", Moment, nullable=False),
    # Set for an endless series only: between which seconds its occurrences are listed.
    Column("covered_from", BigInteger, nullable=True),
    Column("covered_until", BigInteger, nullable=True),
    Column("text", Text, nullable=False),
    # What stands for the name in views of less detail.
    Column("alias", String(32), nullable=True, index=True),
    UniqueConstraint("calendar_id", "href"),
    UniqueConstraint("calendar_id", "uid"),
    Index("ix_objects_uid", "uid"),
    # What changed last, a page at a time.
    Index("ix_objects_number", "calendar_id", "number"),
)
Index(
    "ix_objects_endless",
    objects.c.calendar_id,
    objects.c.covered_until,
    postgresql_where=objects.c.covered_until.is_not(None),
    sqlite_where=objects.c.covered_until.is_not(None),
)

#: The time index. `reach` classes occurrences by length, so that those overlapping a range of
#: time are found between two bounds of `start` and not by walking the past (see SqlFinding).
occurrences = Table(
    "occurrences",
    metadata,
    Column("object_id", ForeignKey("objects.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("calendar_id", BigInteger, nullable=False),
    Column("reach", SmallInteger, nullable=False),
    Column("start", BigInteger, nullable=False),
    Column("end", BigInteger, nullable=False),
    Column("busy", SmallInteger, nullable=False),
    Index("ix_occurrences_time", "calendar_id", "reach", "start", "end", "object_id", "busy"),
)

#: The one log.
changes = Table(
    "changes",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("time", Moment, nullable=False),
    Column("actor", String(255), nullable=False),
    Column("calendar_id", BigInteger, nullable=False),
    Column("href", String(255), nullable=False),
    Column("uid", String(1000), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("owner_id", BigInteger, nullable=False),
    Column("before", Text, nullable=True),
    Column("after", Text, nullable=True),
    Column("seal", LargeBinary(32), nullable=False),
    Index("ix_changes_calendar", "calendar_id", "number"),
    Index("ix_changes_time", "time", "number"),
)

#: Properties that clients set on single objects; values are XML (see `practice.properties`).
object_properties = Table(
    "object_properties",
    metadata,
    Column("object_id", ForeignKey("objects.id", ondelete="CASCADE"), primary_key=True),
    Column("name", String(512), primary_key=True),
    Column("value", Text, nullable=False),
)

patients = Table(
    "patients",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("number", String(64), nullable=False, unique=True),
    Column("last_name", String(255), nullable=False),
    Column("first_name", String(255), nullable=False),
    Column("birth_date", String(10), nullable=False),
    Column("email", String(255), nullable=False),
    Column("phone", String(64), nullable=False),
    Column("insurance", String(32), nullable=False),
    Column("booking_system_id", String(255), nullable=True, index=True),
    # What two spellings of one name and birth date share, for finding a patient again.
    Column("match_key", String(512), nullable=False, index=True),
    Column("to_review", Boolean, nullable=False),
    # That of letters; empty: the practice's.
    Column("language", String(8), nullable=False, server_default=text("''")),
    # When the patient agreed to be reminded.
    Column("reminders", Moment, nullable=True),
    Column("insurance_number", String(64), nullable=False, index=True, server_default=text("''")),
    # The ISO date until which the law has the practice keep what it knows, and which law.
    Column("held_until", String(10), nullable=False, server_default=text("''")),
    Column("held_why", String(255), nullable=False, server_default=text("''")),
    # Whom somebody found this one to be: appointments and bookings are that one's.
    Column("merged_into", BigInteger, nullable=True, index=True),
    sqlite_autoincrement=True,  # an id, once given out, is never another's
)

#: By what a patient is looked for: words of the name, how they sound, birth date, phone, e-mail
#: (see `practice.lookup`). Keys that begin alike stand together on every database.
patient_keys = Table(
    "patient_keys",
    metadata,
    Column(
        "key",
        String(80).with_variant(String(80, collation="C"), "postgresql"),
        primary_key=True,
    ),
    Column("patient_id", ForeignKey("patients.id", ondelete="CASCADE"), primary_key=True),
    Index("ix_patient_keys_patient_id", "patient_id"),
)

appointments = Table(
    "appointments",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("uid", String(1000), nullable=False, unique=True),
    Column("calendar_id", BigInteger, nullable=False),
    Column("doctor_id", ForeignKey("doctors.id"), nullable=True),
    Column("room_id", ForeignKey("rooms.id"), nullable=True),
    Column("patient_id", ForeignKey("patients.id"), nullable=True),
    Column("start", Moment, nullable=False),
    Column("end", Moment, nullable=False),
    Column("status", String(16), nullable=False),
    Column("kind", String(255), nullable=True),
    Column("insurance", String(255), nullable=True),
    Column("requires_confirmation", Boolean, nullable=False),
    Column("booking_source", String(255), nullable=True),
    Column("booking_id", String(255), nullable=True),
    # The booking as last taken over: the common base that both sides are compared with.
    Column("booking_base", Text, nullable=True),
    UniqueConstraint("booking_source", "booking_id"),
    Index("ix_appointments_source_start", "booking_source", "start"),
    Index("ix_appointments_start", "start"),
    Index("ix_appointments_room", "room_id", "start"),
    Index("ix_appointments_doctor", "doctor_id", "start"),
    Index("ix_appointments_patient", "patient_id", "start"),
    Index("ix_appointments_calendar", "calendar_id", "start"),
    Index("ix_appointments_status", "status", "start"),
)

accounts = Table(
    "accounts",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("name", String(64), nullable=False, unique=True),
    Column("role", String(16), nullable=False),
    Column("doctor_id", ForeignKey("doctors.id"), nullable=True),
    Column("display_name", String(255), nullable=False),
    Column("email", String(255), nullable=False),
    Column("disabled", Boolean, nullable=False),
    Column("everywhere", SmallInteger, nullable=False),
    Column("may_import", Boolean, nullable=False, server_default=false()),
    sqlite_autoincrement=True,  # an id, once given out, is never another's
)

#: Passwords, app passwords and tokens. Nothing that is shown can be read back from here.
credentials = Table(
    "credentials",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("account_id", ForeignKey("accounts.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("kind", String(16), nullable=False),
    Column("label", String(255), nullable=False),
    Column("secret", String(255), nullable=False, index=True),
    Column("created", Moment, nullable=False),
    # What a token is for, in words apart by spaces; empty: all that its account may do.
    Column("scopes", Text, nullable=False, server_default=text("''")),
    sqlite_autoincrement=True,  # an id, once given out, is never another's
)

#: When each was last used. Not beside them: whatever changes there ends all answers that are
#: remembered.
credential_uses = Table(
    "credential_uses",
    metadata,
    Column(
        "credential_id",
        ForeignKey("credentials.id", ondelete="CASCADE"),
        primary_key=True,
        autoincrement=False,
        nullable=False,
    ),
    Column("used", Moment, nullable=False),
)

grants = Table(
    "grants",
    metadata,
    Column(
        "account_id",
        ForeignKey("accounts.id", ondelete="CASCADE"),
        primary_key=True,
        nullable=False,
    ),
    Column(
        "calendar_id",
        ForeignKey("calendars.id", ondelete="CASCADE"),
        primary_key=True,
        nullable=False,
    ),
    Column("level", SmallInteger, nullable=False),
)

#: What one account has set for itself alone: of a calendar (its colour, its place in the list), or,
#: with the calendar id 0, of its own principal.
account_properties = Table(
    "account_properties",
    metadata,
    Column("account_id", ForeignKey("accounts.id", ondelete="CASCADE"), primary_key=True),
    Column("calendar_id", BigInteger, primary_key=True, autoincrement=False),
    Column("name", String(512), primary_key=True),
    Column("value", Text, nullable=False),
)

#: Secret addresses under which a calendar is read as a file. The secret stands here as a digest.
feeds = Table(
    "feeds",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("calendar_id", ForeignKey("calendars.id", ondelete="CASCADE"), nullable=False),
    Column("level", SmallInteger, nullable=False),
    Column("label", String(255), nullable=False),
    Column("secret", String(64), nullable=False, unique=True),
    Column("created", Moment, nullable=False),
    sqlite_autoincrement=True,  # an id, once given out, is never another's
)

#: Failed log-ins of the last minutes. Names and networks stand here as digests: an attacker's
#: guesses are no reason to keep what people mistype.
failures = Table(
    "failures",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("account", String(32), nullable=False),
    Column("network", String(32), nullable=False),
    Column("time", Moment, nullable=False, index=True),
    Index("ix_failures_account", "account", "time"),
    Index("ix_failures_network", "network", "time"),
)

#: The outbox. Ids and times only: the text is made when the letter is sent.
letters = Table(
    "letters",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("number", BigInteger, nullable=False),
    Column("posted", Moment, nullable=False),
    Column("to", String(32), nullable=False),
    Column("message", String(64), nullable=False),
    Column("appointment_id", ForeignKey("appointments.id"), nullable=False),
    Column("state", String(16), nullable=False),
    # The appointment as the receiver knows it, when the first unsent letter was posted.
    Column("before", Text, nullable=False),
    # When it is tried next; while it is sent, when that is taken for failed.
    Column("due", Moment, nullable=False, server_default="0"),
    Column("attempts", Integer, nullable=False, server_default="0"),
    Column("error", String(255), nullable=False, server_default=text("''")),
    Column("settled", Moment, nullable=True),
    Index("ix_letters_due", "state", "to", "due"),
    Index("ix_letters_appointment", "appointment_id", "state"),
)

#: Which appointments their patients were reminded of, at the time that they had then.
reminders = Table(
    "reminders",
    metadata,
    Column("appointment_id", ForeignKey("appointments.id"), primary_key=True, autoincrement=False),
    Column("start", Moment, primary_key=True, autoincrement=False),
)

#: How the booking tools were last asked.
sources = Table(
    "sources",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("attempted", Moment, nullable=True),
    Column("succeeded", Moment, nullable=True),
    Column("error", String(255), nullable=False),
    Column("counts", Text, nullable=False),
    Column("since", Moment, nullable=False),
    Column("warned", Moment, nullable=True),
)

#: Webhooks as they came, until they are worked off. Bodies tell of patients: they are not kept
#: longer than somebody may have to look into them again.
receipts = Table(
    "receipts",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("source", String(64), nullable=False),
    Column("key", String(64), nullable=False),
    Column("received", Moment, nullable=False, index=True),
    Column("headers", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("state", String(16), nullable=False),
    Column("due", Moment, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("reason", String(255), nullable=False),
    UniqueConstraint("source", "key"),
    Index("ix_receipts_due", "state", "due"),
)

#: What practice and tool do not agree on. Times and names of doctors and rooms; no patients.
conflicts = Table(
    "conflicts",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("appointment_id", ForeignKey("appointments.id"), nullable=False, index=True),
    Column("source", String(64), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("noted", Moment, nullable=False),
    Column("ours", Text, nullable=False),
    Column("theirs", Text, nullable=True),
    Column("state", String(16), nullable=False, index=True),
    Column("resolved", Moment, nullable=True),
    Column("resolved_by", String(255), nullable=False),
)

#: When what is done again and again was last begun, by whichever process.
jobs = Table(
    "jobs",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("begun", Moment, nullable=False),
)

#: Who is signed in to pages. The secret of the cookie stands here as a digest.
sessions = Table(
    "sessions",
    metadata,
    Column("secret", String(64), primary_key=True),
    Column("account_id", ForeignKey("accounts.id", ondelete="CASCADE"), nullable=True, index=True),
    Column("patient_id", ForeignKey("patients.id", ondelete="CASCADE"), nullable=True, index=True),
    Column("begun", Moment, nullable=False, index=True),
    Column("used", Moment, nullable=False),
    # Where it was begun from, for whoever it belongs to.
    Column("network", String(64), nullable=False, server_default=text("''")),
    # How somebody signed in (`practice.sessions.Way`).
    Column("way", String(16), nullable=False, server_default=text("''")),
)

#: Patients who asked for a link to sign in. The address stands here until the e-mail is sent; what
#: is left for an hour are digests, by which it is counted how often somebody asks.
sign_ins = Table(
    "sign_ins",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("email", String(255), nullable=False),
    Column("about", String(64), nullable=False),
    Column("network", String(64), nullable=False),
    Column("language", String(2), nullable=False),
    Column("asked", Moment, nullable=False, index=True),
    # None: nothing is sent, or not any more.
    Column("due", Moment, nullable=True, index=True),
    Column("attempts", Integer, nullable=False),
)

#: The links that were sent to patients. The secret stands here as a digest.
sign_in_links = Table(
    "sign_in_links",
    metadata,
    Column("secret", String(64), primary_key=True),
    Column("patient_id", ForeignKey("patients.id", ondelete="CASCADE"), nullable=False, index=True),
    Column("until", Moment, nullable=False, index=True),
)

#: What patients booked themselves, to count by: addresses and networks are digests, and networks
#: stay for a day.
self_bookings = Table(
    "self_bookings",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("about", String(64), nullable=False, index=True),
    Column("network", String(64), nullable=False),
    Column("booked", Moment, nullable=False, index=True),
    Column("appointment_id", ForeignKey("appointments.id"), nullable=False, index=True),
    Index("ix_self_bookings_network", "network", "booked"),
)

#: What can be booked.
types = Table(
    "types",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("slug", String(64), nullable=False, unique=True),
    Column("name", String(255), nullable=False),
    Column("name_en", String(255), nullable=False),
    # Minutes, all of them.
    Column("minutes", Integer, nullable=False),
    Column("min_minutes", Integer, nullable=False),
    Column("max_minutes", Integer, nullable=False),
    Column("buffer_before", Integer, nullable=False),
    Column("buffer_after", Integer, nullable=False),
    Column("step", Integer, nullable=False),
    Column("online", Boolean, nullable=False),
    Column("needs_confirmation", Boolean, nullable=False),
    Column("specialty", String(255), nullable=False),
    # JSON: the slugs of the rooms and of the doctors that will do.
    Column("rooms", Text, nullable=False),
    Column("doctors", Text, nullable=False),
    Column("category", String(64), nullable=False),
    Column("color", String(32), nullable=False),
    Column("active", Boolean, nullable=False),
    sqlite_autoincrement=True,  # an id, once given out, is never another's
)

#: What appointments are grouped by, and how that looks.
categories = Table(
    "categories",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("slug", String(64), nullable=False, unique=True),
    Column("name", String(255), nullable=False),
    Column("color", String(32), nullable=False),
    sqlite_autoincrement=True,  # an id, once given out, is never another's
)

#: Times at which a doctor, a room or (neither) the practice works otherwise than usual.
exceptions = Table(
    "exceptions",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("doctor_id", ForeignKey("doctors.id"), nullable=True),
    Column("room_id", ForeignKey("rooms.id"), nullable=True),
    Column("start", Moment, nullable=False),
    Column("end", Moment, nullable=False, index=True),
    Column("open", Boolean, nullable=False),
    Column("reason", String(255), nullable=False),
    sqlite_autoincrement=True,  # an id, once given out, is never another's
)

#: The rules of booking, as the practice has set them: JSON, by name.
preferences = Table(
    "preferences",
    metadata,
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
)

#: What only the practice knows of an appointment, and no calendar shows.
details = Table(
    "details",
    metadata,
    Column("appointment_id", ForeignKey("appointments.id"), primary_key=True, autoincrement=False),
    Column("source", String(32), nullable=False),
    Column("type_id", ForeignKey("types.id"), nullable=True),
    Column("note", Text, nullable=False),
    Column("patient_note", Text, nullable=False),
    Column("reason", Text, nullable=False),
    Column("treatment_plan", String(64), nullable=False),
    Column("procedures", Text, nullable=False),  # JSON: their names
    Column("visit", String(32), nullable=False),
    Column("template_slot", String(64), nullable=False),
    Column("booked_by", String(255), nullable=False),
    # None: it came from a calendar or a booking tool, and nobody noted when.
    Column("booked", Moment, nullable=True),
    Column("changed", Moment, nullable=False),
    # Where the patient is: arrived, in treatment, done, or not there.
    Column("progress", String(16), nullable=False),
    Column("progressed", Moment, nullable=True),
    Column("cancelled", Moment, nullable=True),
    Column("cancel_reason", Text, nullable=False),
    Column("late", Boolean, nullable=False),
    # Why somebody booked over what was there already.
    Column("override", Text, nullable=False),
    Index("ix_details_visit", "visit"),
    Index("ix_details_treatment_plan", "treatment_plan"),
)

#: Slots kept for somebody who is filling in a form. The secret stands here as a digest.
holds = Table(
    "holds",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("secret", String(64), nullable=False, unique=True),
    Column("doctor_id", ForeignKey("doctors.id"), nullable=False),
    Column("room_id", ForeignKey("rooms.id"), nullable=True),
    Column("type_id", ForeignKey("types.id"), nullable=True),
    Column("start", Moment, nullable=False),
    Column("end", Moment, nullable=False),
    Column("until", Moment, nullable=False, index=True),
    Column("network", String(32), nullable=False),
    sqlite_autoincrement=True,  # an id, once given out, is never another's
)

#: What was answered to a request with an Idempotency-Key, for a day.
answers = Table(
    "answers",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("fingerprint", String(64), nullable=False),
    Column("status", Integer, nullable=False),
    Column("headers", Text, nullable=False),
    Column("body", LargeBinary, nullable=False),
    Column("kept", Moment, nullable=False, index=True),
)

#: What takes longer than a request: JSON of what was asked and of how far it is.
tasks = Table(
    "tasks",
    metadata,
    Column("id", String(64), primary_key=True),
    Column("kind", String(32), nullable=False),
    # Of one kind and key, one runs at a time.
    Column("key", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("begun", Moment, nullable=False, index=True),
    Column("ended", Moment, nullable=True),
    # Who has not renewed it by then is taken for dead.
    Column("due", Moment, nullable=False),
    Column("asked", Text, nullable=False),
    Column("told", Text, nullable=False),
    Column("made_by", String(255), nullable=False),
    Index("ix_tasks_running", "state", "kind", "key"),
)

#: Lists of patients that were given to the practice, from the plan to its application.
imports = Table(
    "imports",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("name", String(255), nullable=False),
    Column("source", String(64), nullable=False),
    Column("state", String(16), nullable=False),
    Column("made", Moment, nullable=False, index=True),
    Column("made_by", String(255), nullable=False),
    Column("applied", Moment, nullable=True),
    Column("error", String(255), nullable=False),
    Column("told", Text, nullable=False),  # JSON: how the file was read, and counts
    sqlite_autoincrement=True,  # an id, once given out, is never another's
)

import_rows = Table(
    "import_rows",
    metadata,
    Column("import_id", ForeignKey("imports.id", ondelete="CASCADE"), primary_key=True),
    Column("line", Integer, primary_key=True, autoincrement=False),
    # What the file says, as JSON; empty once the import is forgotten or the patient erased.
    Column("record", Text, nullable=False),
    Column("verdict", String(16), nullable=False),
    Column("patient_id", ForeignKey("patients.id"), nullable=True, index=True),
    # JSON: who it may be, how likely and why.
    Column("candidates", Text, nullable=False),
    Column("decision", String(16), nullable=False),
    Column("decided_by", String(255), nullable=False),
    # The patient as it was before, as JSON, for taking the import back.
    Column("before", Text, nullable=True),
    Index("ix_import_rows_verdict", "import_id", "verdict", "line"),
)

#: What somebody has decided of a doubtful row: the same row is not asked about again.
decisions = Table(
    "decisions",
    metadata,
    Column("key", String(64), primary_key=True),
    Column("patient_id", ForeignKey("patients.id"), nullable=True, index=True),
    Column("decided", Moment, nullable=False),
    Column("decided_by", String(255), nullable=False),
)

#: Who did what with patients, appointments, accounts and settings: a chain of seals of its own.
acts = Table(
    "acts",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("time", Moment, nullable=False),
    Column("actor", String(255), nullable=False),
    Column("action", String(64), nullable=False),
    Column("kind", String(32), nullable=False),
    Column("of", String(64), nullable=False),
    # JSON; None: there was nothing, or it was erased.
    Column("before", Text, nullable=True),
    Column("after", Text, nullable=True),
    # Seals are made of these digests, and stay right when the texts are erased.
    Column("before_digest", String(64), nullable=False),
    Column("after_digest", String(64), nullable=False),
    Column("seal", LargeBinary(32), nullable=False),
    Index("ix_acts_of", "kind", "of", "number"),
    Index("ix_acts_time", "time", "number"),
)

#: One row: the last number and seal of the acts.
act_head = Table(
    "act_head",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("number", BigInteger, nullable=False),
    Column("seal", LargeBinary(32), nullable=False),
)

#: Whom the practice has erased, by number: to be erased again after an older backup came back.
erasures = Table(
    "erasures",
    metadata,
    Column("id", _Id, primary_key=True),
    Column("number", String(64), nullable=False),
    Column("erased", Moment, nullable=False),
    Column("erased_by", String(255), nullable=False),
)

#: Which rows of the log had their texts erased; `seal` is that of the row.
erased_changes = Table(
    "erased_changes",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("seal", LargeBinary(32), nullable=False),
    Column("act", BigInteger, nullable=False),
)
