"""What visitors of the practice's website do: see what is free, keep a slot, book it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from admin_api.endpoint import Call, Endpoint, Nothing
from admin_api.patient_calendars import calendar_file, invitation
from admin_api.portal_shapes import (
    BookingForm,
    BookingShown,
    DoctorOffered,
    HoldOfMine,
    HoldShown,
    HoldWanted,
    OwnBooking,
    SlotOffered,
    SlotsOffered,
    SlotsWanted,
    TypeOffered,
    TypesOffered,
)
from practice.access import PEOPLE
from practice.appointments import Status
from practice.errors import Invalid
from practice.scopes import Scope
from practice.use_cases.crowds import by_visitor
from practice.use_cases.entered import days_from
from practice.use_cases.holding import MOST_HOLDS, MOST_OF_A_WEBSITE, Wish, hold, kept, release
from practice.use_cases.offered import (
    doctor_named,
    offers_online,
    refuse_closed,
    room_named,
    type_online,
)
from practice.use_cases.portal import SelfBooking, portal_slots, self_book
from practice.use_cases.who_books import Person

if TYPE_CHECKING:
    from practice.schedule import FreeSlot
    from practice.use_cases.crowds import Asking
    from practice.use_cases.offered import Offer
    from practice.use_cases.portal import Reservation

__all__ = ["ENDPOINTS", "booking_shown", "wanted_of"]

#: Days that are looked at where nobody says how many.
_USUAL_DAYS = 14


def list_types_online(call: Call[Nothing, None]) -> TypesOffered:
    """Return what can be booked online."""
    online = call.uow.house.rules().online
    return TypesOffered(online=online, items=[_offered(one) for one in offers_online(call.uow)])


def list_slots_online(call: Call[SlotsWanted, None]) -> SlotsOffered:
    """Return the slots that are free."""
    query, uow, profile = call.query, call.uow, call.services.profile
    kind = type_online(uow, query.type)
    doctors = () if query.doctor is None else (doctor_named(uow, query.doctor).id,)
    first = query.first or call.now.astimezone(profile.zone).date()
    within = days_from(first, query.until or first + timedelta(days=_USUAL_DAYS - 1), profile.zone)
    found = portal_slots(uow, kind.id, within, profile, doctor_ids=doctors, limit=query.limit + 1)
    return SlotsOffered(items=_free(call, found[: query.limit]), more=len(found) > query.limit)


def hold_slot(call: Call[Nothing, HoldWanted]) -> HoldShown:
    """Keep a slot for a few minutes."""
    body, uow, profile = call.body, call.uow, call.services.profile
    wish = Wish(
        type_id=type_online(uow, body.type).id,
        doctor_id=doctor_named(uow, body.doctor).id,
        start=body.start,
        room_id=None if body.room is None else room_named(uow, body.room).id,
    )
    of_website = _of_website(call)
    asked_from = f"account {call.caller.id}" if of_website else call.network
    most = MOST_OF_A_WEBSITE if of_website else MOST_HOLDS
    secret, held = hold(uow, wish, asked_from, profile, most)
    start, end, until = _local(call, held.start, held.end, held.until)
    return HoldShown(hold=secret, until=until, start=start, end=end)


def release_slot(call: Call[Nothing, HoldOfMine | None]) -> None:
    """Give a slot back; also one that is not kept any more."""
    if call.body is None:
        raise Invalid("Tell which slot: its secret is what it was kept with.")
    release(call.uow, call.body.hold)


def book_online(call: Call[Nothing, BookingForm]) -> BookingShown:
    """Book a slot."""
    uow, body = call.uow, call.body
    refuse_closed(uow)
    person, wanted = _person(body), wanted_of(call)
    told = self_book(uow, wanted, person, call.services.profile, _asking(call))
    return booking_shown(call, told, body.person.email, body.language or "")


def _of_website(call: Call[Any, Any]) -> bool:
    """Tell whether a website has signed in: it asks for all its visitors, from one network."""
    return call.account is not None and Scope.PORTAL in call.scopes


def _asking(call: Call[Nothing, BookingForm]) -> Asking | None:
    """Return by what is counted who books; None for people of the practice."""
    if call.account is not None and call.account.role in PEOPLE:
        return None
    return by_visitor(call.body.person.email, "" if _of_website(call) else call.network)


def booking_shown(
    call: Call[Any, Any], told: Reservation, email: str, language: str = ""
) -> BookingShown:
    """Return what was booked; `email` is the address that who books has told, or has."""
    status = Status.TENTATIVE if told.pending else Status.CONFIRMED
    file = invitation(
        call.services.profile,
        language or call.language,
        (told.uid, told.slot, status),
        (told.doctor, told.room),
        ("", email),  # no name is told again to whoever wrote it
        (call.now, call.uow.log_state().number),
    )
    start, end = _local(call, told.slot.start, told.slot.end)
    return BookingShown(
        start=start,
        end=end,
        type=told.kind.slug,
        type_name=told.kind.name,
        doctor_name=told.doctor,
        room_name=told.room or None,
        status="pending" if told.pending else "confirmed",
        calendar=calendar_file(call.services.profile, [file]),
    )


def wanted_of(call: Call[Nothing, Any]) -> SelfBooking:
    """Return what is to be booked; raises Invalid, HoldOver or OfferNotFound."""
    uow = call.uow
    body: OwnBooking = call.body
    reason, secret = body.reason, body.hold or ""
    if body.type is not None and body.doctor is not None and body.start is not None:
        kind, doctor = type_online(uow, body.type), doctor_named(uow, body.doctor)
        return SelfBooking(kind.id, doctor.id, body.start, reason, secret)
    if secret and (body.type, body.doctor, body.start) == (None, None, None):
        held = kept(uow, secret)
        return SelfBooking(held.type_id or 0, held.doctor_id, held.start, reason, secret)
    raise Invalid("Tell the slot that is kept for you, or type, doctor and start.")


def _person(body: BookingForm) -> Person:
    person = body.person
    return Person(
        last_name=person.last_name,
        first_name=person.first_name,
        birth_date=person.birth_date.isoformat(),
        email=person.email,
        phone=person.phone,
        insurance=person.insurance or "",
        language=body.language or "",
        reminders=body.reminders,
    )


def _offered(offer: Offer) -> TypeOffered:
    kind = offer.kind
    return TypeOffered(
        slug=kind.slug,
        name=kind.name,
        name_en=kind.name_en or kind.name,
        minutes=kind.minutes,
        needs_confirmation=kind.needs_confirmation,
        doctors=[DoctorOffered.model_validate(doctor) for doctor in offer.doctors],
    )


def _free(call: Call[Any, Any], found: list[FreeSlot]) -> list[SlotOffered]:
    doctors = {doctor.id: doctor for doctor in call.uow.house.doctors()}
    rooms = {room.id: room.slug for room in call.uow.house.rooms()}
    items = []
    for one in found:
        start, end = _local(call, one.slot.start, one.slot.end)
        doctor = doctors[one.doctor_id]
        items.append(
            SlotOffered(
                start=start,
                end=end,
                doctor=doctor.slug,
                doctor_name=doctor.name,
                room=None if one.room_id is None else rooms[one.room_id],
            )
        )
    return items


def _local(call: Call[Any, Any], *moments: datetime) -> list[datetime]:
    return [moment.astimezone(call.services.profile.zone) for moment in moments]


_ROOT = "/api/patient-portal"
ENDPOINTS = (
    Endpoint(
        "GET",
        f"{_ROOT}/types",
        list_types_online,
        "What can be booked online",
        None,
        TypesOffered,
        open=True,
    ),
    Endpoint(
        "GET",
        f"{_ROOT}/available-slots",
        list_slots_online,
        "Free slots",
        None,
        SlotsOffered,
        query=SlotsWanted,
        open=True,
        problems=(403, 404, 409),
    ),
    Endpoint(
        "POST",
        f"{_ROOT}/hold",
        hold_slot,
        "Keep a slot for some minutes",
        None,
        HoldShown,
        body=HoldWanted,
        status=201,
        open=True,
        problems=(403, 404, 409),
        secret=True,
        text="While somebody fills in the form. Of each network a few are kept at a time.",
    ),
    Endpoint(
        "DELETE",
        f"{_ROOT}/hold",
        release_slot,
        "Give a slot back",
        None,
        body=HoldOfMine,
        open=True,
        problems=(403,),
    ),
    Endpoint(
        "POST",
        f"{_ROOT}/book",
        book_online,
        "Book a slot",
        None,
        BookingShown,
        body=BookingForm,
        status=201,
        open=True,
        problems=(403, 404, 409),
        text="Of a slot that is kept the secret is enough. The patient hears by e-mail. Of each"
        " network and each address a few are booked: beyond that, 429 `too-many-bookings`. A"
        " website that has signed in is not counted by its network.",
    ),
)
