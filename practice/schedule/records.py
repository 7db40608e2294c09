"""What the practice offers: its appointment types, exceptions to its hours, rules and holds.

Not here: where they are kept, and which bookings they refuse (`practice.rules`).
"""

from __future__ import annotations

from dataclasses import KW_ONLY, dataclass
from datetime import datetime, time, timedelta
from typing import TYPE_CHECKING

from practice.errors import Invalid
from practice.schedule.clock import instant

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

    from practice.appointments import Slot

__all__ = ["LONGEST", "AppointmentType", "BookingRules", "Hold", "HoldsOf", "HoursException"]


_DAY = 24 * 60
#: Minutes that an appointment of any type takes at most.
LONGEST = 7 * _DAY
#: Beyond this a number of minutes, hours or days is a slip of the keyboard, and dates end.
_MOST = 1_000_000


@dataclass(frozen=True, slots=True)
class AppointmentType:
    """A kind of appointment; all lengths in minutes. Raises Invalid if they make no sense.

    `minutes` is the usual length. The buffers are kept free of other appointments before and
    after. `specialty` is one that the doctor must have (empty: any). `rooms` and `doctors` are the
    slugs that will do: without rooms it needs none, without doctors any will do. It may begin
    every `step` minutes. `id` is 0 until it is stored.
    """

    slug: str
    name: str
    _: KW_ONLY
    name_en: str = ""
    minutes: int
    min_minutes: int
    max_minutes: int
    buffer_before: int = 0
    buffer_after: int = 0
    online: bool = False
    needs_confirmation: bool = False
    specialty: str = ""
    rooms: tuple[str, ...] = ()
    doctors: tuple[str, ...] = ()
    category: str = ""
    color: str = ""
    step: int = 5
    id: int = 0

    def __post_init__(self) -> None:
        if not 1 <= self.min_minutes <= self.minutes <= self.max_minutes <= LONGEST:
            raise Invalid(
                f"An appointment type cannot take {self.minutes} minutes"
                f" of {self.min_minutes} to {self.max_minutes}."
            )
        if not (0 <= self.buffer_before <= _DAY and 0 <= self.buffer_after <= _DAY):
            raise Invalid(f"A buffer takes 0 to {_DAY} minutes.")
        if not 1 <= self.step <= _DAY:
            raise Invalid(f"Appointments cannot begin every {self.step} minutes.")


@dataclass(frozen=True, slots=True)
class HoursException:
    """Other hours than usual, for minutes or weeks: extra ones (`open`), or closed.

    It is the whole practice's if `doctor_id` and `room_id` are None. Raises Invalid if it is of
    both, or opens a room: rooms have no hours of their own.
    """

    id: int
    doctor_id: int | None
    room_id: int | None
    span: Slot
    open: bool
    reason: str = ""

    def __post_init__(self) -> None:
        if self.room_id is not None and self.doctor_id is not None:
            raise Invalid("An exception is of a doctor, of a room or of the whole practice.")
        if self.room_id is not None and self.open:
            raise Invalid("A room has no hours, so it can be closed only.")


@dataclass(frozen=True, slots=True)
class BookingRules:
    """What patients may book online, and until when they may cancel.

    `land` is the code of a Bundesland such as "NI" for its public holidays, empty for those that
    all have in common. Raises Invalid for a number that makes no sense.
    """

    land: str = ""
    lead_minutes: int = 120
    window_days: int = 90
    late_cancel_hours: int = 24
    hold_minutes: int = 5
    online: bool = True
    holidays_closed: bool = True

    def __post_init__(self) -> None:
        for name in ("lead_minutes", "window_days", "late_cancel_hours", "hold_minutes"):
            if not 0 <= getattr(self, name) <= _MOST:
                raise Invalid(f"'{name}' is a number from 0 to {_MOST}.")

    def earliest(self, now: datetime) -> datetime:
        """Return when an appointment may begin at the earliest."""
        return now + timedelta(minutes=self.lead_minutes)

    def latest(self, now: datetime, zone: ZoneInfo) -> datetime:
        """Return before when it has to begin: the end of the last local day of the window."""
        beyond = now.astimezone(zone).date() + timedelta(days=self.window_days + 1)
        return datetime.fromtimestamp(instant(beyond, time.min, zone), zone)


@dataclass(frozen=True, slots=True)
class Hold:
    """A slot kept for somebody who is about to book it, until it `expires`; buffers in minutes."""

    doctor_id: int
    room_id: int | None
    slot: Slot
    expires: datetime
    buffer_before: int = 0
    buffer_after: int = 0


@dataclass(frozen=True, slots=True)
class HoldsOf:
    """Whose time that others hold counts as taken, but for the hold with the id `but`."""

    doctor_id: int
    but: int = 0
