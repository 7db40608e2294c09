"""The calendar in a real browser: dragged, booked, told of, and the same in every other program."""

from __future__ import annotations

import re
import shutil
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from admin_api.pages.day_view import grid_of
from practice.database import SqlDatabase
from practice.patients import Patient, PatientRecord
from practice.schedule.holidays import closed_days
from practice.use_cases.patients import save_patient
from tests.arranging import MUELLER, SCHMIDT, Surgery, a_type
from tests.browser import PATIENCE, faults_of, sign_in
from tests.building import BERLIN, a_practice, writing
from tests.dav import DAV, propfind
from tests.servers import RunningServer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Locator, Page

HOSTILE = "<script>alert(1)</script>" + "Ü" * 120
#: Written from right to left, with a character in it that turns round what follows.
RIGHT_TO_LEFT = "\u202eعائشة الزهراء"
#: Pixels of an hour: the grid of five minutes has rows of thirteen.
HOUR = 156


def a_working_day() -> date:
    """Return a day to come on which the doctors are there."""
    day = datetime.now(UTC).date() + timedelta(days=8)
    while day.weekday() > 4 or day in closed_days("", day.year):
        day += timedelta(days=1)
    return day


DAY = a_working_day()


class Served:
    """A served practice with doctors, rooms, types and patients."""

    def __init__(self, server: RunningServer, surgery: Surgery) -> None:
        self.server = server
        self.surgery = surgery

    def at(self, clock: str, day: date = DAY) -> datetime:
        return datetime.fromisoformat(f"{day} {clock}").replace(tzinfo=BERLIN)

    def book(
        self, clock: str, patient: str = "100", day: date = DAY, **more: Any
    ) -> dict[str, Any]:
        """Book by the API; return what it answers."""
        usual = {"doctor": MUELLER, "type": "kontrolle", "start": self.at(clock, day).isoformat()}
        told = {"patient_id": self.surgery.patients[patient], **usual, **more}
        with self.server.client("empfang") as client:
            answer = client.post("/api/booking/appointments", json=told)
        assert answer.status_code == 201, answer.text
        booked: dict[str, Any] = answer.json()
        return booked

    def read(self, booked: dict[str, Any]) -> dict[str, Any]:
        with self.server.client("empfang") as client:
            found: dict[str, Any] = client.get(f"/api/booking/appointments/{booked['id']}").json()
        return found

    def clear(self) -> None:
        """Remove every object, as a calendar program does."""
        with self.server.client("albis") as client:
            for doctor in (MUELLER, SCHMIDT):
                for href in objects_in(client, doctor):
                    client.delete(href)

    def open(
        self, page: Page, account: str = "empfang", view: str = "tag", day: date = DAY
    ) -> None:
        if page.viewport_size == {"width": 1280, "height": 720}:
            page.set_viewport_size({"width": 1280, "height": 1150})  # nothing is at the edge
        sign_in(page, self.server.url, account, f"/admin/kalender?tag={day}&ansicht={view}")
        page.locator("body[data-loaded]").wait_for()


def objects_in(client: Any, doctor: str) -> list[str]:
    """Return the addresses of the objects in a doctor's calendar."""
    found = propfind(client, f"/caldav/calendars/{doctor}/", DAV + "getetag", depth="1")
    return [one for one in found.etags if one.endswith(".ics")]


def the_object(client: Any, doctor: str) -> tuple[str, str, str]:
    """Return address, text and ETag of the one object of a doctor, as CalDAV has it."""
    (href,) = objects_in(client, doctor)
    answer = client.get(href)
    return href, answer.text, answer.headers["ETag"]


@pytest.fixture(scope="module")
def practice_with_bookings(
    tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path
) -> Iterator[Served]:
    path = tmp_path_factory.mktemp("kalender") / "praxis.db"
    shutil.copy(sqlite_template, path)
    with closing(SqlDatabase(f"sqlite:///{path}")) as made:
        a_practice(made)
        surgery = Surgery(made)
        with writing(made) as uow:
            hostile = Patient("666", PatientRecord(HOSTILE, "Zoë", number="666"))
            surgery.patients["666"] = save_patient(uow, hostile).id
            turned = Patient("777", PatientRecord(RIGHT_TO_LEFT, "نور", number="777"))
            surgery.patients["777"] = save_patient(uow, turned).id
    with RunningServer(f"sqlite:///{path}", forked=True) as running:
        yield Served(running, surgery)


