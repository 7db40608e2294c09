"""The settings in a browser: what is set there holds, and what is wrong is said in words."""

from __future__ import annotations

import shutil
from contextlib import closing
from typing import TYPE_CHECKING

import httpx
import pytest
from playwright.sync_api import expect

from admin_api.pages.settings_house import week_of
from practice.access import Account, Role
from practice.accounts import Doctor, Room
from practice.database import SqlDatabase
from practice.use_cases.accounts import change_account
from practice.use_cases.house import add_doctor, add_room
from tests.browser import faults_of, sign_in
from tests.building import a_practice, the_account, writing
from tests.dav import HOME as CALENDARS
from tests.mimics.easyappointments import EasyAppointments
from tests.mimics.mail_server import HERE, MailServer
from tests.servers import RunningServer, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Dialog, Locator, Page

HOME = "/admin/einstellungen"
PAGES = (
    "aerzte?nr=1",
    "raeume?nr=neu",
    "zeiten?nr=neu",
    "feiertage",
    "terminarten?nr=neu",
    "kategorien?nr=neu",
    "regeln",
    "verbindungen",
    "zugaenge?nr=neu",
    "zugaenge/gast",
    "feeds",
    "protokoll",
)
HOSTILE = "<script>alert('x')</script>\u202e" + "ü" * 180
TO = "leitung@praxis.example"


@pytest.fixture(scope="module")
def served(
    tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path
) -> Iterator[RunningServer]:
    """A practice with a booking tool that is there, one that is not, and a mail server."""
    folder = tmp_path_factory.mktemp("settings")
    path = folder / "praxis.db"
    shutil.copy(sqlite_template, path)
    with closing(SqlDatabase(f"sqlite:///{path}")) as made:
        a_practice(made)
        with writing(made) as uow:
            change_account(uow, Account(0, "admin", Role.ADMIN, email=TO))
            add_doctor(uow, Doctor("fremd", HOSTILE, HOSTILE, ""))
            add_room(uow, Room("fremd", HOSTILE))
    with EasyAppointments() as tool, MailServer() as mail:
        config = folder / "praxis.toml"
        source = 'tool = "easyappointments"\nnetwork = "inside"\nkey = "{}"\nurl = "{}"\n'
        gone = f"http://127.0.0.1:{free_port()}"
        config.write_text(
            f'[mail]\nhost = "{HERE}"\nport = {mail.port}\nsecurity = "none"\n'
            f"[booking.sources.da]\n{source.format(tool.token, tool.url)}"
            f"[booking.sources.weg]\n{source.format('k', gone)}"
        )
        options = {"PRAXIS_CALDAV_CONFIG": str(config), "PRAXIS_CALDAV_WORKER__RUN": "work"}
        with RunningServer(f"sqlite:///{path}", options=options, forked=True) as running:
            running.mail = mail  # type: ignore[attr-defined]
            yield running


@pytest.fixture
def admin(page: Page, served: RunningServer) -> Page:
    """A page at which the admin has signed in; whatever asks is answered with yes."""
    page.on("dialog", _agree)
    sign_in(page, served.url, "admin", f"{HOME}/aerzte")
    return page


def _agree(asked: Dialog) -> None:
    asked.accept()


def at(page: Page, served: RunningServer, name: str) -> None:
    page.goto(f"{served.url}{HOME}/{name}")


def card(page: Page, heading: str) -> Locator:
    return page.locator("section.card").filter(has=page.get_by_role("heading", name=heading))


