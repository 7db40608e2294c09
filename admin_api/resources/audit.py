"""The audit trail: who did what and when; as pages, as a file, and whether it is whole."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from admin_api.endpoint import Answer, Call, Endpoint, Form, Shown
from admin_api.shapes import Cursor, Limit, Line, Moment
from practice.errors import Invalid, NotAllowed
from practice.scopes import Scope
from practice.trail import TrailQuestion
from practice.use_cases import trail
from practice.use_cases.chains import MOST, newest
from practice.use_cases.trail_files import as_csv, as_json_lines

if TYPE_CHECKING:
    from practice.use_cases.trail import TrailEntry

__all__ = ["ENDPOINTS", "LONGEST_FILE"]

#: Entries of one file: they are read from texts, in one snapshot, while somebody waits.
LONGEST_FILE = 10_000


class Format(StrEnum):
    """Kinds of files."""

    CSV = "csv"
    JSON_LINES = "jsonl"


_TYPES = {Format.CSV: "text/csv", Format.JSON_LINES: "application/jsonl"}


class TrailAsked(Form):
    """Which entries; what is not told asks nothing."""

    actor: Line = Field("", description="The name of who did it.")
    action: Line = Field("", description="created, changed, removed, made, given a token ...")
    kind: Line = Field("", description="object, calendar, account, patient ...")
    of: Line = Field("", description="The id of what it was done to; of an object its UID or name.")
    since: Moment | None = None
    before: Moment | None = None
    texts: bool = Field(False, description="Also what may be a patient's; needs `patients:read`.")


class TrailPageAsked(TrailAsked):
    """Which page of them."""

    cursor: Cursor = ""
    limit: Limit = 50


class TrailFileAsked(TrailAsked):
    """Which of them, and in which kind of file."""

    format: Format = Format.CSV


class TrailEntryShown(Shown):
    """One thing that somebody did."""

    time: datetime
    actor: str
    action: str
    kind: str
    of: str = Field(description="The id of what it was done to.")
    chain: str = Field(description="log or acts: which of the two chains of seals it stands in.")
    number: int = Field(description="In its chain; by it is taken back what was done.")
    calendar: str
    before: dict[str, Any] | None
    after: dict[str, Any] | None
    changed: list[str] = Field(description="The names of what is not the same.")
    hidden: bool = Field(description="There is more, of a patient: it is told with `texts=true`.")
    erased: bool
    taken_back_by: int | None = Field(description="The number of the act that took an act back.")


class TrailShown(Shown):
    """Some entries, the newest first. There may be fewer than asked for, and more on the next."""

    items: list[TrailEntryShown]
    next: str | None


class VerifyAsked(Form):
    """How much is looked at."""

    most: Annotated[int, Field(ge=1, le=MOST)] = MOST


class LookedShown(Shown):
    """What of a chain was looked at; `last` is 0 if it has nothing."""

    first: int
    last: int
    is_whole: bool = Field(description="No row that is kept was left out.")


class ChainsShown(Shown):
    """Whether nobody has tampered with what was looked at."""

    sound: bool
    faults: list[str]
    log: LookedShown
    acts: LookedShown


def read_audit(call: Call[TrailPageAsked, None]) -> TrailShown:
    """Return a page of the trail."""
    asked = call.query
    found = trail.page(
        call.uow,
        _question(call),
        call.services.profile,
        cursor=asked.cursor,
        limit=asked.limit,
        with_texts=asked.texts,
    )
    return TrailShown(items=[_shown(entry) for entry in found.entries], next=found.cursor)


def export_audit(call: Call[TrailFileAsked, None]) -> Answer:
    """Return the trail as a file, or refuse what would be too long: a part would pass for all."""
    asked, profile = call.query, call.services.profile
    entries = trail.export(call.uow, _question(call), profile, with_texts=asked.texts)
    found = list(islice(entries, LONGEST_FILE + 1))
    if len(found) > LONGEST_FILE:
        raise Invalid(f"There are more than {LONGEST_FILE} entries; ask for a shorter time.")
    local = [replace(one, time=one.time.astimezone(profile.zone)) for one in found]
    lines = as_csv(local) if asked.format is Format.CSV else as_json_lines(local)
    name = f"audit-{call.now.astimezone(profile.zone):%Y-%m-%d}.{asked.format}"
    return Answer(
        content="".join(lines).encode("utf-8", "replace"),
        media_type=f"{_TYPES[asked.format]}; charset=utf-8",
        headers={"Content-Disposition": f'attachment; filename="{name}"'},
    )


def verify_audit(call: Call[VerifyAsked, None]) -> ChainsShown:
    """Check the seals of the newest entries."""
    found = newest(call.uow, call.query.most)
    return ChainsShown(
        sound=not found.faults,
        faults=list(found.faults),
        log=LookedShown.model_validate(found.log),
        acts=LookedShown.model_validate(found.acts),
    )


def _question(call: Call[Any, None]) -> TrailQuestion:
    asked = call.query
    if asked.texts and Scope.READ_PATIENTS not in call.scopes:
        raise NotAllowed(f"Texts need the permission '{Scope.READ_PATIENTS}'.")
    return TrailQuestion(asked.actor, asked.action, asked.kind, asked.of, asked.since, asked.before)


def _shown(entry: TrailEntry) -> TrailEntryShown:
    return TrailEntryShown.model_validate(entry)


_S = Scope.READ_AUDIT
_ALL = "/api/audit"

ENDPOINTS = (
    Endpoint("GET", _ALL, read_audit, "Show who did what", _S, TrailShown, query=TrailPageAsked),
    Endpoint(
        "GET",
        f"{_ALL}/export",
        export_audit,
        "Get the trail as a file",
        _S,
        query=TrailFileAsked,
        files=tuple(_TYPES.values()),
        text=f"Of {LONGEST_FILE} entries at most; what would be longer is refused.",
    ),
    Endpoint(
        "GET",
        f"{_ALL}/verify",
        verify_audit,
        "Check that nobody tampered with the trail",
        _S,
        ChainsShown,
        query=VerifyAsked,
        text="The newest entries of both chains. All of them, and that the calendars are what the"
        " log says, are checked by `praxis-caldav verify`.",
    ),
)
