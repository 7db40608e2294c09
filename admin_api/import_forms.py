"""What is told of patient lists by who hands them over and decides about their rows.

Not here: what is answered (`admin_api.import_shapes`).
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from admin_api.endpoint import Form
from admin_api.shapes import Id, Limit, Name, SentId
from practice.imports import FIELDS

__all__ = [
    "MEDIA",
    "ApplyForm",
    "DecisionForm",
    "DecisionsForm",
    "FileQuery",
    "PageQuery",
    "RowsQuery",
    "SourceForm",
]

MEDIA = ("text/csv", "text/plain", "application/octet-stream", "application/x-gdt")

_PAIR = r"[a-z_]{1,40}=[^;=\u0000-\u001f\u007f]{0,100}"

_COLUMNS = f"^({_PAIR}(;{_PAIR}){{0,30}})?$"

Chosen = Literal["", "link", "new", "skip"]

Taken = Literal[
    "last_name",
    "first_name",
    "birth_date",
    "email",
    "phone",
    "insurance",
    "insurance_number",
    "number",
    "booking_system_id",
]


class FileQuery(Form):
    """How the file is to be read."""

    columns: Annotated[str, StringConstraints(max_length=4000, pattern=_COLUMNS)] = Field(
        "",
        description="Which column is which, where that is not seen by itself: our fields and the "
        "columns' names, such as last_name=Kunde;birth_date=Geb.",
    )
    encoding: Literal["", "utf-8", "utf-16", "cp1252", "iso-8859-15", "cp850", "mac-roman"] = Field(
        "", description="Of a table, where that is not seen by itself."
    )
    separator: Literal["", "semicolon", "comma", "tab", "pipe"] = Field(
        "", description="What stands between cells, where that is not seen by itself."
    )


class SourceForm(Form):
    """A booking tool that is asked for its patients."""

    source: Name = Field(description="Its name in the settings.")


class PageQuery(Form):
    """Which page."""

    limit: Limit = 50
    after: Id | None = Field(None, description="`next` of the page before.")


class RowsQuery(Form):
    """Which rows, by line."""

    limit: Limit = 50
    after: int = Field(0, ge=0, le=2**31 - 1, description="`next` of the page before.")
    verdict: Literal["new", "same", "update", "ask", "unreadable"] | None = None


class DecisionForm(Form):
    """What is decided of a row; an empty decision takes one back."""

    decision: Chosen
    patient_id: SentId | None = Field(None, description="Of a link: the patient.")
    take: list[Taken] | None = Field(
        None,
        max_length=len(FIELDS),
        description="Of a link: fields whose value is taken from the list though the practice has "
        "another one.",
    )


class DecisionsForm(Form):
    """What is decided of several rows: a link is with the likeliest patient of each."""

    lines: list[SentId] = Field(min_length=1, max_length=200)
    decision: Chosen


class ApplyForm(Form):
    """How values that differ are treated where nothing is decided of the row."""

    policy: Literal["fill", "overwrite"] = "fill"
