"""Patient lists with a browser: handed over, looked through by keys, applied, taken back."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Literal

import httpx
import pytest
from playwright.sync_api import expect

from practice.database import SqlDatabase
from practice.patients import Patient, PatientRecord
from tests.browser import faults_of, sign_in
from tests.building import PASSWORD, writing
from tests.patient_lists import DOUBTFUL, HEAD, NEW, SAME, UNUSABLE, UPDATED, a_list, row_of

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Page

    from tests.servers import RunningServer

#: Widths and colours, each once.
SEEN: tuple[tuple[int, Literal["light", "dark"]], ...] = ((1280, "light"), (390, "dark"))
HOSTILE = "<script>document.title='böse'</script>"
LONG = "Überlang" * 24
TURNED = "\u202eזבולון"


def knows(server: RunningServer, *records: PatientRecord) -> None:
    with closing(SqlDatabase(server.database_url)) as database, writing(database) as uow:
        for one in records:
            uow.patients.save(Patient("", one))


def patients_of(server: RunningServer) -> dict[int, tuple[str, ...]]:
    path = server.database_url.removeprefix("sqlite:///")
    with closing(sqlite3.connect(path)) as database:
        columns = "id, last_name, first_name, birth_date, email, phone"
        rows = database.execute(f"SELECT {columns} FROM patients").fetchall()
    return {row[0]: row[1:] for row in rows}


def handed(page: Page, server: RunningServer, file: Path) -> None:
    """Hand a file over as whoever is signed in; the page of its plan is open then."""
    page.goto(f"{server.url}/admin/import")
    page.get_by_label("Datei hierher ziehen").set_input_files(file)
    page.get_by_role("button", name="Einlesen").click()
    page.wait_for_url("**/admin/import/*")
    expect(page.locator("[data-follow]")).to_have_count(0)


def dropped(page: Page, server: RunningServer, name: str, content: bytes) -> str:
    """Drop a file on the page and have it read; return what is said of it."""
    page.goto(f"{server.url}/admin/import")
    carried = page.evaluate_handle(
        """([name, octets]) => {
          const carried = new DataTransfer();
          carried.items.add(new File([new Uint8Array(octets)], name));
          return carried;
        }""",
        [name, list(content)],
    )
    page.dispatch_event(".drop", "dragover", {"dataTransfer": carried})
    expect(page.locator(".drop.over")).to_have_count(1)
    page.dispatch_event(".drop", "drop", {"dataTransfer": carried})
    expect(page.locator(".drop.over")).to_have_count(0)
    expect(page.locator("#sending")).to_have_text(f"Ausgewählt: {name}")
    expect(page.get_by_role("button", name="Einlesen")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/import/*")
    page.locator(".notice.bad, .figures").first.wait_for()
    return page.locator("main").inner_text()


def pressed_until(page: Page, key: str, name: str) -> None:
    """Press a key until something with a name has the focus, as somebody without a mouse does."""
    for _ in range(60):
        page.keyboard.press(key)
        if page.evaluate("document.activeElement.innerText || document.activeElement.id") == name:
            return
    raise AssertionError(f"{name} is not reached by {key}")


def figures(page: Page) -> dict[str, str]:
    told = page.locator(".figures li").all_inner_texts()
    return {words: number for number, words in (one.split("\n") for one in told)}


def decided(page: Page, key: str, left: int) -> None:
    """Press a key for the row that is seen; the next one has the focus once that is kept."""
    page.keyboard.press(key)
    words = {0: "Alles entschieden", 1: "Noch eine offen"}.get(left, f"Noch {left} offen")
    expect(page.locator("#remaining")).to_contain_text(words)
    expect(page.locator(".position")).to_be_focused()


def test_five_hundred_rows_are_imported_by_keys_alone_and_taken_back(
    page: Page, practice_served: RunningServer, tmp_path: Path
) -> None:
    made = a_list()
    knows(practice_served, *made.known)
    before = patients_of(practice_served)
    file = tmp_path / "liste.csv"
    file.write_bytes(made.content.encode("cp1252"))
    sign_in(page, practice_served.url, "admin", "/admin/import")

    # Listened for from now on: a busy machine may else press the key before the browser is told.
    page.on("filechooser", lambda _: None)
    pressed_until(page, "Tab", "list")
    with page.expect_file_chooser() as chooser:
        page.keyboard.press("Enter")
    chooser.value.set_files(file)
    expect(page.get_by_role("button", name="Einlesen")).to_be_focused()
    page.keyboard.press("Enter")
    page.wait_for_url("**/admin/import/*")
    expect(page.locator(".position")).to_be_focused()
    assert figures(page) == {
        "neu": str(NEW),
        "zu ergänzen": str(UPDATED),
        "unverändert": str(SAME),
        "zu prüfen": str(DOUBTFUL),
        "nicht lesbar": str(UNUSABLE),
        "Zeilen in allem": str(NEW + UPDATED + SAME + DOUBTFUL + UNUSABLE),
    }

    expect(page.locator("article.side")).to_have_count(3)
    first = page.locator("article.side").nth(1)
    expect(first.locator("mark")).to_contain_text("≠")
    expect(first).to_contain_text("Sehr wahrscheinlich dieselbe Person")
    expect(first).to_contain_text("Nur der Name stimmt überein")
    ours = page.locator(".position").inner_text()
    page.keyboard.press("3")
    expect(page.locator("#remaining")).to_contain_text("So viele Kandidaten")
    decided(page, "n", 19)
    decided(page, "s", 18)
    decided(page, "u", 19)
    decided(page, "z", 20)
    assert page.locator(".position").inner_text() == ours
    page.keyboard.press("ArrowRight")
    expect(page.locator(".at")).to_have_text("2 von 20")
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".at")).to_have_text("1 von 20")
    page.keyboard.press("Tab")  # what is to be taken over can be ticked
    page.keyboard.press("Space")
    expect(first.get_by_role("checkbox")).to_be_checked()
    for left in range(19, -1, -1):
        decided(page, "n" if left in range(5) else "s" if left in range(5, 7) else "1", left)

    expect(page.locator(".ahead")).to_contain_text("305 Zeilen werden neue Patienten")
    expect(page.locator(".ahead")).to_contain_text("2 Zeilen werden ausgelassen")
    expect(page.locator(".ahead")).not_to_contain_text("warten")
    pressed_until(page, "Tab", "Jetzt übernehmen")
    page.keyboard.press("Enter")
    expect(page.locator("#ergebnis")).to_be_focused()
    expect(page.locator("#ergebnis dd")).to_have_text(["305", "76", "0"])
    expect(page.locator("#ergebnis a")).to_have_attribute("href", "/admin/patienten")
    after = patients_of(practice_served)
    assert len(after) == len(before) + NEW + 5
    changed = [one for one in before if before[one] != after[one]]
    assert len(changed) == UPDATED + 1

    page.on("dialog", lambda dialog: dialog.accept())
    pressed_until(page, "Tab", "Übernahme zurücknehmen")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Zurückgenommen")).to_be_focused()
    expect(page.locator("#undone dd")).to_have_text(["305", "76", "0"])
    assert patients_of(practice_served) == before
    page.reload()
    expect(page.locator(".notice")).to_contain_text("305 Patienten wieder entfernt")
    for one in (*made.known[:3], *made.known[-3:]):
        assert one.last_name not in practice_served.log()


def test_what_cannot_be_read_is_told_and_read_in_another_way(
    page: Page, practice_served: RunningServer, tmp_path: Path
) -> None:
    sign_in(page, practice_served.url, "admin", "/admin/import")
    page.get_by_role("button", name="Einlesen").click()
    expect(page.get_by_role("alert").first).to_contain_text("Wählen Sie zuerst eine Datei aus")
    broken = tmp_path / "liste.xlsx"
    broken.write_bytes(b"PK\x03\x04" + bytes(200))
    page.get_by_label("Datei hierher ziehen").set_input_files(broken)
    page.get_by_role("button", name="Einlesen").click()
    expect(page.get_by_role("alert").first).to_contain_text("speichern Sie sie dort als CSV")

    head = b"Nachname;Vorname;Geburtsdatum\r\n"
    for content, sentence in (
        (b"", "Die Datei ist leer."),
        (head, "Diese Liste nennt keine Patienten"),
        (head.replace(b";", b"~"), "keine Kopfzeile mit bekannten Spaltennamen"),
        (head + b"Bl\xc3\xbctenzweig;Ada;\r\nM\xff\x81ller;Uwe;\r\n", "Bei einer Zeile ließ sich"),
    ):
        assert sentence in dropped(page, practice_served, "fallen gelassen.csv", content)

    odd = tmp_path / "liste.csv"
    odd.write_bytes("Wer;Rufzeichen;Geb.\nBlütenzweig;Ada;1.2.1980\n".encode("cp850"))
    handed(page, practice_served, odd)
    expect(page.get_by_role("alert").first).to_contain_text("Spalte")
    assert faults_of(page) == []
    page.get_by_label("Datei", exact=True).set_input_files(odd)
    page.get_by_label("Nachname").select_option("Wer")
    page.get_by_label("Vorname").select_option("Rufzeichen")
    page.get_by_label("Zeichensatz").select_option("DOS (Westeuropa)")
    page.get_by_label("Trennzeichen").select_option("Semikolon ;")
    page.get_by_role("button", name="Noch einmal lesen").click()
    expect(page.locator(".figures")).to_contain_text("neu")
    assert figures(page)["neu"] == "1"
    page.get_by_text("So wurde die Liste gelesen").click()
    expect(page.locator("#gelesen dd").nth(1)).to_have_text("DOS (Westeuropa)")
    expect(page.locator("#gelesen")).to_contain_text("Nachname: Wer")
    page.get_by_role("link", name="Alle Zeilen als Tabelle").click()
    expect(page.locator("table.rows")).to_contain_text("Blütenzweig, Ada")
    page.goto(f"{practice_served.url}/admin/import")
    waiting = page.locator("td", has_text="wartet auf Sie")
    before = waiting.count()
    page.on("dialog", lambda dialog: dialog.accept())
    page.get_by_role("button", name="„liste.csv“ entfernen").first.click()
    expect(waiting).to_have_count(before - 1)


@pytest.fixture(scope="module")
def of_hostile(practice_served: RunningServer, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A list whose rows are doubtful, with names that want to be more."""
    people = [
        PatientRecord(name, "Eva", f"19{70 + n}-03-14", f"eva{n}@example.org", "")
        for n, name in enumerate((HOSTILE, LONG, TURNED))
    ]
    knows(practice_served, *people)
    rows = [row_of(PatientRecord(one.last_name, "Eva", "", "", "030 5551234")) for one in people]
    mailed = PatientRecord(TURNED, "Eva", "1972-03-14", "other@example.org", "")
    file = tmp_path_factory.mktemp("list") / "<img src=x onerror=alert(1)>.csv"
    file.write_text("\n".join((HEAD, *rows, row_of(mailed))), "utf-8")
    return file


