"""GDT 2.1: its fields, its kinds of records, its character sets. GDT is how practice software and
devices tell each other of patients: one record a file, one field a line.

Not here: how lines are read or written.
"""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["CHARSETS", "HEADER", "OURS", "PATIENT_KINDS", "Charset", "Id"]


class Id:
    """Fields by their ids."""

    KIND = "8000"
    LENGTH = "8100"
    RECEIVER = "8315"
    SENDER = "8316"
    CHARSET = "9206"
    VERSION = "9218"
    NUMBER = "3000"
    LAST_NAME = "3101"
    FIRST_NAME = "3102"
    BIRTH_DATE = "3103"
    INSURANCE_NUMBER = "3105"
    CARD_NUMBER = "3119"
    TEST = "8402"
    DATE = "6200"
    TIME = "6201"
    COMMENT = "6227"


class Charset(Enum):
    """What 9206 may say, and the encoding that it means."""

    SEVEN_BIT = "1"
    CP437 = "2"
    CP1252 = "3"

    @property
    def encoding(self) -> str:
        """The encoding as Python calls it."""
        return CHARSETS[self.value]


#: Also what later versions write. A record without 9206 is in CP437.
CHARSETS: Mapping[str, str] = {"1": "ascii", "2": "cp437", "3": "cp1252", "4": "iso8859-15"}

#: Patient data sent, and an examination asked for: both tell who the patient is.
PATIENT_KINDS = frozenset({"6301", "6302"})

#: What is of the record, not of the patient.
HEADER = frozenset({Id.KIND, Id.LENGTH, Id.RECEIVER, Id.SENDER, Id.CHARSET, Id.VERSION})

#: Our fields' names, by the ids of a patient's fields.
OURS: Mapping[str, str] = {
    "3000": "number",
    "3100": "name_prefix",
    "3101": "last_name",
    "3102": "first_name",
    "3103": "birth_date",
    "3104": "title",
    "3105": "insurance_number",
    "3106": "city",
    "3107": "street",
    "3108": "insurance",
    "3110": "gender",
    "3112": "postcode",
    "3113": "city",
    "3119": "insurance_number",
    "3618": "mobile",
    "3619": "email",
    "3626": "phone",
}
