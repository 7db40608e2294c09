"""The patients' pages in a browser: found, booked for, linked, merged, told everything, erased."""

from __future__ import annotations

import json
import re
import shutil
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from admin_api.pages import ENDPOINTS
from practice.appointments import Status
from practice.database import SqlDatabase
from practice.sources import SourceState
from practice.use_cases.patient_appointments import next_appointments
from tests.arranging import Surgery, berlin
from tests.browser import faults_of, sign_in
from tests.building import BERLIN, PASSWORD, a_practice, writing
from tests.in_api import api_of
from tests.mimics.calldoc import CallDoc
from tests.servers import RunningServer
from tests.sick import a_booking, booked, made
from tests.single_patients import RUTH
from tests.test_statements import Meter

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

SETTINGS = """
[booking.sources.termine]
tool = "easyappointments"
url = "http://127.0.0.1:9"
network = "inside"
key = "k"
doctors = {{ "1" = "dr-mueller" }}
every_minutes = 1440

[booking.sources.calldoc]
tool = "calldoc"
url = "{url}"
patients_url = "{url}"
network = "inside"
doctors = {{ 18 = "dr-mueller" }}
minutes = {{ 24 = 20 }}
"""
ALL = "/admin/patienten"
HOSTILE = '<script>document.title="x"</script>' + "Ü" * 120 + "\u05e9\u05dc\u05d5\u05dd"


@dataclass
class House:
    """A served practice, its database and its CallDoc."""

    server: RunningServer
    database: SqlDatabase
    tool: CallDoc

    @property
    def url(self) -> str:
        return self.server.url

    def patient(self, last_name: str, **more: Any) -> int:
        """Make a patient and return the id."""
        with self.server.client("admin") as client:
            answer = client.post("/api/patients", json={"last_name": last_name, **more})
        assert answer.status_code == 201, answer.text
        return int(answer.json()["id"])

    def told(self, patient_id: int) -> dict[str, Any]:
        """Return what is known of a patient."""
        with self.server.client("admin") as client:
            known: dict[str, Any] = client.get(f"/api/patients/{patient_id}").json()
        return known

    def booked(self, number: str, last_name: str, days: int) -> None:
        """Have the booking tool know of an appointment so many days from now."""
        now = datetime.now(UTC).replace(microsecond=0)
        start = now.replace(hour=9, minute=0, second=0) + timedelta(days=days)
        told = {"last_name": last_name, "first_name": "", "birth_date": ""}
        with writing(self.database, now=now) as uow:
            booking = a_booking(f"B-{number}-{days}", start, patient_number=number, **told)
            booked(uow, booking, tool="termine")


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[House]:
    """A practice that can be booked, with a tool that is silent since yesterday, and a CallDoc."""
    folder = tmp_path_factory.mktemp("patients")
    path = folder / "praxis.db"
    shutil.copy(sqlite_template, path)
    with closing(SqlDatabase(f"sqlite:///{path}")) as database, CallDoc() as tool:
        a_practice(database)
        Surgery(database)
        now = datetime.now(UTC)
        with writing(database, now=now) as uow:
            heard = now - timedelta(hours=30)
            uow.sources.save(SourceState("termine", now, heard, "no answer"))
        config = folder / "praxis.toml"
        config.write_text(SETTINGS.format(url=tool.url), "utf-8")
        options = {"PRAXIS_CALDAV_CONFIG": str(config)}
        with RunningServer(f"sqlite:///{path}", options=options, forked=True) as running:
            yield House(running, database, tool)


def open_record(page: Page, house: House, patient_id: int, account: str = "admin") -> None:
    sign_in(page, house.url, account, f"{ALL}/{patient_id}")


