"""Patient lists: handed over, looked through, applied, taken back.

Not here: what is done with them (`admin_api.resources.imports`), by which the scripts of these
pages change everything.
"""

from __future__ import annotations

from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING, Any, Literal

from pydantic import Field

from admin_api.endpoint import Call, Form
from admin_api.import_forms import RowsQuery
from admin_api.import_shapes import row_shown
from admin_api.pages.page import Page, as_sent
from admin_api.pages.rendering import texts_of
from admin_api.resources.imports import list_import_rows, read_import_row
from admin_api.shapes import Id
from practice.errors import ImportNotFound
from practice.imports import Choice, ImportState, RowVerdict
from practice.scopes import Scope
from practice.use_cases.imports import rows_shown

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from practice.imports import Import, ImportRow

__all__ = ["PAGES", "Ahead"]

_AT_ONCE, _ROWS_AT_ONCE = 25, 50
#: Rows whose reasons are told.
_MOST_UNUSABLE = 500
#: Fields that a column can be chosen for, as `booking_adapter.lists` names them.
_COLUMNS = (
    "last_name",
    "first_name",
    "name",
    "birth_date",
    "email",
    "phone",
    "mobile",
    "insurance",
    "insurer",
    "insurance_number",
    "number",
    "booking_system_id",
)


class Asked(Form):
    """Which page of earlier lists: those before an id."""

    vor: Id | None = None


class AskedOfOne(Form):
    """What is shown of a list: a page of the table of its rows, or one row to decide about."""

    ansicht: Literal["", "tabelle"] = ""
    urteil: Literal["", "new", "same", "update", "ask", "unreadable"] = ""
    nach: int = Field(0, ge=0, le=2**31 - 1)
    zeile: Id | None = None


@dataclass(frozen=True, slots=True)
class Ahead:
    """What an application would do now: rows by what becomes of them."""

    new: int = 0
    linked: int = 0
    skipped: int = 0
    waiting: int = 0
    same: int = 0
    unreadable: int = 0
    applied: int = 0

    @property
    def anything(self) -> bool:
        """Tell whether there is something to do."""
        return bool(self.new or self.linked)


def ahead_of(counts: Mapping[tuple[RowVerdict, Choice, bool], int]) -> Ahead:
    """Sort rows by what an application would do with them."""
    found: defaultdict[str, int] = defaultdict(int)
    for (verdict, choice, done), times in counts.items():
        found["applied" if done else _fate(verdict, choice)] += times
    return Ahead(**found)


_BY_CHOICE = {Choice.NEW: "new", Choice.LINK: "linked", Choice.SKIP: "skipped"}
_BY_VERDICT = {
    RowVerdict.NEW: "new",
    RowVerdict.UPDATE: "linked",
    RowVerdict.SAME: "same",
    RowVerdict.ASK: "waiting",
    RowVerdict.UNREADABLE: "unreadable",
}


def _fate(verdict: RowVerdict, choice: Choice) -> str:
    if verdict is RowVerdict.UNREADABLE:
        return "unreadable"
    return _BY_CHOICE.get(choice) or _BY_VERDICT[verdict]


def show_all(call: Call[Asked, None]) -> dict[str, object]:
    """Return how a list is handed over, and earlier ones."""
    found = call.uow.imports.page(_AT_ONCE + 1, call.query.vor)
    lists = call.services.lists
    return {
        "imports": [one.seen_at(call.now) for one in found[:_AT_ONCE]],
        "next": found[_AT_ONCE - 1].id if len(found) > _AT_ONCE else None,
        "is_later": call.query.vor is not None,
        "sources": lists.sources() if lists else (),
        "said": lambda error: _said(call, error),
    }


def show_one(call: Call[AskedOfOne, None]) -> dict[str, object]:
    """Return one list: how far it is, or its plan and what came of it."""
    asked, uow = call.query, call.uow
    found = uow.imports.get(call.path["import_id"]).seen_at(call.now)
    counts = uow.imports.count(found.id)
    verdicts: dict[str, int] = {str(one): 0 for one in RowVerdict}
    for (verdict, _, _), times in counts.items():
        verdicts[verdict] += times
    open_states = {ImportState.PLANNED, ImportState.APPLIED}
    rows_in_all = sum(verdicts.values())
    table = asked.ansicht == "tabelle"
    return {
        "asked": asked,
        "day_of": _day_of,
        "one": found,
        "error": _said(call, found.error),
        "is_open": bool(rows_in_all) and found.state in open_states and not found.is_forgotten,
        "verdicts": verdicts,
        "rows_in_all": rows_in_all,
        # Those of which nothing is taken have a place of their own.
        "doubtful": found.told.get("doubtful", 0) - verdicts[RowVerdict.UNREADABLE],
        "ahead": ahead_of(counts),
        "unusable": _unusable(call, found) if verdicts[RowVerdict.UNREADABLE] else {},
        "columns": _columns(found),
        "table": _table(call, found) if table else None,
        "script": _for_script(call, found, counts),
    }


