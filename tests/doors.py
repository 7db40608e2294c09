"""A practice behind a real server, with a booking tool and a mail server over the wire."""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from tests.building import BERLIN, a_practice
from tests.conftest import a_database
from tests.mimics.easyappointments import EasyAppointments, Hook
from tests.mimics.mail_server import MailServer
from tests.servers import RunningServer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pytest

__all__ = ["HOME", "MUELLER", "SECRET", "Doors", "open_doors", "until"]

HOME = "/caldav/calendars/"
MUELLER = f"{HOME}dr-mueller/"
SECRET = "ein Geheimnis der Praxis"
_PATIENCE = 30.0

SETTINGS = """
[practice]
name = "Praxis am Park"
email = "praxis@example.org"

[booking.sources.termine]
tool = "easyappointments"
url = "{tool}"
network = "inside"
key = "{key}"
hook_secret = "{secret}"
doctors = {{ "{provider}" = "dr-mueller" }}
every_minutes = {every}

[mail]
host = "127.0.0.1"
port = {port}
security = "none"
grace_seconds = 1
admin = "leitung@example.org"
"""


@dataclass
class Clock:
    """The tool's clock; by as much as it is `behind`, what is done in it seems older."""

    behind: timedelta = field(default_factory=timedelta)

    def now(self) -> datetime:
        """Return the time there."""
        return datetime.now(UTC) - self.behind


@dataclass
class Doors:
    """The practice, its tool and its mail. `config` is the file of its settings."""

    server: RunningServer
    config: Path
    tool: EasyAppointments
    clock: Clock
    mailbox: MailServer
    provider: int
    service: int
    customer: int

    def book(self, day: int = 7, hour: int = 10) -> int:
        """Book in the tool some days ahead; its webhook comes at once."""
        start = self.day(day).replace(hour=hour)
        return self.tool.book(
            self.provider, self.service, self.customer, f"{start:%Y-%m-%d %H:%M:%S}"
        )

    def day(self, ahead: int) -> datetime:
        """Return the midnight of a day to come."""
        today = datetime.now(BERLIN).replace(hour=0, minute=0, second=0, microsecond=0)
        return (today + timedelta(days=ahead)).replace(tzinfo=None)


@contextmanager
def open_doors(
    backend: str, request: pytest.FixtureRequest, folder: Path, every: int = 1440, **more: str
) -> Iterator[Doors]:
    """Serve a practice; two server processes on PostgreSQL.

    Its tool is asked for bookings `every` so many minutes; `more` are settings by environment.
    """
    with ExitStack() as stack:
        database = stack.enter_context(a_database(backend, request, folder))
        a_practice(database)
        clock = Clock()
        tool = stack.enter_context(EasyAppointments(clock.now, limited=False))
        mailbox = stack.enter_context(MailServer())
        provider = tool.add_provider("Petra", "Müller", timezone="Europe/Berlin")
        config = folder / "praxis.toml"
        told = SETTINGS.format(
            tool=tool.url,
            key=tool.token,
            secret=SECRET,
            provider=provider,
            port=mailbox.port,
            every=every,
        )
        config.write_text(told, "utf-8")
        url = database.engine.url.render_as_string(hide_password=False)
        workers = 2 if backend == "postgresql" else 1
        options = {"PRAXIS_CALDAV_CONFIG": str(config), **more}
        server = stack.enter_context(
            RunningServer(url, workers=workers, options=options, forked=True)
        )
        actions = "appointment_save,appointment_delete"
        tool.hooks = [Hook(f"{server.url}/api/webhooks/booking/termine", actions, SECRET)]
        customer = tool.add_customer("Wiebke", "Zarnekow", "wiebke@example.org")
        service = tool.add_service("Nachsorge")
        yield Doors(server, config, tool, clock, mailbox, provider, service, customer)


def until(seen: Callable[[], bool], what: str) -> None:
    """Look until something is so; it happens in other processes."""
    deadline = time.monotonic() + _PATIENCE
    while not seen():
        assert time.monotonic() < deadline, f"never: {what}"
        time.sleep(0.05)
