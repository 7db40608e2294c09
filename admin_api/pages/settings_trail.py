"""Settings: the audit trail, looked through a page at a time."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Annotated, Any
from urllib.parse import urlencode

from pydantic import BeforeValidator, Field

from admin_api.endpoint import Form
from admin_api.german import sentences
from admin_api.pages.page import Page
from admin_api.pages.settings import HOME, framed
from admin_api.shapes import Cursor, Day, Line
from practice.acts import Kind
from practice.scopes import Scope
from practice.trail import CALENDAR, OBJECT, Chain, TrailQuestion
from practice.use_cases import trail

if TYPE_CHECKING:
    from admin_api.endpoint import Call
    from practice.use_cases.trail import TrailEntry

__all__ = ["PAGES"]

_PAGE = 30
#: A field of a form that was left empty asks nothing.
_DayOrNone = Annotated[Day | None, BeforeValidator(lambda told: told or None)]


class Asked(Form):
    """Which entries; what is empty asks nothing."""

    wer: Line = ""
    art: Line = ""
    was: Line = ""
    patient: Line = ""
    von: _DayOrNone = None
    bis: _DayOrNone = None
    texte: Annotated[str, Field(pattern=r"^(1)?$")] = ""
    ab: Cursor = ""


def show(call: Call[Asked, Any]) -> dict[str, object]:
    """Return a page of the trail."""
    asked, uow, profile = call.query, call.uow, call.services.profile
    with_texts = bool(asked.texte) and Scope.READ_PATIENTS in call.scopes
    question, unknown = _question(call)
    found = None
    if not unknown:
        found = trail.page(
            uow, question, profile, cursor=asked.ab, limit=_PAGE, with_texts=with_texts
        )
    kept = {name: value for name, value in asked.model_dump(mode="json").items() if value}
    kept.pop("ab", None)
    cursor = found.cursor if found else None
    told = {
        "asked": asked,
        "entries": [(one, _pairs(one)) for one in found.entries] if found else [],
        "older": "?" + urlencode({**kept, "ab": cursor}) if cursor else "",
        "newest": ("?" + urlencode(kept) if kept else HOME + "/protokoll") if asked.ab else "",
        "export": _export(question, with_texts),
        "kinds": [OBJECT, CALENDAR, *(str(kind) for kind in Kind if kind is not Kind.UNKNOWN)],
        "actors": sorted(one.name for one in uow.accounts.all()),
        "unknown_patient": unknown,
        "log": Chain.LOG,
        # A look at what an undo would do says why not as the practice does.
        "refusals": sentences() if call.language == "de" else {},
    }
    return framed(call, "protokoll", told)


def _question(call: Call[Asked, Any]) -> tuple[TrailQuestion, bool]:
    """Return what is asked, and whether it is of a patient who is not there."""
    asked, zone = call.query, call.services.profile.zone
    kind, of, unknown = asked.art, "", False
    if asked.patient:
        patient = call.uow.patients.by_number(asked.patient)
        kind, unknown = str(Kind.PATIENT), patient is None
        of = str(patient.id) if patient else ""
    since = None if asked.von is None else _midnight(asked.von, zone)
    before = None if asked.bis is None else _midnight(asked.bis + timedelta(days=1), zone)
    if kind not in {"", OBJECT, CALENDAR, *map(str, Kind)}:
        kind, unknown = "", True
    return TrailQuestion(asked.wer, asked.was, kind, of, since, before), unknown


def _midnight(day: date, zone: Any) -> datetime:
    return datetime.combine(day, time.min, zone)


def _pairs(entry: TrailEntry) -> list[tuple[str, Any, Any]]:
    """Return what is not the same before and after, side by side."""
    before, after = entry.before or {}, entry.after or {}
    names = list(entry.changed) or [*before, *(name for name in after if name not in before)]
    return [
        (name, before.get(name), after.get(name))
        for name in names
        if name in before or name in after
    ]


def _export(question: TrailQuestion, with_texts: bool) -> str:
    told = {
        "format": "csv",
        "actor": question.actor,
        "action": question.action,
        "kind": question.kind,
        "of": question.of,
        "since": question.since.isoformat() if question.since else "",
        "before": question.before.isoformat() if question.before else "",
        "texts": "true" if with_texts else "",
    }
    return "/api/audit/export?" + urlencode({k: v for k, v in told.items() if v})


PAGES = (Page(f"{HOME}/protokoll", "settings_trail.html", show, Scope.READ_AUDIT, query=Asked),)