@pytest.fixture
def served(practice_with_bookings: Served) -> Iterator[Served]:
    yield practice_with_bookings
    practice_with_bookings.clear()


def drawn(page: Page, name: str) -> Locator:
    return page.locator(".appointment:not(.ec-preview):not(.ec-ghost)", has_text=name)


def grip(page: Page, name: str) -> tuple[float, float]:
    """Press the mouse on an appointment; return where."""
    box = drawn(page, name).bounding_box()
    assert box is not None
    x, y = box["x"] + box["width"] / 2, box["y"] + 8
    page.mouse.move(x, y)
    page.mouse.down()
    return x, y


def column_width(page: Page) -> float:
    first, second = (page.locator(".ec-col-head").nth(n).bounding_box() for n in (0, 1))
    assert first is not None
    assert second is not None
    return second["x"] - first["x"]


def test_what_is_dragged_with_the_mouse_is_moved_for_calendar_programs(
    page: Page, served: Served
) -> None:
    booked = served.book("10:00")
    served.book("11:00", "200", doctor=SCHMIDT)
    served.open(page)
    x, y = grip(page, "Ährenthaler")
    page.mouse.move(x + column_width(page), y + HOUR, steps=6)
    # What is under it is marked while it is there.
    expect(page.locator(".appointment.hit")).to_contain_text("Brückner")
    expect(page.locator("#hint")).to_contain_text("11:00–11:30")
    expect(page.locator("#hint")).to_contain_text("Konflikt: Zoë Brückner 11:00")
    page.mouse.move(x + column_width(page), y + 2 * HOUR - 78, steps=6)
    expect(page.locator(".appointment.hit")).to_have_count(0)
    page.mouse.up()
    expect(page.get_by_role("status").first).to_contain_text("Termin verschoben.")
    expect(drawn(page, "Ährenthaler")).to_contain_text("11:30–12:00")
    now = served.read(booked)
    assert (now["doctor"]["slug"], now["start"][11:16]) == (SCHMIDT, "11:30")
    with served.server.client("albis") as client:
        assert objects_in(client, MUELLER) == []
        texts = [client.get(href).text for href in objects_in(client, SCHMIDT)]
    assert any(f"T{'113000'}" in text and "DTSTART" in text for text in texts)


def test_what_a_calendar_program_moves_moves_on_the_page(page: Page, served: Served) -> None:
    served.book("09:00")
    served.open(page)
    expect(drawn(page, "Ährenthaler")).to_contain_text("09:00–09:30")
    page.evaluate("window.untouched = true")
    with served.server.client("albis") as client:
        href, text, tag = the_object(client, MUELLER)
        moved = text.replace("T090000", "T140000").replace("T093000", "T143000")
        sent = {"If-Match": tag, "Content-Type": "text/calendar"}
        assert client.put(href, content=moved.encode(), headers=sent).status_code == 204
    expect(drawn(page, "Ährenthaler")).to_contain_text("14:00–14:30")
    assert page.evaluate("window.untouched")


def test_of_two_who_drag_the_same_one_is_told(page: Page, browser: Browser, served: Served) -> None:
    booked = served.book("10:00")
    other_context = browser.new_context(locale="de-DE", timezone_id="America/New_York")
    other_context.set_default_timeout(PATIENCE)
    other = other_context.new_page()
    served.open(page)
    served.open(other)
    places = [(one, *grip(one, "Ährenthaler")) for one in (page, other)]
    for one, x, y in places:
        one.mouse.move(x, y + (HOUR if one is page else HOUR / 2), steps=5)
    page.mouse.up()
    expect(page.locator("#messages")).to_contain_text("Termin verschoben.")
    other.mouse.up()
    expect(other.locator("#messages")).to_contain_text("inzwischen geändert")
    expect(drawn(other, "Ährenthaler")).to_contain_text("11:00–11:30")
    other_context.close()
    assert served.read(booked)["start"][11:16] == "11:00"


