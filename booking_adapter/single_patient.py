"""One patient's appointments of one day, fetched at once because somebody asks for them.

A task tells how far it is (`practice.tasks`); it is in the database, so every process can tell.
Not here: how the appointments are found and written (`booking_adapter.one_patient`), nor any HTTP.
"""

from __future__ import annotations

import logging
import re
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

from booking_adapter.one_patient import Run
from booking_adapter.one_patient_found import Asked, Found, Step, Trouble
from practice.access import SYSTEM
from practice.acts import Kind
from practice.errors import Invalid, StillRunning, TaskNotFound, TooMuchAtOnce, Unavailable
from practice.tasks import INTERRUPTED, Task, TaskState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from types import TracebackType

    from booking_adapter.sync import Source
    from booking_adapter.tools.calldoc import CallDoc
    from practice.access import Actor
    from practice.patients import Patient
    from practice.ports import Database, UnitOfWork
    from practice.profile import Profile

__all__ = ["KEPT", "KIND", "AtOnce", "SinglePatientSync"]

log = logging.getLogger(__name__)

#: What its tasks are called.
KIND = "single_patient"
#: How long tasks are told of.
KEPT = timedelta(days=30)
_PIZ = re.compile(r"[0-9A-Za-z][0-9A-Za-z._/-]{0,63}", re.ASCII)
_ISO = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_YEARS = range(2000, 2100)
#: Until whoever does it is taken for dead, it has so much longer to say why it did not manage.
_TO_SAY_SO = timedelta(seconds=5)
_STEPS = max(Step)


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True, slots=True)
class AtOnce:
    """How many are worked on in one process, how many wait, and how long one may take in all."""

    threads: int = 3
    waiting: int = 20
    limit: timedelta = timedelta(seconds=60)


class SinglePatientSync:
    """Starts tasks and tells of them. Use as a context manager, or close it."""

    def __init__(
        self,
        database: Database,
        source: Source,
        tool: CallDoc,
        profile: Profile,
        clock: Callable[[], datetime] = _now,
        at_once: AtOnce | None = None,
    ) -> None:
        """Nothing is begun yet. `tool` is the source's."""
        self._database = database
        self._source = source
        self._tool = tool
        self._profile = profile
        self._clock = clock
        self._at_once = at_once or AtOnce()
        self._room = threading.BoundedSemaphore(self._at_once.threads + self._at_once.waiting)
        self._threads = ThreadPoolExecutor(self._at_once.threads, "single-patient")
        self._closing = threading.Event()

    def __enter__(self) -> SinglePatientSync:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """End after those that are being done; those that wait fail, and say so."""
        self._closing.set()
        self._threads.shutdown(wait=True)

    def start(
        self,
        piz: str,
        day: date | str,
        appointment_type_id: int | str = 24,
        *,
        made_by: Actor = SYSTEM,
    ) -> Task:
        """Begin, and return at once; the same again while it is running is the same task.

        Raises Invalid, StillRunning if another day or type of the patient is being done, and
        TooMuchAtOnce.
        """
        piz = _valid_piz(piz)
        asked = {
            "piz": piz,
            "date": _valid_day(day).isoformat(),
            "appointment_type_id": _valid_type(appointment_type_id),
        }
        until = time.monotonic() + self._at_once.limit.total_seconds()
        lease = self._at_once.limit + _TO_SAY_SO
        has_room = False
        try:
            with self._database.begin(actor=made_by, now=self._clock()) as uow:
                task, is_new = uow.tasks.begin(KIND, piz, asked, lease)
                if not is_new:
                    return _the_same(task, asked)
                has_room = self._room.acquire(blocking=False)
                if not has_room or self._closing.is_set():
                    raise TooMuchAtOnce(
                        "Too many patients are being synchronised. Try again in a minute."
                    )
                told = {key: value for key, value in asked.items() if key != "piz"}
                uow.acts.note("begun", Kind.TASK, task.id, None, told)
            self._threads.submit(self._run, task, until)
        except BaseException:
            if has_room:
                self._room.release()
            raise
        return task

    def status(self, task_id: str) -> dict[str, Any]:
        """Return how a task is, as JSON; raises TaskNotFound.

        The fields are those of the program that it was made for, and `progress`, `error_code` and
        `result`; `sqlhk_sync` is the same under the old name.
        """
        now = self._clock()
        with self._database.begin(actor=SYSTEM, now=now, read_only=True) as uow:
            task = uow.tasks.get(task_id)
            if task is None or task.kind != KIND:
                raise TaskNotFound("There is no such task, or none any more.")
            return _status(task, _patients_of(uow, [task]), now)

    def recent(
        self, states: Iterable[TaskState] = tuple(TaskState), limit: int = 50
    ) -> list[dict[str, Any]]:
        """Return the last tasks in some states as `status` does, the last first."""
        now = self._clock()
        with self._database.begin(actor=SYSTEM, now=now, read_only=True) as uow:
            tasks = uow.tasks.find(list(states), KIND, limit)
            patients = _patients_of(uow, tasks)
        return [_status(task, patients, now) for task in tasks]

    def _run(self, task: Task, until: float) -> None:
        run = Run(self._database, self._source, self._tool, self._profile, self._clock)
        extra = {"task": task.id, "source": self._source.name}
        try:
            if self._closing.is_set():
                raise Trouble(**INTERRUPTED)
            day, kind = date.fromisoformat(task.asked["date"]), task.asked["appointment_type_id"]
            asked = Asked(task.key, day, str(kind), until)
            asked.check_time()
            run.work(
                asked,
                lambda found: self._tell(task, found),
                lambda uow, found: _end(uow, task, found),
            )
            log.info("single_patient.done", extra=extra)
        except Trouble as trouble:
            self._fail(task, run.found, trouble.code, str(trouble))
        except Unavailable as error:
            self._fail(task, run.found, "database", f"{error} Nothing was written; try again.")
        except Exception:
            # What nobody thought of must not leave somebody waiting for the end of it.
            log.exception("single_patient.error", extra=extra)
            self._fail(task, run.found, "internal", "The program has a fault; its log tells where.")
        finally:
            self._room.release()

    def _tell(self, task: Task, found: Found) -> None:
        with self._database.begin(actor=SYSTEM, now=self._clock()) as uow:
            lease = task.due - uow.now
            if not uow.tasks.renew(task.id, lease, found.told()):
                raise Trouble(**INTERRUPTED)

    def _fail(self, task: Task, found: Found, code: str, text: str) -> None:
        extra = {"task": task.id, "source": self._source.name, "reason": code}
        log.warning("single_patient.failed", extra=extra)
        found = replace(found, processed=0, error={"code": code, "text": text})
        # Where the database is away that long, the end of the lease says that it failed.
        while self._clock() < task.due:
            with suppress(Unavailable):
                with self._database.begin(actor=SYSTEM, now=self._clock()) as uow:
                    uow.tasks.end(task.id, TaskState.FAILED, found.told())
                return
            if self._closing.wait(0.5):
                return


