"""Patient lists: handed over, their plans looked through and decided.

Not here: reading and judging a list, which goes on in the background (`services.Lists`), nor what
else takes long (`admin_api.resources.import_work`).
"""

from __future__ import annotations

from typing import Any

from admin_api.endpoint import Call, Endpoint, Nothing, Upload
from admin_api.import_forms import (
    MEDIA,
    DecisionForm,
    DecisionsForm,
    FileQuery,
    PageQuery,
    RowsQuery,
    SourceForm,
)
from admin_api.import_shapes import (
    ImportShown,
    ImportsShown,
    ImportWhole,
    RowShown,
    RowsShown,
    import_shown,
    import_whole,
    row_shown,
)
from admin_api.problems import Refusal
from admin_api.resources.import_work import lists_of
from practice.imports import Choice, RowVerdict
from practice.scopes import Scope
from practice.use_cases import imports

__all__ = ["ENDPOINTS"]

#: How pictures, PDF, spreadsheets and archives begin; and octets that no list of text has.
_NO_TEXTS = (b"\x89PNG", b"\xff\xd8\xff", b"GIF8", b"%PDF", b"PK\x03\x04", b"\xd0\xcf\x11\xe0")
_CONTROLS = frozenset({*range(1, 9), *range(14, 26), 27, 28, 29, 30, 31})
_SEPARATORS = {"semicolon": ";", "comma": ",", "tab": "\t", "pipe": "|"}


def import_file(call: Call[FileQuery, Upload]) -> ImportShown:
    """Begin to read a file."""
    _refuse_what_is_no_text(call.body.content)
    pairs = (one.split("=") for one in call.query.columns.split(";") if one)
    choice = {field: column.strip() for field, column in pairs}
    made = lists_of(call).begin_file(
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
    return import_shown(lists_of(call).begin_source(call.uow, call.body.source))


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


def delete_import(call: Call[Nothing, None]) -> None:
    """Remove an import; patients stay."""
    imports.remove_import(call.uow, call.path["import_id"])


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
)