def test_an_appointment_is_made_by_keyboard_alone(page: Page, served: Served) -> None:
    served.open(page)
    page.locator("#new").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("combobox", name="Patient/in")).to_be_focused()
    page.keyboard.type("Brückn")
    expect(page.get_by_role("option", name=re.compile("Brückner"))).to_be_visible()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("combobox", name="Patient/in")).to_have_value(
        re.compile("Brückner.*200")
    )
    for label, value in (("Arzt/Ärztin", None), ("Uhrzeit", "15:00")):
        field = page.locator("#form-dialog").get_by_label(label)
        field.focus()
        if value:
            field.fill(value)
    page.locator("#notes-field").fill("bringt Befunde mit")
    page.locator("#minutes").fill("1")
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Dauer in Minuten: Der Termin ist kürzer").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#minutes")).to_be_focused()
    page.locator("#minutes").fill("30")
    page.keyboard.press("Enter")
    expect(page.locator("#messages")).to_contain_text("Termin gebucht.")
    expect(drawn(page, "Brückner")).to_contain_text("15:00–15:30")
    drawn(page, "Brückner").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#details")).to_contain_text("bringt Befunde mit")
    page.keyboard.press("Escape")
    expect(drawn(page, "Brückner")).to_be_focused()


def test_who_rings_for_the_first_time_is_added_while_the_appointment_is_made(
    page: Page, served: Served
) -> None:
    served.open(page)
    page.locator("#new").click()
    who = page.get_by_role("combobox", name="Patient/in")
    fresh = page.get_by_role("dialog", name="Neue Patientin")
    who.fill("Brückner, Zoe")
    page.get_by_role("button", name="Neu anlegen").click()
    expect(fresh.get_by_label("Nachname")).to_have_value("Brückner")
    fresh.get_by_role("button", name=re.compile("Brückner.*200")).click()  # is here already
    expect(who).to_have_value(re.compile("Brückner.*200"))
    who.fill("Zwiebelfisch Karl")
    page.get_by_role("button", name="Neu anlegen").click()
    expect(fresh.get_by_label("Vorname")).to_have_value("Karl")
    assert faults_of(page) == []
    fresh.get_by_label("Geburtsdatum").fill("1961-02-03")
    fresh.get_by_role("button", name="Anlegen").click()
    expect(who).to_have_value(re.compile("Zwiebelfisch, Karl .03.02.1961"))
    page.locator("#time").fill("15:00")
    page.get_by_role("button", name="Speichern").click()
    expect(drawn(page, "Zwiebelfisch")).to_contain_text("15:00")


def test_a_taken_time_is_told_with_what_is_free_and_overridden_with_a_reason(
    page: Page, served: Served
) -> None:
    first = served.book("10:00")
    second = served.book("13:30", "200")
    served.open(page)
    drawn(page, "Brückner").click()
    page.get_by_role("button", name="Ändern").click()
    page.locator("#time").fill("10:15")
    page.get_by_role("button", name="Speichern").click()
    conflict = page.get_by_role("dialog", name="Zu dieser Zeit ist belegt")
    expect(conflict).to_contain_text("hat dann schon einen Termin")
    expect(conflict.locator("#others button").first).to_contain_text("10:30")
    conflict.get_by_role("button", name="Trotzdem verschieben").click()
    expect(conflict.get_by_role("alert")).to_contain_text("Grund")
    conflict.get_by_label("Grund").fill("Schmerzen")
    page.keyboard.press("Enter")
    expect(page.locator("#messages")).to_contain_text("Termin verschoben.")
    now = served.read(second)
    assert (now["start"][11:16], now["override"]) == ("10:15", "Schmerzen")
    # And back to where it is free, by one of the buttons.
    expect(drawn(page, "Brückner")).to_contain_text("10:15")
    drawn(page, "Ährenthaler").click()
    page.get_by_role("button", name="Kopieren").click()
    page.locator("#time").fill("10:00")
    page.get_by_role("button", name="Speichern").click()
    conflict.locator("#others button").first.click()
    expect(page.locator("#messages")).to_contain_text("Termin gebucht.")
    assert served.read(first)["start"][11:16] == "10:00"


def said(page: Page, words: str) -> None:
    expect(page.locator("#messages")).to_contain_text(words)


