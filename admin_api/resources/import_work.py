"""What is done with patient lists that takes long: applied, taken back, and followed meanwhile.

Not here: how they are handed over and decided (`admin_api.resources.imports`).
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

from admin_api.answering import content_of
from admin_api.endpoint import Ahead, Answer, Call, Endpoint, Nothing
from admin_api.import_forms import ApplyForm
from admin_api.import_shapes import Applied, Undone, import_shown, undone_shown
from admin_api.services import Lists
from practice.errors import Unavailable
from practice.imports import ImportState, Policy
from practice.scopes import Scope
from practice.use_cases import import_applying as imports_applied
from practice.use_cases import import_undoing as imports_undone

__all__ = ["ENDPOINTS", "lists_of"]

#: Seconds for which somebody is told how far a list is; then the client asks again.
_LONGEST_FLOW = 600.0
#: Seconds after which a line is sent although nothing has happened: proxies end silent ones.
_SILENCE = 15.0
_OVER = frozenset(ImportState) - {
    ImportState.READING,
    ImportState.APPLYING,
    ImportState.UNDOING,
}


def lists_of(call: Call[Any, Any] | Ahead[Any, Any]) -> Lists:
    """Return what reads and applies lists; raises Unavailable."""
    if call.services.lists is None:
        raise Unavailable("Lists cannot be read here.")
    return call.services.lists


def applied_ahead(ahead: Ahead[Nothing, ApplyForm]) -> imports_applied.Applied:
    """Do what the plan says."""
    policy = Policy(ahead.body.policy)
    return lists_of(ahead).apply(ahead.path["import_id"], policy, ahead.actor)


def apply_import(call: Call[Nothing, imports_applied.Applied]) -> Applied:
    """Tell what came of an application."""
    done = call.body
    return Applied(
        of=import_shown(done.of), made=done.made, changed=done.changed, waiting=done.waiting
    )


def taken_back_ahead(ahead: Ahead[Nothing, None]) -> imports_undone.Undone:
    """Take an import back."""
    return lists_of(ahead).take_back(ahead.path["import_id"], ahead.actor)


def undo_import(call: Call[Nothing, imports_undone.Undone]) -> Undone:
    """Tell what came of taking an import back."""
    return undone_shown(call.body)


def follow_import(call: Call[Nothing, None]) -> Answer:
    """Tell how far reading or applying a list is, as it goes on."""
    import_id, lists, zone = call.path["import_id"], lists_of(call), call.services.profile.zone
    call.uow.imports.get(import_id)
    return Answer(events=lambda: _events(lists, import_id, zone), media_type="text/event-stream")


def _events(lists: Lists, import_id: int, zone: ZoneInfo) -> Iterator[bytes]:
    begun = heard = time.monotonic()
    last = b""
    while (now := time.monotonic()) - begun < _LONGEST_FLOW:
        found = lists.seen(import_id)
        told = b"{}" if found is None else content_of(import_shown(found), zone)
        if found is None or found.state in _OVER:
            yield b"event: done\ndata: " + told + b"\n\n"
            return
        if told != last:
            last, heard = told, now
            yield b"event: progress\ndata: " + told + b"\n\n"
        elif now - heard > _SILENCE:
            heard = now
            yield b": still here\n\n"
        yield b""


_IMPORT = "/api/imports/{import_id:id}"

ENDPOINTS = (
    Endpoint(
        "GET",
        f"{_IMPORT}/events",
        follow_import,
        "Follow the reading or the application of a list",
        Scope.IMPORTS,
        files=("text/event-stream",),
        text="Server-sent events: `progress`, then `done`, each with the import as JSON; its state "
        "is `applying` or `undoing` while that goes on.",
    ),
    Endpoint(
        "POST",
        f"{_IMPORT}/apply",
        apply_import,
        "Apply an import",
        Scope.IMPORTS,
        Applied,
        body=ApplyForm,
        prepare=applied_ahead,
        problems=(404, 409),
        text="By 500 rows at a time, each in one transaction: what is stopped on the way (503)"
        " stays as far as it has come, and is gone on with by asking again. Rows that wait for a"
        " decision are left out, and may be applied "
        "another time; what was applied is not applied again. Nobody is written to.",
    ),
    Endpoint(
        "POST",
        f"{_IMPORT}/undo",
        undo_import,
        "Take an import back",
        Scope.IMPORTS,
        Undone,
        prepare=taken_back_ahead,
        problems=(404, 409),
        text="Patients that it made are removed, those it changed are as before, unless somebody "
        "has gone on with them: these are told.",
    ),
)