def _end(uow: UnitOfWork, task: Task, found: Found) -> None:
    if not uow.tasks.end(task.id, TaskState.COMPLETED, found.told()):
        raise Trouble(**INTERRUPTED)


def _the_same(task: Task, asked: Mapping[str, Any]) -> Task:
    if task.asked != asked:
        sentence = "Another day or type of this patient is being synchronised. Try again then."
        raise StillRunning(sentence, task.id)
    return task


def _patients_of(uow: UnitOfWork, tasks: Iterable[Task]) -> Mapping[int, Patient]:
    ids = (task.told.get("patient_id") for task in tasks)
    return uow.patients.get(patient_id for patient_id in ids if patient_id is not None)


def _status(task: Task, patients: Mapping[int, Patient], now: datetime) -> dict[str, Any]:
    told = {**Found().told(), **task.told}
    patient = patients.get(told["patient_id"])
    error, result, step = told["error"] or {}, told["result"], Step(told["step"])
    return {
        "task_id": task.id,
        "status": str(task.state),
        "execution_time_ms": max(0, task.took(now) // timedelta(milliseconds=1)),
        "patient": {
            "piz": task.asked["piz"],
            "found": told["known"],
            "name": patient.record.last_name if patient else None,
            "vorname": patient.record.first_name if patient else None,
        },
        "appointments": {"found": told["found"], "processed": told["processed"]},
        "result": result,
        "sqlhk_sync": {**result, "untersuchung_id": result["id"]} if result else None,
        "error": error.get("text"),
        "error_code": error.get("code"),
        "progress": {"step": int(step), "of": int(_STEPS), "text": step.text},
    }


def _valid_piz(told: object) -> str:
    piz = str(told).strip() if isinstance(told, str | int) and not isinstance(told, bool) else ""
    if not _PIZ.fullmatch(piz) or not piz.strip("0"):
        raise Invalid("A PIZ is up to 64 letters and digits such as 1234567, and not only zeros.")
    return piz


def _valid_day(told: object) -> date:
    if isinstance(told, str) and _ISO.fullmatch(told):
        with suppress(ValueError):
            told = date.fromisoformat(told)
    if isinstance(told, datetime) or not isinstance(told, date) or told.year not in _YEARS:
        raise Invalid("A date is written as 2026-11-24, and in this century.")
    return told


def _valid_type(told: object) -> int:
    text = str(told).strip() if isinstance(told, str | int) and not isinstance(told, bool) else ""
    if not (text.isascii() and text.isdigit() and len(text) < 10):
        raise Invalid("An appointment type is a number of CallDoc's, such as 24.")
    return int(text)