def test_somebody_is_found_by_a_typo_and_opened_by_keyboard_alone(page: Page, house: House) -> None:
    sign_in(page, house.url, "empfang", ALL)
    expect(page.get_by_label("Wen suchen Sie?")).to_be_focused()
    page.keyboard.type("Brukner")
    expect(page.get_by_role("status").filter(has_text="1 Person")).to_be_visible()
    expect(page.locator(".found a")).to_have_count(1)
    page.keyboard.press("ArrowDown")
    expect(page.get_by_role("link", name="Brückner")).to_be_focused()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_label("Wen suchen Sie?")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1, name="Zoë Brückner")).to_be_visible()
    page.go_back()
    expect(page.get_by_label("Wen suchen Sie?")).to_have_value("Brukner")
    with house.server.client("empfang") as client:  # what there is without a script
        plain = client.get(ALL, params={"q": "Brukner"}).text
    assert "Brückner" in plain
    assert "Cordes" not in plain


def test_nobody_found_says_what_to_do_and_those_to_look_at_are_listed(
    page: Page, house: House
) -> None:
    house.patient("Prüfling", to_review=True)
    sign_in(page, house.url, "empfang", ALL)
    page.get_by_label("Wen suchen Sie?").fill("xyzzyx")
    expect(page.locator("#results")).to_contain_text("Niemand passt zu „xyzzyx“")
    page.get_by_label("Wen suchen Sie?").fill("")
    page.get_by_label("Nur die noch zu prüfenden").check()
    expect(page.locator(".found a")).to_have_count(1)
    page.get_by_role("link", name="Prüfling").click()
    page.get_by_role("button", name="Geprüft, stimmt so").click()
    expect(page.get_by_text("Als geprüft vermerkt.")).to_be_visible()
    expect(page.locator("#review")).to_have_count(0)


def test_somebody_new_is_made_and_whoever_is_here_already_is_told(page: Page, house: House) -> None:
    sign_in(page, house.url, "empfang", ALL)
    page.get_by_role("button", name="Neu anlegen").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Anlegen").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Nachname: wird gebraucht")
    dialog.get_by_label("Nachname").fill("Brückner")
    dialog.get_by_label("Vorname").fill("Zoë")
    dialog.get_by_label("Telefon").fill("030 99")
    expect(dialog.get_by_text("Gibt es die Person schon?")).to_be_visible()
    dialog.get_by_label("Nachname").fill(HOSTILE)
    dialog.get_by_label("Patientennummer").fill("100")
    dialog.get_by_role("button", name="Anlegen").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Das ist schon vergeben")
    dialog.get_by_label("Patientennummer").fill("")
    dialog.get_by_role("button", name="Anlegen").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("<script>")
    assert page.title().startswith("Zoë <script>")


def test_what_somebody_changed_meanwhile_is_not_overwritten(page: Page, house: House) -> None:
    patient = house.patient("Eichhorn", phone="1")
    open_record(page, house, patient, "empfang")
    page.get_by_role("button", name="Bearbeiten").click()
    page.get_by_label("Telefon").fill("2")
    page.get_by_label("Mit Terminerinnerungen einverstanden").check()
    page.get_by_role("button", name="Speichern").click()
    expect(page.get_by_text("Gespeichert.")).to_be_visible()
    expect(page.get_by_text("Einverstanden", exact=True)).to_be_visible()
    with house.server.client("admin") as client:
        known = client.get(f"/api/patients/{patient}").json()
        told = {name: known[name] for name in known if name not in NOT_SENT} | {"phone": "3"}
        assert client.put(f"/api/patients/{patient}", json=told).status_code == 200
    page.get_by_role("button", name="Bearbeiten").click()
    page.get_by_label("Telefon").fill("4")
    page.get_by_role("button", name="Speichern").click()
    expect(page.get_by_role("alert")).to_contain_text("inzwischen geändert")
    expect(page.get_by_label("Telefon")).to_have_value("4")
    assert house.told(patient)["phone"] == "3"


