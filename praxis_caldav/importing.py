"""Patient lists read in the background: from files, and from the booking tools that tell theirs.

Judging a long list takes a while, in which nobody else must wait: only reading what is known and
keeping the plan are transactions, short ones. Not here: what a plan is (`practice.use_cases`), nor
HTTP.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from practice.access import SYSTEM
from practice.errors import (
    Conflict,
    ImportNotFound,
    Invalid,
    NotFound,
    PracticeError,
    TooManyLists,
    Unavailable,
)
from practice.use_cases import imports
from practice.use_cases.import_applying import Application
from practice.use_cases.import_starts import begin_import, fail, told_progress
from practice.use_cases.import_undoing import TakingBack
from practice.use_cases.import_work import in_steps
from praxis_caldav.patient_lists import (
    FILE,
    from_file,
    from_tool,
    sentence_of,
    sentences_in,
    told_as,
)

if TYPE_CHECKING:
    from booking_adapter.protocol import BookingTool
    from practice.access import Actor
    from practice.imports import Import, Policy
    from practice.ports import Transactions, UnitOfWork
    from practice.use_cases.import_applying import Applied
    from practice.use_cases.import_undoing import Undone
    from praxis_caldav.patient_lists import Read

__all__ = ["BREATH", "Importer", "make_plan"]

log = logging.getLogger(__name__)

#: Lists read at once, and those that wait for their turn.
AT_ONCE, WAITING = 2, 6
#: Rows of a plan kept in one transaction: others wait for a blink only.
_SOME = 2_000
#: Seconds for which whoever waits to write is let through between two steps of long work: longer
#: than a process that waits for SQLite's lock sleeps between two looks.
BREATH = 0.12
#: Seconds between two looks at how far it is.
_PAUSE = 1.0
_STOPPED = told_as("work_stopped")
Progress = Callable[[int, int], None]
#: Begins a unit of work: True for one that reads.
Units = Callable[[bool], AbstractContextManager["UnitOfWork"]]
Clock = Callable[[], datetime]


def _now() -> datetime:
    return datetime.now(UTC)


class _Stopped(Exception):
    """The program ends, or nobody wants the list any more."""


def make_plan(
    units: Units,
    import_id: int,
    read: Read,
    progress: Progress,
) -> Import:
    """Make the plan of a list that has begun, in units of work of its own (True: one that reads).

    Raises Conflict or ImportNotFound if somebody has ended it meanwhile.
    """
    # Not loaded where it is not used: it brings the libraries that compare.
    from practice.use_cases import import_judging, import_plans

    rows, told = read
    with units(True) as uow:
        known = import_plans.known_of(uow, rows)
    plan = import_judging.judged(rows, known, progress)
    for start in range(0, len(plan), _SOME):
        with units(False) as uow:
            import_plans.keep_rows(uow, import_id, plan[start : start + _SOME])
    with units(False) as uow:
        return import_plans.finish(uow, import_id, told)


class Importer:
    """Reads lists, two at a time and in turn, in threads of its own. Close it to stop."""

    def __init__(
        self,
        database: Transactions,
        tools: Mapping[str, BookingTool],
        zone: ZoneInfo,
        clock: Clock = _now,
    ) -> None:
        self._database = database
        self._tools = tools
        self._zone = zone
        self._clock = clock
        self._threads = ThreadPoolExecutor(AT_ONCE, "import")
        self._turns = threading.BoundedSemaphore(AT_ONCE + WAITING)
        self._closing = threading.Event()

    def close(self) -> None:
        """Stop what is being read; it is told as failed."""
        self._closing.set()
        self._threads.shutdown()

    def begin_file(
        self,
        uow: UnitOfWork,
        name: str,
        content: bytes,
        choice: Mapping[str, str],
        encoding: str = "",
        separator: str = "",
    ) -> Import:
        """Begin to read a file; its plan is made once the unit of work is over.

        Raises TooManyLists, or Unavailable while the program ends.
        """
        read = partial(from_file, name, content, choice, self._zone, encoding, separator)
        return self._begin(uow, name, FILE, read)

    def begin_source(self, uow: UnitOfWork, name: str) -> Import:
        """Begin to ask a booking tool. Raises NotFound, Invalid, and as above."""
        from booking_adapter.protocol import Power

        tool = self._tools.get(name)
        if tool is None:
            raise NotFound("The settings have no such booking tool.")
        if Power.PATIENTS not in tool.powers:
            raise Invalid("This booking tool does not tell its patients.")
        return self._begin(uow, name, name, partial(from_tool, tool))

    def sources(self) -> Sequence[str]:
        """Return the booking tools that tell their patients, by name."""
        from booking_adapter.protocol import Power

        return [name for name, tool in self._tools.items() if Power.PATIENTS in tool.powers]

    def apply(self, import_id: int, policy: Policy, actor: Actor) -> Applied:
        """Do what a plan says, in units of work of its own.

        Raises ImportNotFound, Conflict, or Unavailable if it cannot be gone on with now.
        """
        return in_steps(
            self._units_of(actor), Application(import_id, policy), self._breathe, _STOPPED
        )

    def take_back(self, import_id: int, actor: Actor) -> Undone:
        """Take an import back, in units of work of its own. Raises likewise."""
        return in_steps(self._units_of(actor), TakingBack(import_id), self._breathe, _STOPPED)

    def _breathe(self, done: int, total: int) -> None:  # noqa: ARG002
        if self._closing.wait(BREATH):
            raise Unavailable("The server is being stopped. Go on in a minute.")

    def seen(self, import_id: int) -> Import | None:
        """Return how an import is now; None if it is gone."""
        now = self._clock()
        with self._database.begin(actor=SYSTEM, now=now, read_only=True) as uow:
            try:
                return uow.imports.get(import_id).seen_at(now)
            except ImportNotFound:
                return None

    def sentence(self, doubt: str) -> str:
        """Return what a doubt about a row means, in English."""
        return sentence_of(doubt)

    def sentences(self, language: str) -> Mapping[str, str]:
        """Return what codes of doubts, and errors of whole lists, mean in "de" or "en"."""
        return sentences_in(language)

    def _begin(self, uow: UnitOfWork, name: str, source: str, read: Callable[[], Read]) -> Import:
        if self._closing.is_set():
            raise Unavailable("The server is being stopped. Try again in a minute.")
        if not self._turns.acquire(blocking=False):
            raise TooManyLists("Enough lists are being read. Try again in a minute.")
        try:
            imports.forget_old(uow)
            made = begin_import(uow, name, source)
            self._threads.submit(self._work, made.id, uow.actor, read)
        except BaseException:
            self._turns.release()
            raise
        return made

    def _units_of(self, actor: Actor) -> Units:
        def units(read_only: bool) -> AbstractContextManager[UnitOfWork]:
            return self._database.begin(actor=actor, now=self._clock(), read_only=read_only)

        return units

    def _work(self, import_id: int, actor: Actor, read: Callable[[], Read]) -> None:
        units = self._units_of(actor)
        try:
            self._read(units, import_id, read)
        except ImportNotFound:
            pass  # the request that began it was rolled back
        except (_Stopped, Conflict):
            self._fail(units, import_id, told_as("stopped"))
        except PracticeError as error:
            self._fail(units, import_id, str(error))
        except Exception:
            log.exception("import.fault", extra={"import": import_id})
            self._fail(units, import_id, told_as("fault"))
        finally:
            self._turns.release()

    def _read(
        self,
        units: Units,
        import_id: int,
        read: Callable[[], Read],
    ) -> None:
        last = time.monotonic()
        if self._closing.is_set():
            raise _Stopped
        # A writer: it waits for the transaction in which the import begins.
        with units(False) as uow:
            told_progress(uow, import_id, 0, 0)

        def progress(done: int, total: int) -> None:
            nonlocal last
            if self._closing.is_set():
                raise _Stopped
            if time.monotonic() - last >= _PAUSE:
                last = time.monotonic()
                with units(False) as uow:
                    told_progress(uow, import_id, done, total)

        make_plan(units, import_id, read(), progress)

    def _fail(
        self,
        units: Units,
        import_id: int,
        sentence: str,
    ) -> None:
        try:
            with units(False) as uow:
                fail(uow, import_id, sentence)
        except PracticeError as error:
            # Its lease ends by itself.
            log.warning("import.untold", extra={"import": import_id, "reason": str(error)})
