"""What of a record is compared, read once. Not: comparing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from practice.matching.birth_dates import Birth, read_birth
from practice.matching.contacts import (
    is_insurance_number,
    read_email,
    read_insurance_number,
    read_phone,
)
from practice.matching.names import Name, PersonName, read_names

if TYPE_CHECKING:
    from practice.patients import PatientRecord

__all__ = ["Reader", "Traits"]


@dataclass(frozen=True, slots=True)
class Traits:
    """A record as it is compared; empty texts where nothing usable was told."""

    name: PersonName
    birth: Birth | None
    phone: str
    email: str
    insurance_number: str
    is_insured: bool  # the insurance number is a right one
    number: str
    booking_id: str

    @property
    def last(self) -> Name:
        """The last name."""
        return self.name.last

    @property
    def first(self) -> Name:
        """The first names."""
        return self.name.first


class Reader:
    """Reads records; what repeats among them, it keeps once. For one list, then let go."""

    def __init__(self) -> None:
        self._names: dict[tuple[str, str], PersonName] = {}
        self._births: dict[str, Birth | None] = {}

    def read(self, record: PatientRecord) -> Traits:
        """Return what of a record is compared. Never raises, whatever the texts are."""
        written = (record.last_name, record.first_name)
        if (name := self._names.get(written)) is None:
            name = self._names[written] = read_names(*written)
        if record.birth_date not in self._births:
            self._births[record.birth_date] = read_birth(record.birth_date)
        insured = read_insurance_number(record.insurance_number)
        return Traits(
            name,
            self._births[record.birth_date],
            read_phone(record.phone),
            read_email(record.email),
            insured,
            is_insurance_number(insured),
            record.number,
            record.booking_system_id or "",
        )
