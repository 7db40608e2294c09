"""The page on which patients book: what, with whom, when, and who they are; each step has an
address of its own, so that the browser's own button leads back.

Websites may show it within theirs (`static/buchen-einbetten.js`): nothing here needs a cookie.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Annotated, Literal
from urllib.parse import urlencode

from pydantic import StringConstraints

from admin_api.cookies import LANGUAGES
from admin_api.endpoint import Call, Form
from admin_api.pages.page import Page
from admin_api.pages.rendering import texts_of
from admin_api.pages.weeks import week_of
from practice.errors import Invalid, OfferNotFound
from practice.use_cases.offered import offers_online
from practice.use_cases.patient_sign_in import patient_signed_in
from practice.use_cases.portal import portal_slots

if TYPE_CHECKING:
    from practice.appointments import Slot
    from practice.schedule import FreeSlot
    from practice.use_cases.offered import Offer

__all__ = ["PAGES"]

_Slug = Annotated[str, StringConstraints(max_length=64, pattern=r"^[a-z0-9-]*$")]
_ANY = "alle"
#: Years that calendars here have.
_FIRST, _LAST = 1900, 2200


class Asked(Form):
    """How far somebody is: type, doctor, week, time; what was booked; and how it is shown."""

    art: _Slug = ""
    arzt: _Slug = ""
    woche: Annotated[str, StringConstraints(pattern=r"^(\d{4}-\d{2}-\d{2})?$")] = ""
    zeit: Annotated[str, StringConstraints(max_length=40)] = ""
    fertig: Literal["", "gebucht", "angefragt"] = ""
    eingebettet: Literal["", "0", "1"] = ""
    sprache: Literal["", "de", "en"] = ""


def show(call: Call[Asked, None]) -> dict[str, object]:
    """Return the step that the address is about."""
    query, uow = call.query, call.uow
    told = _frame(call)
    offers = offers_online(uow)
    told |= {"offers": offers, "hold_minutes": uow.house.rules().hold_minutes}
    told |= {"offer": None, "doctor": None, "any_doctor": query.arzt == _ANY}
    if query.fertig:
        return told | {"step": "done", "pending": query.fertig == "angefragt"}
    if not offers:
        return told | {"step": "closed"}
    if not query.art:
        return told | {"step": "type"}
    offer = next((one for one in offers if one.kind.slug == query.art), None)
    if offer is None:
        raise OfferNotFound("There is no such appointment type to be booked online.")
    told |= {"offer": offer}
    arzt = query.arzt or (offer.doctors[0].slug if len(offer.doctors) == 1 else "")
    if not arzt:
        return told | {"step": "doctor"}
    doctor = next((one for one in offer.doctors if one.slug == arzt), None)
    if doctor is None and arzt != _ANY:
        raise OfferNotFound("There is no such doctor.")
    told |= {"doctor": doctor, "arzt": arzt}
    if query.zeit and doctor is not None:
        return told | {"step": "person", "start": _moment(query.zeit)} | _who(call)
    return told | {"step": "time", "week": _week(call, offer, doctor.id if doctor else None)}


def _frame(call: Call[Asked, None]) -> dict[str, object]:
    """Return what every step has: its texts, and how its links are made."""
    query = call.query
    language = query.sprache or call.language
    kept = {
        name: told
        for name, told in (("eingebettet", query.eingebettet), ("sprache", query.sprache))
        if told
    }

    def to(**step: str) -> str:
        asked = {name: told for name, told in step.items() if told}
        return "/buchen" + (f"?{urlencode(asked | kept)}" if asked or kept else "")

    here = query.model_dump(exclude_defaults=True)
    other = next(one for one in LANGUAGES if one != language)
    return {
        "t": texts_of("booking", language),
        "c": texts_of("common", language),
        "language": language,
        "to": to,
        "query": query,
        "embedded": query.eingebettet == "1",
        "origins": list(call.services.origins),
        "other_language": "/buchen?" + urlencode(here | {"sprache": other}),
        "other": other,
        "phone": call.services.phone,
        "mails": call.services.mails_patients,
        "may_sign_in": call.services.sign_in_by_mail,
        "email": call.services.profile.email,
    }


def _who(call: Call[Asked, None]) -> dict[str, object]:
    """Return who has signed in, who need not say it again."""
    found = patient_signed_in(call.uow, call.patient_id)
    record = found.record if found else None
    return {"person": f"{record.first_name} {record.last_name}".strip() if record else ""}


def _moment(told: str) -> datetime:
    try:
        # A plus in an address is a blank.
        found = datetime.fromisoformat(told.replace(" ", "+"))
    except ValueError as error:
        raise Invalid("There is no such time.") from error
    if found.tzinfo is None or not _FIRST < found.year < _LAST:
        raise Invalid("There is no such time.")
    return found


def _week(call: Call[Asked, None], offer: Offer, doctor_id: int | None) -> object:
    uow, profile = call.uow, call.services.profile

    def find(within: Slot, limit: int | None) -> list[FreeSlot]:
        wanted = (doctor_id,) if doctor_id else ()
        return portal_slots(uow, offer.kind.id, within, profile, doctor_ids=wanted, limit=limit)

    doctors = {doctor.id: doctor for doctor in uow.house.doctors()}
    try:
        asked = date.fromisoformat(call.query.woche) if call.query.woche else None
    except ValueError as error:
        raise Invalid("There is no such week.") from error
    return week_of(find, doctors, asked, uow.house.rules(), uow.now, profile.zone)


PAGES = (Page("/buchen", "booking.html", show, query=Asked, open=True, framed=True),)