def test_hostile_names_stay_text_and_everybody_can_read_the_pages(
    page: Page, practice_served: RunningServer, of_hostile: Path
) -> None:
    sign_in(page, practice_served.url, "admin", "/admin/import")
    handed(page, practice_served, of_hostile)
    plan = page.url
    for address in (f"{practice_served.url}/admin/import", f"{plan}?ansicht=tabelle", plan):
        page.goto(address)
        expect(page.locator("[aria-busy=true]")).to_have_count(0)
        expect(page.locator("main")).to_contain_text(of_hostile.name)
        page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true")
        for width, scheme in SEEN:
            page.set_viewport_size({"width": width, "height": 844})
            page.emulate_media(color_scheme=scheme)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), address
            assert faults_of(page) == [], (address, width, scheme)
    expect(page.locator("#row")).to_contain_text(HOSTILE)
    assert page.evaluate("document.title") != "böse"
    page.goto(f"{plan}?ansicht=tabelle")
    expect(page.locator("table.rows")).to_contain_text(HOSTILE)
    expect(page.locator("table.rows")).to_contain_text("verschiedene E-Mail-Adressen")
    log = practice_served.log()
    assert not any(word in log for word in (HOSTILE, "Überlang", "onerror", "5551234"))


def test_an_administrator_lets_the_reception_import(
    page: Page, practice_served: RunningServer
) -> None:
    url = practice_served.url
    sign_in(page, url, "empfang", "/admin")
    assert page.request.get(f"{url}/admin/import").status == 403
    expect(page.locator("a[href='/admin/import']")).to_have_count(0)
    page.context.clear_cookies()
    sign_in(page, url, "admin", "/admin/einstellungen/zugaenge/empfang")
    page.get_by_label("Darf Patientenlisten einlesen und übernehmen").check()
    with page.expect_navigation():
        page.locator("form[data-shape=account]").get_by_role("button", name="Speichern").click()
    expect(page.get_by_label("Darf Patientenlisten einlesen und übernehmen")).to_be_checked()
    page.context.clear_cookies()
    sign_in(page, url, "empfang", "/admin")
    page.locator("a[href='/admin/import']").first.click()
    expect(page.get_by_role("heading", name="Aus einer Datei")).to_be_visible()


