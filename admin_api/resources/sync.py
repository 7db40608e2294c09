"""How the booking tools were last asked, asking one now, and one patient of CallDoc's at once."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from pydantic import Field, StringConstraints

from admin_api.endpoint import Answer, Call, Endpoint, Form, Nothing, Shown
from admin_api.services import SinglePatients
from admin_api.shapes import Day
from practice.access import Actor
from practice.errors import NotFound
from practice.scopes import Scope
from practice.sources import SourceState
from practice.tasks import TaskState

__all__ = ["ENDPOINTS"]


class SourceShown(Shown):
    """How a booking tool was last asked."""

    name: str
    attempted: datetime | None
    succeeded: datetime | None
    age_seconds: int | None = Field(description="How old what is known of its bookings is.")
    stale: bool = Field(description="Whether nothing was heard of it for a day.")
    error: str = Field(description="What went wrong last; empty after a success.")
    counts: dict[str, int] = Field(description="Bookings of the last success, by what became.")


class SourcesShown(Shown):
    """All booking tools that were ever asked."""

    items: list[SourceShown]


class OnePatient(Form):
    """Whom to fetch, and of which day."""

    piz: Annotated[
        str, StringConstraints(pattern=r"^0*[1-9A-Za-z][0-9A-Za-z._/-]*$", max_length=64)
    ] = Field(description="The patient's number in the practice (M1Ziffer).", examples=["1234567"])
    date: Day = Field(examples=["2026-11-24"])
    appointment_type_id: int = Field(24, ge=0, le=999_999_999)


class Begun(Shown):
    """What has begun, and where to look."""

    message: str
    task_id: str
    status_url: str


class PatientOfTask(Shown):
    """The patient of a task; the names as the practice has them."""

    piz: str
    found: bool
    name: str | None
    vorname: str | None


class Found(Shown):
    """The patient's appointments of that day."""

    found: int
    processed: int


class Progress(Shown):
    """How far a task is."""

    step: int
    of: int
    text: str


class TaskShown(Shown):
    """A task, running or ended."""

    task_id: str
    status: TaskState
    execution_time_ms: int
    patient: PatientOfTask
    appointments: Found
    result: dict[str, Any] | None = Field(
        description="What was done: `action` is created, updated or already_exists, `id` that of "
        "the appointment; of several, `all` has each."
    )
    sqlhk_sync: dict[str, Any] | None = Field(description="The same, under its former name.")
    error: str | None
    error_code: str | None
    progress: Progress


class TasksShown(Shown):
    """The last tasks."""

    items: list[TaskShown]


class Which(Form):
    """Which tasks."""

    status: TaskState | None = None


def read_sources(call: Call[Nothing, None]) -> SourcesShown:
    """Return how each booking tool was last asked."""
    return SourcesShown(items=[_source(one, call.now) for one in call.uow.sources.all()])


def ask_now(call: Call[Nothing, None]) -> Answer:
    """Have a booking tool asked now."""
    services, name = call.services, call.path["source"]
    if services.ask_now is None or not services.ask_now(name):
        raise NotFound("The settings have no booking tool of this name that can be asked.")
    return Answer(status=202)


def begin_one_patient(call: Call[Nothing, OnePatient]) -> Begun:
    """Begin to fetch one patient's appointments of a day; the same again is the same task."""
    body, caller = call.body, call.caller
    made_by = Actor(caller.id, caller.name)
    task = _single(call).start(body.piz, body.date, body.appointment_type_id, made_by=made_by)
    return Begun(
        message="Single patient synchronization started",
        task_id=task.id,
        status_url=f"/api/sync/status/{task.id}",
    )


def read_task(call: Call[Nothing, None]) -> TaskShown:
    """Return how a task is."""
    return TaskShown.model_validate(_single(call).status(call.path["task_id"]))


def read_tasks(call: Call[Which, None]) -> TasksShown:
    """Return the last tasks, the last first."""
    states = list(TaskState) if call.query.status is None else [call.query.status]
    told = _single(call).recent(states)
    return TasksShown(items=[TaskShown.model_validate(one) for one in told])


def _single(call: Call[Any, Any]) -> SinglePatients:
    if call.services.single_patients is None:
        raise NotFound("The settings have no CallDoc among the booking tools.")
    return call.services.single_patients


def _source(state: SourceState, now: datetime) -> SourceShown:
    age = None if state.succeeded is None else int((now - state.succeeded).total_seconds())
    return SourceShown(
        name=state.name,
        attempted=state.attempted,
        succeeded=state.succeeded,
        age_seconds=age,
        stale=state.is_stale(now),
        error=state.error,
        counts=dict(state.counts),
    )


_SYNC = Scope.SYNC
ENDPOINTS = (
    Endpoint(
        "GET", "/api/sync/sources", read_sources, "How the booking tools are", _SYNC, SourcesShown
    ),
    # Asked and fetched in transactions of their own, so that this one must not hold the writers.
    Endpoint(
        "POST",
        "/api/sync/sources/{source}/run",
        ask_now,
        "Ask a booking tool now",
        _SYNC,
        status=202,
        writes=False,
    ),
    Endpoint(
        "POST",
        "/api/sync/patient",
        begin_one_patient,
        "Fetch one patient's appointments of a day from CallDoc",
        _SYNC,
        Begun,
        body=OnePatient,
        status=202,
        writes=False,
        problems=(404, 409),
        text="Answered at once; `status_url` tells how far it is. One at a time per patient.",
    ),
    Endpoint("GET", "/api/sync/status/{task_id}", read_task, "How a task is", _SYNC, TaskShown),
    Endpoint(
        "GET",
        "/api/sync/tasks",
        read_tasks,
        "The last tasks",
        _SYNC,
        TasksShown,
        query=Which,
        problems=(404,),
    ),
)
