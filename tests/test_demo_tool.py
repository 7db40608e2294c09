"""The demo's booking tool: what is done on its page, and what the practice does by its API."""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from html import unescape
from html.parser import HTMLParser
from queue import Queue
from typing import Any

import httpx
import pytest
from starlette.responses import Response

from booking_adapter.signatures import secret_of, verify
from praxis_caldav.demo.tool import Setup, invented, run
from tests.building import BERLIN, NOW
from tests.mimics.tool import Asked, Tool

TOKEN = "kennwort-der-praxis"
SECRET = secret_of("ein Geheimnis nur für die Vorführung")
#: NOW is a Friday.
MONDAY = date(2026, 11, 23)
ERIKA = {
    "doctor": "dr-mueller",
    "day": "2026-11-23",
    "time": "17:30",
    "first_name": "Erika",
    "last_name": "Muschelknautz",
    "birth_date": "1961-05-30",
    "email": "erika@example.org",
    "reason": "Kontrolle",
}
BOOKED = {
    "doctor": "dr-mueller",
    "start": "2026-11-23T17:30:00+01:00",
    "end": "2026-11-23T18:00:00+01:00",
    "status": "confirmed",
    "last_name": "Muschelknautz",
    "first_name": "Erika",
    "birth_date": "1961-05-30",
    "email": "erika@example.org",
    "reason": "Kontrolle",
}


class Clock:
    """The time, which stands still until a test moves it."""

    def __init__(self) -> None:
        self.time = NOW

    def __call__(self) -> datetime:
        return self.time

    def forward(self, seconds: int) -> None:
        self.time += timedelta(seconds=seconds)


class Practice(Tool):
    """Takes the tool's webhooks."""

    def __init__(self) -> None:
        super().__init__([])
        self.heard: Queue[Asked] = Queue()
        self.refuse = self._take

    def _take(self, asked: Asked) -> Response:
        self.heard.put(asked)
        return Response()

    def next(self, now: datetime = NOW) -> dict[str, Any]:
        """Return the next event, an authentic one."""
        asked = self.heard.get(timeout=10)
        assert asked.path == "/api/webhooks/demo"
        assert asked.headers["content-type"] == "application/json"
        verify(SECRET, asked.headers, asked.body, now)
        told: dict[str, Any] = json.loads(asked.body)
        return told


class Opened:
    """A tool that is served: its page as a patient has it, and its API as the practice does."""

    def __init__(self, url: str, page: httpx.Client, api: httpx.Client) -> None:
        self.url, self.page, self.api = url, page, api

    def book(self, **changes: str) -> httpx.Response:
        return self.page.post("/bookings", data=ERIKA | changes)

    def booked(self, **changes: str) -> str:
        """Book by the page, and return the id."""
        before = {each["id"] for each in self.all()}
        assert self.book(**changes).status_code == 303
        (made,) = {str(each["id"]) for each in self.all()} - before
        return made

    def all(self, **query: str) -> list[dict[str, Any]]:
        told = self.api.get("/api/bookings", params=query).json()
        assert told["total"] == len(told["bookings"])
        bookings: list[dict[str, Any]] = told["bookings"]
        return bookings

    def one(self, booking_id: str) -> dict[str, Any]:
        told: dict[str, Any] = self.api.get(f"/api/bookings/{booking_id}").json()
        return told

    def change(self, booking_id: str, **changes: Any) -> httpx.Response:
        return self.api.patch(f"/api/bookings/{booking_id}", json=changes)

    def rows(self, lang: str = "de") -> dict[str, str]:
        told: dict[str, str] = self.page.get("/bookings", params={"lang": lang}).json()
        return told


@contextmanager
def opened(clock: Clock | None = None, **more: Any) -> Iterator[Opened]:
    port, stop = run(Setup(TOKEN, now=clock or Clock(), **more), port=0)
    url = f"http://127.0.0.1:{port}"
    headers = {"Authorization": f"Bearer {TOKEN}"}
    try:
        with (
            httpx.Client(base_url=url, trust_env=False) as page,
            httpx.Client(base_url=url, headers=headers, trust_env=False) as api,
        ):
            yield Opened(url, page, api)
    finally:
        stop()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def tool(clock: Clock) -> Iterator[Opened]:
    with opened(clock) as made:
        yield made


