"""Looking up what the practice offers: by number for its people, by short name for its patients.

Not here: setting it (`practice.use_cases.offers`), or what of it is free
(`practice.use_cases.free_times`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

from practice.errors import OfferNotFound, OnlineClosed
from practice.rules import OnlineOnly, RightSpecialty

if TYPE_CHECKING:
    from collections.abc import Iterable

    from practice.accounts import Doctor, Room
    from practice.appointments import Slot
    from practice.details import Category
    from practice.ports import UnitOfWork
    from practice.schedule import AppointmentType, HoursException

__all__ = [
    "Offer",
    "doctor_named",
    "every_type",
    "exceptions_within",
    "offers_online",
    "refuse_closed",
    "room_named",
    "the_category",
    "the_doctor",
    "the_exception",
    "the_room",
    "the_type",
    "type_online",
]

_One = TypeVar("_One")


@dataclass(frozen=True, slots=True)
class Offer:
    """A type of appointment and the doctors who may have it, by slug."""

    kind: AppointmentType
    doctors: tuple[Doctor, ...]


def offers_online(uow: UnitOfWork) -> list[Offer]:
    """Return what patients may book and with whom, by slug; nothing while they may book nothing."""
    if not uow.house.rules().online:
        return []
    doctors = uow.house.doctors()
    return [
        Offer(kind, tuple(d for d in doctors if RightSpecialty(kind).broken_by(d) is None))
        for kind in uow.house.types()
        if kind.online
    ]


def refuse_closed(uow: UnitOfWork) -> None:
    """Raise OnlineClosed while patients may book nothing themselves."""
    if not uow.house.rules().online:
        raise OnlineClosed("online-closed", "The practice takes no bookings online; please call.")


def type_online(uow: UnitOfWork, slug: str) -> AppointmentType:
    """Return a type that patients may book; raises OfferNotFound or OnlineClosed.

    What is not for them is to them as if it were not there.
    """
    refuse_closed(uow)
    rules = uow.house.rules()
    booked = (kind for kind in uow.house.types() if OnlineOnly(rules).broken_by(kind) is None)
    return _named(booked, slug, "There is no such appointment type to be booked online.")


def doctor_named(uow: UnitOfWork, slug: str) -> Doctor:
    """Return a doctor; raises OfferNotFound."""
    return _named(uow.house.doctors(), slug, "There is no such doctor.")


def room_named(uow: UnitOfWork, slug: str) -> Room:
    """Return a room; raises OfferNotFound."""
    return _named(uow.house.rooms(), slug, "There is no such room.")


def every_type(uow: UnitOfWork) -> list[tuple[AppointmentType, bool]]:
    """Return all types by slug, and of each whether it is booked still."""
    known = [(kind, True) for kind in uow.house.types()]
    known += [(kind, False) for kind in uow.house.retired_types()]
    return sorted(known, key=lambda one: one[0].slug)


def the_type(uow: UnitOfWork, type_id: int) -> tuple[AppointmentType, bool]:
    """Return a type, and whether it is booked still; raises OfferNotFound."""
    for kind, active in every_type(uow):
        if kind.id == type_id:
            return kind, active
    raise OfferNotFound("There is no such appointment type.")


def the_doctor(uow: UnitOfWork, doctor_id: int) -> Doctor:
    """Return a doctor; raises OfferNotFound."""
    return _numbered(uow.house.doctors(), doctor_id, "There is no such doctor.")


def the_room(uow: UnitOfWork, room_id: int) -> Room:
    """Return a room; raises OfferNotFound."""
    return _numbered(uow.house.rooms(), room_id, "There is no such room.")


def the_category(uow: UnitOfWork, category_id: int) -> Category:
    """Return a category; raises OfferNotFound."""
    return _numbered(uow.house.categories(), category_id, "There is no such category.")


def the_exception(uow: UnitOfWork, exception_id: int) -> HoursException:
    """Return other hours than usual; raises OfferNotFound."""
    return _numbered(uow.house.exceptions(), exception_id, "There is no such exception.")


def exceptions_within(uow: UnitOfWork, within: Slot) -> list[HoursException]:
    """Return other hours than usual that take a part of a time, by start."""
    return [one for one in uow.house.exceptions(within.start) if one.span.overlaps(within)]


def _named(known: Iterable[_One], slug: str, sentence: str) -> _One:
    return _found(known, "slug", slug, sentence)


def _numbered(known: Iterable[_One], row_id: int, sentence: str) -> _One:
    return _found(known, "id", row_id, sentence)


def _found(known: Iterable[_One], name: str, wanted: object, sentence: str) -> _One:
    for one in known:
        if getattr(one, name) == wanted:
            return one
    raise OfferNotFound(sentence)