def test_what_the_desk_has_done_it_takes_back(page: Page, served: Served) -> None:
    booked = served.book("10:00", status="TENTATIVE")
    served.open(page)
    expect(page.locator("#undo")).to_be_disabled()
    drawn(page, "Ährenthaler").click()
    page.get_by_role("button", name="Ablehnen").click()
    page.locator("#reason").fill("Arzt nicht da")
    page.locator("#reason-do").click()
    said(page, "Anfrage abgelehnt.")
    expect(drawn(page, "Ährenthaler")).to_have_count(0)
    assert served.read(booked)["cancel_reason"] == "Arzt nicht da"
    page.locator("#messages").get_by_role("button", name="Rückgängig").click()
    said(page, "Rückgängig gemacht.")
    expect(drawn(page, "Ährenthaler")).to_contain_text("angefragt")
    drawn(page, "Ährenthaler").click()
    page.get_by_role("button", name="Bestätigen").click()
    said(page, "Termin bestätigt.")
    # The whole form at once: it is moved and has a note; what is taken back is both.
    drawn(page, "Ährenthaler").click()
    page.get_by_role("button", name="Ändern").click()
    page.locator("#time").fill("11:00")
    page.locator("#notes-field").fill("nüchtern")
    page.get_by_role("button", name="Speichern").click()
    expect(drawn(page, "Ährenthaler")).to_contain_text("11:00–11:30")
    drawn(page, "Ährenthaler").focus()
    page.keyboard.press("Control+z")
    said(page, "Rückgängig gemacht.")
    now = served.read(booked)
    assert (now["start"][11:16], now["notes"], now["status"]) == ("10:00", "", "CONFIRMED")
    page.locator("#undo").click()
    expect(drawn(page, "Ährenthaler")).to_contain_text("angefragt")
    expect(page.locator("#undo")).to_be_disabled()
    assert served.read(booked) == booked
    # What somebody else has changed since stays as it is, and that is told.
    drawn(page, "Ährenthaler").click()
    page.get_by_role("button", name="Bestätigen").click()
    said(page, "Termin bestätigt.")
    with served.server.client("admin") as client:
        address = f"/api/booking/appointments/{booked['id']}"
        assert client.put(address, json={"notes": "Rückruf"}).is_success
    page.locator("#undo").click()
    said(page, "von anderer Seite geändert")
    now = served.read(booked)
    assert (now["status"], now["notes"]) == ("CONFIRMED", "Rückruf")


def remembered(page: Page) -> str:
    """Return all that the tab remembers."""
    told: str = page.evaluate("JSON.stringify(sessionStorage)")
    return told


def moved_by_the_form(page: Page, clock: str) -> None:
    page.locator("#messages").evaluate("box => box.replaceChildren()")
    drawn(page, "Ährenthaler").click()
    page.get_by_role("button", name="Ändern").click()
    page.locator("#time").fill(clock)
    page.get_by_role("button", name="Speichern").click()
    expect(drawn(page, "Ährenthaler")).to_contain_text(f"{clock}–")
    expect(page.locator("#messages").get_by_role("button", name="Rückgängig")).to_be_visible()


def test_who_comes_back_to_the_page_takes_back_what_was_done_and_nobody_else(
    page: Page, served: Served
) -> None:
    booked = served.book("10:00")
    served.open(page)
    moved_by_the_form(page, "11:00")
    moved_by_the_form(page, "11:30")
    assert not any(one in remembered(page) for one in ("hrenthaler", "11:30", "mueller"))
    # Another page, and the calendar again at another day: told is what is not seen there.
    page.goto(f"{served.server.url}/admin")
    tomorrow = DAY + timedelta(days=1)
    page.goto(f"{served.server.url}/admin/kalender?tag={tomorrow}&ansicht=tag")
    page.locator("#undo").click()
    said(page, "Rückgängig gemacht. ")
    said(page, "11:00")
    page.goto(f"{served.server.url}/admin/kalender?tag={DAY}&ansicht=tag")
    page.reload()
    expect(page.locator("#undo")).to_be_enabled()
    page.keyboard.press("Control+z")
    expect(drawn(page, "Ährenthaler")).to_contain_text("10:00–10:30")
    expect(page.locator("#undo")).to_be_disabled()
    assert (served.read(booked), remembered(page)) == (booked, "{}")
    # Under the same account, but at another computer.
    moved_by_the_form(page, "11:00")
    with served.server.client("empfang") as client:
        address = f"/api/booking/appointments/{booked['id']}"
        assert client.put(address, json={"notes": "Rückruf"}).is_success
    page.reload()
    page.locator("#undo").click()
    said(page, "von anderer Seite geändert")
    assert served.read(booked)["notes"] == "Rückruf"
    # For as long as the server would do it.
    moved_by_the_form(page, "10:30")
    kept = remembered(page)
    page.evaluate(
        """() => {
            const kept = JSON.parse(sessionStorage.done);
            kept.done[0].at -= 30 * 60000;
            sessionStorage.done = JSON.stringify(kept);
        }"""
    )
    page.reload()
    page.locator("body[data-loaded]").wait_for()
    assert remembered(page) == "{}"
    # Nobody else: neither after signing out, nor where a session has ended without it.
    moved_by_the_form(page, "11:30")
    page.get_by_role("button", name="Abmelden").click()
    page.wait_for_url("**/anmelden*")
    assert remembered(page) == "{}"
    page.evaluate("(kept) => Object.assign(sessionStorage, JSON.parse(kept))", kept)
    served.open(page, "admin")
    expect(page.locator("#undo")).to_be_disabled()
    assert remembered(page) == "{}"
    assert served.read(booked)["start"][11:16] == "11:30"


