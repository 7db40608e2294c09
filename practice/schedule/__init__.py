"""When a doctor can be booked: hours, exceptions, appointment types, free slots. Pure; times aware.

Not here: whether a booking may be made (`practice.rules`), and public holidays, which
`practice.schedule.holidays` looks up: it is not imported along, as what it needs loads slowly and
most of the program does without. docs/decisions/0016 says how all of it is understood.
"""

from practice.schedule.alternatives import next_free
from practice.schedule.hours import USUAL_HOURS, WorkingHours
from practice.schedule.opening_times import closures_of_room, concerning, openings
from practice.schedule.records import AppointmentType, BookingRules, Hold, HoldsOf, HoursException
from practice.schedule.search import DoctorTime, FreeSlot, Taken, Wanted, free_slots

__all__ = [
    "USUAL_HOURS",
    "AppointmentType",
    "BookingRules",
    "DoctorTime",
    "FreeSlot",
    "Hold",
    "HoldsOf",
    "HoursException",
    "Taken",
    "Wanted",
    "WorkingHours",
    "closures_of_room",
    "concerning",
    "free_slots",
    "next_free",
    "openings",
]