def test_a_doctor_with_hours_has_free_slots_and_can_be_taken_back_in_the_trail(
    admin: Page, served: RunningServer
) -> None:
    admin.get_by_role("link", name="Hinzufügen").click()
    admin.get_by_label("Name", exact=True).fill("Dr. Jörg Weiß")
    expect(admin.get_by_label("Kurzname")).to_have_value("dr-joerg-weiss")
    for day in ("Dienstag", "Mittwoch", "Donnerstag", "Freitag"):
        for field in admin.get_by_role("group", name=day).locator("input").all():
            field.fill("")
    monday = admin.get_by_role("group", name="Montag")
    monday.get_by_label("Montag, bis").nth(1).fill("12:30")
    admin.get_by_role("button", name="Speichern").click()
    alert = admin.get_by_role("alert")
    expect(alert).to_contain_text("Das Ende liegt vor dem Anfang")
    alert.get_by_role("link").click()
    expect(monday.get_by_label("Montag, bis").nth(1)).to_be_focused()
    monday.get_by_label("Montag, bis").nth(1).fill("15:00")
    admin.get_by_role("button", name="wie Montag (Mittwoch)").click()
    admin.get_by_role("button", name="Speichern").click()
    row = admin.get_by_role("row").filter(has_text="Dr. Jörg Weiß")
    expect(row).to_contain_text("Mo08:00–12:00, 13:00–15:00Mi08:00–12:00, 13:00–15:00")

    at(admin, served, "terminarten?nr=neu")
    admin.get_by_label("Name", exact=True).fill("Wunde & Verband")
    admin.get_by_label("Name auf Englisch").fill("Wound")
    admin.get_by_label("Übliche Dauer").fill("120")
    admin.get_by_label("Längste").fill("60")
    admin.get_by_label("Puffer danach").fill("-1")
    admin.get_by_role("button", name="Speichern").click()
    expect(admin.get_by_role("alert").get_by_role("listitem")).to_have_text(
        "Puffer danach: Eine ganze Zahl von 0 bis 1440."
    )
    admin.get_by_label("Puffer danach").fill("0")
    admin.get_by_role("button", name="Speichern").click()
    expect(admin.get_by_role("alert").get_by_role("listitem")).to_contain_text("Längste:")
    admin.get_by_label("Längste").fill("")
    admin.get_by_label("Patienten können sie selbst buchen").check()
    admin.get_by_label("Dr. Jörg Weiß").check()
    admin.get_by_label("Petrol").check()
    admin.get_by_role("button", name="Speichern").click()
    expect(admin.get_by_role("row").filter(has_text="Wunde & Verband")).to_contain_text("direkt")
    with served.client("admin") as client:
        (kind,) = client.get("/api/settings/types").json()["items"]
        assert (kind["color"], kind["doctors"]) == ("teal", ["dr-joerg-weiss"])
        asked = {"type": "wunde-verband", "from": "2027-01-18", "until": "2027-01-24"}
        free = client.get("/api/booking/availability", params={**asked, "limit": "500"}).json()
    starts = {one["start"][:16] for one in free["items"]}
    days = {start[:10] for start in starts}
    assert days == {"2027-01-18", "2027-01-20"}
    assert {"2027-01-18T08:00", "2027-01-18T10:00", "2027-01-18T13:00"} <= starts
    assert not {"2027-01-18T10:05", "2027-01-18T12:00", "2027-01-18T13:05"} & starts

    at(admin, served, "aerzte")
    row.get_by_role("link").click()
    admin.locator("summary", has_text="Entfernen").click()
    admin.get_by_role("button", name="Entfernen").click()
    expect(card(admin, "Dr. Jörg Weiß").get_by_role("alert").last).to_contain_text(
        "Terminarten nennen diese Person"
    )
    admin.get_by_label("Name", exact=True).fill("Dr. J. Weiß")
    admin.get_by_role("button", name="Speichern").click()
    expect(admin.get_by_role("row").filter(has_text="Dr. J. Weiß")).to_be_visible()

    at(admin, served, "protokoll?art=doctor")
    newest = admin.locator("ol.trail > li").first
    newest.locator("summary").click()
    expect(newest.get_by_role("row").nth(1)).to_contain_text("NameDr. Jörg WeißDr. J. Weiß")
    newest.get_by_role("button", name="Rückgängig").click()
    dialog = admin.get_by_role("dialog")
    expect(dialog).to_contain_text("Dr. Jörg Weiß")
    dialog.get_by_role("button", name="Rückgängig").click()
    expect(admin.locator("ol.trail > li").nth(1)).to_contain_text("rückgängig gemacht")
    at(admin, served, "aerzte")
    expect(admin.get_by_role("row").filter(has_text="Dr. Jörg Weiß")).to_be_visible()


def test_a_name_that_is_taken_is_told_at_its_field(admin: Page, served: RunningServer) -> None:
    at(admin, served, "raeume?nr=neu")
    admin.get_by_label("Name", exact=True).fill("Röntgen")
    admin.keyboard.press("Enter")
    expect(admin.get_by_role("cell", name="roentgen")).to_be_visible()
    at(admin, served, "raeume?nr=neu")
    admin.get_by_label("Name", exact=True).fill("Röntgen")
    admin.keyboard.press("Enter")
    expect(admin.get_by_role("alert")).to_contain_text("Den Namen gibt es schon")
    admin.get_by_role("alert").get_by_role("link").press("Enter")
    expect(admin.get_by_label("Kurzname")).to_be_focused()