def test_everything_is_done_to_an_appointment_by_keyboard(page: Page, served: Served) -> None:
    booked = served.book("10:00", status="TENTATIVE")
    served.book("11:00", "200", doctor=SCHMIDT)
    served.open(page)
    keys = page.keyboard
    drawn(page, "Brückner").focus()
    keys.press("ArrowLeft")
    one = drawn(page, "Ährenthaler")
    expect(one).to_be_focused()
    for key in ("Alt+ArrowRight", *["Alt+ArrowDown"] * 8, "Alt+Shift+ArrowDown"):
        keys.press(key)
    expect(page.locator("#hint")).to_contain_text("10:40–11:15 · Dr. Schmidt · Konflikt:")
    expect(page.locator(".appointment.hit")).to_contain_text("Brückner")
    # What others do meanwhile takes nothing out of one's hands.
    served.book("14:00", "300")
    keys.press("Escape")
    expect(one).to_contain_text("10:00–10:30")
    expect(drawn(page, "Cordes")).to_be_visible()
    expect(one).to_be_focused()
    for key in ("Alt+ArrowRight", "ArrowDown", "ArrowDown", "Shift+ArrowDown", "Enter"):
        keys.press(key)
    said(page, "Termin verschoben.")
    expect(one).to_be_focused()
    now = served.read(booked)
    assert (now["doctor"]["slug"], now["start"][11:16], now["minutes"]) == (SCHMIDT, "10:10", 35)
    keys.press("Enter")
    page.get_by_role("button", name="Bestätigen").focus()
    keys.press("Enter")
    said(page, "Termin bestätigt.")
    expect(one).to_be_focused()
    keys.press("Delete")
    expect(page.locator("#reason")).to_be_focused()
    keys.type("krank")
    page.locator("#reason-do").focus()
    keys.press("Enter")
    said(page, "Termin abgesagt.")
    expect(page.locator("#undo")).to_be_focused()
    for _ in range(3):
        page.locator("#messages").get_by_text("gemacht").wait_for(state="detached")
        keys.press("Control+z")
        said(page, "Rückgängig gemacht.")
        page.evaluate("document.querySelector('#messages').replaceChildren()")
    assert served.read(booked) == booked


def pulled(page: Page, name: str, down: float, across: float = 0) -> None:
    """Drag an appointment by the mouse."""
    x, y = grip(page, name)
    page.mouse.move(x + across, y + down, steps=8)
    page.mouse.up()


def test_length_and_room_and_day_are_changed_with_the_mouse(page: Page, served: Served) -> None:
    booked = served.book("10:00", room="raum-1")
    served.open(page)
    one = drawn(page, "Ährenthaler")
    one.hover()
    box = one.bounding_box()
    assert box is not None
    x, y = box["x"] + 40, box["y"] + box["height"] - 3
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x, y + HOUR, steps=12)  # the type takes an hour at most
    expect(page.locator("#hint")).to_contain_text("10:00–11:00 · 15 bis 60 Minuten")
    page.mouse.up()
    said(page, "Termin verschoben.")
    expect(one).to_contain_text("10:00–11:00")
    # What is given up in the middle stays where it is.
    x, y = grip(page, "Ährenthaler")
    page.mouse.move(x, y + HOUR, steps=5)
    page.keyboard.press("Escape")
    page.mouse.up()
    expect(one).to_contain_text("10:00–11:00")
    page.get_by_role("button", name="Räume").click()
    expect(page.locator(".ec-col-head").first).to_contain_text("Raum")
    pulled(page, "Ährenthaler", 0, column_width(page))
    expect(one).to_contain_text("Raum-2")
    assert served.read(booked)["room"]["slug"] == "raum-2"
    page.get_by_role("button", name="Woche").click()
    expect(page.locator(".ec-col-head").first).to_contain_text("Mo.")
    other_way = -1 if DAY.weekday() == 4 else 1
    with page.expect_response(lambda told: told.url.endswith("/reschedule")):
        pulled(page, "Ährenthaler", HOUR / 2, other_way * column_width(page))
    expect(one).to_contain_text("10:30–11:30")
    now = served.read(booked)
    assert now["start"][:16] == f"{DAY + timedelta(days=other_way)}T10:30"


