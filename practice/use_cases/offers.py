"""What the practice offers, as its people set it: types, categories, other hours, rules.

Each change is noted among the acts. What appointments to come need is not removed; a type is never
removed but retired, since what was booked goes on naming it. Not here: doctors and rooms
(`practice.use_cases.doctors_and_rooms`), nor looking any of it up (`practice.use_cases.offered`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from practice.acts import Kind
from practice.appointments import Status
from practice.details import Category, Question
from practice.errors import Invalid, OfferNotFound, StillNeeded
from practice.schedule import AppointmentType, BookingRules, HoursException
from practice.schedule.holidays import closed_days
from practice.use_cases.entered import entered
from practice.use_cases.setting_acts import note_act, there

if TYPE_CHECKING:
    from collections.abc import Iterable

    from practice.ports import UnitOfWork

__all__ = [
    "bring_back_type",
    "remove_category",
    "remove_exception",
    "retire_type",
    "save_category",
    "save_exception",
    "save_rules",
    "save_type",
]

#: Minutes: nothing that is booked by the minute takes longer than a day, buffers included.
_LONGEST = 24 * 60
#: Bounds of the rules, since a number is easily typed twice.
_MOST = {
    "lead_minutes": 60 * 24 * 90,
    "window_days": 400,
    "late_cancel_hours": 24 * 90,
    "hold_minutes": 60,
}


def save_type(uow: UnitOfWork, kind: AppointmentType) -> AppointmentType:
    """Store an appointment type, new (id 0) or changed; a retired one stays so.

    Raises Invalid, NameTaken, InvalidName, or OfferNotFound for an id that is not there.
    """
    kind = replace(
        kind,
        name=entered("name", kind.name, 255, needed=True),
        name_en=entered("English name", kind.name_en, 255),
        specialty=entered("specialty", kind.specialty, 255),
        color=_color(kind.color),
    )
    if kind.max_minutes + kind.buffer_before + kind.buffer_after > _LONGEST:
        raise Invalid(f"An appointment takes {_LONGEST} minutes at most, buffers included.")
    _known("room", kind.rooms, (room.slug for room in uow.house.rooms()))
    _known("doctor", kind.doctors, (doctor.slug for doctor in uow.house.doctors()))
    if kind.category:
        _known("category", (kind.category,), (c.slug for c in uow.house.categories()))
    active = {known.id: known for known in uow.house.types()}
    retired = {known.id: known for known in uow.house.retired_types()}
    before = there(kind.id, active | retired)
    if before is not None and before.slug != kind.slug:
        raise Invalid("The short name of a type stays: calendars name it.")
    saved = uow.house.save_type(kind, active=kind.id not in retired)
    note_act(uow, Kind.TYPE, saved.id, before, saved)
    return saved


def retire_type(uow: UnitOfWork, type_id: int) -> None:
    """Have a type booked no more; appointments that have it keep it. Raises OfferNotFound."""
    kind = there(type_id, {known.id: known for known in uow.house.types()})
    if kind is None:
        raise OfferNotFound("There is no such appointment type.")
    uow.house.save_type(kind, active=False)
    uow.acts.note("retired", Kind.TYPE, type_id)


def bring_back_type(uow: UnitOfWork, type_id: int) -> None:
    """Have a retired type booked again; raises OfferNotFound."""
    kind = there(type_id, {known.id: known for known in uow.house.retired_types()})
    if kind is None:
        raise OfferNotFound("There is no such appointment type.")
    uow.house.save_type(kind, active=True)
    uow.acts.note("brought back", Kind.TYPE, type_id)


def save_category(uow: UnitOfWork, category: Category) -> Category:
    """Store a category, new (id 0) or changed; raises as `save_type` does."""
    name = entered("name", category.name, 255, needed=True)
    category = replace(category, name=name, color=_color(category.color))
    before = there(category.id, {known.id: known for known in uow.house.categories()})
    used = any(before and kind.category == before.slug for kind in uow.house.types())
    if before is not None and used and before.slug != category.slug:
        raise StillNeeded("Appointment types name this category by its short name.")
    saved = uow.house.save_category(category)
    note_act(uow, Kind.CATEGORY, saved.id, before, saved)
    return saved


def remove_category(uow: UnitOfWork, category_id: int) -> None:
    """Remove a category; raises OfferNotFound, or StillNeeded if a type has it."""
    before = there(category_id, {known.id: known for known in uow.house.categories()})
    if before is None:
        raise OfferNotFound("There is no such category.")
    if any(kind.category == before.slug for kind in uow.house.types()):
        raise StillNeeded("Appointment types have this category.")
    uow.house.remove_category(category_id)
    note_act(uow, Kind.CATEGORY, category_id, before, None)


def save_exception(uow: UnitOfWork, exception: HoursException) -> HoursException:
    """Store other hours than usual, new (id 0) or changed; raises Invalid or OfferNotFound.

    Appointments that are then already stay: whoever closes the practice looks for them.
    """
    if exception.doctor_id is not None:
        _refuse_unknown(exception.doctor_id, (doctor.id for doctor in uow.house.doctors()))
    if exception.room_id is not None:
        _refuse_unknown(exception.room_id, (room.id for room in uow.house.rooms()))
    exception = replace(exception, reason=entered("reason", exception.reason, 255))
    before = there(exception.id, {known.id: known for known in uow.house.exceptions()})
    saved = uow.house.save_exception(exception)
    note_act(uow, Kind.EXCEPTION, saved.id, before, saved)
    return saved


def remove_exception(uow: UnitOfWork, exception_id: int) -> None:
    """Remove other hours; raises OfferNotFound, or StillNeeded for extra hours in which there are
    appointments to come.
    """
    before = there(exception_id, {known.id: known for known in uow.house.exceptions()})
    if before is None:
        raise OfferNotFound("There is no such exception.")
    if before.open and before.span.end > uow.now and _is_used(uow, before):
        raise StillNeeded("There are appointments in these hours.")
    uow.house.remove_exception(exception_id)
    note_act(uow, Kind.EXCEPTION, exception_id, before, None)


def save_rules(uow: UnitOfWork, rules: BookingRules) -> None:
    """Set the rules of booking; raises Invalid."""
    for name, most in _MOST.items():
        if getattr(rules, name) > most:
            raise Invalid(f"'{name}' is at most {most}.")
    if not rules.hold_minutes:
        raise Invalid("'hold_minutes' is at least 1.")
    closed_days(rules.land, uow.now.year)  # raises for a Land that there is not
    before = uow.house.rules()
    uow.house.save_rules(rules)
    note_act(uow, Kind.RULES, "booking", before, rules)


def _is_used(uow: UnitOfWork, exception: HoursException) -> bool:
    since = max(exception.span.start, uow.now)
    asked = Question(since, exception.span.end, exception.doctor_id)
    wanted = (replace(asked, status=one) for one in (Status.TENTATIVE, Status.CONFIRMED))
    return any(uow.details.search(one, None, 1) for one in wanted)


def _refuse_unknown(row_id: int, known: Iterable[int]) -> None:
    if row_id not in set(known):
        raise OfferNotFound("There is no such doctor or room.")


def _known(what: str, slugs: Iterable[str], known: Iterable[str]) -> None:
    there = set(known)
    for slug in slugs:
        if slug not in there:
            raise Invalid(f"The practice has no {what} '{slug}'.")


def _color(text: str) -> str:
    """Return a CSS3 colour name as calendars take it (RFC 7986 5.9)."""
    color = entered("colour", text, 32).lower()
    if color and not (color.isascii() and color.isalpha()):
        raise Invalid("A colour is told by its name, such as 'teal'.")
    return color