def _day_of(told: str) -> date | None:
    try:
        return date.fromisoformat(told)
    except ValueError:
        return None


def _said(call: Call[Asked, None] | Call[AskedOfOne, None], error: str) -> str:
    """Return an error of a list, which is kept in English, in the reader's language."""
    lists = call.services.lists
    if lists is None or call.language == "en":
        return error
    told = lists.sentences(call.language)
    for code, english in lists.sentences("en").items():
        if error.startswith(english):
            return told[code] + error.removeprefix(english)
    return error


def _unusable(call: Call[AskedOfOne, None], found: Import) -> Mapping[str, Sequence[int]]:
    """Return the lines of rows that could not be read, by why."""
    lines: defaultdict[str, list[int]] = defaultdict(list)
    for row in call.uow.imports.rows(found.id, 0, _MOST_UNUSABLE, RowVerdict.UNREADABLE):
        for why in _doubts(call, row) or [""]:
            lines[why].append(row.line)
    return lines


def _doubts(call: Call[AskedOfOne, None], row: ImportRow) -> list[str]:
    lists = call.services.lists
    told = lists.sentences(call.language) if lists else {}
    codes = row.listed.doubts if row.listed else ()
    return [told.get(code.partition(":")[0], code) for code in codes]


def _columns(found: Import) -> dict[str, object]:
    """Return what can be chosen: fields with their columns, and the names of all columns."""
    read = found.told.get("read") or {}
    chosen: Mapping[str, str] = read.get("columns", {})
    names = [*chosen.values(), *read.get("unused", ())]
    return {"fields": [(name, chosen.get(name, "")) for name in _COLUMNS], "names": names}


def _table(call: Call[AskedOfOne, None], found: Import) -> dict[str, object]:
    asked = call.query
    verdict = RowVerdict(asked.urteil) if asked.urteil else None
    rows = rows_shown(call.uow, found.id, asked.nach, _ROWS_AT_ONCE + 1, verdict)
    page = [(row_shown(one, None), _doubts(call, one.row)) for one in rows[:_ROWS_AT_ONCE]]
    more = len(rows) > _ROWS_AT_ONCE
    return {"rows": page, "next": page[-1][0].line if more else None}


def _for_script(
    call: Call[AskedOfOne, None],
    found: Import,
    counts: Mapping[tuple[RowVerdict, Choice, bool], int],
) -> dict[str, object]:
    """Return what the script of the page goes by, and what it says."""
    lists, texts = call.services.lists, texts_of("import_review", call.language)
    asks = sum(times for (verdict, _, done), times in counts.items() if _is_asked(verdict, done))
    return {
        "id": found.id,
        "language": call.language,
        "line": call.query.zeile,
        "columns": _columns(found)["names"],
        "asks": asks,
        "waiting": ahead_of(counts).waiting,
        "doubts": lists.sentences(call.language) if lists else {},
        "begins": _begins(call) if asks or call.query.zeile else None,
        "texts": {**texts["script"], "fields": texts["fields"], "warnings": texts["warnings"]},
    }


def _begins(call: Call[Any, Any]) -> dict[str, object]:
    """Return what is looked through first, as the script would be told it by the API."""
    line, doubtful = call.query.zeile, RowsQuery(limit=_ROWS_AT_ONCE, verdict="ask")
    page = list_import_rows(replace(call, query=doubtful))
    one = None
    if line is not None:
        with suppress(ImportNotFound):
            one = read_import_row(replace(call, path={**call.path, "line": line}))
    return {"page": as_sent(call, page), "one": one and as_sent(call, one)}


def _is_asked(verdict: RowVerdict, done: bool) -> bool:
    return verdict is RowVerdict.ASK and not done


PAGES = (
    Page("/admin/import", "imports.html", show_all, Scope.IMPORTS, query=Asked),
    Page(
        "/admin/import/{import_id:id}",
        "import_review.html",
        show_one,
        Scope.IMPORTS,
        query=AskedOfOne,
    ),
)
