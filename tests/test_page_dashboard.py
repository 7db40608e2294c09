"""The overview and one's own access, as people at the desk use them."""

from __future__ import annotations

import re
from contextlib import closing
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from sqlalchemy import select

from admin_api.pages.fault_words import fault_of
from admin_api.pages.plots import columns, rows
from admin_api.pages.rendering import texts_of
from practice.conflicts import DisputeState
from practice.database import SqlDatabase
from practice.database.tables import conflicts, letters, receipts
from practice.messages import Message, Receiver
from practice.sources import SourceState
from tests.browser import faults_of, sign_in
from tests.building import PASSWORD, writing
from tests.hostile_practice import desk_full_of_work

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

    from tests.servers import RunningServer

HOUR = timedelta(hours=1)
#: A name that is to stay text, and to break nothing.
HOSTILE = "<script>alert(1)</script>" + "Ü" * 120 + "\u202eabc"
SIZES = ((1280, 900), (390, 844))


@pytest.fixture(scope="module")
def busy_served(practice_served: RunningServer) -> RunningServer:
    """A served practice in which much waits for a person; the server's clock is the true one."""
    now = datetime.now(UTC)
    database = SqlDatabase(practice_served.database_url)
    with closing(database), writing(database, now=now) as uow:
        desk_full_of_work(uow, now, HOSTILE)
    return practice_served


def state_of(server: RunningServer, table: object, number: int = 1) -> str:
    database = SqlDatabase(server.database_url)
    with database.engine.connect() as connection:
        found = connection.execute(select(table.c.state).where(table.c.id == number)).scalar_one()  # type: ignore[attr-defined]
    database.close()
    return str(found)


# --- A new practice -----------------------------------------------------------------------------


def test_a_new_practice_is_told_what_to_do_first(
    page: Page, practice_served: RunningServer
) -> None:
    sign_in(page, practice_served.url, "admin")
    steps = page.locator(".steps")
    expect(steps.get_by_role("listitem")).to_have_count(4)
    expect(steps.get_by_role("listitem").first).to_contain_text("erledigt")
    assert steps.get_by_role("link", name="Liste einlesen").get_attribute("href") == "/admin/import"
    expect(steps).to_contain_text("/caldav/")
    expect(page.get_by_text("Nichts wartet auf Sie.")).to_be_visible()
    assert faults_of(page) == []


def test_who_is_not_at_the_desk_goes_on_to_the_calendar(
    page: Page, practice_served: RunningServer
) -> None:
    page.goto(f"{practice_served.url}/anmelden?zu=/admin")
    page.get_by_label("Benutzername").fill("mueller")
    page.get_by_label("Passwort").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(re.compile("/admin/kalender$"))


# --- A day's work -------------------------------------------------------------------------------


def test_a_hostile_name_stays_text(page: Page, busy_served: RunningServer) -> None:
    sign_in(page, busy_served.url, "empfang")
    assert HOSTILE in page.locator("#given-up").inner_text()
    assert page.locator("#given-up script").count() == 0


def test_what_went_wrong_is_told_in_words_with_what_to_do(
    page: Page, busy_served: RunningServer
) -> None:
    sign_in(page, busy_served.url, "empfang")
    given_up = page.locator("#given-up")
    expect(given_up).to_contain_text("Das Postfach nimmt die E-Mail nicht an.")
    expect(given_up).to_contain_text("Etwas Neues")  # which nobody has words for
    sync = page.locator("#sync")
    expect(sync.locator("tr", has_text="calcom").first).to_contain_text("vor 3 Stunden")
    expect(sync.locator("tr[data-source=calldoc]")).to_contain_text("veraltet")
    expect(sync).to_contain_text("Seit mehr als 24 Stunden")
    expect(sync).to_contain_text("Es hat zu lange gedauert")
    for plot in page.locator("svg.plot").all():
        assert plot.get_attribute("role") == "img"
    table = page.locator(".plots details").first
    table.locator("summary").click()
    expect(table.locator("tbody tr")).to_have_count(12)


