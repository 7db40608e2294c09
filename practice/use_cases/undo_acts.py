"""Taking back what was done with patients, settings and accounts, an act at a time.

What was before is saved again by what a person would do it with, so every rule holds, and what is
done is noted as any act. Changes of calendars have their own way (`practice.use_cases.undo`). Not
here: how acts of a kind are taken back (`undo_acts_of_patients`, `undo_acts_of_settings`,
`undo_acts_of_accounts`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from practice.acts import FIRST_SEAL, ActQuestion, Kind, faults
from practice.errors import ActNotFound, CannotUndo, Conflict, Invalid, NotAllowed, NotFound
from practice.scopes import Scope
from practice.use_cases.undo_acts_of_accounts import WaysOfAccounts
from practice.use_cases.undo_acts_of_patients import WaysOfPatients
from practice.use_cases.undo_acts_of_settings import (
    CATEGORIES,
    DOCTORS,
    EXCEPTIONS,
    ROOMS,
    RULES,
    TYPES,
)
from practice.use_cases.ways_back import by_which, taken_back

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from practice.acts import Act
    from practice.ports import UnitOfWork
    from practice.use_cases.ways_back import Ways

__all__ = [
    "ActPreview",
    "FieldBack",
    "TakenBack",
    "find_act",
    "is_whole",
    "look",
    "needed",
    "take_back",
]

_WAYS: Mapping[Kind, Ways] = {
    Kind.PATIENT: WaysOfPatients(),
    Kind.TYPE: TYPES,
    Kind.CATEGORY: CATEGORIES,
    Kind.EXCEPTION: EXCEPTIONS,
    Kind.RULES: RULES,
    Kind.DOCTOR: DOCTORS,
    Kind.ROOM: ROOMS,
    Kind.ACCOUNT: WaysOfAccounts(),
}
_AS_A_WHOLE = "a list of patients is taken back as a whole, as an import"
_STAYS_ONE = "two patients who were found to be one stay one"
#: Why acts are not taken back that have no way.
_WHY_NOT: Mapping[tuple[Kind, str], str] = {
    (Kind.PATIENT, "merged"): _STAYS_ONE,
    (Kind.PATIENT, "merged with"): _STAYS_ONE,
    (Kind.PATIENT, "deleted"): "who was deleted does not come back",
    (Kind.PATIENT, "erased"): "what was erased does not come back",
    (Kind.PATIENT, "imported"): _AS_A_WHOLE,
    (Kind.PATIENT, "import taken back"): _AS_A_WHOLE,
    (Kind.ACCOUNT, "made"): "an account stays, and can be disabled",
}
_WHY_NONE: Mapping[Kind, str] = {
    Kind.APPOINTMENT: "an appointment is brought back by the changes of its calendar",
    Kind.ACCOUNT: "passwords and tokens that were given out or taken away stay so",
    Kind.FEED: "a secret address is made or revoked, and neither is taken back",
    Kind.IMPORT: _AS_A_WHOLE,
    Kind.LETTER: "what was sent cannot be called back",
    Kind.CONFLICT: "others were told what was decided",
    Kind.CHANGE: "changes of calendars are taken back by their own numbers",
}
#: What whoever takes back may do, beside taking back.
_NEEDED: Mapping[Kind, frozenset[Scope]] = {
    Kind.PATIENT: frozenset({Scope.READ_PATIENTS, Scope.WRITE_PATIENTS}),
    Kind.ACCOUNT: frozenset({Scope.ACCOUNTS}),
    **dict.fromkeys(
        (Kind.TYPE, Kind.CATEGORY, Kind.EXCEPTION, Kind.RULES, Kind.DOCTOR, Kind.ROOM),
        frozenset({Scope.SETTINGS}),
    ),
}
_HOLDS = frozenset({"held", "released"})
#: What acts tell as texts and is a moment.
_MOMENTS = frozenset({"start", "end", "reminders"})


@dataclass(frozen=True, slots=True)
class FieldBack:
    """One thing that an act tells, as JSON: what it was, is now, and the act has made it."""

    name: str
    before: Any
    now: Any
    after: Any


@dataclass(frozen=True, slots=True)
class ActPreview:
    """What taking an act back would do (`does`: "changed back", "removed" ...), or why it cannot
    be done (`refused`).
    """

    act: Act
    does: str = ""
    fields: tuple[FieldBack, ...] = ()
    refused: str = ""
    taken_back_by: int | None = None


@dataclass(frozen=True, slots=True)
class TakenBack:
    """What was done to take an act back: the numbers of the new acts, the last by which it was."""

    act: int
    does: str
    by: tuple[int, ...]


def find_act(uow: UnitOfWork, number: int) -> Act:
    """Return the act of a number; raises ActNotFound."""
    found = list(uow.acts.search(ActQuestion(first=number, last=number)))
    if not found:
        raise ActNotFound("There is no act of this number.")
    return found[0]


def needed(act: Act) -> frozenset[Scope]:
    """Return what whoever takes an act back may do beside: what it takes to do it by hand."""
    of_kind = _NEEDED.get(act.kind, frozenset())
    if act.kind is Kind.PATIENT and act.action in _HOLDS:
        return of_kind | {Scope.ERASE_PATIENTS}
    return of_kind


def look(uow: UnitOfWork, act: Act) -> ActPreview:
    """Find out what taking an act back would do, by trying it: the unit of work is doomed.

    What stands in the way is told, not raised.
    """
    uow.doom()
    by = taken_back(uow, [act.number]).get(act.number)
    ways = _ways(act)
    can_be_read = ways and not act.is_erased and is_whole(uow, act)
    fields = tuple(_fields(uow, act, ways)) if ways and can_be_read else ()
    try:
        return ActPreview(act, take_back(uow, act).does, fields)
    except CannotUndo as error:
        return ActPreview(act, fields=fields, refused=str(error), taken_back_by=by)


def take_back(uow: UnitOfWork, act: Act) -> TakenBack:
    """Take an act back, once, by new acts; that it was is noted, too. Raises CannotUndo.

    1. It has a way back, was not taken back before, and tells what it told when it was sealed.
    2. What is there now is what it made: nothing that was done since is lost.
    3. What was before is saved again, as a person would do it; the rules may forbid it.
    """
    ways = _ways(act)
    if ways is None:
        raise _cannot(act, _why_not(act))
    if by := taken_back(uow, [act.number]).get(act.number):
        raise _cannot(act, f"it was taken back already, by act {by}")
    if not is_whole(uow, act):
        raise _cannot(act, "it is not what it was when it was sealed")
    if act.is_erased:
        raise _cannot(act, "what it told was erased")
    before, after = ways.told(act)
    _refuse_changed(act, after, ways.now(uow, act))
    first = uow.acts.head()[0] + 1
    try:
        does = ways.take_back(uow, act, before)
    except (Conflict, Invalid, NotFound, NotAllowed) as error:
        raise _cannot(act, str(error)) from error
    last = uow.acts.head()[0]
    if last < first:
        raise _cannot(act, "all is as it was before already")
    uow.acts.note("taken back", Kind.ACT, act.number, None, {"by": last})
    return TakenBack(act.number, does, tuple(range(first, last + 1)))


def _ways(act: Act) -> Ways | None:
    ways = _WAYS.get(act.kind)
    return ways if ways and act.action in ways.actions else None


def _why_not(act: Act) -> str:
    """Return why an act has no way back, whatever is there now."""
    if act.kind is Kind.ACT:
        return f"take back act {by_which(act)}, by which it was done"
    why = _WHY_NOT.get((act.kind, act.action)) or _WHY_NONE.get(act.kind)
    return why or f"nothing takes back that a {act.kind} was {act.action}"


def is_whole(uow: UnitOfWork, act: Act) -> bool:
    """Tell whether an act is what it was when it was sealed: a forged one would bring back what
    never was.
    """
    previous = act.number - 1
    known = uow.acts.search(ActQuestion(first=previous, last=previous))
    seals = [FIRST_SEAL] if not previous else [one.seal for one in known]
    return bool(seals) and not faults(seals[0], act)


def _refuse_changed(
    act: Act, after: Mapping[str, Any] | None, now: Mapping[str, Any] | None
) -> None:
    if after is None:
        return  # what was removed; whether there is a place for it, the rules know
    if now is None:
        raise _cannot(act, "what it was done to is not there any more")
    # Names only: what they were changed to may be a patient's.
    names = [
        name
        for name in after
        if name not in now or _plain(now[name], name) != _plain(after[name], name)
    ]
    if names:
        raise _cannot(act, f"it was changed since ({', '.join(sorted(names))})")


def _fields(uow: UnitOfWork, act: Act, ways: Ways) -> Iterator[FieldBack]:
    before, after = (one or {} for one in ways.told(act))
    now = ways.now(uow, act) or {}
    for name in dict.fromkeys([*before, *after]):
        if name != "id":
            yield FieldBack(name, before.get(name), _json(now.get(name)), after.get(name))


def _json(value: Any) -> Any:
    """Return a value as acts tell it."""
    return json.loads(json.dumps(value, default=str))


def _plain(value: Any, name: str) -> Any:
    """Return a value as it is compared: a moment is the same in every zone."""
    value = _json(value)
    if isinstance(value, dict):
        return {inner: _plain(one, inner) for inner, one in value.items()}
    if name in _MOMENTS and value:
        return datetime.fromisoformat(value).astimezone(UTC)
    return value


def _cannot(act: Act, reason: str) -> CannotUndo:
    return CannotUndo(f"Act {act.number} cannot be taken back: {reason.rstrip('.')}.")
