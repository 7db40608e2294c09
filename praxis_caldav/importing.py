"""Patient lists read in the background: from files, and from the booking tools that tell theirs.

Judging a long list takes a while, in which nobody else must wait: only reading what is known and
keeping the plan are transactions, short ones. Not here: what a plan is (`practice.use_cases`), nor
HTTP.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from practice.access import SYSTEM
from practice.errors import (
    Conflict,
    ImportNotFound,
    Invalid,
    NotFound,
    PracticeError,
    Unavailable,
)
from practice.imports import READER_GONE, Import, ListRow
from practice.use_cases import imports
from practice.use_cases.import_starts import begin_import, fail, told_progress

if TYPE_CHECKING:
    from booking_adapter.protocol import BookingTool
    from practice.access import Actor
    from practice.ports import Transactions, UnitOfWork

__all__ = ["FILE", "Importer", "Read", "from_file", "from_tool", "make_plan"]

log = logging.getLogger(__name__)

#: The source of lists that were handed over as files.
FILE = "file"
#: Lists read at once.
AT_ONCE = 2
#: Rows of a plan kept in one transaction: others wait for a blink only.
_SOME = 2_000
#: Seconds between two looks at how far it is.
_PAUSE = 1.0
_MOST_ROWS = 100_000
_TOO_LONG = "The {} is too long and was not taken."

#: What is said beside what is wrong with a file: German, English.
_ERRORS = {
    "too_long": (
        "Eine Angabe ist zu lang und wurde nicht übernommen.",
        "A value is too long and was not taken.",
    ),
    "tool_knows_too_many": (
        "Das Buchungssystem kennt mehr als 100.000 Patienten.",
        f"The booking tool knows more than {_MOST_ROWS:,} patients.",
    ),
    "tool_silent": (
        "Das Buchungssystem hat seine Patienten nicht genannt:",
        "The booking tool did not tell its patients:",
    ),
    "stopped": (
        "Das Lesen der Liste wurde abgebrochen. Bitte lesen Sie sie noch einmal ein.",
        "Reading the list was stopped. Import it again.",
    ),
    "server_stopped": (
        "Der Server wurde beendet, während er die Liste las. Bitte lesen Sie sie noch einmal ein.",
        READER_GONE,
    ),
    "fault": (
        "Hier ist etwas schiefgegangen. Es wurde notiert.",
        "Something went wrong here. It was noted.",
    ),
}

#: Rows, and what is to be known of how they were read.
Read = tuple[Sequence[ListRow], Mapping[str, Any]]
Progress = Callable[[int, int], None]
Clock = Callable[[], datetime]


def _now() -> datetime:
    return datetime.now(UTC)


class _Stopped(Exception):
    """The program ends, or nobody wants the list any more."""


def from_file(
    name: str,
    content: bytes,
    choice: Mapping[str, str],
    zone: ZoneInfo,
    encoding: str = "",
    separator: str = "",
) -> Read:
    """Return what a file says; raises Invalid."""
    from booking_adapter.lists import Row, UnreadableList, read_list

    today = _now().astimezone(zone).date()
    try:
        found = read_list(
            name, content, today=today, choice=choice, encoding=encoding, separator=separator
        )
    except UnreadableList as error:
        raise Invalid(str(error)) from None
    rows = [
        ListRow(one.line, one.record, one.more, tuple(map(_code, one.doubts)))
        if isinstance(one, Row)
        else ListRow(one.line, None, {}, (_code(one.reason),))
        for one in found.rows
    ]
    dialect = found.dialect
    told = {name: getattr(dialect, name) for name in ("kind", "encoding", "separator", "unused")}
    return rows, {"read": told | {"columns": dict(dialect.columns)}}


def _code(doubt: Any) -> str:
    return f"{doubt.code}:{doubt.field}" if doubt.field else str(doubt.code)


def from_tool(tool: BookingTool) -> Read:
    """Return whom a booking tool knows; raises Invalid or Unavailable."""
    from booking_adapter.failures import Failed

    rows: list[ListRow] = []
    try:
        for line, record in enumerate(tool.patients(), start=1):
            if line > _MOST_ROWS:
                raise Invalid(_ERRORS["tool_knows_too_many"][1])
            rows.append(ListRow(line, record))
    except Failed as failed:
        raise Unavailable(f"{_ERRORS['tool_silent'][1]} {failed}.") from None
    return rows, {"read": {"kind": "tool"}}


def make_plan(
    units: Callable[[bool], AbstractContextManager[UnitOfWork]],
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
    """Reads lists, two at a time, in threads of its own. Close it to stop."""

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
        self._turns = threading.BoundedSemaphore(AT_ONCE)
        self._closing = threading.Event()
        # Rows looked at and all, by import. Not in the database: its one writer is the application.
        self._applied: dict[int, tuple[int, int]] = {}

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

        Raises Unavailable if enough lists are being read.
        """
        read = partial(from_file, name, content, choice, self._zone, encoding, separator)
        return self._begin(uow, name, FILE, read)

    def begin_source(self, uow: UnitOfWork, name: str) -> Import:
        """Begin to ask a booking tool. Raises NotFound, Invalid, or Unavailable as above."""
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

    @contextmanager
    def applying(self, import_id: int) -> Iterator[Progress]:
        """Give what hears how far the application of an import is, while it lasts."""

        def progress(done: int, total: int) -> None:
            self._applied[import_id] = (done, total)

        progress(0, 0)
        try:
            yield progress
        finally:
            self._applied.pop(import_id, None)

    def applied_so_far(self, import_id: int) -> tuple[int, int] | None:
        """Return rows applied and all, 0 of 0 if not known yet; None if it is not applied now.

        Only what this process applies is known.
        """
        return self._applied.get(import_id)

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
        from booking_adapter.lists import WORDS

        code, _, field = doubt.partition(":")
        known = WORDS.get(code)
        return known[1] if known else _TOO_LONG.format(field.replace("_", " "))

    def sentences(self, language: str) -> Mapping[str, str]:
        """Return what codes of doubts, and errors of whole lists, mean in "de" or "en"."""
        from booking_adapter.lists import WORDS

        column = 0 if language == "de" else 1
        return {code: told[column] for code, told in {**WORDS, **_ERRORS}.items()}

    def _begin(self, uow: UnitOfWork, name: str, source: str, read: Callable[[], Read]) -> Import:
        if self._closing.is_set() or not self._turns.acquire(blocking=False):
            raise Unavailable("Other lists are being read. Try again in a minute.")
        try:
            imports.forget_old(uow)
            made = begin_import(uow, name, source)
            self._threads.submit(self._work, made.id, uow.actor, read)
        except BaseException:
            self._turns.release()
            raise
        return made

    def _work(self, import_id: int, actor: Actor, read: Callable[[], Read]) -> None:
        def units(read_only: bool) -> AbstractContextManager[UnitOfWork]:
            return self._database.begin(actor=actor, now=self._clock(), read_only=read_only)

        try:
            self._read(units, import_id, read)
        except ImportNotFound:
            pass  # the request that began it was rolled back
        except (_Stopped, Conflict):
            self._fail(units, import_id, _ERRORS["stopped"][1])
        except PracticeError as error:
            self._fail(units, import_id, str(error))
        except Exception:
            log.exception("import.fault", extra={"import": import_id})
            self._fail(units, import_id, _ERRORS["fault"][1])
        finally:
            self._turns.release()

    def _read(
        self,
        units: Callable[[bool], AbstractContextManager[UnitOfWork]],
        import_id: int,
        read: Callable[[], Read],
    ) -> None:
        last = time.monotonic()
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
        units: Callable[[bool], AbstractContextManager[UnitOfWork]],
        import_id: int,
        sentence: str,
    ) -> None:
        try:
            with units(False) as uow:
                fail(uow, import_id, sentence)
        except PracticeError as error:
            # Its lease ends by itself.
            log.warning("import.untold", extra={"import": import_id, "reason": str(error)})