@pytest.fixture
def practice() -> Iterator[Practice]:
    with Practice() as made:
        yield made


@pytest.fixture
def telling(practice: Practice, clock: Clock) -> Iterator[Opened]:
    """A tool that tells the practice what happens on its page."""
    with opened(clock, hook_url=f"{practice.url}/api/webhooks/demo", hook_secret=SECRET) as made:
        yield made


def alert(answer: httpx.Response) -> str:
    """Return the sentence that says why something was not done."""
    told: list[str] = re.findall(r'role="alert"[^>]*>([^<]+)</p>', answer.text)
    return "".join(told)


# --- The page -------------------------------------------------------------------------------------


def test_the_page_lists_the_bookings_in_german_and_in_english() -> None:
    with opened(bookings=invented(NOW.date())) as tool:
        page = tool.page.get("/")
        assert '<html lang="de">' in page.text
        assert "<h1>Beispiel-Buchungstool</h1>" in page.text
        assert page.text.count("Marlies Sonnenbrink, geboren am 09.04.1951") == 1
        assert "Dr. Müller · Kontrolle Krampfadern" in page.text
        assert "<strong>Mo. 23.11.2026, 17:00–17:30</strong>" in page.text
        assert page.text.count("<li ") == 5
        page = tool.page.get("/?lang=en")
        assert '<html lang="en">' in page.text
        assert "<h1>Example booking tool</h1>" in page.text
        assert "<strong>Mon 23 Nov 2026, 17:00–17:30</strong>" in page.text
        for text in (page.text, tool.page.get("/?lang=xx").text):
            assert not re.search(r"\[\[|\]\]|\$[a-z]", text)


def test_an_empty_tool_says_so(tool: Opened) -> None:
    assert "Noch ist nichts gebucht." in tool.page.get("/").text
    assert tool.rows("en") == {"rows": "", "latest": "Nothing is booked yet."}


def test_what_is_booked_is_there_and_said(tool: Opened) -> None:
    answer = tool.book()
    assert (answer.status_code, answer.headers["location"]) == (303, "/?lang=de&said=booked")
    assert "Der Termin ist gebucht." in tool.page.get(answer.headers["location"]).text
    (booking,) = tool.all()
    assert booking.pop("id").startswith("B-")
    changed = NOW.astimezone(BERLIN).isoformat()
    assert booking == BOOKED | {"changed": changed, "changed_by": "patient"}
    assert "Erika Muschelknautz" in tool.rows()["rows"]


def test_a_booking_can_be_moved_and_cancelled(tool: Opened, clock: Clock) -> None:
    made = tool.booked()
    form = tool.page.get(f"/?move={made}").text
    assert "</strong>, Dr. Müller, bisher Mo. 23.11.2026, 17:30–18:00</p>" in form
    assert f'action="/bookings/{made}/move?lang=de"' in form
    assert '<option value="17:30" selected>' in form
    clock.forward(60)
    where = {"day": "2026-11-24", "time": "19:00"}
    assert tool.page.post(f"/bookings/{made}/move", data=where).status_code == 303
    assert tool.one(made)["start"] == "2026-11-24T19:00:00+01:00"
    assert "(vorher Mo. 23.11.2026, 17:30–18:00)" in tool.rows()["latest"]
    assert tool.page.post(f"/bookings/{made}/cancel?lang=en").status_code == 303
    assert tool.one(made)["status"] == "cancelled"
    assert ">cancelled</span>" in tool.rows("en")["rows"]
    for text in (tool.rows()["rows"], tool.page.get(f"/?move={made}").text):
        assert "/move?" not in text
        assert "/cancel?" not in text


def test_a_cancelled_booking_is_not_changed_by_the_page(tool: Opened) -> None:
    made = tool.booked()
    tool.page.post(f"/bookings/{made}/cancel")
    for what, where in (("move", ERIKA), ("move", ERIKA | {"time": "19:30"}), ("cancel", {})):
        answer = tool.page.post(f"/bookings/{made}/{what}", data=where)
        assert (answer.status_code, alert(answer)) == (409, "Der Termin ist schon abgesagt.")


