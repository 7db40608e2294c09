"""The dashboard: how the practice stands now. Figures and ids, nothing of a patient."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING

from pydantic import Field

from admin_api.endpoint import Call, Endpoint, Nothing, Shown
from practice.messages import Receiver
from practice.scopes import Scope
from practice.use_cases.day import kept_openings
from practice.use_cases.desk import Desk
from practice.use_cases.overview import loaded_days, overview, seen_by

if TYPE_CHECKING:
    from collections.abc import Mapping

    from practice.appointments import Status
    from practice.overview import Appointed, Overview

__all__ = ["ENDPOINTS", "stands"]

_RATE = "0 to 1; null if there was nothing."


class DoctorNamed(Shown):
    """A doctor."""

    slug: str
    name: str


class ByDoctorShown(Shown):
    """How many appointments a doctor has."""

    doctor: DoctorNamed | None = Field(description="null: those of no doctor.")
    count: int = Field(description="All but the cancelled ones.")
    by_status: dict[str, int]


class AppointedShown(Shown):
    """How many appointments start within a span of days."""

    count: int = Field(description="All but the cancelled ones.")
    by_status: dict[str, int]
    by_doctor: list[ByDoctorShown]


class DeliveryShown(Shown):
    """What became of letters in the last seven days, without those to be done by hand."""

    delivered: int
    given_up: int
    rate: float | None = Field(description=_RATE)


class HookFigures(Shown):
    """What became of webhooks in the last seven days."""

    done: int
    quarantined: int
    waiting: int
    in_quarantine: int = Field(description="All of them, however old.")
    rate: float | None = Field(description=_RATE)


class FaultShown(Shown):
    """Something that went wrong."""

    kind: str = Field(description="letter, webhook, source or task.")
    time: datetime
    id: str
    sentence: str


class SourceShown(Shown):
    """When a booking tool was last asked."""

    name: str
    attempted: datetime | None
    succeeded: datetime | None
    age_seconds: float | None = Field(description="Since it last answered.")
    is_stale: bool
    error: str


class QueueShown(Shown):
    """Letters that wait for one receiver."""

    to: Receiver
    waiting: int
    oldest: datetime
    oldest_seconds: float


class RequestShown(Shown):
    """A request that nobody has answered."""

    appointment_id: int
    doctor: DoctorNamed | None
    start: datetime
    since: datetime | None
    waiting_seconds: float | None


class WeekShown(Shown):
    """The appointments of a week, without the cancelled ones."""

    monday: date
    appointments: int


class MonthShown(Shown):
    """The appointments of a month that should have taken place by now."""

    first: date = Field(description="The month's first day.")
    appointments: int
    no_shows: int
    rate: float | None = Field(description=_RATE)


class LoadShown(Shown):
    """How busy a doctor is in a week."""

    doctor: DoctorNamed
    monday: date
    booked_seconds: int
    open_seconds: int
    rate: float | None = Field(description="May be above 1; null if nothing is open.")


class TaskShown(Shown):
    """A task that runs or has failed."""

    id: str
    kind: str
    state: str
    begun: datetime
    ended: datetime | None
    made_by: str


class DashboardShown(Shown):
    """All of it, as of one moment. Days, weeks and months are the practice's."""

    at: datetime
    today: AppointedShown
    week: AppointedShown
    month: AppointedShown
    letters: DeliveryShown
    webhooks: HookFigures
    faults: list[FaultShown] = Field(description="The last ones, the newest first.")
    sources: list[SourceShown]
    queue: list[QueueShown]
    open_conflicts: int
    requests_waiting: int
    requests: list[RequestShown] = Field(description="The first ones, by when they would start.")
    patients_to_review: int
    weeks: list[WeekShown] = Field(description="Twelve; this one is the last.")
    no_shows: list[MonthShown]
    load: list[LoadShown]
    tasks_running: list[TaskShown]
    tasks_failed: list[TaskShown]