def test_an_absence_is_told_in_days_and_kept_in_the_practices_time(
    admin: Page, served: RunningServer
) -> None:
    at(admin, served, "zeiten?nr=neu")
    admin.get_by_label("Für wen").select_option("Dr. Mueller")
    admin.get_by_label("Erster Tag").fill("2027-03-27")
    admin.get_by_label("Letzter Tag").fill("2027-03-26")
    admin.get_by_role("button", name="Speichern").click()
    expect(admin.get_by_role("alert")).to_contain_text("Das Ende liegt vor dem Anfang")
    admin.get_by_label("Letzter Tag").fill("2027-03-28")
    admin.get_by_label("Grund").fill("Urlaub")
    admin.get_by_role("button", name="Speichern").click()
    row = admin.get_by_role("row").filter(has_text="Urlaub")
    expect(row).to_contain_text("Sa., 27. März 2027 – So., 28. März 2027")
    with served.client("admin") as client:
        (kept,) = client.get("/api/settings/exceptions").json()["items"]
    # The night in which the clock is set forward lies between.
    assert (kept["start"], kept["end"]) == (
        "2027-03-27T00:00:00+01:00",
        "2027-03-29T00:00:00+02:00",
    )
    row.get_by_role("link").click()
    admin.get_by_role("button", name="Eintrag löschen").click()
    expect(admin.get_by_text("Nichts eingetragen")).to_be_visible()


def test_rules_and_holidays_are_kept_beside_each_other(admin: Page, served: RunningServer) -> None:
    at(admin, served, "regeln")
    admin.get_by_label("Vorlauf").fill("90")
    with admin.expect_event("load"):  # it is shown again once it is saved
        admin.get_by_role("button", name="Speichern").click()
    at(admin, served, "feiertage?jahr=2027")
    admin.get_by_label("Bundesland").select_option("Sachsen")
    admin.get_by_role("button", name="Speichern").click()
    expect(admin.get_by_role("cell", name="Buß- und Bettag")).to_be_visible()
    with served.client("admin") as client:
        rules = client.get("/api/settings/booking-rules").json()
    assert (rules["lead_minutes"], rules["land"]) == (90, "SN")


def test_a_device_is_connected_used_and_revoked(admin: Page, served: RunningServer) -> None:
    at(admin, served, "zugaenge/empfang")
    admin.get_by_role("button", name="Gerät verbinden").click()
    dialog = admin.get_by_role("dialog")
    dialog.get_by_label("Programm").select_option("DAVx⁵ (Android)")
    dialog.get_by_role("button", name="Verbinden").click()
    expect(dialog.get_by_role("alert")).to_contain_text("Name des Geräts: Das wird gebraucht.")
    dialog.get_by_label("Name des Geräts").fill("Telefon <b>Empfang</b>")
    dialog.get_by_role("button", name="Verbinden").click()
    expect(dialog).to_contain_text("nur dieses eine Mal")
    expect(dialog.locator("[data-show=address]")).to_have_text(f"{served.url}/caldav/")
    expect(dialog.locator("ol")).to_contain_text("Benutzername: empfang")
    expect(dialog.get_by_role("img", name="QR-Code")).to_be_visible()
    assert faults_of(admin) == []
    expect(dialog.get_by_role("button", name="Passwort kopieren")).to_be_visible()
    password = dialog.locator("[data-show=password]").inner_text()
    device = httpx.BasicAuth("empfang", password)
    address = f"{served.url}{CALENDARS}"
    dialog.get_by_role("button", name="Fertig").click()
    row = admin.get_by_role("row").filter(has_text="Telefon <b>Empfang</b>")
    expect(row).to_contain_text("nicht bekannt")
    with closing(SqlDatabase(served.database_url)) as stored, writing(stored) as uow:
        _, made = uow.accounts.credentials()[the_account(uow, "empfang").id]
        uow.accounts.note_uses([made.id], uow.now)  # as a server does within a minute
    admin.reload()
    expect(row).to_contain_text("Fr., 20. Nov. 2026, gegen 10\u00a0Uhr")
    with httpx.Client(auth=device, verify=False) as client:
        assert client.request("PROPFIND", address, headers={"Depth": "0"}).status_code == 207
        row.get_by_role("button", name="Zurücknehmen").click()
        expect(admin.get_by_text("Noch kein Gerät verbunden")).to_be_visible()
        assert client.request("PROPFIND", address, headers={"Depth": "0"}).status_code == 401
    expect(admin.locator("body")).not_to_contain_text(password)