def test_a_taken_time_is_refused_and_nothing_typed_is_lost(tool: Opened) -> None:
    tool.booked()
    answer = tool.book(first_name="Ottokar", email="ottokar@example.org")
    assert answer.status_code == 409
    assert alert(answer) == "Zu dieser Zeit ist schon ein anderer Termin gebucht."
    assert 'value="Ottokar"' in answer.text
    assert '<option value="17:30" selected>' in answer.text
    assert len(tool.all()) == 1
    other = tool.booked(doctor="dr-schmidt")
    later = tool.booked(time="18:00")
    answer = tool.page.post(f"/bookings/{later}/move?lang=en", data=ERIKA)
    assert (answer.status_code, alert(answer)) == (
        409,
        "Another appointment is booked at that time already.",
    )
    assert "Move an appointment" in answer.text
    assert tool.one(other)["start"] == BOOKED["start"]


def test_who_is_refused_is_led_to_what_is_wrong(tool: Opened) -> None:
    tool.booked()
    for wrong, names in (
        ({"email": "erika"}, ["email"]),
        ({"first_name": ""}, ["first_name"]),
        ({"day": "2020-01-01"}, ["day", "time"]),
        ({}, ["day", "time"]),
    ):
        answer = tool.book(**wrong)
        sentence = alert(answer)
        assert f"<title>{sentence} – Beispiel-Buchungstool</title>" in answer.text
        assert re.search(r'<p id="notice"[^>]* tabindex="-1" autofocus>', answer.text)
        pointing = r' name="(\w+)" aria-invalid="true" aria-describedby="notice"'
        assert re.findall(pointing, answer.text) == names
    for page in (tool.page.get("/").text, tool.page.get("/?said=booked").text):
        assert ' aria-invalid="' not in page


def test_in_the_other_language_the_same_booking_is_moved(tool: Opened) -> None:
    made = tool.booked()
    (link,) = re.findall(r'href="([^"]+)"\s+lang="en"', tool.page.get(f"/?move={made}").text)
    assert "Move an appointment" in tool.page.get(unescape(link)).text
    assert re.search(r'href="/\?lang=en"\s+lang="en"', tool.page.get("/").text)


def test_a_cancelled_booking_leaves_its_time_to_others(tool: Opened) -> None:
    tool.page.post(f"/bookings/{tool.booked()}/cancel")
    assert tool.book(first_name="Ottokar").status_code == 303


def test_of_many_who_book_one_time_one_gets_it(tool: Opened) -> None:
    with ThreadPoolExecutor(8) as people:
        answers = list(people.map(lambda n: tool.book(first_name=f"Nr. {n}"), range(16)))
    assert sorted(answer.status_code for answer in answers) == [303] + [409] * 15
    assert len(tool.all()) == 1


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"first_name": " "}, "Vornamen"),
        ({"first_name": "x" * 81}, "Vornamen"),
        ({"last_name": ""}, "Nachnamen"),
        ({"last_name": "a\0b"}, "Nachnamen"),
        ({"email": "erika"}, "E-Mail"),
        ({"email": "a@b@c.de"}, "E-Mail"),
        ({"reason": "x" * 201}, "Grund"),
        ({"birth_date": ""}, "Geburtsdatum"),
        ({"birth_date": "30.05.1961"}, "Geburtsdatum"),
        ({"birth_date": "1899-12-31"}, "Geburtsdatum"),
        ({"birth_date": "2026-11-21"}, "Geburtsdatum"),
        ({"doctor": "dr-nobody"}, "aus der Liste"),
        ({"day": "morgen"}, "Tag"),
        ({"day": "2026-11-19"}, "Tag"),
        ({"day": "2027-11-21"}, "Tag"),
        ({"time": "17:15"}, "Uhrzeit"),
        ({"time": ""}, "Uhrzeit"),
    ],
)
def test_a_form_that_cannot_be_meant_is_answered_with_a_sentence(
    tool: Opened, wrong: dict[str, str], sentence: str
) -> None:
    answer = tool.book(**wrong)
    assert answer.status_code == 400
    assert sentence in alert(answer)
    assert tool.all() == []


def test_what_is_over_today_cannot_be_booked(tool: Opened, clock: Clock) -> None:
    clock.time = datetime(2026, 11, 23, 17, 30, tzinfo=BERLIN)
    assert tool.book().status_code == 400
    assert tool.book(time="18:00").status_code == 303


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"", 400), (b"\xff\xfe", 400), (b"a=1&" * 50, 400), (b"x" * 30_000, 413)],
)
def test_no_form_at_all_is_answered_too(tool: Opened, body: bytes, status: int) -> None:
    answer = tool.page.post("/bookings", content=body)
    assert answer.status_code == status
    assert len(alert(answer)) > 20


