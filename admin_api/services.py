"""What the API needs that is neither the practice nor its own: given to it by the program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from contextlib import AbstractContextManager
    from datetime import date

    from admin_api.reaching import Connections
    from practice.access import Actor
    from practice.claims import Admitted, Refused, Throttled
    from practice.identity import Attempt, Vouched, WhyNot
    from practice.imports import Import, Policy
    from practice.patients import PatientRecord
    from practice.ports import UnitOfWork
    from practice.profile import Profile
    from practice.tasks import Task, TaskState
    from practice.use_cases.import_applying import Applied
    from practice.use_cases.import_undoing import Undone
    from practice.use_cases.sign_in import Insufficient

__all__ = [
    "Admission",
    "BookingLinks",
    "Elsewhere",
    "Lists",
    "Look",
    "Services",
    "SinglePatients",
]


class Admission(Protocol):
    """Tells who is asking, by the head of a request alone."""

    async def admit(
        self, authorization: bytes, network: str
    ) -> Admitted | Refused | Throttled | Insufficient:
        """Judge an Authorization header that came from a network.

        Raises IdentityProviderUnavailable for a token that cannot be judged now.
        """


class Elsewhere(Protocol):
    """An identity provider at which staff sign in with a browser.

    What it is asked takes seconds, and holds no thread of whoever waits. All of it raises
    IdentityProviderUnavailable.
    """

    @property
    def name(self) -> str:
        """What people call it."""

    @property
    def origin(self) -> str:
        """Where it sends people back to: this server, without a slash at the end."""

    async def way_there(self, attempt: Attempt) -> str:
        """Return the address to send a browser to."""

    async def way_out(self) -> str:
        """Return the address at which people sign out there; "" if there is none."""

    async def vouch(self, attempt: Attempt, told: Mapping[str, str]) -> Vouched | WhyNot:
        """Return whom it means by what a browser brought back: `code`, `iss`, `error`."""


class SinglePatients(Protocol):
    """Fetches one patient's appointments of a day from the practice's other program."""

    def start(self, piz: str, day: date, appointment_type_id: int, *, made_by: Actor) -> Task:
        """Begin, in threads and transactions of its own; the same again is the same task.

        Raises Invalid, StillRunning and TooMuchAtOnce.
        """

    def status(self, task_id: str) -> Mapping[str, Any]:
        """Return how a task is; raises TaskNotFound."""

    def recent(self, states: Iterable[TaskState]) -> Sequence[Mapping[str, Any]]:
        """Return the last tasks in some states as `status` does, the last first."""


class Lists(Protocol):
    """Reads patient lists, in the background; applies them and takes them back."""

    def begin_file(
        self,
        uow: UnitOfWork,
        name: str,
        content: bytes,
        choice: Mapping[str, str],
        encoding: str = "",
        separator: str = "",
    ) -> Import:
        """Begin to read a file; its plan is made once the unit of work is over. `choice` maps
        fields to columns, where a person says so; `encoding` and `separator` are told likewise.
        Raises TooManyLists, or Unavailable while the program ends.
        """

    def begin_source(self, uow: UnitOfWork, name: str) -> Import:
        """Begin to ask a booking tool for its patients. Raises NotFound, Invalid, and as above."""

    def sources(self) -> Sequence[str]:
        """Return the booking tools that tell their patients, by name."""

    def apply(self, import_id: int, policy: Policy, actor: Actor) -> Applied:
        """Do what a plan says, in units of work of its own. Raises ImportNotFound, Conflict,
        Unavailable.
        """

    def take_back(self, import_id: int, actor: Actor) -> Undone:
        """Take an import back, in units of work of its own. Raises likewise."""

    def seen(self, import_id: int) -> Import | None:
        """Return how an import is now, in a unit of work of its own; None if it is gone."""

    def sentence(self, doubt: str) -> str:
        """Return what a doubt about a row means, in English."""

    def sentences(self, language: str) -> Mapping[str, str]:
        """Return by code what doubts, and errors of whole lists, mean in "de" or "en"."""


class BookingLinks(Protocol):
    """Tells where patients book."""

    def link(self, source: str, record: PatientRecord) -> str | None:
        """Return the address of a booking tool's page, with what is known of a patient filled in.

        The page is that of the tool with this name, or of the first that has one if there is no
        name; None if there is none.
        """


class Look(Protocol):
    """Opens a unit of work of its own, that only reads, statement by statement."""

    def __call__(self) -> AbstractContextManager[UnitOfWork]:
        """Open one; raises DatabaseUnavailable."""


@dataclass(frozen=True, slots=True)
class Services:
    """What resources ask for beside the unit of work; None is what the settings do not have.

    `ask_now` has a booking tool asked, by its name, without waiting; False if there is none such.
    `public_url` is how the server is called from outside, without a slash at the end; "" if nobody
    has said it, and addresses are told as paths then. `origins` are the practice's websites, that
    may show the page on which patients book. `look` is for what is told as it happens, when
    the unit of work of the request has ended. `mails_patients` is whether patients are written to
    at all, `sign_in_by_mail` whether they get links by e-mail, `phone` where they call.
    `elsewhere` is where staff sign in, if not here.
    `is_ending` tells whether the server is about to end, so that nothing flows on.
    """

    profile: Profile
    version: str
    minimum_password_length: int = 12
    single_patients: SinglePatients | None = None
    ask_now: Callable[[str], bool] | None = None
    lists: Lists | None = None
    booking_links: BookingLinks | None = None
    public_url: str = ""
    origins: Sequence[str] = ()
    connections: Connections | None = None
    look: Look | None = None
    mails_patients: bool = False
    sign_in_by_mail: bool = False
    phone: str = ""
    elsewhere: Elsewhere | None = None
    is_ending: Callable[[], bool] = lambda: False
