"""What is promised of every page, of each: readable by everybody, in both languages, by keys alone,
whatever names are in it. A new page is tried by being there.
"""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import pytest
from playwright.sync_api import expect

from admin_api.cookies import COOKIE, LANGUAGES
from admin_api.pages import ENDPOINTS
from tests.browser import PATIENCE, faults_of
from tests.hostile_practice import PATIENTS_SECRET, HostilePractice, a_hostile_practice
from tests.patient_lists import HEAD

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from playwright.sync_api import (
        Browser,
        BrowserContext,
        ConsoleMessage,
        Dialog,
        Page,
        Request,
        ViewportSize,
    )

    from admin_api.endpoint import Endpoint

HOME = "/admin/einstellungen"
PHONE: ViewportSize = {"width": 390, "height": 844}
DESK: ViewportSize = {"width": 1280, "height": 900}
#: Addresses at which a page shows all that it has: those with something in them that is told
#: there, and those with more than one face. Without a line here it is tried as it is.
EXAMPLES: Mapping[str, tuple[str, ...]] = {
    "/admin/kalender": (
        "/admin/kalender?tag={p.day}&ansicht=tag",
        "/admin/kalender?tag={p.day}&ansicht=liste",
        "/admin/kalender?tag={p.day}&ansicht=woche",
    ),
    "/admin/patienten": ("/admin/patienten?q=script",),
    "/admin/patienten/{patient_id:id}": ("/admin/patienten/{p.patient}",),
    "/admin/patienten/{patient_id:id}/auskunft": ("/admin/patienten/{p.patient}/auskunft",),
    "/admin/import/{import_id:id}": (
        "/admin/import/{p.plan}",
        "/admin/import/{p.plan}?ansicht=tabelle",
    ),
    f"{HOME}/aerzte": (f"{HOME}/aerzte?nr=1",),
    f"{HOME}/raeume": (f"{HOME}/raeume?nr=neu",),
    f"{HOME}/zeiten": (f"{HOME}/zeiten?nr=neu",),
    f"{HOME}/terminarten": (f"{HOME}/terminarten?nr=neu",),
    f"{HOME}/kategorien": (f"{HOME}/kategorien?nr=neu",),
    f"{HOME}/zugaenge": (f"{HOME}/zugaenge?nr=neu",),
    f"{HOME}/zugaenge/{{name}}": (f"{HOME}/zugaenge/gast",),
    "/termine": (
        "/termine",
        "/termine?absagen={p.appointment}",
        "/termine?verlegen={p.appointment}",
    ),
    "/termine/anmelden": ("/termine/anmelden?schluessel=x",),
    "/buchen": (
        "/buchen",
        "/buchen?art={p.kind}&arzt={p.doctor}",
        "/buchen?art={p.kind}&arzt={p.doctor}&zeit=2030-01-07T09:00:00Z",
        "/buchen?art=kontrolle",
        "/buchen?fertig=angefragt",
    ),
}
#: Pages that nobody declares: the one at the root, and that of what is not there.
BESIDE = ("/", "/buchen?art=gibt-es-nicht")
#: What is in German whoever reads it: the first says both, the second is a letter to a patient.
GERMAN = ("/", "/admin/patienten/{p.patient}/auskunft")
#: What a page asks for once more by itself, and why.
ASKS = {"/buchen": "to keep the time that was chosen"}


@dataclass
class Seen:
    """What was said while a page was open."""

    said: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    def listen(self, page: Page) -> None:
        page.on("dialog", self._refuse)
        page.on("pageerror", lambda error: self.said.append(f"fault: {error}"))
        page.on("console", self._hear)
        page.on("request", self._note)

    def _refuse(self, dialog: Dialog) -> None:
        self.said.append(f"asked: {dialog.message}")
        dialog.dismiss()

    def _note(self, request: Request) -> None:
        # What tells of news as it comes is open as long as the page.
        if "/api/" in request.url and not request.url.endswith("/events"):
            self.asked.append(request.url)

    def _hear(self, message: ConsoleMessage) -> None:
        # That an address answers 404 is what the page for it is for.
        if message.type in {"error", "warning"} and "status of 4" not in message.text:
            self.said.append(message.text)