def test_a_booking_that_is_not_there_cannot_be_changed(tool: Opened) -> None:
    for what in ("move", "cancel"):
        answer = tool.page.post(f"/bookings/B-1/{what}", data=ERIKA)
        assert (answer.status_code, alert(answer)) == (404, "Diesen Termin gibt es hier nicht.")
    assert "Termin buchen" in tool.page.get("/?move=B-1").text


def test_a_form_of_another_site_is_refused(tool: Opened) -> None:
    made = tool.booked()
    headers = {"Sec-Fetch-Site": "cross-site"}
    for path in ("/bookings", f"/bookings/{made}/cancel"):
        answer = tool.page.post(path, data=ERIKA | {"time": "19:00"}, headers=headers)
        assert answer.status_code == 403
    assert [booking["status"] for booking in tool.all()] == ["confirmed"]
    same = {"Sec-Fetch-Site": "same-origin"}
    assert tool.page.post(f"/bookings/{made}/cancel", headers=same).status_code == 303


def test_nothing_that_is_typed_becomes_html(tool: Opened) -> None:
    evil = '<img src=x onerror="alert(1)">$id[[a|b]]'
    made = tool.booked(first_name=evil, last_name="'\"><script>", reason="</li>&lt;b>")
    rows = tool.rows()["rows"]
    for text in (tool.page.get("/").text, rows, tool.page.get(f"/?move={made}").text):
        assert "<img" not in text
        assert "'\"" not in text
        assert text.count("<script") == (1 if "<html" in text else 0)
        assert "&lt;img src=x onerror=&quot;alert(1)&quot;&gt;$id[[a|b]] &#x27;" in text
    assert "· &lt;/li&gt;&amp;lt;b&gt;" in rows
    again = tool.book(first_name=evil).text
    assert 'value="&lt;img src=x onerror=&quot;' in again
    said = tool.page.get("/", params={"said": evil, "move": evil, "lang": evil}).text
    assert "onerror" not in said.replace("onerror=&quot;", "")


def test_the_page_asks_for_nothing_from_elsewhere_and_runs_nothing_but_its_own(
    tool: Opened,
) -> None:
    tool.booked()
    nonces = set()
    for page in (tool.page.get("/"), tool.page.get("/"), tool.book()):
        policy = dict(
            part.strip().partition(" ")[::2]
            for part in page.headers["content-security-policy"].split(";")
        )
        nonce = policy["script-src"]
        nonces.add(nonce)
        assert nonce == policy["style-src"]
        assert re.fullmatch(r"'nonce-[\w-]{20,}'", nonce)
        assert (policy["default-src"], policy["frame-ancestors"]) == ("'none'", "'none'")
        assert page.text.count(f'nonce="{nonce[7:-1]}"') == 2
        assert not re.search(r"https?://|\son\w+=|\sstyle=|<iframe|src=", page.text)
    assert len(nonces) == 3
    for answer in (tool.page.get("/"), tool.page.get("/bookings"), tool.api.get("/api/bookings")):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["cache-control"] == "no-store"


