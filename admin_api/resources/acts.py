"""Taking back what was done with patients, settings and accounts, as the audit trail tells it.

Not here: changes of calendars (`undo`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pydantic import Field

from admin_api.endpoint import Call, Endpoint, Nothing, Shown
from practice.acts import Kind
from practice.errors import CannotUndo, NotAllowed
from practice.scopes import Scope
from practice.use_cases import undo_acts

if TYPE_CHECKING:
    from practice.acts import Act

__all__ = ["ENDPOINTS"]


class FieldBackShown(Shown):
    """One thing that the act tells."""

    name: str
    before: Any = Field(description="What comes back.")
    now: Any = Field(description="What it is, until then.")
    after: Any = Field(description="What the act has made it.")


class ActPreviewShown(Shown):
    """What taking an act back would do, or why not."""

    number: int
    action: str
    kind: str
    of: str = Field(description="The id of what it was done to.")
    possible: bool
    does: str = Field(description="changed back, removed, made again ...; empty if it cannot be.")
    fields: list[FieldBackShown]
    refused: str = Field(description="Why it cannot be done; empty if it can.")
    instead: str = Field(description="The address where such things are taken back, if another.")
    taken_back_by: int | None = Field(description="The number of the act that took it back.")


class ActUndoneShown(Shown):
    """What was done to take an act back."""

    act: int
    does: str
    by: list[int] = Field(description="The new acts; by the last of them it was taken back.")


def preview_undo_act(call: Call[Nothing, None]) -> ActPreviewShown:
    """Tell what taking an act back would do."""
    act = _act(call)
    found = undo_acts.look(call.uow, act)
    return ActPreviewShown(
        number=act.number,
        action=act.action,
        kind=str(act.kind),
        of=act.of,
        possible=not found.refused,
        does=found.does,
        fields=[FieldBackShown.model_validate(one) for one in found.fields],
        refused=found.refused,
        instead=_instead(act) if found.refused else "",
        taken_back_by=found.taken_back_by,
    )


def undo_act(call: Call[Nothing, None]) -> ActUndoneShown:
    """Take an act back."""
    act = _act(call)
    try:
        done = undo_acts.take_back(call.uow, act)
    except CannotUndo as error:
        if instead := _instead(act):
            raise CannotUndo(f"{error} See {instead}.") from error
        raise
    return ActUndoneShown(act=done.act, does=done.does, by=list(done.by))


def _act(call: Call[Nothing, None]) -> Act:
    act = undo_acts.find_act(call.uow, call.path["number"])
    missing = undo_acts.needed(act) - call.scopes
    if missing:
        raise NotAllowed(f"This needs the permission '{min(missing)}', too.")
    if act.kind is Kind.ACCOUNT and call.program:
        # It could bring back a role that a token may not give.
        raise NotAllowed("What was done to an account a person takes back, and no token.")
    return act


def _instead(act: Act) -> str:
    """Return the address where something of this kind is taken back; empty if it is here."""
    if act.kind is Kind.IMPORT:
        return f"/api/imports/{act.of}/undo"
    if act.kind is Kind.PATIENT and "import" in act.action:
        return "/api/imports"
    return "/api/undo" if act.kind in {Kind.CHANGE, Kind.APPOINTMENT} else ""


_S = Scope.UNDO
_UNDO = "/api/audit/acts/{number:id}/undo"
_ALSO = (
    "Needs what it takes to do the same by hand as well: `patients:read` and `patients:write`"
    " (with `patients:erase` where a patient is kept by law), `settings`, or `accounts`."
)

ENDPOINTS = (
    Endpoint(
        "GET",
        _UNDO,
        preview_undo_act,
        "Tell what taking an act back would do",
        _S,
        ActPreviewShown,
        writes=True,  # it is tried, with all rules, and rolled back
        text=f"Changes nothing. {_ALSO}",
    ),
    Endpoint(
        "POST",
        _UNDO,
        undo_act,
        "Take an act back",
        _S,
        ActUndoneShown,
        problems=(409,),
        text="What was done with patients, settings and accounts, by the number of the trail"
        " (chain 'acts'). What was before is saved again, by new acts which can be taken back"
        " themselves. Refused if anything of it was changed since, or if it was taken back before;"
        " merged and erased patients, passwords and tokens stay as they are. What was removed is"
        f" made again under a new number. {_ALSO}",
    ),
)
