"""Pictures of the pages for the README and the guides, taken of a fresh demo practice.

`make screenshots` writes them into docs/images/. Look at each before you keep it.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, TypeAlias

import httpx

from tests.browser import PATIENCE, BrowserMissing, a_browser, refuse_foreign_words
from tests.servers import free_port

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

_HOUSE = Path(__file__).parent.parent
_IMAGES = _HOUSE / "docs" / "images"
_Picture: TypeAlias = tuple[str, str, str, tuple[int, int], bool]
#: Name, address, who looks at it, width and height, dark.
_PICTURES: tuple[_Picture, ...] = (
    ("page-overview", "/admin?tag={day}", "admin", (1280, 900), False),
    ("page-calendar", "/admin/kalender?tag={day}", "admin", (1440, 900), False),
    ("page-calendar-dark", "/admin/kalender?tag={day}", "empfang", (1280, 900), True),
    ("page-patients", "/admin/patienten", "empfang", (1280, 800), False),
    ("page-import", "{plan}", "admin", (1280, 1090), False),
    ("page-booking", "/buchen", "", (390, 844), False),
    ("page-access", "/admin/einstellungen/zugaenge", "admin", (1280, 900), False),
)
_SECONDS = 120
_BEGINNINGS = ("Acker", "Buchen", "Dorf", "Eich", "Feld", "Heide", "Linden", "Wald")


@contextmanager
def a_demo(folder: Path) -> Iterator[tuple[str, str]]:
    """Serve a demo practice; tell its address and password."""
    port, tool_port = free_port(), free_port()
    command = [sys.executable, "-m", "praxis_caldav.main", "demo", "--folder", str(folder / "demo")]
    command += ["--port", str(port), "--tool-port", str(tool_port)]
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command, cwd=_HOUSE, stdout=log, stderr=log)
    try:
        url, deadline = f"http://127.0.0.1:{port}", time.monotonic() + _SECONDS
        while not _is_there(url):
            if process.poll() is not None or time.monotonic() > deadline:
                sys.exit((folder / "log").read_text())
            time.sleep(0.2)
        yield url, (folder / "demo" / "password.txt").read_text().strip()
    finally:
        process.terminate()
        process.wait(30)


def _is_there(url: str) -> bool:
    try:
        return httpx.get(f"{url}/readyz").is_success
    except httpx.TransportError:
        return False


def _a_full_day() -> str:
    """Return the next Tuesday that is not today: the demo is always around today."""
    today = datetime.now(UTC).date()
    return (today + timedelta(days=(1 - today.weekday()) % 7 or 7)).isoformat()


def _a_plan(url: str, password: str) -> str:
    """Have a list read that tells of some patients nearly what is known; return its review."""
    with httpx.Client(base_url=url, auth=("admin", password)) as api:
        known = api.get("/api/patients", params={"limit": 40}).raise_for_status().json()["items"]
        known = [one for one in known if one["birth_date"] and one["email"] and one["phone"]]
        names = ("last_name", "first_name", "birth_date", "email", "phone")
        rows = [[one[name] for name in names] for one in known]
        for row in rows[:6]:  # as somebody in a hurry wrote it down
            year = row[2]
            row[2] = f"{year[:2]}{(int(year[2]) + 1) % 10}{year[3:]}"
            row[3], row[4] = "", "030 5550142"
        rows += [[f"{last}meier", "Nora", "1987-04-12", "", ""] for last in _BEGINNINGS]
        content = "\n".join(";".join(row) for row in [list(names), *rows])
        headers = {"Content-Type": "text/csv", "X-File-Name": "patienten.csv"}
        answer = api.post("/api/patients/import", content=content.encode(), headers=headers)
        plan = answer.raise_for_status().json()["id"]
        api.get(f"/api/imports/{plan}/events")  # until it is read
    return f"/admin/import/{plan}#pruefen"


def _signed_in(page: Page, url: str, account: str, password: str) -> None:
    page.goto(f"{url}/anmelden")
    page.get_by_label("Benutzername").fill(account)
    page.get_by_label("Passwort").fill(password)
    page.get_by_role("button", name="Anmelden").click()
    page.wait_for_url(f"{url}/admin*")


def _take(url: str, password: str) -> None:
    with a_browser() as browser:
        refuse_foreign_words(browser)
        for picture in _PICTURES:
            _take_one(browser, url, password, picture)


def _take_one(browser: Browser, url: str, password: str, picture: _Picture) -> None:
    name, address, account, (width, height), dark = picture
    context = browser.new_context(
        locale="de-DE",
        timezone_id="Europe/Berlin",
        viewport={"width": width, "height": height},
        color_scheme="dark" if dark else "light",
    )
    context.set_default_timeout(PATIENCE)
    page = context.new_page()
    if account:
        _signed_in(page, url, account, password)
    plan = _a_plan(url, password) if "{plan}" in address else ""
    page.goto(url + address.format(day=_a_full_day(), plan=plan))
    page.wait_for_load_state("networkidle" if "kalender" not in address else "load")
    if "kalender" in address:
        page.locator(".ec-event").first.wait_for()
    if plan:
        page.locator("#pruefen mark").first.wait_for()
        page.locator("#numbers").evaluate("place => place.scrollIntoView()")
    path = _IMAGES / f"{name}.png"
    page.screenshot(path=path)
    context.close()
    print(path)


def _main() -> None:
    try:
        with tempfile.TemporaryDirectory() as folder, a_demo(Path(folder)) as (url, password):
            _take(url, password)
    except BrowserMissing as problem:
        sys.exit(str(problem))


if __name__ == "__main__":
    _main()
