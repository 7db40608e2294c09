"""Lists of patients given to the practice: the plan of one, its rows, and what a row would change.

Pure. Not here: who a row is about (`practice.matching`), nor how a plan is made and applied
(`practice.use_cases`).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from practice.patients import PatientRecord

if TYPE_CHECKING:
    from collections.abc import Mapping
    from collections.abc import Set as AbstractSet
    from datetime import datetime

    from practice.patients import Patient

__all__ = [
    "FIELDS",
    "KEPT",
    "LEASE",
    "READER_GONE",
    "WORKER_GONE",
    "Candidate",
    "Choice",
    "Difference",
    "Done",
    "Import",
    "ImportRow",
    "ImportState",
    "ListRow",
    "Policy",
    "RowVerdict",
    "Warned",
    "differences",
    "email_differs",
    "taken_over",
    "values_of",
]

#: How long the texts of a list are kept.
KEPT = timedelta(days=30)
#: Whoever reads a list and has not said so for this long is taken for dead.
LEASE = timedelta(minutes=5)
#: What is told then.
READER_GONE = "The server stopped while it was reading the list. Import it again."
WORKER_GONE = "The server stopped before all rows were done. Go on, or take the import back."

#: What a list may tell of a patient, in the order in which people read it.
FIELDS = (
    "last_name",
    "first_name",
    "birth_date",
    "email",
    "phone",
    "insurance",
    "insurance_number",
    "number",
    "booking_system_id",
)
#: Calendars and the booking tool know the patient by these: they are replaced only where somebody
#: says so of this very row.
_NAMES_OF_OTHERS = frozenset({"number", "booking_system_id"})


class ImportState(StrEnum):
    """How far an import has come."""

    READING = "reading"
    PLANNED = "planned"
    APPLYING = "applying"
    APPLIED = "applied"
    UNDOING = "undoing"
    UNDONE = "undone"
    FAILED = "failed"


_AT_WORK = frozenset({ImportState.APPLYING, ImportState.UNDOING})


class RowVerdict(StrEnum):
    """What the plan says of a row."""

    NEW = "new"
    SAME = "same"
    UPDATE = "update"
    ASK = "ask"
    UNREADABLE = "unreadable"


class Choice(StrEnum):
    """What somebody has decided of a row."""

    NONE = ""
    LINK = "link"
    NEW = "new"
    SKIP = "skip"


class Policy(StrEnum):
    """What becomes of values that differ where nobody said so of the row: the practice's stay
    (FILL, which fills in what is empty), or the list's are taken.
    """

    FILL = "fill"
    OVERWRITE = "overwrite"


class Warned(StrEnum):
    """What a person should know of a row."""

    DIFFERENT_EMAIL = "different_email"
    LINKED_OTHERWISE = "linked_otherwise"
    BOOKING_ID_TAKEN = "booking_id_taken"
    TWIN_IS_ASKED = "twin_is_asked"
    TWINS_DIFFER = "twins_differ"


@dataclass(frozen=True, slots=True)
class ListRow:
    """A row as it was read, and its first physical line; `record` is None if it could not be.

    `more` is what else it tells, by names; `doubts` are codes, with a colon and a field behind
    those that are about one.
    """

    line: int
    record: PatientRecord | None
    more: Mapping[str, str] = field(default_factory=dict)
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Candidate:
    """A patient whom a row may be about, how probably (0 to 1), and why: codes, see
    `practice.matching.scoring`.
    """

    patient_id: int
    probability: float
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Done:
    """What the application of a row did to its patient: the values that changed, before and after.

    With `made` the patient is new; `after` is then all of the record.
    """

    made: bool
    before: Mapping[str, str | None]
    after: Mapping[str, str | None]


@dataclass(frozen=True, slots=True)
class ImportRow:
    """A row of a plan. `listed` is None once its texts are erased.

    `patient_id` is whom it is about, as far as that is known; `twin` the line of an earlier row
    about the same person. `take` are the fields whose differing values are to be taken from the
    list; None where nobody said. `done` is None until it is applied.
    """

    line: int
    listed: ListRow | None
    verdict: RowVerdict
    patient_id: int | None = None
    candidates: tuple[Candidate, ...] = ()
    warnings: tuple[str, ...] = ()
    twin: int | None = None
    decision: Choice = Choice.NONE
    take: frozenset[str] | None = None
    decided_by: str = ""
    done: Done | None = None

    @property
    def record(self) -> PatientRecord | None:
        """What the list says of the patient, if that is known and was readable."""
        return self.listed.record if self.listed else None


@dataclass(frozen=True, slots=True)
class Import:
    """A list that was given to the practice. `told` is JSON: how it was read, how far, counts;
    `work` in it is of whoever applies it or takes it back (`practice.use_cases.import_work`).
    """

    name: str
    source: str
    state: ImportState
    made: datetime
    made_by: str
    id: int = 0
    applied: datetime | None = None
    error: str = ""
    told: Mapping[str, Any] = field(default_factory=dict)

    @property
    def is_forgotten(self) -> bool:
        """Tell whether the texts of its rows are gone."""
        return bool(self.told.get("forgotten"))

    def seen_at(self, now: datetime) -> Import:
        """Return how it is now: whoever read it, or worked on it, may have died."""
        seconds = now.timestamp()
        due = self.told.get("due")
        if self.state is ImportState.READING and due is not None and seconds > due:
            return replace(self, state=ImportState.FAILED, error=READER_GONE)
        if self.state in _AT_WORK and seconds > self.told["work"]["due"]:
            return replace(self, state=ImportState.APPLIED, error=WORKER_GONE)
        return self


@dataclass(frozen=True, slots=True)
class Difference:
    """A field of which a list says something else than the practice; `filled` if the practice
    says nothing.
    """

    field: str
    before: str
    after: str

    @property
    def filled(self) -> bool:
        """Tell whether the practice knew nothing."""
        return not self.before


def values_of(record: PatientRecord) -> dict[str, str | None]:
    """Return the values of a record by field."""
    return {name: getattr(record, name) for name in FIELDS}


def differences(patient: PatientRecord, record: PatientRecord) -> tuple[Difference, ...]:
    """Return what a record tells otherwise than the practice knows; what it leaves out is none."""
    found = []
    for name in FIELDS:
        before, after = getattr(patient, name) or "", getattr(record, name) or ""
        if after and before != after and _plain(name, before) != _plain(name, after):
            found.append(Difference(name, before, after))
    return tuple(found)


def email_differs(patient: PatientRecord, record: PatientRecord) -> bool:
    """Tell whether both have an e-mail address, and not the same one."""
    one, other = (_plain("email", of.email) for of in (patient, record))
    return bool(one and other) and one != other


def taken_over(
    patient: Patient,
    record: PatientRecord,
    take: AbstractSet[str] | None = None,
    policy: Policy = Policy.FILL,
    refused: AbstractSet[str] = frozenset(),
) -> Patient:
    """Return a patient as a row leaves it: what was empty is filled in, what differs stays.

    But for the fields in `take`, or where that is None and the policy says so. Nothing of
    `refused` is taken: these values are another patient's.
    """
    values: dict[str, str] = {}
    for one in differences(patient.record, record):
        chosen = one.field in take if take is not None else _overwrites(policy, one.field)
        if (one.filled or chosen) and one.field not in refused:
            values[one.field] = one.after
    if not values:
        return patient
    changed: PatientRecord = replace(patient.record, **values)
    number = values.get("number")
    # Who has the practice's own number was not made from a booking alone.
    review = patient.to_review and number is None
    return replace(patient, record=changed, number=number or patient.number, to_review=review)


def _overwrites(policy: Policy, name: str) -> bool:
    return policy is Policy.OVERWRITE and name not in _NAMES_OF_OTHERS


_GERMANY = re.compile(r"^(?:\+|00)49")


def _plain(name: str, value: str) -> str:
    """Return what two ways to write one value share."""
    if name == "phone":
        packed = _GERMANY.sub("0", re.sub(r"[^\d+]", "", value.replace("(0)", "")))
        return re.sub(r"^0+", "0", packed) or value
    return value.casefold().strip() if name == "email" else " ".join(value.split())