class Visitors:
    """A browser's page for each that looks at pages: the staff, a patient, anybody."""

    def __init__(self, browser: Browser, practice: HostilePractice) -> None:
        self._browser = browser
        self._practice = practice
        self._pages: dict[tuple[str, str], tuple[Page, Seen]] = {}
        self._contexts: list[BrowserContext] = []
        self._followed: set[str] = set()

    def dead_ends(self, page: Page) -> list[str]:
        """Return the links of a page that lead nowhere, of those not followed before."""
        if page.evaluate("performance.getEntriesByType('navigation')[0].responseStatus") >= 400:
            return []  # its links lead to itself, to be tried again
        told = page.evaluate("[...document.links].map((one) => one.href.split('#')[0])")
        here = {one for one in told if one.startswith(self._practice.url)} - self._followed
        self._followed |= here
        answers = ((one, page.context.request.get(one).status) for one in sorted(here))
        return [f"leads to {status}: {one}" for one, status in answers if status >= 400]

    def page(self, endpoint: Endpoint | None, language: str) -> tuple[Page, Seen]:
        who = _who(endpoint)
        if (who, language) not in self._pages:
            self._pages[who, language] = self._new(who, language)
        return self._pages[who, language]

    def _new(self, who: str, language: str) -> tuple[Page, Seen]:
        context = self._browser.new_context(locale="de-DE", timezone_id="Europe/Berlin")
        context.set_default_timeout(PATIENCE)
        self._contexts.append(context)
        secret = {"staff": self._practice.admin, "patient": PATIENTS_SECRET}.get(who)
        here = self._practice.url.replace("http:", "https:")
        if secret:
            context.add_cookies([{"name": COOKIE, "value": secret, "secure": True, "url": here}])
        context.add_cookies([{"name": "sprache", "value": language, "secure": False, "url": here}])
        context.add_init_script(path=Path("tests/every_page.js"))
        page, seen = context.new_page(), Seen()
        seen.listen(page)
        return page, seen

    def close(self) -> None:
        for context in self._contexts:
            context.close()


def _who(endpoint: Endpoint | None) -> str:
    if endpoint is None or endpoint.open:
        return "anybody"
    return "patient" if endpoint.of_patient else "staff"


def every_address() -> Iterator[tuple[Endpoint | None, str]]:
    for endpoint in ENDPOINTS:
        if endpoint.files == ("text/html",):
            for address in EXAMPLES.get(endpoint.path, (endpoint.path,)):
                yield endpoint, address
    for address in BESIDE:
        yield None, address


EVERY = list(every_address())
each_address = pytest.mark.parametrize(
    ("endpoint", "address"), EVERY, ids=[quote(address, safe="/?={}&.") for _, address in EVERY]
)


@pytest.fixture(scope="module")
def practice(
    tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path
) -> Iterator[HostilePractice]:
    with a_hostile_practice(tmp_path_factory.mktemp("every"), sqlite_template) as made:
        yield made


@pytest.fixture(scope="module")
def visitors(browser: Browser, practice: HostilePractice) -> Iterator[Visitors]:
    made = Visitors(browser, practice)
    yield made
    made.close()


def opened(page: Page, practice: HostilePractice, address: str) -> None:
    """Open a page and wait until it shows what it has."""
    assert "{" not in address.replace("{p.", ""), f"{address} has no example: give it one here."
    page.goto(practice.url + address.format(p=practice))
    page.wait_for_function("() => looks.ready()")


def test_a_page_without_an_example_is_missed() -> None:
    for _, address in EVERY:
        assert "{" not in address.replace("{p.", ""), f"{address} needs a line in EXAMPLES."


@each_address
def test_a_page_is_for_everybody(
    visitors: Visitors, practice: HostilePractice, endpoint: Endpoint | None, address: str
) -> None:
    page, seen = visitors.page(endpoint, "de")
    seen.said.clear()
    seen.asked.clear()
    page.set_viewport_size(DESK)
    page.emulate_media(color_scheme="light")
    opened(page, practice, address)
    found = [*page.evaluate("looks.look()"), *_jumps(page, "1280")]
    if endpoint is None or endpoint.path not in ASKS:
        found += [f"asks for more: {one}" for one in seen.asked]
    found += _unreached(page)
    page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
    for width in (DESK, PHONE):
        page.set_viewport_size(width)
        found += [f"{width['width']}: {one}" for one in faults_of(page)]
        # In the dark nothing is another but the colours.
        page.emulate_media(color_scheme="dark")
        found += [f"dark, {width['width']}: {one}" for one in page.evaluate("looks.pale()")]
        page.emulate_media(color_scheme="light")
    found += _wide(page)
    found += _in_dialogs(page)
    found += visitors.dead_ends(page)
    found += seen.said
    assert not found, "\n".join(found)


@each_address
def test_a_page_speaks_english_on_a_phone_as_well(
    visitors: Visitors, practice: HostilePractice, endpoint: Endpoint | None, address: str
) -> None:
    page, seen = visitors.page(endpoint, "en")
    seen.said.clear()
    page.set_viewport_size(PHONE)
    opened(page, practice, address)
    found = [*_wide(page), *_jumps(page, "390"), *seen.said]
    if page.evaluate("document.documentElement.lang") == "en":
        told = set(page.evaluate("looks.texts()")) - set(HEAD.split(";"))  # as the list has them
        found += sorted(told & _german())
    else:
        assert address in GERMAN
    assert not found, "\n".join(found)