def test_rights_a_token_and_a_feed_are_given(admin: Page, served: RunningServer) -> None:
    at(admin, served, "zugaenge/gast")
    admin.get_by_label("Dr. Schmidt").select_option("alles lesen")
    expect(admin.get_by_role("status").filter(has_text="Gespeichert")).to_be_visible()
    admin.get_by_role("button", name="Schlüssel ausstellen").click()
    dialog = admin.get_by_role("dialog")
    dialog.get_by_label("Programm").fill("Auswertung")
    dialog.get_by_label("Kalender ansehen").check()
    dialog.get_by_role("button", name="Ausstellen").click()
    token = dialog.locator("[data-show=token]")
    expect(token).not_to_be_empty()
    bearer = {"Authorization": f"Bearer {token.inner_text()}"}
    assert httpx.get(f"{served.url}/api/me", headers=bearer).json()["scopes"] == [
        "booking:view_calendar"
    ]
    admin.keyboard.press("Escape")
    expect(admin.get_by_role("row").filter(has_text="Auswertung")).to_contain_text("ansehen")
    with served.client("admin") as client:
        grants = client.get("/api/accounts/gast").json()["grants"]
        assert {"calendar": "dr-schmidt", "level": "read"} in grants

    at(admin, served, "feeds")
    admin.get_by_role("button", name="Abo-Adresse ausstellen").click()
    dialog.get_by_label("Für wen").fill("Telefon")
    dialog.get_by_label("Kalender").select_option("Dr. Mueller")
    dialog.get_by_role("button", name="Ausstellen").click()
    shown = dialog.locator("[data-show=address]")
    expect(shown).to_contain_text("/feeds/")
    address = shown.inner_text()
    assert httpx.get(address).text.startswith("BEGIN:VCALENDAR")
    dialog.get_by_role("button", name="Fertig").click()
    admin.get_by_role("button", name="Zurücknehmen Telefon").click()
    expect(admin.get_by_text("Noch keine Abos")).to_be_visible()
    assert httpx.get(address).status_code == 404


def test_connections_are_tried_and_told_in_words(admin: Page, served: RunningServer) -> None:
    at(admin, served, "verbindungen")
    there, gone = card(admin, "da"), card(admin, "weg")
    there.get_by_role("button", name="Verbindung prüfen").click()
    expect(there.get_by_role("status")).to_contain_text("Die Verbindung steht")
    gone.get_by_role("button", name="Verbindung prüfen").click()
    expect(gone.get_by_role("status")).to_contain_text("dort antwortet niemand")
    admin.get_by_role("button", name="Testmail an mich senden").click()
    expect(admin.get_by_text(f"Testmail an {TO} angenommen")).to_be_visible()
    mail: MailServer = served.mail  # type: ignore[attr-defined]
    assert mail.message["To"] == TO
    assert "Testmail" in mail.message["Subject"]
    mail.answers["RCPT"] = "550 5.7.1 not from here"
    admin.get_by_role("button", name="Testmail an mich senden").click()
    expect(admin.get_by_text("hat die Mail abgelehnt")).to_contain_text("550")
    del mail.answers["RCPT"]
    expect(admin.locator("main")).not_to_contain_text("erfundener-schluessel")


def test_the_trail_is_looked_through_and_taken_away(admin: Page, served: RunningServer) -> None:
    at(admin, served, "protokoll")
    admin.get_by_label("Wer").fill("niemand")
    admin.get_by_role("button", name="Suchen").click()
    expect(admin.get_by_text("Nichts gefunden")).to_be_visible()
    admin.get_by_label("Wer").fill("")
    admin.get_by_label("Patientennummer").fill("4711")
    admin.get_by_role("button", name="Suchen").click()
    expect(admin.get_by_text("niemanden mit dieser Patientennummer")).to_be_visible()
    at(admin, served, "protokoll?art=account")
    with admin.expect_download() as started:
        admin.get_by_role("link", name="Als CSV laden").click()
    rows = started.value.path().read_text("utf-8").splitlines()
    assert len(rows) > len(("admin", "empfang"))
    at(admin, served, "protokoll?bis=2026-01-01")
    expect(admin.get_by_text("Nichts gefunden")).to_be_visible()


def test_staff_do_not_see_the_settings(page: Page, served: RunningServer) -> None:
    sign_in(page, served.url, "empfang")
    expect(page.get_by_role("link", name="Einstellungen")).to_have_count(0)
    for name in PAGES:
        answer = page.goto(f"{served.url}{HOME}/{name}")
        assert answer is not None
        assert answer.status == 403, name
    expect(page.get_by_role("navigation", name="Einstellungen")).to_have_count(0)


def test_connections_are_for_everybody(admin: Page, served: RunningServer) -> None:
    # Here are tools to tell of; every other page is tried in test_every_page.py.
    at(admin, served, "verbindungen")
    assert faults_of(admin) == []
    admin.set_viewport_size({"width": 390, "height": 844})
    admin.emulate_media(color_scheme="dark")
    assert faults_of(admin) == []
    assert admin.evaluate("document.documentElement.scrollWidth <= innerWidth")


def test_hostile_names_stay_text(admin: Page, served: RunningServer) -> None:
    for name in ("aerzte", "raeume", "zeiten?nr=neu", "terminarten?nr=neu"):
        at(admin, served, name)
        expect(admin.get_by_text("<script>alert").first).to_be_attached()


def test_the_hours_of_a_week_are_told_by_day() -> None:
    week = week_of("mo-tu 08:00-12:00 13:00-17:00, sa 20:00-24:00")
    assert week[0] == week[1] == [("08:00", "12:00"), ("13:00", "17:00")]
    assert week[5] == [("20:00", "00:00")]
    assert week[2] == []
