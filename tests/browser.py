"""A real browser: Chromium, driven by Playwright, over a really served practice.

`python -m tests.browser` installs Chromium where there is none and it can; the tests only look. In
German it is where Debian's words for it are installed: pictures need that, the tests do not.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from playwright.sync_api import expect, sync_playwright

from admin_api.pages.assets import source_of
from tests.building import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

__all__ = [
    "BrowserMissing",
    "a_browser",
    "faults_of",
    "find_chromium",
    "refuse_foreign_words",
    "sign_in",
]

_NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
#: Nothing is asked of the makers of the browser while it runs.
_FLAGS = (
    "--no-sandbox",  # the tests may run as root
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
)
_WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]
#: Milliseconds that something may take to be seen; the machine is busy with other tests.
PATIENCE = 15_000


class BrowserMissing(Exception):
    """There is no Chromium; the text says what to install."""


def find_chromium() -> str:
    """Return the program; PRAXIS_TEST_CHROMIUM says another."""
    told = os.environ.get("PRAXIS_TEST_CHROMIUM")
    found = told or next(filter(None, map(shutil.which, _NAMES)), None)
    if not found:
        raise BrowserMissing(
            "The tests of pages need Chromium: `apt install chromium`, or another's path in"
            " PRAXIS_TEST_CHROMIUM."
        )
    return found


@contextmanager
def a_browser() -> Iterator[Browser]:
    """Start a browser that nobody sees."""
    expect.set_options(timeout=PATIENCE)
    with sync_playwright() as playwright:
        german: dict[str, str | float | bool] = {
            **os.environ,
            "LANGUAGE": "de",
        }  # that of the fields for days and times
        chromium = playwright.chromium.launch(
            executable_path=find_chromium(), args=list(_FLAGS), env=german
        )
        try:
            yield chromium
        finally:
            chromium.close()


def refuse_foreign_words(browser: Browser) -> None:
    """Raise BrowserMissing if fields for days are not shown the German way."""
    page = browser.new_page()
    spoken: str = page.evaluate("navigator.language")
    page.close()
    if not spoken.startswith("de"):
        raise BrowserMissing(
            f"The browser speaks {spoken}, and would show days its way: `apt install"
            " chromium-l10n`, which has Chromium's German words."
        )


def sign_in(page: Page, url: str, account: str, onward: str = "/admin") -> None:
    """Sign in as an account of the practice (see `tests.building.a_practice`)."""
    page.goto(f"{url}/anmelden?zu={quote(onward)}")
    page.get_by_label("Benutzername").fill(account)
    page.get_by_label("Passwort").fill(PASSWORD)
    page.get_by_role("button", name="Anmelden").click()
    page.wait_for_url(f"{url}{onward}")


def faults_of(page: Page) -> list[str]:
    """Return what axe finds against WCAG 2.1 AA on a page as it is now."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(source_of("vendor/axe.min.js"))
    asked = {"runOnly": {"type": "tag", "values": _WCAG}, "resultTypes": ["violations"]}
    told: list[dict[str, Any]] = page.evaluate(
        "async (asked) => (await axe.run(document, asked)).violations", asked
    )
    return [
        f"{one['id']}: {one['help']}: {[node['html'][:160] for node in one['nodes'][:3]]}"
        for one in told
    ]


def _install() -> None:
    try:
        print(f"Chromium for the tests of pages: {find_chromium()}")
        return
    except BrowserMissing as problem:
        apt = shutil.which("apt-get")
        if apt is None or os.geteuid() != 0:
            sys.exit(str(problem))
    print("Installing Chromium for the tests of pages ...")
    for words in (("update", "-qq"), ("install", "-y", "-qq", "chromium")):
        said = _run([apt, *words])
        if said is not None:
            sys.exit(f"Chromium could not be installed:\n{said}")
    find_chromium()
    if _run([apt, "install", "-y", "-qq", "chromium-l10n"]) is not None:
        print("Its German words could not be: pictures would show days the American way.")


def _run(command: list[str]) -> str | None:
    """Run a command that asks nothing; return what it says of its failure, None if it has none."""
    quiet = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(command, env=quiet, capture_output=True, text=True, check=False)
    return done.stderr[-2000:] if done.returncode else None


if __name__ == "__main__":
    _install()
