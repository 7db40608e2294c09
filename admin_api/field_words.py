"""What is wrong with a field, as a sentence for a person, with an example where there is a form.

Nothing of what was sent is repeated: it may be of a patient. Not here: which values are taken
(`admin_api.shapes`).
"""

from __future__ import annotations

import difflib
import types
import typing
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from admin_api.shapes import EXAMPLES

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pydantic_core import ErrorDetails

__all__ = ["WORDS", "in_words"]

_NUMBER = "must be a whole number, such as 20"
_OBJECT = "must be an object, with its fields by name"
_TRUTH = "must be true or false"
_TIME = "must be a time with its offset from UTC, such as 2027-03-03T09:00:00+01:00"
_DAY = "must be a day, such as 2027-03-03"
#: By what the library calls it; {} is filled from what it tells beside.
WORDS = {
    "missing": "is missing",
    "string_type": "must be a text",
    "string_too_short": "must have at least {min_length} characters",
    "string_too_long": "must have at most {max_length} characters",
    "int_type": _NUMBER,
    "int_parsing": _NUMBER,
    "int_from_float": _NUMBER,
    "bool_type": _TRUTH,
    "bool_parsing": _TRUTH,
    "list_type": "must be a list",
    "dict_type": _OBJECT,
    "model_type": _OBJECT,
    "model_attributes_type": _OBJECT,
    "none_required": "must be null",
    "literal_error": "must be {expected}",
    "enum": "must be {expected}",
    "greater_than_equal": "must be at least {ge}",
    "greater_than": "must be more than {gt}",
    "less_than_equal": "must be at most {le}",
    "less_than": "must be less than {lt}",
    "too_short": "must have at least {min_length} entries",
    "too_long": "must have at most {max_length} entries",
    "datetime_type": _TIME,
    "datetime_parsing": _TIME,
    "datetime_from_date_parsing": _TIME,
    "timezone_aware": _TIME,
    "date_type": _DAY,
    "date_parsing": _DAY,
    "date_from_datetime_parsing": _DAY,
    "date_from_datetime_inexact": _DAY,
}
_FORM = "must have another form; /api/docs says which"


def in_words(fault: ErrorDetails, form: type[BaseModel]) -> str:
    """Return what is wrong, for whoever has filled in a form."""
    kind, context = fault["type"], dict(fault.get("ctx", {}))
    if kind == "extra_forbidden":
        return _unknown(fault["loc"], form)
    if kind == "value_error":
        said = str(context.get("error", ""))
        return _sentence(said or _FORM)
    if kind == "string_pattern_mismatch":
        return _sentence(EXAMPLES.get(str(context.get("pattern")), _FORM))
    words = WORDS.get(kind, _FORM)
    if context.get("min_length") == 1 and kind == "string_too_short":
        words = "must not be empty"
    return _sentence(words.format(**context))


def _sentence(words: str) -> str:
    return f"It {words}." if words.startswith(("must", "is ")) else f"{words.rstrip('.')}."


def _unknown(place: tuple[int | str, ...], form: type[BaseModel]) -> str:
    """Return that there is no such field; the nearest of those that there are."""
    known = list(dict.fromkeys(_names(_within(form, place[:-1]))))
    near = difflib.get_close_matches(str(place[-1])[:64], known, n=1)
    return "There is no field of this name" + (f"; did you mean '{near[0]}'?" if near else ".")


def _names(forms: list[type[BaseModel]]) -> Iterator[str]:
    for form in forms:
        for name, field in form.model_fields.items():
            yield field.alias or name


def _within(form: type[BaseModel], place: tuple[int | str, ...]) -> list[type[BaseModel]]:
    """Return the forms that may stand at a place in a form."""
    found = [form]
    for part in place:
        if isinstance(part, int):
            continue
        inner = [
            field.annotation
            for one in found
            for name, field in one.model_fields.items()
            if part in {name, field.alias}
        ]
        found = [one for annotation in inner for one in _forms_of(annotation)] or found
    return found


def _forms_of(annotation: Any) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    elif isinstance(annotation, types.UnionType) or typing.get_origin(annotation):
        for part in typing.get_args(annotation):
            yield from _forms_of(part)
