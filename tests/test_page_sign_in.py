"""Signing in and out with a browser, and the choice of the language."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.browser import faults_of
from tests.building import PASSWORD

if TYPE_CHECKING:
    from playwright.sync_api import Page

    from tests.servers import RunningServer


def test_who_signs_in_goes_on_to_where_they_wanted_and_out_again(
    page: Page, practice_served: RunningServer
) -> None:
    url = practice_served.url
    page.goto(f"{url}/admin?tag=2026-11-23")
    expect(page.get_by_role("heading", name="Anmelden")).to_be_visible()
    page.get_by_label("Benutzername").fill("admin")
    page.get_by_label("Passwort").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{url}/admin?tag=2026-11-23")
    page.get_by_role("button", name="Abmelden").click()
    page.wait_for_url(f"{url}/anmelden?abgemeldet=1")
    expect(page.get_by_text("Sie sind abgemeldet.")).to_be_visible()
    expect(page.get_by_role("link", name="abmelden")).to_have_count(0)  # there is nowhere else
    page.goto(f"{url}/admin")
    expect(page.get_by_role("heading", name="Anmelden")).to_be_visible()


def test_a_wrong_password_is_told_and_the_field_is_ready_for_another(
    page: Page, practice_served: RunningServer
) -> None:
    page.goto(f"{practice_served.url}/anmelden")
    page.get_by_label("Benutzername").fill("admin")
    page.get_by_label("Passwort").fill("falsch")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("stimmt nicht")
    assert page.context.cookies() == []


def test_a_field_left_empty_is_not_told_as_a_wrong_password(
    page: Page, practice_served: RunningServer
) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.method))
    page.goto(f"{practice_served.url}/anmelden")
    page.get_by_label("Benutzername").fill("admin")
    page.get_by_role("button", name="Anmelden").click()
    page.get_by_role("alert").get_by_role("link", name="Passwort: wird gebraucht").click()
    expect(page.get_by_label("Passwort")).to_be_focused()
    assert "POST" not in asked


def test_who_is_written_no_mail_is_promised_none(practice_served: RunningServer) -> None:
    with practice_served.client() as client:
        for done in ("gebucht", "angefragt"):
            told = client.get("/buchen", params={"fertig": done}).text
            assert "schreiben wir Ihnen" not in told
            assert "Wir schreiben" not in told
            assert told.count("E-Mail dazu bekommen Sie nicht") == 2  # one of them is hidden
            assert "/termine" not in told


def test_where_there_is_nothing_a_page_of_the_practice_says_so(
    practice_served: RunningServer,
) -> None:
    with practice_served.client() as client:
        for address in ("/termin", "/termine/gibt-es-nicht", "/admin/kalendar", "/wp-login.php"):
            lost = client.get(address)
            assert lost.status_code == 404
            assert "Diese Seite gibt es nicht" in lost.text
            assert "Praxiskalender" not in lost.text  # the practice's name stands there
        assert client.request("PROPFIND", "/kalender").status_code == 404
        assert client.post("/healthz").status_code == 405


@pytest.mark.parametrize("dark", [False, True])
def test_signing_in_is_for_everybody(
    page: Page, practice_served: RunningServer, dark: bool
) -> None:
    page.emulate_media(color_scheme="dark" if dark else "light")
    page.goto(f"{practice_served.url}/anmelden")
    assert faults_of(page) == []
    page.get_by_role("link", name="English").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    assert page.locator("html").get_attribute("lang") == "en"


def test_an_address_of_somebody_else_is_not_gone_to(
    page: Page, practice_served: RunningServer
) -> None:
    for told in ("//evil.example", "https://evil.example", "/\\evil.example"):
        page.goto(f"{practice_served.url}/anmelden?zu={told}")
        assert page.locator("form").get_attribute("data-onward") == "/admin"