def test_whose_session_ends_while_they_write_saves_after_signing_in_beside(
    page: Page, house: House
) -> None:
    patient = house.patient("Ginster", phone="1")
    open_record(page, house, patient, "empfang")
    page.get_by_role("button", name="Bearbeiten").click()
    page.get_by_label("Telefon").fill("2")
    page.context.clear_cookies()
    page.get_by_role("button", name="Speichern").click()
    # Within the dialog: what is behind it is out of reach.
    with page.context.expect_page() as beside:
        page.locator("#edit").get_by_role("link", name="Anmeldung ist abgelaufen").click()
    beside.value.get_by_label("Benutzername").fill("empfang")
    beside.value.get_by_label("Passwort").fill(PASSWORD)
    beside.value.keyboard.press("Enter")
    expect(beside.value.get_by_role("heading", name="Ginster")).to_be_visible()
    page.get_by_role("button", name="Speichern").click()
    expect(page.locator("dl.facts dd").filter(has_text=re.compile("^2$"))).to_be_visible()
    assert house.told(patient)["phone"] == "2"
    # Who was signed in anew before they noticed saves as well; in another's name nothing is saved.
    page.get_by_role("button", name="Bearbeiten").click()
    page.get_by_label("Telefon").fill("3")
    page.context.clear_cookies()
    sign_in(beside.value, house.url, "admin", ALL)
    page.get_by_role("button", name="Speichern").click()
    expect(page.locator("#edit").get_by_role("alert")).to_be_visible()
    assert house.told(patient)["phone"] == "2"
    page.context.clear_cookies()
    sign_in(beside.value, house.url, "empfang", ALL)
    page.get_by_role("button", name="Speichern").click()
    expect(page.locator("dl.facts dd").filter(has_text=re.compile("^3$"))).to_be_visible()
    assert house.told(patient)["phone"] == "3"


NOT_SENT = {"id", "reminders_since", "booking_system_id", "held_until"}


