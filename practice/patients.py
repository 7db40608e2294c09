"""Patients, what a source tells of one, and the verdict whether it is somebody known.

Not here: how likely two records are the same (`practice.matching`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

__all__ = ["PATIENT_NUMBER", "Patient", "PatientRecord", "Verdict", "VerdictKind"]

#: The line of a calendar object that tells of whom it is.
PATIENT_NUMBER = "X-PATIENT-ID"


@dataclass(frozen=True, slots=True)
class PatientRecord:
    """What a booking tool or a list tells of a patient. Empty texts mean "not told"."""

    last_name: str
    first_name: str = ""
    birth_date: str = ""  # ISO date
    email: str = ""
    phone: str = ""
    insurance: str = ""
    number: str = ""
    booking_system_id: str | None = None
    insurance_number: str = ""  # of the health card: a letter and nine digits


@dataclass(frozen=True, slots=True)
class Patient:
    """A patient of the practice. `id` is 0 until stored; `number` is what X-PATIENT-ID shows.

    `to_review` marks one that was made from a booking alone, for a person to look at; `language`
    is "de" or "en", or empty for the practice's; `reminders` is when the patient agreed to them.
    What is known is kept until the ISO date `held_until`, because of `held_why`. `merged_into` is
    the id of the one that this one was found to be.
    """

    number: str
    record: PatientRecord
    id: int = 0
    to_review: bool = False
    language: str = ""
    reminders: datetime | None = None
    held_until: str = ""
    held_why: str = ""
    merged_into: int | None = None


class VerdictKind(StrEnum):
    """What `judge` found."""

    NEW = "new"
    SAME = "same"
    UPDATE = "update"
    AMBIGUOUS = "ambiguous"


@dataclass(frozen=True, slots=True)
class Verdict:
    """The judgement over one record; `patient` is set for SAME and UPDATE."""

    kind: VerdictKind
    patient: Patient | None = None
