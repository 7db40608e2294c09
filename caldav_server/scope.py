"""One request: who asks, the unit of work it runs in, and the calendars it may see.

Radicale's plugins are asked in the midst of a request and are handed nothing of it; they find it
here. A request that reads runs in one snapshot from signing in to the last row. A request that
writes signs in before, lets go of that, and does its work in one transaction.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING

from practice.access import SYSTEM, Account, Actor, view, visible
from practice.calendars import CalendarKind
from practice.errors import CalendarNotFound, PracticeError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from datetime import datetime

    from practice.calendars import Calendar
    from practice.footing import Footing
    from practice.ports import Transactions, UnitOfWork
    from practice.views import View

__all__ = ["NotSignedIn", "Scope", "current"]


class NotSignedIn(PracticeError):
    """Nobody has signed in, and somebody must have."""


_current: ContextVar[Scope] = ContextVar("caldav_request")


def current() -> Scope:
    """Return the request this thread is answering."""
    return _current.get()


class Scope:
    """Use as a context manager around the whole request.

    `snapshot` is off for a request that looks at everything again in its transaction.
    """

    def __init__(self, database: Transactions, now: datetime, *, snapshot: bool = True) -> None:
        self._database = database
        self._snapshot = snapshot
        self._opened: AbstractContextManager[UnitOfWork] | None = None
        self._unit: UnitOfWork | None = None
        self._calendars: list[Calendar] | None = None
        self._accounts: list[Account] | None = None
        self._places: dict[int, Calendar] = {}
        self._everything = False
        self.now = now
        self.account: Account | None = None
        #: Asked when a transaction has begun: raises unless the request may go on.
        self.before_writing: Callable[[], None] = lambda: None

    def __enter__(self) -> Scope:
        self._token = _current.set(self)
        return self

    def __exit__(self, *exc_info: object) -> None:
        _current.reset(self._token)
        self._let_go()

    def signed_in(self) -> Account:
        """Return the account; raises NotSignedIn for an anonymous request."""
        if self.account is None:
            raise NotSignedIn
        return self.account

    @property
    def unit(self) -> UnitOfWork:
        """The unit of work: the open transaction, else one that reads, opened when first asked."""
        if self._unit is None:
            self._opened = self._database.begin(
                actor=SYSTEM, now=self.now, read_only=True, snapshot=self._snapshot
            )
            self._unit = self._opened.__enter__()
        return self._unit

    def _let_go(self) -> None:
        opened, self._opened, self._unit, self._calendars = self._opened, None, None, None
        if opened is not None:
            opened.__exit__(None, None, None)

    @contextmanager
    def writing(self) -> Iterator[UnitOfWork]:
        """Open the one transaction of a request that writes; rolls back on an exception."""
        account = self.signed_in()
        self._let_go()
        actor = Actor(account.id, account.name)
        with self._database.begin(actor=actor, now=self.now) as unit:
            self._unit = unit
            try:
                self.before_writing()
                yield unit
            finally:
                self._unit, self._calendars = None, None

    @property
    def calendars(self) -> list[Calendar]:
        """Every calendar of the practice, as the unit of work sees them."""
        self._everything = True
        return self._all()

    def _all(self) -> list[Calendar]:
        if self._calendars is None:
            self._calendars = self.unit.calendars.all()
        return self._calendars

    def footing(self) -> Footing:
        """Return what the answer rests on: the one calendar that was looked at, else the house."""
        alone = len(self._places) == 1 and not self._everything
        return self.unit.footing(next(iter(self._places.values())) if alone else None)

    @property
    def accounts(self) -> list[Account]:
        """Every account of the practice, by name; asked for by few requests."""
        if self._accounts is None:
            self._accounts = self.unit.accounts.all()
        return self._accounts

    def views(self) -> list[View]:
        """Return the calendars the account sees anything of."""
        return visible(self.account, self.calendars, self.unit.epoch) if self.account else []

    def find(self, name: str) -> View | None:
        """Return what the account sees of a calendar; None when that is nothing."""
        calendar = next((c for c in self._all() if c.name == name), None)
        if calendar is None or self.account is None:
            return None
        self._places[calendar.id] = calendar
        self._everything |= calendar.kind is CalendarKind.UNION
        seen = view(self.account, calendar, self._all(), self.unit.epoch)
        return seen if seen.sources else None

    def view(self, name: str) -> View:
        """Return what the account sees of a calendar; raises CalendarNotFound."""
        seen = self.find(name)
        if seen is None:
            raise CalendarNotFound("There is no such calendar.")
        return seen
