"""How acts on settings are taken back: types, categories, other hours, rules, doctors, rooms.

What was removed is made again, under a new number; what hung on it does not come back. Not here:
whether an act may be taken back (`practice.use_cases.undo_acts`).
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from datetime import datetime
from typing import TYPE_CHECKING, Any

from practice.accounts import Doctor, Room
from practice.appointments import Slot
from practice.details import Category
from practice.errors import Invalid, StillNeeded
from practice.schedule import AppointmentType, BookingRules, HoursException
from practice.use_cases import doctors_and_rooms, offers
from practice.use_cases.ways_back import told_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from practice.acts import Act
    from practice.ports import UnitOfWork
    from practice.use_cases.ways_back import Told, Ways

__all__ = ["CATEGORIES", "DOCTORS", "EXCEPTIONS", "ROOMS", "RULES", "TYPES"]

_BACK = "changed back"


@dataclass(frozen=True, slots=True)
class _Things:
    """The ways back of things that have numbers (see `Ways`)."""

    known: Callable[[UnitOfWork], Iterable[Any]]
    record: type[Any]
    make: Callable[[UnitOfWork, Any], object]
    save: Callable[[UnitOfWork, Any], object]
    remove: Callable[[UnitOfWork, int], None]
    actions: frozenset[str] = frozenset({"made", "changed", "removed"})
    removed: str = "removed"

    def told(self, act: Act) -> tuple[Told, Told]:
        """See `Ways`."""
        return told_of(act)

    def now(self, uow: UnitOfWork, act: Act) -> Told:
        """See `Ways`."""
        found = (one for one in self.known(uow) if str(one.id) == act.of)
        return next(map(asdict, found), None)

    def take_back(self, uow: UnitOfWork, act: Act, before: Told) -> str:
        """See `Ways`."""
        if before is None:
            self.remove(uow, int(act.of))
            return self.removed
        if act.action == "removed":
            self.make(uow, _made_of(self.record, {**before, "id": 0}))
            return "made again"
        self.save(uow, _made_of(self.record, before))
        return _BACK


@dataclass(frozen=True, slots=True)
class _Types(_Things):
    """The ways back of types: one that is retired stays known, and acts tell only that it was."""

    def told(self, act: Act) -> tuple[Told, Told]:
        """See `Ways`."""
        if act.action in _RETIRING:
            retired = act.action == "retired"
            return {"retired": not retired}, {"retired": retired}
        return told_of(act)

    def now(self, uow: UnitOfWork, act: Act) -> Told:
        """See `Ways`."""
        found = _Things.now(self, uow, act)
        if found is None:
            return None
        retired = any(str(one.id) == act.of for one in uow.house.retired_types())
        return {**found, "retired": retired}

    def take_back(self, uow: UnitOfWork, act: Act, before: Told) -> str:
        """See `Ways`."""
        if act.action == "retired":
            offers.bring_back_type(uow, int(act.of))
            return "brought back"
        if act.action == "brought back":
            offers.retire_type(uow, int(act.of))
            return "retired"
        return _Things.take_back(self, uow, act, before)


class _Rules:
    """The way back of the rules of booking (see `Ways`)."""

    actions = frozenset({"changed"})

    def told(self, act: Act) -> tuple[Told, Told]:
        """See `Ways`."""
        return told_of(act)

    def now(self, uow: UnitOfWork, _act: Act) -> Told:
        """See `Ways`."""
        return asdict(uow.house.rules())

    def take_back(self, uow: UnitOfWork, _act: Act, before: Told) -> str:
        """See `Ways`."""
        offers.save_rules(uow, _made_of(BookingRules, before or {}))
        return _BACK


def _made_of(record: type[Any], told: Mapping[str, Any]) -> Any:
    """Make a record of what an act tells of one."""
    known = {one.name for one in fields(record)}
    try:
        return record(**{name: _value(told[name]) for name in told if name in known})
    except (TypeError, ValueError, LookupError) as error:  # a version noted it that knew less
        raise Invalid("It does not tell enough.") from error


def _value(value: Any) -> Any:
    """Return as it was what JSON tells otherwise."""
    if isinstance(value, list):
        return tuple(value)
    if isinstance(value, dict):  # the only one within another
        return Slot(*(datetime.fromisoformat(value[name]) for name in ("start", "end")))
    return value


def _retire(uow: UnitOfWork, type_id: int) -> None:
    """Have a type booked no more: none is ever removed."""
    if any(known.id == type_id for known in uow.house.retired_types()):
        raise StillNeeded("The type is retired already, and no type is removed.")
    offers.retire_type(uow, type_id)


_RETIRING = frozenset({"retired", "brought back"})
TYPES: Ways = _Types(
    lambda uow: [*uow.house.types(), *uow.house.retired_types()],
    AppointmentType,
    offers.save_type,
    offers.save_type,
    _retire,
    frozenset({"made", "changed", *_RETIRING}),
    "retired",
)
CATEGORIES: Ways = _Things(
    lambda uow: uow.house.categories(),
    Category,
    offers.save_category,
    offers.save_category,
    offers.remove_category,
)
EXCEPTIONS: Ways = _Things(
    lambda uow: uow.house.exceptions(),
    HoursException,
    offers.save_exception,
    offers.save_exception,
    offers.remove_exception,
)
DOCTORS: Ways = _Things(
    lambda uow: uow.house.doctors(),
    Doctor,
    doctors_and_rooms.make_doctor,
    doctors_and_rooms.change_doctor,
    doctors_and_rooms.remove_doctor,
)
ROOMS: Ways = _Things(
    lambda uow: uow.house.rooms(),
    Room,
    doctors_and_rooms.make_room,
    doctors_and_rooms.change_room,
    doctors_and_rooms.remove_room,
)
RULES: Ways = _Rules()
