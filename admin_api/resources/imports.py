"""Patient lists: handed over, their plans looked through and decided, applied, and taken back.

Not here: reading and judging a list, which goes on in the background (`services.Lists`).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import nullcontext
from typing import Any
from zoneinfo import ZoneInfo

from admin_api.answering import content_of
from admin_api.endpoint import Answer, Call, Endpoint, Nothing, Upload
from admin_api.import_forms import (
    MEDIA,
    ApplyForm,
    DecisionForm,
    DecisionsForm,
    FileQuery,
    PageQuery,
    RowsQuery,
    SourceForm,
)
from admin_api.import_shapes import (
    Applied,
    ImportShown,
    ImportsShown,
    ImportWhole,
    RowShown,
    RowsShown,
    Undone,
    import_shown,
    import_whole,
    row_shown,
    undone_shown,
)
from admin_api.problems import Refusal
from admin_api.services import Lists
from practice.errors import Unavailable
from practice.imports import Choice, Import, ImportState, Policy, RowVerdict
from practice.scopes import Scope
from practice.use_cases import imports
from practice.use_cases.import_applying import apply
from practice.use_cases.import_undoing import undo

__all__ = ["ENDPOINTS"]

#: How pictures, PDF, spreadsheets and archives begin; and octets that no list of text has.
_NO_TEXTS = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"%PDF", b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_CONTROLS = frozenset({*range(1, 9), *range(14, 26), 27, 28, 29, 30, 31})
_SEPARATORS = {"semicolon": ";", "comma": ",", "tab": "\t", "pipe": "|"}
#: Seconds for which somebody is told how far a list is; then the client asks again.
_LONGEST_FLOW = 600.0
#: Seconds after which a line is sent although nothing has happened: proxies end silent ones.
_SILENCE = 15.0
_OVER = frozenset(ImportState) - {ImportState.READING}


def _lists(call: Call[Any, Any]) -> Lists:
    if call.services.lists is None:
        raise Unavailable("Lists cannot be read here.")
    return call.services.lists


def import_file(call: Call[FileQuery, Upload]) -> ImportShown:
    """Begin to read a file."""
    _refuse_what_is_no_text(call.body.content)
    pairs = (one.split("=") for one in call.query.columns.split(";") if one)
    choice = {field: column.strip() for field, column in pairs}
    made = _lists(call).begin_file(
        call.uow,
        call.body.name,
        call.body.content,
        choice,
        call.query.encoding,
        _SEPARATORS.get(call.query.separator, ""),
    )
    return import_shown(made)


def _refuse_what_is_no_text(content: bytes) -> None:
    """Refuse a picture or a spreadsheet at once, before it becomes an import that fails."""
    head = content[:1000]
    wide = head.startswith((b"\xff\xfe", b"\xfe\xff"))
    if head.startswith(_NO_TEXTS) or (not wide and _CONTROLS.intersection(head)):
        raise Refusal(
            422,
            "This is no text. Lists are taken as CSV (of a spreadsheet: save it as CSV) or GDT.",
        )


def import_source(call: Call[Nothing, SourceForm]) -> ImportShown:
    """Begin to ask a booking tool."""
    return import_shown(_lists(call).begin_source(call.uow, call.body.source))


def list_imports(call: Call[PageQuery, None]) -> ImportsShown:
    """Return imports, the last first."""
    limit = call.query.limit
    found = call.uow.imports.page(limit + 1, call.query.after)
    page = [import_shown(one.seen_at(call.now)) for one in found[:limit]]
    return ImportsShown(imports=page, next=page[-1].id if len(found) > limit else None)


def read_import(call: Call[Nothing, None]) -> ImportWhole:
    """Return one import with its counts."""
    found = call.uow.imports.get(call.path["import_id"]).seen_at(call.now)
    return import_whole(found, imports.counts_of(call.uow, found.id))


def list_import_rows(call: Call[RowsQuery, None]) -> RowsShown:
    """Return rows of a plan, side by side with the patients they may be about."""
    asked = call.query
    verdict = RowVerdict(asked.verdict) if asked.verdict else None
    found = imports.rows_shown(
        call.uow, call.path["import_id"], asked.after, asked.limit + 1, verdict
    )
    page = [row_shown(one, call.services.lists) for one in found[: asked.limit]]
    return RowsShown(rows=page, next=page[-1].line if len(found) > asked.limit else None)


def read_import_row(call: Call[Nothing, Any]) -> RowShown:
    """Return one row."""
    shown = imports.row_of(call.uow, call.path["import_id"], call.path["line"])
    return row_shown(shown, call.services.lists)


def decide_import_row(call: Call[Nothing, DecisionForm]) -> RowShown:
    """Decide who a row is about."""
    told = call.body
    shown = imports.decide(
        call.uow,
        call.path["import_id"],
        call.path["line"],
        Choice(told.decision),
        told.patient_id,
        told.take,
    )
    return row_shown(shown, call.services.lists)


def decide_import_rows(call: Call[Nothing, DecisionsForm]) -> RowsShown:
    """Decide the same of several rows."""
    choice = Choice(call.body.decision)
    found = imports.decide_all(call.uow, call.path["import_id"], call.body.lines, choice)
    return RowsShown(rows=[row_shown(one, call.services.lists) for one in found], next=None)


def apply_import(call: Call[Nothing, ApplyForm]) -> Applied:
    """Do what the plan says."""
    import_id, lists = call.path["import_id"], call.services.lists
    with lists.applying(import_id) if lists else nullcontext() as progress:
        done = apply(call.uow, import_id, Policy(call.body.policy), progress)
    return Applied(
        of=import_shown(done.of), made=done.made, changed=done.changed, waiting=done.waiting
    )


def undo_import(call: Call[Nothing, None]) -> Undone:
    """Take an import back."""
    return undone_shown(undo(call.uow, call.path["import_id"]))


def delete_import(call: Call[Nothing, None]) -> None:
    """Remove an import; patients stay."""
    imports.remove_import(call.uow, call.path["import_id"])


def follow_import(call: Call[Nothing, None]) -> Answer:
    """Tell how far reading or applying a list is, as it goes on."""
    import_id, lists, zone = call.path["import_id"], _lists(call), call.services.profile.zone
    call.uow.imports.get(import_id)
    return Answer(events=lambda: _events(lists, import_id, zone), media_type="text/event-stream")


def _events(lists: Lists, import_id: int, zone: ZoneInfo) -> Iterator[bytes]:
    begun = heard = time.monotonic()
    last = b""
    while (now := time.monotonic()) - begun < _LONGEST_FLOW:
        found, so_far = lists.seen(import_id), lists.applied_so_far(import_id)
        over = found is None or (found.state in _OVER and so_far is None)
        told = b"{}" if found is None else _told(found, so_far, zone)
        if over:
            yield b"event: done\ndata: " + told + b"\n\n"
            return
        if told != last:
            last, heard = told, now
            yield b"event: progress\ndata: " + told + b"\n\n"
        elif now - heard > _SILENCE:
            heard = now
            yield b": still here\n\n"
        yield b""


def _told(found: Import, so_far: tuple[int, int] | None, zone: ZoneInfo) -> bytes:
    shown = import_shown(found)
    if so_far is not None:
        done, total = so_far
        shown = shown.model_copy(update={"state": "applying", "done": done, "total": total})
    return content_of(shown, zone)


_IMPORTS = "/api/imports"
_IMPORT = f"{_IMPORTS}/{{import_id:id}}"
_ROW = f"{_IMPORT}/rows/{{line:id}}"
_PLANNED = "Nothing but a plan is made of it, which is to be looked through and applied."

ENDPOINTS = (
    Endpoint(
        "POST",
        "/api/patients/import",
        import_file,
        "Hand over a patient list",
        Scope.IMPORTS,
        ImportShown,
        query=FileQuery,
        uploads=MEDIA,
        status=202,
        text=f"CSV in any dialect, or GDT: the content says which. {_PLANNED}",
    ),
    Endpoint(
        "POST",
        "/api/patients/import/source",
        import_source,
        "Ask a booking tool for its patients",
        Scope.IMPORTS,
        ImportShown,
        body=SourceForm,
        status=202,
        problems=(404,),
        text=_PLANNED,
    ),
    Endpoint(
        "GET", _IMPORTS, list_imports, "List imports", Scope.IMPORTS, ImportsShown, query=PageQuery
    ),
    Endpoint("GET", _IMPORT, read_import, "Show an import", Scope.IMPORTS, ImportWhole),
    Endpoint(
        "DELETE",
        _IMPORT,
        delete_import,
        "Remove an import",
        Scope.IMPORTS,
        problems=(409,),
        text="Patients stay; it cannot be taken back any more.",
    ),
    Endpoint(
        "GET",
        f"{_IMPORT}/events",
        follow_import,
        "Follow the reading or the application of a list",
        Scope.IMPORTS,
        files=("text/event-stream",),
        text="Server-sent events: `progress`, then `done`, each with the import as JSON; its state "
        "is `applying` while that goes on.",
    ),
    Endpoint(
        "GET",
        f"{_IMPORT}/rows",
        list_import_rows,
        "Show the rows of a plan",
        Scope.IMPORTS,
        RowsShown,
        query=RowsQuery,
    ),
    Endpoint("GET", _ROW, read_import_row, "Show a row of a plan", Scope.IMPORTS, RowShown),
    Endpoint(
        "PUT",
        _ROW,
        decide_import_row,
        "Decide who a row is about",
        Scope.IMPORTS,
        RowShown,
        body=DecisionForm,
        current=read_import_row,
        problems=(409,),
        text="The same row of another list is not asked about again.",
    ),
    Endpoint(
        "POST",
        f"{_IMPORT}/decisions",
        decide_import_rows,
        "Decide the same of several rows",
        Scope.IMPORTS,
        RowsShown,
        body=DecisionsForm,
        problems=(409,),
    ),
    Endpoint(
        "POST",
        f"{_IMPORT}/apply",
        apply_import,
        "Apply an import",
        Scope.IMPORTS,
        Applied,
        body=ApplyForm,
        problems=(409,),
        text="In one transaction. Rows that wait for a decision are left out, and may be applied "
        "another time; what was applied is not applied again. Nobody is written to.",
    ),
    Endpoint(
        "POST",
        f"{_IMPORT}/undo",
        undo_import,
        "Take an import back",
        Scope.IMPORTS,
        Undone,
        problems=(409,),
        text="Patients that it made are removed, those it changed are as before, unless somebody "
        "has gone on with them: these are told.",
    ),
)
