"""The demo practice: what a stranger sees after one command."""

from __future__ import annotations

import re
import shutil
import stat
from collections import Counter
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple

import httpx
import pytest
from sqlalchemy import text

from practice.calendars import CalendarKind
from practice.database import SqlDatabase
from praxis_caldav.commands import demo
from tests.bookings import Ran, command, everything, faults
from tests.building import BERLIN, reading
from tests.dav import query
from tests.servers import RunningServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ACCOUNTS = ("admin", "empfang", "mueller", "praxissoftware", "online-buchung")
"""


class Made(NamedTuple):
    folder: Path
    ran: Ran
    database: SqlDatabase
"""