def test_a_free_time_is_booked_with_one_press_and_taken_back_with_another(
    page: Page, house: House
) -> None:
    patient = house.patient("Farnkraut")
    open_record(page, house, patient, "empfang")
    expect(page.get_by_text("Keine kommenden Termine.")).to_be_visible()
    page.locator("#free-type").select_option("kontrolle")
    page.locator("#free-doctor").select_option("dr-schmidt")
    page.get_by_role("button", name="Freie Zeiten suchen").click()
    slots = page.locator("#free .slots button")
    expect(slots).to_have_count(12)
    first = slots.first.inner_text()
    assert "Dr. Schmidt" in first
    slots.first.click()
    expect(page.locator("#messages")).to_contain_text("Gebucht:")
    row = page.locator("#appointments tbody tr")
    expect(row).to_have_count(1)
    expect(row).to_contain_text("Bestätigt")
    expect(row).to_contain_text(first.split()[0])
    expect(row).to_contain_text("Kontrolle")
    expect(page.get_by_role("button", name="Rückgängig")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#messages")).to_contain_text("wieder abgesagt")
    expect(row).to_contain_text("Abgesagt")


def test_a_time_that_is_taken_meanwhile_is_told_with_others(page: Page, house: House) -> None:
    one, other = house.patient("Ginster"), house.patient("Ginsterkatz")
    open_record(page, house, one, "empfang")
    page.locator("#free-doctor").select_option("dr-mueller")
    page.get_by_role("button", name="Freie Zeiten suchen").click()
    slot = page.locator("#free .slots button").first
    expect(slot).to_be_visible()
    query = {"type": "kontrolle", "doctors": "dr-mueller"}
    page.locator("#free-type").select_option("kontrolle")
    expect(slot).to_be_visible()
    with house.server.client("empfang") as client:
        free = client.get("/api/booking/availability", params=query).json()["items"][0]
        order = {"type": "kontrolle", "doctor": "dr-mueller", "start": free["start"]}
        booked = client.post("/api/booking/appointments", json={**order, "patient_id": other})
        assert booked.status_code == 201, booked.text
    slot.click()
    expect(page.locator("#free")).to_contain_text("eben vergeben")
    slot.click()
    expect(page.locator("#messages")).to_contain_text("Gebucht:")


def test_a_link_to_somebody_with_another_address_is_asked_for_twice(
    page: Page, house: House
) -> None:
    patient = house.patient("Hasel", email="hier@example.org")
    open_record(page, house, patient, "empfang")
    page.get_by_role("button", name="Verbinden").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Kennung im Buchungssystem").fill("EA-77")
    dialog.get_by_label("E-Mail-Adresse im Buchungssystem").fill("dort@example.com")
    dialog.get_by_role("button", name="Verbinden", exact=True).click()
    warning = dialog.locator("#differ")
    expect(warning).to_contain_text("hier@example.org")
    expect(warning).to_contain_text("dort@example.com")
    assert house.told(patient)["booking_system_id"] is None
    dialog.get_by_role("button", name="Trotzdem verbinden").click()
    expect(page.locator("#messages")).to_contain_text("Verbunden.")
    expect(page.get_by_text("EA-77")).to_be_visible()
    page.get_by_role("button", name="Trennen").click()
    expect(page.get_by_role("dialog")).to_contain_text("Im Buchungssystem ändert sich nichts")
    page.get_by_role("dialog").get_by_role("button", name="Trennen").click()
    expect(page.get_by_text("nicht verbunden")).to_be_visible()


def test_two_who_are_one_are_compared_and_made_one(page: Page, house: House) -> None:
    stays = house.patient("Immergrün", first_name="Ida", number="IG-1", phone="030 1")
    goes = house.patient("Immergruen", first_name="Ida", number="IG-2", email="ida@example.org")
    house.booked("IG-2", "Immergruen", 3)
    open_record(page, house, goes, "empfang")
    page.get_by_role("button", name="Zusammenführen").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_role("button", name="Immergrün, Ida · IG-1").click()
    dialog.get_by_label("Immergrün, Ida · IG-1").check()
    rows = dialog.locator("tbody tr")
    expect(rows.filter(has_text="Nachname")).to_contain_text("verschieden")
    expect(rows.filter(has_text="Vorname")).to_contain_text("gleich")
    expect(rows.filter(has_text="E-Mail")).to_contain_text("wird ergänzt")
    dialog.get_by_role("button", name="Zusammenführen").click()
    page.wait_for_url(f"{house.url}{ALL}/{stays}")
    expect(page.locator("#messages")).to_contain_text("Übernommene Termine: 1")
    expect(page.get_by_text("früher auch: IG-2")).to_be_visible()
    expect(page.locator("#appointments tbody tr")).to_have_count(1)
    assert house.told(stays)["email"] == "ida@example.org"
    page.goto(f"{house.url}{ALL}/{goes}")
    assert page.url.endswith(f"/{stays}")


def test_everything_known_is_handed_out(page: Page, house: House) -> None:
    patient = house.patient("Jasmin", number="J-1")
    open_record(page, house, patient)
    for name, ending in (("Daten (JSON)", "json"), ("Kalender (.ics)", "ics")):
        with page.expect_download() as got:
            page.get_by_role("link", name=name).click()
        assert got.value.suggested_filename == f"patient-J-1.{ending}"
        text = Path(got.value.path()).read_text("utf-8")
        assert ("BEGIN:VCALENDAR" in text) if ending == "ics" else json.loads(text)["patient"]
    with page.expect_popup() as opened:
        page.get_by_role("link", name="Lesen und drucken").click()
    expect(opened.value.get_by_role("heading", level=1)).to_contain_text("Auskunft")
    expect(opened.value.get_by_text("Jasmin").first).to_be_visible()
    assert opened.value.evaluate("getComputedStyle(document.querySelector('main')).maxWidth") != (
        "none"
    )


def test_what_is_kept_by_law_or_has_appointments_is_not_erased(page: Page, house: House) -> None:
    patient = house.patient("Kamille", number="K-1")
    house.booked("K-1", "Kamille", -20)
    house.booked("K-1", "Kamille", 4)
    open_record(page, house, patient)
    page.get_by_role("button", name="Aufbewahrung festlegen").click()
    page.get_by_role("dialog").get_by_role("button", name="Speichern").click()
    expect(page.locator("#messages")).to_contain_text("festgelegt")

    def erase(number: str) -> None:
        page.get_by_role("button", name="Endgültig löschen").first.click()
        page.get_by_label("Geben Sie die Patientennummer").fill(number)
        page.get_by_role("dialog").get_by_role("button", name="Endgültig löschen").click()

    alert = page.get_by_role("dialog").get_by_role("alert")
    erase("K-2")
    expect(alert).to_contain_text("nicht die Nummer dieser Person")
    page.keyboard.press("Escape")
    erase("K-1")
    expect(alert).to_contain_text("aufbewahrt werden")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Aufbewahrung aufheben").click()
    page.get_by_role("dialog").get_by_role("button", name="Aufbewahrung aufheben").click()
    expect(page.locator("#messages")).to_contain_text("aufgehoben")
    erase("K-1")
    expect(alert).to_contain_text("noch kommende Termine: 1")
    page.get_by_label("Auch wenn noch Termine kommen").last.check()
    page.get_by_role("dialog").get_by_role("button", name="Endgültig löschen").click()
    page.wait_for_url(f"{house.url}{ALL}")
    expect(page.locator("#messages")).to_contain_text("Alles zur Nummer K-1 ist gelöscht")
    page.goto(f"{house.url}{ALL}/{patient}")
    expect(page.get_by_text("Diese Seite gibt es nicht.")).to_be_visible()


def test_somebody_is_taken_off_the_list_and_the_appointments_stay(page: Page, house: House) -> None:
    patient = house.patient("Lavendel", number="L-1")
    house.booked("L-1", "Lavendel", 5)
    open_record(page, house, patient, "empfang")
    expect(page.get_by_role("button", name="Endgültig löschen")).to_have_count(0)
    expect(page.get_by_text("Auskunft (Art. 15 DSGVO)")).to_have_count(0)
    page.get_by_role("button", name="Akte entfernen").click()
    dialog = page.get_by_role("dialog")
    expect(dialog).to_contain_text("Im Buchungssystem bleibt alles")
    dialog.get_by_role("button", name="Entfernen", exact=True).click()
    expect(dialog.get_by_role("alert")).to_contain_text("noch kommende Termine: 1")
    dialog.get_by_label("Auch wenn noch Termine kommen").check()
    dialog.get_by_role("button", name="Entfernen", exact=True).click()
    expect(page.locator("#messages")).to_contain_text("Die Akte ist entfernt.")


def test_the_record_tells_how_old_what_a_tool_said_is_and_leads_to_it(
    page: Page, house: House
) -> None:
    patient = house.patient("Minze", first_name="Mia", number="M-1")
    house.booked("M-1", "Minze", 6)
    open_record(page, house, patient, "empfang")
    shown = page.locator("#appointments")
    expect(shown.locator(".notice")).to_contain_text("seit mehr als 24 Stunden")
    expect(shown.locator(".heard")).to_contain_text("termine: seit über 24 Stunden ohne Antwort")
    expect(shown.locator(".heard")).to_contain_text("abgeglichen vor 1 Tag")
    expect(shown.locator("tbody tr")).to_contain_text("Stand veraltet")
    button = page.get_by_role("link", name="Neuer Termin im Buchungssystem")
    address = button.get_attribute("href") or ""
    assert address.startswith("http://127.0.0.1:9")
    assert "Mia" in address
    assert "Minze" in address
    assert (button.get_attribute("target"), button.get_attribute("rel")) == (
        "_blank",
        "noopener noreferrer",
    )


def test_a_patients_appointments_of_a_day_are_fetched_at_once(page: Page, house: House) -> None:
    patient = house.patient("Öhrlein", number="4400127")
    day = (datetime.now(BERLIN) + timedelta(days=8)).date().isoformat()
    number = house.tool.add_patient(RUTH)
    house.tool.book(f"{day}T10:00:00", doctor=18, kind=24, patient=number)
    open_record(page, house, patient, "empfang")
    page.get_by_label("Tag", exact=True).fill(day)
    page.get_by_role("button", name="Jetzt holen").click()
    expect(page.locator("#fetched")).to_contain_text("Gefundene Termine: 1")
    expect(page.locator("#appointments tbody tr")).to_contain_text("10:00–10:20")
    page.get_by_label("Tag", exact=True).fill("2030-01-07")
    page.get_by_role("button", name="Jetzt holen").click()
    expect(page.locator("#fetched")).to_contain_text("keinen solchen Termin")


def test_what_is_shown_when_it_is_asked_for_is_for_everybody(page: Page, house: House) -> None:
    hostile = house.patient(HOSTILE[:200], first_name="O" * 200, to_review=True)
    page.set_viewport_size({"width": 390, "height": 844})
    sign_in(page, house.url, "admin", f"{ALL}?q=script")
    expect(page.locator(".found a").first).to_contain_text("<script>")
    page.goto(f"{house.url}{ALL}/{hostile}")
    page.get_by_role("button", name="Freie Zeiten suchen").click()
    expect(page.locator("#free .slots button").first).to_be_visible()
    page.locator("[data-opens=merge]").click()
    page.locator("#merge-q").fill("Brückner")
    page.locator("#merge-found button").filter(has_text="Brückner").click()
    expect(page.locator("#merge-form tbody tr").first).to_be_visible()
    assert page.evaluate(_FITS)
    assert faults_in_both(page) == []
    page.keyboard.press("Escape")
    assert faults_in_both(page) == []


_FITS = "document.documentElement.scrollWidth <= innerWidth"


def faults_in_both(page: Page) -> list[str]:
    """Return what axe finds in light and in dark."""
    found = []
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        found += faults_of(page)
    return found


def test_whoever_may_not_see_patients_is_shown_none(page: Page, house: House) -> None:
    sign_in(page, house.url, "mueller", ALL)
    expect(page.get_by_text("Das ist Ihrem Zugang nicht erlaubt.")).to_be_visible()
    with house.server.client("empfang") as client:
        assert client.get(f"{ALL}/{house.patient('Nelke')}/auskunft").status_code == 403


# --- What they are made of ----------------------------------------------------------------------


def test_a_record_shows_who_did_not_come(page: Page, house: House) -> None:
    patient = house.patient("Nelke", number="N-1")
    house.booked("N-1", "Nelke", -3)
    with house.server.client("admin") as client:
        query = {"patient_id": patient}
        (missed,) = client.get("/api/booking/appointments", params=query).json()["items"]
        address = f"/api/booking/appointments/{missed['id']}"
        assert client.put(address, json={"progress": "no_show"}).status_code == 200
    open_record(page, house, patient)
    row = page.get_by_role("row").filter(has_text="Nicht gekommen")
    with page.expect_navigation(url=f"**/admin/kalender?tag={missed['start'][:10]}*"):
        row.get_by_role("link").click()


def test_the_next_appointment_is_the_first_that_is_on_and_not_over(practice: SqlDatabase) -> None:
    surgery = Surgery(practice)
    for start, more in (
        ("2026-11-24 09:00", {}),
        ("2026-11-23 09:00", {"status": Status.TENTATIVE}),
        ("2026-11-25 09:00", {"patient": "200"}),
    ):
        surgery.book(berlin(start), **more)
    off = surgery.book(berlin("2026-11-23 08:00")).appointment
    with surgery.writing() as uow:
        uow.appointments.save(replace(off, status=Status.CANCELLED))
    with surgery.reading() as uow:
        known = uow.patients.get(list(surgery.patients.values()))
        found = next_appointments(uow, list(known.values()))
        assert next_appointments(uow, []) == {}
    starts = {one: told.slot.start for one, told in found.items()}
    assert starts == {
        surgery.patients["100"]: berlin("2026-11-23 09:00"),
        surgery.patients["200"]: berlin("2026-11-25 09:00"),
    }


def test_a_page_costs_the_same_however_many_there_are(practice: SqlDatabase) -> None:
    costs = []
    with api_of(practice, endpoints=ENDPOINTS) as doors:
        staff, meter = doors.api("empfang"), Meter(practice)
        staff.get(ALL)  # the password is hashed once
        for many in (2, 12):
            with writing(practice) as uow:
                for number in range(many):
                    made(uow, f"Muster{number}", number=f"{many}-{number}")
            with meter.running():
                assert staff.get(ALL).status_code == 200
            costs.append(meter.cost.statements)
    assert costs[0] == costs[1]
