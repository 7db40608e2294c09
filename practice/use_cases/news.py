"""Whether anything has changed in what an account sees, for those who wait for it.

Not here: what has changed; whoever hears of it asks again for what is in view.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from practice.access import level
from practice.acts import ActQuestion, Kind
from practice.views import Level

if TYPE_CHECKING:
    from collections.abc import Collection

    from practice.access import Account
    from practice.acts import Act
    from practice.ports import UnitOfWork

__all__ = ["Standing", "standing"]

#: What days are drawn of besides calendars.
_HOUSE = frozenset({Kind.DOCTOR, Kind.ROOM, Kind.TYPE, Kind.CATEGORY, Kind.EXCEPTION, Kind.RULES})
#: More at once than these, and nobody looks whose they are.
_MANY = 50


@dataclass(frozen=True, slots=True)
class Standing:
    """Where the log and the acts stood: `number` is that of the last change of a calendar that the
    account sees, `act` that of the last act that it may see something of, and `looked` how far the
    acts were looked through for that.
    """

    number: int
    act: int
    looked: int


def standing(uow: UnitOfWork, account: Account, before: Standing | None = None) -> Standing:
    """Return where things stand for an account; `before` is what was told last.

    Two rows and the calendars' are read; acts only where there are new ones since `before`.
    """
    seen = {c.id: c for c in uow.calendars.all() if level(account, c) > Level.NONE}
    number = max((calendar.number for calendar in seen.values()), default=0)
    head, _ = uow.acts.head()
    if before is None or head < before.looked:
        return Standing(number, head, head)
    act = before.act
    if head > before.looked:
        new = list(uow.acts.search(ActQuestion(first=before.looked + 1), limit=_MANY + 1))
        if len(new) > _MANY or any(_concerns(uow, one, seen) for one in new):
            act = head
    return Standing(number, act, head)


def _concerns(uow: UnitOfWork, act: Act, seen: Collection[int]) -> bool:
    if act.kind is not Kind.APPOINTMENT:
        return act.kind in _HOUSE
    appointment = uow.appointments.get(int(act.of)) if act.of.isdecimal() else None
    return appointment is None or appointment.calendar_id in seen