def read_dashboard(call: Call[Nothing, None]) -> DashboardShown:
    """Return how the practice stands."""
    uow = call.uow
    desk = Desk(uow, call.services.profile)
    found = seen_by(uow, call.caller, stands(desk))
    names = {
        doctor.id: DoctorNamed(slug=doctor.slug, name=doctor.name) for doctor in uow.house.doctors()
    }
    return DashboardShown(
        at=found.at,
        today=_appointed(found.today, names),
        week=_appointed(found.week, names),
        month=_appointed(found.month, names),
        letters=DeliveryShown.model_validate(found.letters),
        webhooks=HookFigures.model_validate(found.webhooks),
        faults=[FaultShown.model_validate(one) for one in found.faults],
        sources=_sources(found),
        queue=_queue(found),
        open_conflicts=found.open_conflicts,
        requests_waiting=found.requests_waiting,
        requests=_requests(found, names),
        patients_to_review=found.patients_to_review,
        weeks=[WeekShown.model_validate(one) for one in found.weeks],
        no_shows=[MonthShown.model_validate(one) for one in found.no_shows],
        load=_load(found, names),
        tasks_running=[TaskShown.model_validate(one) for one in found.tasks_running],
        tasks_failed=[TaskShown.model_validate(one) for one in found.tasks_failed],
    )


def stands(desk: Desk, day: date | None = None) -> Overview:
    """Return how the practice stands, with its doctors' true hours; see `overview`."""
    today = desk.uow.now.astimezone(desk.profile.zone).date()
    hours = kept_openings(desk, *loaded_days(today))
    return overview(desk.uow, desk.profile, hours, day=day)


def _appointed(found: Appointed, names: Mapping[int, DoctorNamed]) -> AppointedShown:
    by_doctor = [
        ByDoctorShown(
            doctor=names.get(doctor_id or 0), count=_count(counts), by_status=_plain(counts)
        )
        for doctor_id, counts in found.by_doctor.items()
    ]
    by_doctor.sort(key=lambda one: one.doctor.slug if one.doctor else "~")
    return AppointedShown(count=found.count, by_status=_plain(found.by_status), by_doctor=by_doctor)


def _count(counts: Mapping[Status, int]) -> int:
    return sum(n for status, n in counts.items() if status != "CANCELLED")


def _plain(counts: Mapping[Status, int]) -> dict[str, int]:
    return {str(status): n for status, n in counts.items()}


def _sources(found: Overview) -> list[SourceShown]:
    return [
        SourceShown(
            name=one.name,
            attempted=one.attempted,
            succeeded=one.succeeded,
            age_seconds=one.age.total_seconds() if one.age is not None else None,
            is_stale=one.is_stale,
            error=one.error,
        )
        for one in found.sources
    ]


def _queue(found: Overview) -> list[QueueShown]:
    return [
        QueueShown(
            to=one.to,
            waiting=one.waiting,
            oldest=one.oldest,
            oldest_seconds=(found.at - one.oldest).total_seconds(),
        )
        for one in found.queue
    ]


def _requests(found: Overview, names: Mapping[int, DoctorNamed]) -> list[RequestShown]:
    return [
        RequestShown(
            appointment_id=one.appointment_id,
            doctor=names.get(one.doctor_id or 0),
            start=one.start,
            since=one.since,
            waiting_seconds=(found.at - one.since).total_seconds() if one.since else None,
        )
        for one in found.requests
    ]


def _load(found: Overview, names: Mapping[int, DoctorNamed]) -> list[LoadShown]:
    return [
        LoadShown(
            doctor=names[one.doctor_id],
            monday=one.monday,
            booked_seconds=one.booked * 60,
            open_seconds=one.open * 60,
            rate=one.rate,
        )
        for one in found.load
    ]


ENDPOINTS = (
    Endpoint(
        "GET",
        "/api/dashboard",
        read_dashboard,
        "Show how the practice stands",
        Scope.DASHBOARD,
        DashboardShown,
        text="A program is told of single doctors only whose calendars it sees.",
    ),
)
