"""What the codes in the plan of an import mean, in English. Codes are kept for good."""

from __future__ import annotations

__all__ = ["reason_in_words", "warning_in_words"]

_FIELDS = {
    "last_name": "last name",
    "first_name": "first name",
    "birth_date": "birth date",
    "phone": "telephone number",
    "email": "e-mail address",
    "insurance_number": "insurance number",
    "number": "patient number",
    "booking_id": "id in the booking tool",
}
_LEVELS = {
    "same": "The {} is the same.",
    "spelling": "The {} is the same, spelled in another way.",
    "part": "The {} is a part of the other one, or its short form.",
    "close": "The {} differs by a letter or two, as by a typing mistake.",
    "swapped": "First and last name have changed places.",
    "typo": "The {} differs as by a typing mistake.",
    "year": "The {} differs in its year alone.",
    "other": "The {} is another one.",
}
_ONLY_ASK = {
    "insurance_numbers_differ": "The insurance numbers differ.",
    "numbers_differ": "The patient numbers differ.",
    "generations_differ": "One may be the parent of the other.",
    "first_names_differ": "The first names differ: they may be twins, or of one family.",
    "first_name_missing": "The first name is missing.",
    "last_name_missing": "The last name is missing.",
    "last_names_differ": "The last names differ.",
    "birth_dates_differ": "The birth dates differ.",
    "a_generation_apart": "The birth dates lie a generation apart.",
    "only_the_name": "Nothing but the name agrees, and strangers share names.",
    "another_row_fits_too": "Another row of the list fits this patient as well.",
}
_OTHERS = {
    "decided:before": "Somebody has decided so of the same row before.",
    "twin:same": "Another row of the list about the same person belongs to this patient.",
}
_WARNINGS = {
    "different_email": "List and practice have different e-mail addresses.",
    "linked_otherwise": "The patient is linked with another id of the booking tool.",
    "booking_id_taken": "Another patient is linked with this id of the booking tool.",
    "twin_is_asked": "Another row about the same person waits for a decision.",
    "twins_differ": "Rows about the same person belong to different patients.",
}


def reason_in_words(code: str) -> str:
    """Return what a reason for or against one person means."""
    subject, _, level = code.partition(":")
    if subject == "only_ask":
        return _ONLY_ASK.get(level, "A person has to decide.")
    if code in _OTHERS:
        return _OTHERS[code]
    name = _FIELDS.get(subject, subject.replace("_", " "))
    return _LEVELS.get(level, "The {} was compared.").format(name)


def warning_in_words(code: str) -> str:
    """Return what a warning about a row means."""
    return _WARNINGS.get(code, "There is something to look at.")
