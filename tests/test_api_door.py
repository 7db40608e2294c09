"""What every address of the API has in common: who may ask, how, how often, and what is answered
when something is wrong.
"""

from __future__ import annotations

import asyncio
import base64
import re
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from admin_api.documentation import documentation
from admin_api.endpoint import Answer, Call, Endpoint, Form, Nothing, Shown, Upload
from admin_api.problems import KINDS, MEDIA_TYPE
from admin_api.resources import ENDPOINTS
from admin_api.shapes import Id, Limit, Name
from practice.accounts import Room
from practice.acts import ActQuestion, Kind
from practice.errors import DatabaseUnavailable, NotFound, StorageFull
from practice.scopes import Scope
from tests.building import PASSWORD, reading
from tests.in_api import Clock, Doors, api_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx
    from starlette.types import Message

    from practice.database import SqlDatabase


class RoomForm(Form):
    slug: Name
    name: Name


class RoomShown(Shown):
    id: int
    slug: str
    name: str


class Which(Form):
    limit: Limit = 10
    of: Id | None = None


def _shown(room: Room) -> RoomShown:
    return RoomShown(id=room.id, slug=room.slug, name=room.name)


def _find(call: Call[Any, Any]) -> Room:
    found = next((r for r in call.uow.house.rooms() if r.id == call.path["room_id"]), None)
    if found is None:
        raise NotFound("There is no such room.")
    return found


def read_room(call: Call[Nothing, None]) -> RoomShown:
    return _shown(_find(call))


def make_room(call: Call[Nothing, RoomForm]) -> RoomShown:
    call.uow.acts.note("made", Kind.ROOM, call.body.slug)
    return _shown(call.uow.house.save_room(Room(call.body.slug, call.body.name)))


def change_room(call: Call[Nothing, RoomForm]) -> RoomShown:
    room = _find(call)
    return _shown(call.uow.house.save_room(Room(call.body.slug, call.body.name, room.id)))


def half_a_write(call: Call[Nothing, None]) -> None:
    call.uow.house.save_room(Room("halb", "Halb"))
    raise NotFound("Nothing came of it.")


def give_secret(call: Call[Nothing, None]) -> RoomShown:
    return RoomShown(id=1, slug="geheimnis", name=str(call.now))


def take_file(call: Call[Nothing, Upload]) -> RoomShown:
    return RoomShown(id=len(call.body.content), slug=call.body.name, name=call.body.media_type)


def list_some(call: Call[Which, None]) -> RoomShown:
    return RoomShown(id=call.query.limit, slug=str(call.query.of), name="")


def no_database(call: Call[Nothing, None]) -> None:
    raise DatabaseUnavailable("The database did not answer.")


def no_disk(call: Call[Nothing, None]) -> None:
    raise StorageFull("The disk is full.")


def break_down(call: Call[Nothing, None]) -> None:
    raise RuntimeError("Erika Beispiel")


def as_file(call: Call[Nothing, None]) -> Answer:
    return Answer(content=b"BEGIN:VCALENDAR", media_type="text/calendar")


_SETTINGS = Scope.SETTINGS
ROOMS = "/api/rooms"
ROOM = f"{ROOMS}/{{room_id:id}}"
TRIED = (
    Endpoint("POST", ROOMS, make_room, "", _SETTINGS, RoomShown, body=RoomForm, status=201),
    Endpoint("GET", ROOM, read_room, "", _SETTINGS, RoomShown),
    Endpoint("PUT", ROOM, change_room, "", _SETTINGS, RoomShown, body=RoomForm, current=read_room),
    Endpoint("POST", "/api/half", half_a_write, "", None),
    Endpoint("POST", "/api/secret", give_secret, "", None, RoomShown, secret=True),
    Endpoint("POST", "/api/file", take_file, "", None, RoomShown, uploads=("text/csv",)),
    Endpoint("GET", "/api/list", list_some, "", None, RoomShown, query=Which, open=True),
    Endpoint("GET", "/api/no-database", no_database, "", None),
    Endpoint("POST", "/api/no-disk", no_disk, "", None),
    Endpoint("GET", "/api/fault", break_down, "", None),
    Endpoint("GET", "/api/calendar", as_file, "", None, files=("text/calendar",)),
)
A_ROOM = {"slug": "raum-1", "name": "Raum 1"}


@pytest.fixture
def doors(practice: SqlDatabase) -> Iterator[Doors]:
    """The addresses above, over a practice."""
    with api_of(practice, endpoints=TRIED) as made:
        yield made