def test_matters_are_settled_by_keyboard_alone_and_one_is_taken_back(
    page: Page, busy_served: RunningServer
) -> None:
    sign_in(page, busy_served.url, "empfang")
    first = page.locator("#given-up > li").first
    first.get_by_role("button", name="Aufgeben").press("Enter")
    expect(page.locator("#given-up > li")).to_have_count(1)
    expect(page.locator("#matters-title")).to_be_focused()
    assert state_of(busy_served, letters, 2) == "dropped"
    page.locator("#messages").get_by_role("button", name="Rückgängig").press("Enter")
    expect(page.locator("#messages")).to_contain_text("noch einmal versucht")
    assert state_of(busy_served, letters, 2) == "tried"

    page.get_by_role("button", name="Fassung des Tools nehmen").press("Enter")
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Abbrechen")).to_be_focused()
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    assert state_of(busy_served, conflicts) == DisputeState.OPEN
    page.get_by_role("button", name="Unsere Fassung behalten").press("Enter")
    expect(page.get_by_role("heading", name="Widersprüche")).to_have_count(0)
    assert state_of(busy_served, conflicts) == DisputeState.KEPT

    page.get_by_role("button", name="Beiseitelegen").press("Enter")
    expect(page.get_by_role("heading", name="Unverstandene")).to_have_count(0)
    assert state_of(busy_served, receipts) == "dropped"


def test_a_request_that_cannot_be_confirmed_says_why_and_stays(
    page: Page, busy_served: RunningServer
) -> None:
    # It is in no calendar: nothing can be changed of it there.
    sign_in(page, busy_served.url, "empfang")
    confirms = page.get_by_role("button", name="Bestätigen")
    expect(confirms).to_have_accessible_description(re.compile(r"\d\d:\d\d .*Dr\. "))  # which
    confirms.click()
    expect(page.locator("#messages .notice.bad")).to_be_visible()
    expect(confirms).to_be_enabled()


def test_a_tool_that_is_asked_is_looked_at_until_it_answers(
    page: Page, busy_served: RunningServer
) -> None:
    sign_in(page, busy_served.url, "empfang")
    # The settings here have no booking tool; where they have one, its row has this button.
    page.locator("tr[data-source=calldoc]").evaluate(
        "row => row.insertAdjacentHTML('beforeend', `<td><button data-ask='calldoc'"
        ">Jetzt abgleichen</button></td>`)"
    )
    first = datetime.now(UTC)
    database = SqlDatabase(busy_served.database_url)
    page.evaluate(
        "document.querySelector('[data-ask]').dataset.attempted = new Date().toISOString()"
    )
    button = page.get_by_role("button", name="Jetzt abgleichen")
    button.click()
    expect(page.locator("#messages .notice.bad")).to_be_visible()  # there is none of this name
    page.route("**/api/sync/sources/calldoc/run", lambda route: route.fulfill(status=202))
    button.click()
    expect(page.locator("tr[data-source=calldoc] [data-state]")).to_contain_text("wird abgeglichen")
    now = first + HOUR / 60
    with writing(database, now=now) as uow:
        uow.sources.save(SourceState("calldoc", now, now - HOUR / 60))
    database.close()
    expect(page.locator("#messages")).to_contain_text("calldoc ist abgeglichen.")
    expect(page.locator("tr[data-source=calldoc]")).to_contain_text("in Ordnung")


def test_another_day_is_looked_at_and_one_that_is_none_is_today(
    page: Page, busy_served: RunningServer
) -> None:
    sign_in(page, busy_served.url, "empfang", "/admin?tag=2031-02-31")
    expect(page.locator("#day-title")).to_contain_text("Heute")
    monday = "2031-11-24"
    page.locator("#tag").fill(monday)
    page.get_by_role("button", name="Zeigen").click()
    page.wait_for_url(f"**/admin?tag={monday}")
    expect(page.locator("#day-title")).to_have_text("Mo., 24. Nov. 2031")
    mueller = page.locator("article", has_text="Dr. Mueller")
    expect(mueller).to_contain_text("Frei")
    expect(mueller.locator(".slot").first).to_contain_text("–")
    page.get_by_label("Einen Tag zurück").click()
    expect(page.locator("article", has_text="Dr. Mueller")).to_contain_text("Keine Sprechzeit.")


