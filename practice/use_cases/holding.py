"""Keeping a slot for minutes, for somebody who is filling in a form.

Whoever has the secret books it (`practice.use_cases.arranging`); for everybody else it is taken,
at every door. Not here: which slots are offered (`practice.use_cases.free_times`).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from practice.details import Held
from practice.errors import HoldOver, TooManyHolds
from practice.passwords import digest, new_secret
from practice.use_cases.claims import Claim, settled
from practice.use_cases.desk import Desk
from practice.use_cases.entered import slot_from

if TYPE_CHECKING:
    from datetime import datetime

    from practice.ports import UnitOfWork
    from practice.profile import Profile

__all__ = ["MOST_HOLDS", "MOST_OF_A_WEBSITE", "Wish", "hold", "kept", "release"]

#: Of one network at a time: enough for a family at one table, too few to empty a day.
MOST_HOLDS = 5
#: Of an account that asks for all visitors of a website.
MOST_OF_A_WEBSITE = 100


@dataclass(frozen=True, slots=True)
class Wish:
    """The slot that somebody would like: of a type, its usual length unless `minutes` is said, and
    in a room; None: the first that is free of those that the type needs.
    """

    type_id: int
    doctor_id: int
    start: datetime
    minutes: int = 0
    online: bool = True
    room_id: int | None = None


def hold(
    uow: UnitOfWork, wish: Wish, network: str, profile: Profile, most: int = MOST_HOLDS
) -> tuple[str, Held]:
    """Keep a slot as long as the rules of booking say; return its secret, and what is kept.

    `network` is where it is asked for from, as `claims.network_of` tells it: so many at `most`
    are kept for it at a time. Raises SlotTaken, RuleBroken, OfferNotFound, or TooManyHolds.
    """
    desk = Desk(uow, profile)
    uow.holds.forget()
    asked_from = digest(network)[:32]
    if uow.holds.count(asked_from) >= most:
        raise TooManyHolds("Too many slots are kept for you already; book one, or wait a little.")
    kind, doctor = desk.type(wish.type_id), desk.doctor(wish.doctor_id)
    slot = slot_from(wish.start, wish.minutes or kind.minutes, uow.now)
    claim = Claim(kind, doctor, slot, wish.room_id, online=wish.online)
    room_id, _ = settled(desk, claim)
    secret = new_secret()
    until = uow.now + timedelta(minutes=desk.rules.hold_minutes)
    kept = Held(
        digest(secret), doctor.id, room_id, kind.id, slot.start, slot.end, until, asked_from
    )
    return secret, uow.holds.add(kept)


def kept(uow: UnitOfWork, secret: str) -> Held:
    """Return what is kept under a secret; raises HoldOver."""
    held = uow.holds.by_secret(digest(secret))
    if held is None:
        raise HoldOver("The slot is not kept for you any more; choose one again.")
    return held


def release(uow: UnitOfWork, secret: str) -> bool:
    """Give a slot back that was kept; False if it is not kept any more."""
    held = uow.holds.by_secret(digest(secret))
    if held is None:
        return False
    uow.holds.remove([held.id])
    return True