def test_what_is_held_with_a_finger_is_moved_and_a_swipe_only_scrolls(
    browser: Browser, served: Served
) -> None:
    booked = served.book("10:00")
    phone = browser.new_context(
        locale="de-DE", viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True
    )
    phone.set_default_timeout(PATIENCE)
    page = phone.new_page()
    served.open(page)
    one = drawn(page, "Ährenthaler")
    one.evaluate("one => one.scrollIntoView({ block: 'center' })")  # at an edge, it would scroll
    fingers = phone.new_cdp_session(page)

    def touch(kind: str, *at: tuple[float, float]) -> None:
        points = [{"x": x, "y": y} for x, y in at]
        fingers.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    def swipe(held: str) -> None:
        box = one.bounding_box()
        assert box is not None
        x, y = box["x"] + 40, box["y"] + 10
        touch("touchStart", (x, y))
        if held:
            page.locator(held).wait_for()
        for step in range(1, 9):
            touch("touchMove", (x, y + step * HOUR / 16))
        touch("touchEnd")

    swipe(".ec-preview")
    said(page, "Termin verschoben.")
    expect(one).to_contain_text("10:30")
    page.locator("#messages").get_by_role("button", name="Schließen").click()
    swipe("")
    expect(one).to_contain_text("10:30")
    phone.close()
    assert served.read(booked)["start"][11:16] == "10:30"


@pytest.mark.parametrize("month", [3, 10], ids=["an hour less", "an hour more"])
def test_when_clocks_are_changed_an_hour_of_the_clock_is_an_hour(
    page: Page, served: Served, month: int
) -> None:
    """Also in a browser whose own clock is changed on other days, or never."""
    year = DAY.year + (1 if DAY.month >= 3 else 0)
    sunday = max(day for day in (date(year, month, n) for n in range(25, 32)) if day.weekday() == 6)
    early = served.book("01:00", day=sunday, override="Notdienst")
    late = served.book("10:00", "200", day=sunday, override="Notdienst")
    across = served.book("23:30", "300", day=sunday - timedelta(days=1), override="Nacht")
    assert across["minutes"] == 30
    served.open(page, day=sunday)
    expect(drawn(page, "Brückner")).to_contain_text("10:00–10:30")
    pulled(page, "Brückner", HOUR)
    page.locator("#why").fill("Notdienst")
    page.locator("#anyway").click()
    said(page, "Termin verschoben.")
    expect(drawn(page, "Brückner")).to_contain_text("11:00–11:30")
    was, now = (datetime.fromisoformat(one["start"]) for one in (late, served.read(late)))
    assert now - was == timedelta(hours=1)
    # From before the change to after it: the clock goes on by four hours, and time does not.
    page.get_by_role("button", name="Liste", exact=True).click()
    page.locator("#list").get_by_role("button", name="Zoë Ährenthaler").click()
    expect(page.locator("#details")).to_contain_text("01:00–01:30")
    page.get_by_role("button", name="Ändern").click()
    page.locator("#time").fill("05:00")
    page.get_by_role("button", name="Speichern").click()
    page.locator("#why").fill("Notdienst")
    page.locator("#anyway").click()
    expect(page.get_by_role("row", name=re.compile("Ährenthaler"))).to_contain_text("05:00–05:30")
    moved = datetime.fromisoformat(served.read(early)["start"])
    passed = moved.timestamp() - datetime.fromisoformat(early["start"]).timestamp()
    assert passed == (3 if month == 3 else 5) * 3600