# --- Own access ---------------------------------------------------------------------------------


def test_who_is_signed_in_elsewhere_ends_that_and_stays_here(
    page: Page, browser: Browser, practice_served: RunningServer
) -> None:
    url = practice_served.url
    other = browser.new_context().new_page()
    sign_in(other, url, "gast", "/admin/konto")
    sign_in(page, url, "gast", "/admin/konto")
    expect(page.locator("section", has_text="Hier sind Sie")).to_contain_text("127.0.0.1")
    expect(page.locator("section", has_text="Hier sind Sie")).to_contain_text("mit dem Passwort")
    assert faults_of(page) == []
    page.get_by_role("button", name="Alle anderen beenden").click()
    expect(page.locator("#messages")).to_contain_text("beendet")
    expect(page.get_by_text("Sonst sind Sie nirgends angemeldet.")).to_be_visible()
    other.goto(f"{url}/admin/konto")
    expect(other.get_by_role("heading", name="Anmelden")).to_be_visible()
    other.context.close()


def test_a_device_gets_a_password_that_works_until_it_is_removed(
    page: Page, practice_served: RunningServer
) -> None:
    url = practice_served.url
    page.set_viewport_size({"width": 390, "height": 844})
    sign_in(page, url, "mueller", "/admin/konto")
    page.get_by_role("button", name="Passwort anlegen").click()
    expect(page.get_by_role("alert")).to_contain_text("Wie heißt das Gerät?")
    page.get_by_label("Neues Gerät").fill("iPhone <b>")
    page.keyboard.press("Enter")
    expect(page.locator("#made")).to_be_focused()
    assert faults_of(page) == []
    secret = page.locator("[data-told=password]").inner_text()
    with practice_served.client(None) as client:
        auth = ("mueller", secret)
        assert client.get("/api/me", auth=auth).status_code == 200
        # A device makes no other: whoever finds it would keep that one.
        told = client.post("/api/me/devices", auth=auth, json={"label": "noch eins"})
        assert told.status_code == 403
        page.get_by_role("link", name="Fertig").click()
        page.get_by_role("button", name="Entfernen iPhone <b>").click()
        page.get_by_role("dialog").get_by_role("button", name="Entfernen").click()
        expect(page.locator("#messages")).to_contain_text("Das Gerät ist entfernt.")
        assert client.get("/api/me", auth=auth).status_code == 401


# --- What is computed ---------------------------------------------------------------------------


def test_every_receiver_and_message_has_a_name() -> None:
    texts = texts_of("dashboard", "de")
    assert set(texts["receivers"]) == {str(one) for one in Receiver}
    assert set(texts["messages"]) == {str(one) for one in Message}


@pytest.mark.parametrize(
    ("sentence", "to", "name"),
    [
        ("status 550", "patient", "mailbox"),
        ("status 550", "webhook", "broken_there"),
        ("status 401", "booking_tool", "no_entry"),
        ("no such booking: it has to be made there, by hand", "booking_tool", "by_hand"),
        ("ConnectTimeout", "", "unreachable"),
        ("too slow", "", "unreachable"),
        ("Unheard of", "", ""),
    ],
)
def test_what_programs_say_has_a_name(sentence: str, to: str, name: str) -> None:
    assert fault_of(sentence, to) == name
    assert not name or name in texts_of("dashboard", "de")["faults"]


def test_bars_stay_within_their_plot_and_the_highest_fits() -> None:
    for most in (0, 1, 3, 4, 5, 99, 101, 12_345):
        plot = columns([0.0, None, float(most)], ["a", "b", "c"], ["0", "-", str(most)])
        assert all(bar.y >= 0 and bar.y + bar.height <= plot.floor + 0.1 for bar in plot.bars)
        assert all(bar.x + bar.width <= plot.width for bar in plot.bars)
        assert [bar.label for bar in plot.bars] == ["a", "", "c"]
    lying = rows([0.5, 3.0, None], ["Dr. A", "Dr. " + "B" * 80, "C"], ["50 %", "300 %", "–"])
    half, more, none = lying.bars
    assert (half.width * 2, none.width) == (more.width, 0)
    assert len(more.label) < 20
