"""Whoever reads a time in an answer reads the practice's clock, and not that of Greenwich."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, get_args

from pydantic import Field

from admin_api.answering import content_of
from admin_api.endpoint import Shown
from admin_api.resources import ENDPOINTS
from practice.acts import ActQuestion, Kind
from practice.appointments import Slot
from practice.imports import Import, ImportState
from practice.schedule import HoursException
from practice.sources import SourceState
from practice.use_cases.offers import save_exception
from tests.arranging import TEN, Surgery
from tests.building import NOW, PROFILE
from tests.in_api import api_of
from tests.test_api_portal import BOOK, EVA, HOLD, wanted

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

    from practice.database import SqlDatabase

#: A moment that tells another clock than the practice's.
ELSEWHERE = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+(?:Z|\+00:00)")
HERE = re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+\+0[12]:00")
#: What is asked for where anything has to be.
QUERY = {"from": "2026-11-23", "until": "2026-11-24", "type": "kontrolle"}


class Odd(Shown):
    """Times where nobody looks for them."""

    any: Any
    named: dict[str, Any]
    each: list[tuple[datetime, int]]
    maybe: datetime | None = Field(None, description="A time.")


def models(parent: type[Shown] = Shown) -> Iterator[type[Shown]]:
    for one in parent.__subclasses__():
        yield one
        yield from models(one)


def test_every_time_of_every_answer_has_the_offset_of_the_practice() -> None:
    count = 0
    for model in models():
        for name, field in model.model_fields.items():
            if field.annotation is datetime or datetime in get_args(field.annotation):
                made = model.model_construct(None, **{name: NOW.astimezone(UTC)})
                told = content_of(made, PROFILE.zone).decode()
                assert HERE.search(told), f"{model.__name__}.{name}"
                count += 1
    assert count > 50
    summer = datetime(2026, 7, 1, 10, tzinfo=UTC)
    odd = Odd(any=[summer, {"a": NOW}], named={"b": {"c": NOW}}, each=[(NOW, 1)], maybe=summer)
    told = content_of(odd, PROFILE.zone).decode()
    assert not ELSEWHERE.search(told)
    assert len(HERE.findall(told)) == 5
    assert told.count("2026-07-01T12:00:00+02:00") == 2


def test_no_address_tells_a_time_of_greenwich(practice: SqlDatabase) -> None:
    surgery = Surgery(practice)
    appointment = surgery.book().appointment
    day = Slot(*(TEN.astimezone(UTC) + timedelta(days=n) for n in (10, 11)))
    with surgery.writing("admin") as uow:
        uow.sources.save(SourceState("termine", NOW, NOW))
        uow.imports.add(Import("liste.csv", "csv", ImportState.PLANNED, NOW, "admin"))
        closed = save_exception(uow, HoursException(0, None, None, day, False, "Fortbildung"))
        act, *_ = uow.acts.search(ActQuestion(kind=Kind.EXCEPTION))
    patient = surgery.patients["100"]
    told: dict[str, httpx.Response] = {}
    with api_of(practice) as doors:
        admin, nobody = doors.api("admin"), doors.nobody
        for endpoint in ENDPOINTS:
            if endpoint.method == "GET" and not endpoint.parts and "events" not in endpoint.path:
                fields = endpoint.query.model_fields.items()
                asked = {field.alias or name for name, field in fields} & set(QUERY)
                query = {name: QUERY[name] for name in asked}
                told[endpoint.path] = admin.get(endpoint.path, params=query)
        for address in (
            f"/api/booking/appointments/{appointment.id}",
            f"/api/settings/exceptions/{closed.id}",
            f"/api/patients/{patient}/appointments",
            f"/api/patients/{patient}/export?format=json",
            f"/api/audit/acts/{act.number}/undo",
            "/api/audit?texts=true",
            "/api/audit/export?format=jsonl&texts=true",
        ):
            told[address] = admin.get(address)
        told[BOOK] = nobody.post(BOOK, json=wanted(TEN.astimezone(UTC)) | {"person": EVA})
        told[HOLD] = nobody.post(HOLD, json=wanted(TEN.astimezone(UTC) + timedelta(hours=1)))
    assert [name for name, answer in told.items() if ELSEWHERE.search(answer.text)] == []
    assert len([name for name, answer in told.items() if HERE.search(answer.text)]) > 15