def test_who_is_cut_off_is_told_and_catches_up(page: Page, served: Served) -> None:
    served.book("09:00")
    served.open(page)
    expect(drawn(page, "Ährenthaler")).to_be_visible()
    served.server.kill()
    expect(page.locator("#live")).to_contain_text("Keine Verbindung seit")
    served.server.start()
    served.book("11:00", "200")
    expect(drawn(page, "Brückner")).to_contain_text("11:00–11:30")
    expect(page.locator("#live")).to_contain_text("Wieder verbunden")


def faults_in_any_light(page: Page) -> list[str]:
    found = faults_of(page)
    page.emulate_media(color_scheme="dark")
    found += faults_of(page)
    page.emulate_media(color_scheme="light")
    return found


@pytest.mark.parametrize("size", [(1280, 900), (390, 844)], ids=["desktop", "phone"])
def test_the_calendar_is_for_everybody(page: Page, served: Served, size: tuple[int, int]) -> None:
    served.book("10:00", "666", room="raum-1", notes=HOSTILE)
    served.book("11:00", "200", status="TENTATIVE")
    served.book("12:00", "777", doctor=SCHMIDT, minutes=15, override="Notfall")
    page.set_viewport_size({"width": size[0], "height": size[1]})
    served.open(page, view="" if size[0] < 700 else "tag")
    if size[0] < 700:
        expect(page.get_by_role("table", name="Dr. Mueller")).to_contain_text(HOSTILE[:25])
        assert faults_in_any_light(page) == []
        page.get_by_role("button", name="Tag", exact=True).click()
    expect(drawn(page, "<script>alert(1)")).to_be_visible()
    # Who hears the page is told what the column says, and of short ones what there is no room for.
    heard = re.compile(r"^12:00.*12:15.*Kontrolle Dr\. Schmidt$")
    expect(page.get_by_role("button", name=heard)).to_be_attached()
    turned = drawn(page, RIGHT_TO_LEFT).locator(".who")
    assert turned.evaluate("(one) => getComputedStyle(one).direction") == "rtl"
    assert faults_in_any_light(page) == []
    drawn(page, "Brückner").click()
    expect(page.get_by_role("dialog")).to_contain_text("angefragt")
    assert faults_in_any_light(page) == []
    wide = page.evaluate("document.documentElement.scrollWidth - innerWidth")
    assert wide <= 0
    page.keyboard.press("Escape")
    for view in ("Woche", "Räume", "Liste"):
        page.get_by_role("button", name=view, exact=True).click()
        expect(page.get_by_role("button", name=view, exact=True)).to_have_attribute(
            "aria-pressed", "true"
        )
    expect(page.get_by_role("table", name="Dr. Mueller")).to_contain_text("angefragt")
    assert page.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0


def test_who_chose_no_doctor_sees_all_of_them_again_after_a_week(
    page: Page, served: Served
) -> None:
    served.open(page, view="woche")
    doctor = page.locator("#doctor")
    expect(doctor).not_to_have_value("")  # a week is one doctor's
    expect(page.locator(".ec-col-head").first).to_contain_text("Mo.")
    page.get_by_role("button", name="Räume").click()
    expect(doctor).to_be_hidden()
    page.get_by_role("button", name="Tag", exact=True).click()
    expect(doctor).to_have_value("")
    assert "arzt" not in page.url
    doctor.select_option("Dr. Mueller")
    page.get_by_role("button", name="Woche").click()
    page.get_by_role("button", name="Tag", exact=True).click()
    expect(doctor).not_to_have_value("")


def test_a_day_is_printed_as_a_list_for_each_doctor(page: Page, served: Served) -> None:
    served.book("10:00")
    served.open(page)
    page.evaluate("window.dispatchEvent(new Event('beforeprint'))")
    page.emulate_media(media="print")
    table = page.get_by_role("table", name="Dr. Mueller")
    expect(table).to_contain_text("Zoë Ährenthaler")
    expect(page.locator("#grid")).to_be_hidden()
    expect(table.get_by_role("button")).to_have_count(0)


def test_the_grid_is_the_finest_that_a_type_asks_for() -> None:
    assert grid_of([]) == 15
    assert grid_of([a_type(step=15), a_type(step=30)]) == 15
    assert grid_of([a_type(step=15), a_type(step=10)]) == 5
    assert grid_of([a_type(step=20), a_type(step=10)]) == 10
    assert grid_of([a_type(step=7)]) == 5
