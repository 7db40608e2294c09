"""What the practice needs of a database, as Protocols: the contract in one place.

`practice.database` implements them over SQLite and PostgreSQL; one contract suite runs over
both. Use cases take a UnitOfWork first and never begin or commit.
"""

from __future__ import annotations

from practice.ports.appointments import AppointmentDetails, Appointments, Holds
from practice.ports.calendars import Calendars, Feeds, Properties
from practice.ports.database import Database, Together, Transactions, UnitOfWork
from practice.ports.house import House
from practice.ports.outside import Answers, Disputes, Outbox, Receipts, Sources, Tasks
from practice.ports.past import Acts, Figures, Traces, Trail
from practice.ports.patients import Imports, Patients, PatientsInBulk
from practice.ports.people import Accounts, SelfBookings, Sessions, SignIns

__all__ = [
    "Accounts",
    "Acts",
    "Answers",
    "AppointmentDetails",
    "Appointments",
    "Calendars",
    "Database",
    "Disputes",
    "Feeds",
    "Figures",
    "Holds",
    "House",
    "Imports",
    "Outbox",
    "Patients",
    "PatientsInBulk",
    "Properties",
    "Receipts",
    "SelfBookings",
    "Sessions",
    "SignIns",
    "Sources",
    "Tasks",
    "Together",
    "Traces",
    "Trail",
    "Transactions",
    "UnitOfWork",
]