def problem(answer: httpx.Response, status: int) -> dict[str, Any]:
    """Return the problem that an answer tells, which has to be one."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == MEDIA_TYPE
    told: dict[str, Any] = answer.json()
    assert told["status"] == status
    assert told["detail"].endswith(".")
    assert told["type"].startswith("/api/docs#problem-")
    return told


def rooms(database: SqlDatabase) -> list[str]:
    """Return the rooms there are."""
    with reading(database) as uow:
        return [room.slug for room in uow.house.rooms()]


# Who may ask


def test_whoever_has_not_signed_in_is_asked_to(doors: Doors) -> None:
    answer = doors.nobody.get(f"{ROOMS}/1")
    problem(answer, 401)
    assert "Basic" in answer.headers["www-authenticate"]


@pytest.mark.parametrize("told", ["Basic x", "Bearer x", "Basic", "", "Digest a=b", "Basic 4oCm"])
def test_what_proves_nothing_admits_nobody(doors: Doors, told: str) -> None:
    problem(doors.nobody.get(f"{ROOMS}/1", headers={"Authorization": told}), 401)


def test_a_wrong_password_admits_nobody_not_even_where_all_may_come(doors: Doors) -> None:
    problem(doors.nobody.get("/api/list", auth=("admin", "falsch")), 401)
    assert doors.nobody.get("/api/list").status_code == 200


def test_guessing_is_throttled(doors: Doors) -> None:
    answers = [doors.nobody.get(f"{ROOMS}/1", auth=("admin", f"falsch {n}")) for n in range(12)]
    assert [answer.status_code for answer in answers] == [401] * 10 + [429] * 2
    assert int(answers[-1].headers["retry-after"]) > 0


def test_who_lacks_the_permission_is_told_which(doors: Doors) -> None:
    told = problem(doors.api("albis").post(ROOMS, json=A_ROOM), 403)
    assert "'settings'" in told["detail"]


def test_too_many_requests_wait(practice: SqlDatabase) -> None:
    with api_of(practice, endpoints=TRIED, rates=(2, 3)) as doors:
        admin = doors.api("admin")
        codes = [admin.get(f"{ROOMS}/1").status_code for _ in range(3)]
        assert codes == [404, 404, 429]
        codes = [doors.nobody.get("/api/list").status_code for _ in range(4)]
        assert codes == [200, 200, 200, 429]
        assert doors.api("empfang").get("/api/calendar").status_code == 200


# What is read


def test_what_is_written_is_read_again(doors: Doors) -> None:
    admin = doors.api("admin")
    made = admin.post(ROOMS, json=A_ROOM)
    assert made.status_code == 201
    assert admin.get(f"{ROOMS}/{made.json()['id']}").json() == made.json()


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"{", 400),
        (b"\xff\xfe", 400),
        (b"[" * 100_000, 400),
        (b"[]", 422),
        (b"{}", 422),
        (b'{"slug": "a", "name": "b", "more": 1}', 422),
        (b'{"slug": 1, "name": "b"}', 422),
        (b'{"slug": "a", "name": "b\\u0000"}', 422),
        (b'{"slug": "a", "name": "\\ud800"}', 400),
        (b'{"slug": "a", "name": "a\\r\\nBcc: x"}', 422),
        (b'{"slug": "Gro\xc3\x9f Buchstaben", "name": "b"}', 422),
    ],
)
def test_a_body_that_cannot_be_used_is_refused(doors: Doors, body: bytes, status: int) -> None:
    told = {"Content-Type": "application/json"}
    problem(doors.api("admin").post(ROOMS, content=body, headers=told), status)


def test_what_does_not_fit_is_named_and_not_repeated(doors: Doors) -> None:
    answer = doors.api("admin").post(ROOMS, json={"slug": "a", "name": ["Erika Beispiel"]})
    told = problem(answer, 422)
    assert [fault["pointer"] for fault in told["errors"]] == ["/name"]
    assert "Erika" not in answer.text


@pytest.mark.parametrize("kind", ["text/plain", "", "application/xml"])
def test_a_body_of_another_kind_is_refused(doors: Doors, kind: str) -> None:
    told = {"Content-Type": kind}
    problem(doors.api("admin").post(ROOMS, content=b"{}", headers=told), 415)


def test_a_packed_body_is_refused(doors: Doors) -> None:
    told = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    problem(doors.api("admin").post(ROOMS, content=b"{}", headers=told), 415)


def test_a_body_that_is_too_large_is_refused(doors: Doors) -> None:
    body = b'{"slug": "a", "name": "' + b"a" * 1_000_001 + b'"}'
    told = {"Content-Type": "application/json"}
    problem(doors.api("admin").post(ROOMS, content=body, headers=told), 413)


def test_a_file_is_taken_as_it_is(doors: Doors) -> None:
    told = {"Content-Type": "text/csv; charset=x", "X-File-Name": "Patienten%20Mai.csv"}
    answer = doors.api("admin").post("/api/file", content=b"a;b\r\n" * 300_000, headers=told)
    assert answer.json() == {"id": 1_500_000, "slug": "Patienten Mai.csv", "name": "text/csv"}
    problem(doors.api("admin").post("/api/file", json={}), 415)


@pytest.mark.parametrize(
    "query", ["limit=0", "limit=x", "limit=1&limit=2", "more=1", "of=0", "of=1&of=x", "limit="]
)
def test_a_query_that_cannot_be_used_is_refused(doors: Doors, query: str) -> None:
    assert problem(doors.nobody.get(f"/api/list?{query}"), 422)["errors"]


def test_a_query_is_read(doors: Doors) -> None:
    told = doors.nobody.get("/api/list?of=7&limit=3").json()
    assert (told["id"], told["slug"]) == (3, "7")


@pytest.mark.parametrize(
    "number", ["0", "-1", "1.5", "x", "9" * 30, "01", "%00", "1%2f2", "%0a1", "1%0ax"]
)
def test_an_address_of_nothing_is_not_found(doors: Doors, number: str) -> None:
    problem(doors.api("admin").get(f"{ROOMS}/{number}"), 404)


@pytest.mark.parametrize("method", ["DELETE", "PATCH", "PROPFIND", "OPTIONS", "TRACE"])
def test_another_method_is_told_which_there_are(doors: Doors, method: str) -> None:
    answer = doors.api("admin").request(method, f"{ROOMS}/1")
    problem(answer, 405)
    assert answer.headers["allow"] == "GET, HEAD, PUT"


# What goes wrong leaves nothing


def test_a_refused_request_leaves_nothing_behind(doors: Doors, practice: SqlDatabase) -> None:
    problem(doors.api("admin").post("/api/half"), 404)
    assert rooms(practice) == []


def test_a_database_that_does_not_answer_is_worth_another_try(doors: Doors) -> None:
    answer = doors.api("admin").get("/api/no-database")
    problem(answer, 503)
    assert answer.headers["retry-after"] == "5"


def test_a_full_disk_is_told(doors: Doors) -> None:
    problem(doors.api("admin").post("/api/no-disk"), 507)


def test_a_fault_is_told_without_what_it_says(
    doors: Doors, caplog: pytest.LogCaptureFixture
) -> None:
    answer = doors.api("admin").get("/api/fault")
    problem(answer, 500)
    assert "Erika" not in answer.text
    assert [record.message for record in caplog.records if record.levelname == "ERROR"] == [
        "api.fault"
    ]


def test_who_leaves_before_the_end_of_a_request_is_no_fault_of_the_server(doors: Doors) -> None:
    sent: list[Message] = []

    async def gone() -> Message:
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        sent.append(message)

    claim = b"Basic " + base64.b64encode(f"admin:{PASSWORD}".encode())
    told = [(b"authorization", claim), (b"content-length", b"40")]
    head = {"method": "POST", "path": ROOMS, "query_string": b"", "headers": told}
    asyncio.run(doors.app({"type": "http", "state": {}, **head}, gone, send))
    assert sent[0]["status"] == 400


# Versions


def test_a_change_of_what_was_not_seen_is_refused(doors: Doors) -> None:
    admin = doors.api("admin")
    address = f"{ROOMS}/{admin.post(ROOMS, json=A_ROOM).json()['id']}"
    seen = admin.get(address).headers["etag"]
    first = admin.put(address, json={**A_ROOM, "name": "Neu"}, headers={"If-Match": seen})
    assert first.status_code == 200
    assert first.headers["etag"] == admin.get(address).headers["etag"] != seen
    second = admin.put(address, json={**A_ROOM, "name": "Alt"}, headers={"If-Match": seen})
    problem(second, 412)
    assert admin.get(address).json()["name"] == "Neu"
    for told in ("*", first.headers["etag"], f'"x", {first.headers["etag"]}'):
        assert admin.put(address, json=A_ROOM, headers={"If-Match": told}).status_code == 200
        first = admin.put(address, json={**A_ROOM, "name": "Neu"})


def test_what_has_not_changed_is_not_sent_again(doors: Doors) -> None:
    admin = doors.api("admin")
    address = f"{ROOMS}/{admin.post(ROOMS, json=A_ROOM).json()['id']}"
    seen = admin.get(address).headers["etag"]
    answer = admin.get(address, headers={"If-None-Match": seen})
    assert (answer.status_code, answer.content) == (304, b"")


# Requests that are sent again


def test_a_request_sent_again_is_done_once_and_answered_twice(
    doors: Doors, practice: SqlDatabase
) -> None:
    admin, key = doors.api("admin"), {"Idempotency-Key": "mein Auftrag 1"}
    first = admin.post(ROOMS, json=A_ROOM, headers=key)
    again = admin.post(ROOMS, json=A_ROOM, headers=key)
    assert (again.status_code, again.content) == (first.status_code, first.content)
    assert again.headers["content-type"] == "application/json"
    with reading(practice) as uow:
        assert len(list(uow.acts.search(ActQuestion(kind=Kind.ROOM)))) == 1


def test_requests_sent_at_once_under_one_key_are_done_once(
    doors: Doors, practice: SqlDatabase
) -> None:
    answers = []
    assert doors.api("admin").get("/api/list").status_code == 200  # the password is known now

    def send() -> None:
        key = {"Idempotency-Key": "zugleich"}
        answers.append(doors.api("admin").post(ROOMS, json=A_ROOM, headers=key))

    threads = [threading.Thread(target=send) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {(answer.status_code, answer.content) for answer in answers} == {
        (201, answers[0].content)
    }
    with reading(practice) as uow:
        assert len(list(uow.acts.search(ActQuestion(kind=Kind.ROOM)))) == 1


def test_a_key_is_for_one_request_of_one_caller(doors: Doors) -> None:
    admin, key = doors.api("admin"), {"Idempotency-Key": "x"}
    assert admin.post(ROOMS, json=A_ROOM, headers=key).status_code == 201
    problem(admin.post(ROOMS, json={**A_ROOM, "name": "Anders"}, headers=key), 422)
    problem(admin.post("/api/half", headers=key), 404)
    problem(doors.api("empfang").post("/api/half", headers=key), 404)


def test_a_key_is_forgotten_after_a_day(practice: SqlDatabase) -> None:
    clock = Clock()
    with api_of(practice, endpoints=TRIED, clock=clock) as doors:
        admin, key = doors.api("admin"), {"Idempotency-Key": "x"}
        assert admin.post(ROOMS, json=A_ROOM, headers=key).status_code == 201
        clock.now += timedelta(hours=25)
        problem(admin.post(ROOMS, json=A_ROOM, headers=key), 409)  # the name is taken


def test_a_refused_request_may_be_sent_again(doors: Doors, practice: SqlDatabase) -> None:
    admin, key = doors.api("admin"), {"Idempotency-Key": "x"}
    problem(admin.post(ROOMS, json={**A_ROOM, "slug": "Nicht So"}, headers=key), 422)
    assert admin.post(ROOMS, json=A_ROOM, headers=key).status_code == 201


@pytest.mark.parametrize("key", ["", " ", "ü", "x" * 256])
def test_a_key_that_is_none_is_refused(doors: Doors, key: str) -> None:
    told = {"Idempotency-Key": key.encode("latin-1")}
    problem(doors.api("admin").post(ROOMS, json=A_ROOM, headers=told), 400)


def test_a_secret_is_told_once(doors: Doors, practice: SqlDatabase) -> None:
    admin, key = doors.api("admin"), {"Idempotency-Key": "x"}
    assert admin.post("/api/secret", headers=key).status_code == 200
    answer = admin.post("/api/secret", headers=key)
    problem(answer, 409)
    assert "geheimnis" not in answer.text


# What every answer says


def test_no_answer_is_kept_or_framed(doors: Doors) -> None:
    admin = doors.api("admin")
    for answer in (admin.get("/api/calendar"), admin.get(f"{ROOMS}/1"), doors.nobody.get(ROOMS)):
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert "access-control-allow-origin" not in answer.headers


def test_the_description_tells_what_there_is(doors: Doors) -> None:
    told = doors.nobody.get("/api/openapi.json").json()
    assert told["openapi"] == "3.1.0"
    assert set(told["paths"]) == {endpoint.public_path for endpoint in TRIED}
    operation = told["paths"]["/api/rooms/{room_id}"]["put"]
    assert set(operation["responses"]) >= {"200", "401", "403", "404", "412", "422"}
    schemas = told["components"]["schemas"]
    shown = operation["responses"]["200"]["content"]["application/json"]["schema"]["$ref"]
    assert set(schemas[shown.rpartition("/")[2]]["properties"]) == {"id", "slug", "name"}
    page = doors.nobody.get("/api/docs")
    assert "change_room" in page.text
    assert "<script" not in page.text
    assert "script-src" not in page.headers["content-security-policy"]


def test_the_page_tells_of_every_address_and_leads_to_what_it_names() -> None:
    app = Starlette(routes=documentation(ENDPOINTS, "1.2.3"))
    with TestClient(app) as client:
        answer = client.get("/api/docs")
    assert answer.status_code == 200
    told, there = answer.text, set(re.findall(r'id="([^"]+)"', answer.text))
    assert {one.public_path for one in ENDPOINTS} <= set(re.findall(r"<code>(/[^<]+)</code>", told))
    assert set(re.findall(r'href="#([^"]+)"', told)) <= there
    assert {f"problem-{kind.slug}" for kind in KINDS} <= there