class _Outline(HTMLParser):
    """Notes controls that no label is around, and elements that are not closed."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.unnamed: list[str] = []
        self.ids: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in {"input", "select"} and "label" not in self.open:
            self.unnamed.append(tag)
        self.ids += [value for name, value in attrs if name == "id" and value]
        if tag not in {"meta", "link", "input", "!doctype"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_every_field_has_a_label_and_every_element_an_end(tool: Opened) -> None:
    made = tool.booked()
    for page in ("/", "/?lang=en", f"/?move={made}", "/?said=booked"):
        outline = _Outline(tool.page.get(page).text)
        assert (outline.open, outline.unnamed) == ([], [])
        assert len(outline.ids) == len(set(outline.ids))
        assert {f"move-{made}", f"cancel-{made}", "latest"} <= set(outline.ids)


# --- The API --------------------------------------------------------------------------------------


def test_a_change_of_the_practice_is_seen_on_the_page(tool: Opened, clock: Clock) -> None:
    made = tool.booked()
    before = tool.rows()
    assert "Praxis" not in before["rows"]
    clock.forward(3600)
    moved = {"start": "2026-11-24T08:15:00Z", "end": "2026-11-24T09:00:00Z"}
    answer = tool.change(made, **moved, doctor="dr-schmidt")
    assert answer.status_code == 200
    booking = answer.json()
    assert (booking["start"], booking["end"]) == (
        "2026-11-24T09:15:00+01:00",
        "2026-11-24T10:00:00+01:00",
    )
    assert booking["changed_by"] == "practice"
    after = tool.rows()
    due = (
        "Von der Praxis verschoben am Fr. 20.11.2026 um 11:00 Uhr "
        "(vorher Mo. 23.11.2026, 17:30–18:00, Dr. Müller)"
    )
    assert due in after["rows"]
    now = "Erika Muschelknautz, Di. 24.11.2026, 09:15–10:00"
    assert after["latest"] == f"Zuletzt geändert: {now}. {due}"
    assert "<strong>Di. 24.11.2026, 09:15–10:00</strong>" in after["rows"]
    assert "Dr. Schmidt" in after["rows"]
    assert tool.change(made, status="cancelled").json()["status"] == "cancelled"
    assert "Cancelled by the practice on Fri 20 Nov 2026 at 11:00" in tool.rows("en")["latest"]


def test_a_start_alone_keeps_the_length(tool: Opened) -> None:
    made = tool.booked()
    told = tool.change(made, start="2027-03-28T01:45:00+01:00").json()
    assert told["end"] == "2027-03-28T03:15:00+02:00"
    told = tool.change(made, end="2027-03-28T03:45:00+02:00").json()
    assert told["start"] == "2027-03-28T01:45:00+01:00"


def test_the_same_change_again_changes_nothing(tool: Opened, clock: Clock) -> None:
    made = tool.booked()
    first = tool.change(made, start="2026-11-24T09:15:00+01:00").json()
    clock.forward(60)
    for changes in (
        {"start": "2026-11-24T08:15:00Z"},
        {"start": first["start"], "end": first["end"], "status": "CONFIRMED"},
        {},
    ):
        assert tool.change(made, **changes).json() == first


def test_a_cancelled_booking_can_be_had_back_by_the_practice(tool: Opened) -> None:
    made = tool.booked()
    tool.change(made, status="cancelled")
    assert tool.change(made, status="tentative").json()["status"] == "tentative"
    assert ">angefragt</span>" in tool.rows()["rows"]
    tool.change(made, status="cancelled")
    tool.booked(first_name="Ottokar")
    answer = tool.change(made, status="confirmed")
    assert answer.status_code == 409
    assert answer.json() == {"error": "Zu dieser Zeit ist schon ein anderer Termin gebucht."}
    assert tool.one(made)["status"] == "cancelled"


def test_bookings_are_listed_by_day_with_cancelled_ones(tool: Opened) -> None:
    first = tool.booked()
    second = tool.booked(day="2026-11-24")
    third = tool.booked(day="2026-11-25", time="17:00")
    tool.change(second, status="cancelled")

    def listed(**query: str) -> list[str]:
        return [booking["id"] for booking in tool.all(**query)]

    assert listed() == [first, second, third]
    assert listed(**{"from": "2026-11-24"}) == [second, third]
    assert listed(to="2026-11-24") == [first, second]
    assert listed(**{"from": "2026-11-24", "to": "2026-11-24"}) == [second]
    assert listed(**{"from": "2026-11-26"}) == []
    for wrong in ({"from": "24.11.2026"}, {"to": "x"}):
        answer = tool.api.get("/api/bookings", params=wrong)
        assert answer.status_code == 400
        assert "2026-11-23" in answer.json()["error"]


def test_the_practice_can_book_too(tool: Opened) -> None:
    answer = tool.api.post("/api/bookings", json=BOOKED | {"start": "2026-11-23T17:45:00+01:00"})
    assert answer.status_code == 201
    made = answer.json()
    assert tool.one(made["id"]) == made
    assert (made["changed_by"], made["start"]) == ("practice", "2026-11-23T17:45:00+01:00")
    assert tool.book().status_code == 409
    assert "Von der Praxis gebucht" in tool.rows()["rows"]


@pytest.mark.parametrize(
    "wrong",
    [
        {"start": "2026-11-24T10:00:00"},
        {"start": "2026-11-24"},
        {"start": None},
        {"start": "0001-01-01T00:00:00+23:00"},
        {"start": 1_800_000_000},
        {"end": "2026-11-23T17:30:00+01:00"},
        {"end": "2026-11-24T17:30:00+01:00"},
        {"status": "booked"},
        {"status": None},
        {"doctor": "dr-nobody"},
        {"doctor": ["dr-mueller"]},
    ],
)
def test_what_the_api_cannot_mean_is_answered_with_a_sentence(
    tool: Opened, wrong: dict[str, Any]
) -> None:
    made = tool.booked(time="19:00", doctor="dr-schmidt")
    before = tool.all()
    answer = tool.change(made, **{"end": BOOKED["end"], "start": BOOKED["start"]} | wrong)
    assert answer.status_code == 400
    assert answer.json()["error"].endswith(".")
    assert tool.api.post("/api/bookings", json=BOOKED | wrong).status_code == 400
    assert tool.all() == before


@pytest.mark.parametrize("body", [b"", b"[]", b'"x"', b"{", b"\xff", b"[" * 15_000, b"null"])
def test_what_is_no_object_is_refused(tool: Opened, body: bytes) -> None:
    made = tool.booked()
    for method, path in (("POST", "/api/bookings"), ("PATCH", f"/api/bookings/{made}")):
        answer = tool.api.request(method, path, content=body)
        assert answer.status_code == 400
        assert "JSON" in answer.json()["error"]
    assert tool.api.post("/api/bookings", content=b" " * 30_000).status_code == 413


def test_other_fields_are_not_changed_in_passing(tool: Opened) -> None:
    made = tool.booked()
    assert tool.change(made, last_name="Anders").status_code == 400
    assert tool.change(made, id="B-2").status_code == 400
    assert tool.one(made)["last_name"] == "Muschelknautz"


@pytest.mark.parametrize("name", ["first_name", "last_name", "email", "birth_date"])
def test_a_person_is_told_in_texts(tool: Opened, name: str) -> None:
    for wrong in (7, ["a"], {"a": 1}, None, True):
        assert tool.api.post("/api/bookings", json=BOOKED | {name: wrong}).status_code == 400
    assert tool.all() == []


def test_what_is_not_there_is_not_found(tool: Opened) -> None:
    for answer in (tool.api.get("/api/bookings/B-1"), tool.change("B-1", status="cancelled")):
        assert answer.status_code == 404
        assert answer.json() == {"error": "Diesen Termin gibt es hier nicht."}


@pytest.mark.parametrize(
    "given", ["", "Bearer", f"Bearer {TOKEN}x", f"Basic {TOKEN}", TOKEN, "Bearer ä"]
)
def test_without_the_token_nobody_asks_or_changes_anything(tool: Opened, given: str) -> None:
    made = tool.booked()
    headers = {b"Authorization": given.encode("latin-1")} if given else {}
    for method, path in (
        ("GET", "/api/bookings"),
        ("GET", f"/api/bookings/{made}"),
        ("POST", "/api/bookings"),
        ("PATCH", f"/api/bookings/{made}"),
    ):
        answer = tool.page.request(method, path, json={"status": "cancelled"}, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["www-authenticate"] == "Bearer"
        assert list(answer.json()) == ["error"]
    assert [booking["status"] for booking in tool.all()] == ["confirmed"]


# --- What the practice is told --------------------------------------------------------------------


def test_what_happens_on_the_page_is_told_signed_and_in_order(
    telling: Opened, practice: Practice, clock: Clock
) -> None:
    made = telling.booked()
    told = practice.next()
    assert told == {
        "type": "booking.booked",
        "timestamp": NOW.astimezone(BERLIN).isoformat(),
        "data": telling.one(made),
    }
    clock.forward(10)
    telling.page.post(f"/bookings/{made}/move", data={"day": "2026-11-24", "time": "17:00"})
    moved = practice.next(clock.time)
    assert moved["type"] == "booking.moved"
    assert moved["data"] == telling.one(made)
    telling.page.post(f"/bookings/{made}/cancel")
    cancelled = practice.next(clock.time)
    assert (cancelled["type"], cancelled["data"]["status"]) == ("booking.cancelled", "cancelled")
    assert len({asked.headers["webhook-id"] for asked in practice.asked}) == 3


def test_what_the_practice_did_itself_or_nobody_did_is_not_told(
    telling: Opened, practice: Practice
) -> None:
    made = telling.booked()
    practice.next()
    telling.change(made, start="2026-11-24T09:15:00+01:00")
    telling.change(made, status="cancelled")
    telling.page.post(f"/bookings/{made}/cancel")  # it is already
    telling.book(first_name="")
    telling.api.post("/api/bookings", json=BOOKED)
    last = telling.booked(day="2026-11-26")
    assert practice.next()["data"]["id"] == last
    assert practice.heard.empty()


def test_the_page_waits_for_no_practice(telling: Opened, practice: Practice) -> None:
    going = threading.Event()

    def slow(asked: Asked) -> Response:
        going.wait(10)
        practice.heard.put(asked)
        return Response()

    practice.refuse = slow
    made = telling.booked()
    assert telling.page.get("/").status_code == 200
    assert practice.heard.empty()
    going.set()
    assert practice.next()["data"]["id"] == made


@pytest.mark.parametrize("status", [401, 500, 0])
def test_a_practice_that_does_not_take_it_disturbs_nobody(
    telling: Opened, practice: Practice, status: int
) -> None:
    if status:
        practice.refuse = lambda _: Response(status_code=status)
    else:
        practice.down()
    telling.booked()
    telling.booked(time="18:00")
    if not status:
        practice.up()
    practice.refuse = practice._take
    made = telling.booked(time="19:00")
    ids = [practice.next()["data"]["id"]]
    while ids[-1] != made:
        ids.append(practice.next()["data"]["id"])
    assert len(telling.all()) == 3


# --- Being run ------------------------------------------------------------------------------------


def test_a_port_that_is_taken_is_said_at_once(tool: Opened) -> None:
    with pytest.raises(OSError, match="in use"):
        run(Setup(TOKEN), port=int(tool.url.rpartition(":")[2]))


def test_stopped_it_listens_no_more() -> None:
    with opened() as tool:
        url = tool.url
        assert httpx.get(url).status_code == 200
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)


def test_a_tool_without_what_it_needs_is_not_set_up() -> None:
    for token, hook_url in (("", ""), (TOKEN, "http://127.0.0.1:1/")):
        with pytest.raises(ValueError, match="token"):
            Setup(token, hook_url)
    setup = Setup(TOKEN, hook_url="http://127.0.0.1:1/", hook_secret=SECRET)
    assert TOKEN not in repr(setup)
    assert "Geheimnis" not in repr(setup)


@pytest.mark.parametrize("days", range(0, 371, 7))
def test_the_invented_bookings_are_of_the_next_working_days(days: int) -> None:
    for today in (MONDAY + timedelta(days=days + more) for more in range(7)):
        made = invented(today)
        assert made == invented(today)
        assert len({booking.id for booking in made}) == 5
        assert {booking.doctor for booking in made} == {"dr-mueller", "dr-schmidt"}
        for booking in made:
            ahead = (booking.slot.start.date() - today).days
            assert 1 <= ahead <= 5
            assert booking.slot.start.weekday() < 5
            assert 17 <= booking.slot.start.hour < 20
            assert booking.email.endswith("@example.org")
    assert replace(made[0], id="x") != made[0]


def test_bookings_in_another_zone_are_shown_at_the_practices_time() -> None:
    (first, *_) = invented(NOW.date())
    slot = replace(
        first.slot, start=first.slot.start.astimezone(UTC), end=first.slot.end.astimezone(UTC)
    )
    with opened(bookings=[replace(first, slot=slot)]) as tool:
        assert tool.all()[0]["start"] == "2026-11-23T17:00:00+01:00"
        assert "Mo. 23.11.2026, 17:00–17:30" in tool.rows()["rows"]


def test_a_patient_of_whom_little_is_known_is_shown_too() -> None:
    (first, *_) = invented(NOW.date())
    with opened(bookings=[replace(first, first_name="", birth_date="", email="")]) as tool:
        assert "<p>Sonnenbrink</p>" in tool.rows()["rows"]
        assert tool.all()[0]["birth_date"] == ""