def test_somebody_who_is_no_candidate_can_be_meant(
    page: Page, practice_served: RunningServer, of_hostile: Path
) -> None:
    sign_in(page, practice_served.url, "admin", "/admin/import")
    handed(page, practice_served, of_hostile)
    plan = page.url
    knows(practice_served, PatientRecord("Zwetschgenried", "Otto", "1961-12-24"))
    page.goto(f"{plan}?zeile=2#pruefen")
    expect(page.locator(".position")).to_be_focused()
    # Two look through one list at once: the second is told, and nothing is lost unseen.
    row = plan.replace("/admin/import/", "/api/imports/") + "/rows/2"
    other = httpx.put(row, json={"decision": "skip"}, auth=("admin", PASSWORD))
    assert other.is_success, other.text
    page.keyboard.press("n")
    expect(page.get_by_text("admin hat über diese Zeile inzwischen entschieden")).to_be_visible()
    expect(page.locator("#row .decided")).to_have_text("Entschieden: auslassen")
    page.keyboard.press("z")
    expect(page.locator("#row")).to_contain_text("Noch offen")
    page.get_by_text("Eine andere Patientin").click()
    page.get_by_label("Name, Geburtsdatum oder Nummer").fill("Zwetschgenried")  # no key decides
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Diese Person: Zwetschgenried, Otto, geb. 24.12.1961").click()
    expect(page.locator("#remaining")).to_contain_text("Noch eine offen")
    page.goto(f"{plan}?ansicht=tabelle")
    expect(page.locator("table.rows tr").nth(1)).to_contain_text("zugeordnet (admin)")
    meant = page.locator("table.rows tr").nth(1).get_by_role("link", name="Patient ")
    expect(meant).to_have_count(1)  # not the candidate
    assert "Zwetschgenried" not in practice_served.log()