def test_the_menu_of_a_phone_is_opened_and_closed_by_keys(
    visitors: Visitors, practice: HostilePractice
) -> None:
    page, _ = visitors.page(EVERY[1][0], "de")
    page.set_viewport_size(PHONE)
    opened(page, practice, "/admin/konto")
    button, links = page.get_by_role("button", name="Menü"), page.get_by_role("navigation")
    expect(links).to_be_hidden()
    button.focus()
    page.keyboard.press("Enter")
    expect(button).to_have_attribute("aria-expanded", "true")
    page.keyboard.press("Tab")
    expect(links.get_by_role("link", name="Übersicht")).to_be_focused()
    assert faults_of(page) == []
    page.emulate_media(color_scheme="dark")
    assert page.evaluate("looks.pale()") + _wide(page) == []
    page.emulate_media(color_scheme="light")
    page.keyboard.press("Escape")
    expect(links).to_be_hidden()
    expect(button).to_be_focused()


def test_the_description_of_the_api_is_readable_by_everybody(
    visitors: Visitors, practice: HostilePractice
) -> None:
    page, seen = visitors.page(None, "de")
    seen.said.clear()
    opened(page, practice, "/api/docs")
    page.set_viewport_size(PHONE)
    found = _wide(page)
    # All of it are eleven thousand elements of a few kinds: some of each are looked at.
    page.evaluate(
        "for (const one of document.querySelectorAll('details:nth-of-type(n+6)')) one.remove();"
        "for (const one of document.querySelectorAll('details')) one.open = true"
    )
    for width in (DESK, PHONE):
        page.set_viewport_size(width)
        found += [f"{width['width']}: {one}" for one in faults_of(page)]
        page.emulate_media(color_scheme="dark")
        found += [f"dark, {width['width']}: {one}" for one in page.evaluate("looks.pale()")]
        page.emulate_media(color_scheme="light")
    assert not [*found, *seen.said]


def _jumps(page: Page, width: str) -> list[str]:
    moved: dict[str, Any] = page.evaluate("window.shifts")
    return [f"{width}: jumps by {moved['sum']:.2f}: {moved['of']}"] if moved["sum"] >= 0.05 else []


def _unreached(page: Page) -> list[str]:
    """Go through a page with the key that leads on; return what that does not reach, and where one
    does not see where one is.
    """
    page.evaluate("scrollTo(0, 0)")
    left = -1
    for _ in range(40):  # times ten keys
        for _ in range(10):
            page.keyboard.press("Tab")
        missing = page.evaluate("looks.missing()")
        if not missing["unreached"] or missing["left"] == left:
            break
        left = missing["left"]
    odd: list[str] = missing["odd"]
    return [*(f"not reached by keys: {one}" for one in missing["unreached"]), *odd]


def _in_dialogs(page: Page) -> list[str]:
    """Open each dialog by its button, or as a script does; return what is wrong with it."""
    found: list[str] = []
    for name in page.evaluate("[...document.querySelectorAll('dialog[id]')].map((one) => one.id)"):
        dialog, opener = page.locator(f"dialog#{name}"), page.locator(f"[data-opens={name}]")
        by_key = opener.count() > 0
        if by_key:
            opener.first.focus()
            page.keyboard.press("Enter")
        else:
            dialog.evaluate("(one) => one.showModal()")
        found += [
            f"{name}: {one}" for one in page.evaluate("(of) => looks.inDialog(of)", [name, by_key])
        ]
        page.keyboard.press("Escape")
        if page.evaluate("document.activeElement.matches('dialog[open] [type=search]')"):
            page.keyboard.press("Escape")  # the first has emptied it, as in every such field
        if dialog.evaluate("(one) => one.open"):
            found.append(f"{name}: Escape does not close it")
            dialog.evaluate("(one) => one.close()")
        elif by_key and not opener.first.evaluate("(one) => one === document.activeElement"):
            found.append(f"{name}: the focus does not go back to what opened it")
    return found


def _wide(page: Page) -> list[str]:
    wide: list[str] = page.evaluate("looks.wide()")
    return wide


def _german() -> set[str]:
    """Return the texts that are German alone."""
    told: dict[str, set[str]] = {language: set() for language in LANGUAGES}
    for file in Path("admin_api/pages/texts").glob("*.toml"):
        tables = tomllib.loads(file.read_text("utf-8"))
        for language in LANGUAGES:
            told[language] |= {text.strip() for _, text in leaves(tables[language])}
    return {one for one in told["de"] - told["en"] if len(one) > 3}


def leaves(told: object, at: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(told, dict):
        for name, one in told.items():
            yield from leaves(one, f"{at}.{name}")
    elif isinstance(told, list):
        for number, one in enumerate(told):
            yield from leaves(one, f"{at}.{number}")
    else:
        yield at, str(told)


def test_every_text_is_there_in_both_languages() -> None:
    for file in Path("admin_api/pages/texts").glob("*.toml"):
        tables = tomllib.loads(file.read_text("utf-8"))
        german, english = (dict(leaves(tables[language])) for language in LANGUAGES)
        assert german.keys() == english.keys(), file.name
        empty = {name for name in german if bool(german[name]) != bool(english[name])}
        assert empty <= {".clock"}, file.name  # "Uhr", which is German alone
