"""What patients see: booking, signing in by e-mail, their appointments, in a real browser, with a
real mail server.
"""

from __future__ import annotations

import re
import shutil
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from playwright.sync_api import expect

from practice.access import SYSTEM
from practice.appointments import Slot, Status
from practice.database import SqlDatabase
from practice.database.tables import holds, sign_in_links, sign_ins
from practice.use_cases.arranging import book
from practice.use_cases.desk import Desk
from practice.use_cases.free_times import Search, next_free_slots
from practice.use_cases.offers import save_type
from practice.use_cases.patients import save_patient
from tests.arranging import Surgery, a_patient, a_type
from tests.browser import PATIENCE, faults_of
from tests.building import PROFILE, a_practice, writing
from tests.doors import until
from tests.mimics.mail_server import MailServer
from tests.servers import RunningServer, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage
    from pathlib import Path

    from playwright.sync_api import Page, Route

    from practice.details import Booked

HOSTILE = '<script>alert("x")</script>'
LONG = "Wolfeschlegelsteinhausenbergerdorff" * 5
ROOT = "/api/patient-portal"
OWN = f"{ROOT}/appointments"


class Website:
    """A website of somebody's, on an origin of its own, with the practice's booking in a frame."""

    def __init__(self) -> None:
        self.port = free_port()
        self.content = b""

    @property
    def origin(self) -> str:
        return f"http://localhost:{self.port}"

    @contextmanager
    def served(self) -> Iterator[Website]:
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.end_headers()
                self.wfile.write(site.content)

            def log_message(self, *args: Any) -> None:
                """Say nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


@dataclass
class Portal:
    """A served practice with mail, two websites (the second is not allowed), and its patients."""

    server: RunningServer
    mailbox: MailServer
    surgery: Surgery
    websites: tuple[Website, Website]
    stack: ExitStack

    @property
    def url(self) -> str:
        return self.server.url

    def book(self, number: str = "100", kind: str = "kontrolle", days: int = 3) -> Booked:
        """Have the practice book the next free time in some days for a patient."""
        now = datetime.now(UTC)
        with writing(self.surgery.database, SYSTEM, now) as uow:
            desk = Desk(uow, PROFILE)
            within = Slot(now + timedelta(days=days), now + timedelta(days=days + 7))
            patient_id = self.surgery.patients[number]
            search = Search(desk.type_called(kind), within, patient_id=patient_id)
            (free,) = next_free_slots(desk, search, 1)
            doctor = desk.doctors[free.doctor_id].slug
            order = self.surgery.order(free.slot.start, patient=number, kind=kind, doctor=doctor)
            return book(uow, order, PROFILE)

    def mails(self, to: str) -> list[EmailMessage]:
        return [one.message for one in list(self.mailbox.taken) if one.to == [to]]

    def let_go(self) -> None:
        """Free every time that is kept: of one network, only a few are."""
        with self.surgery.database.engine.begin() as connection:
            connection.execute(holds.delete())

    def client(self, account: str | None) -> httpx.Client:
        """Return a client, which is closed in the end."""
        return self.stack.enter_context(self.server.client(account))

    def ask(self, email: str) -> httpx.Response:
        with self.server.client(None) as nobody:
            return nobody.post(f"{ROOT}/sign-in", json={"email": email, "language": "de"})

    def links(self, to: str) -> list[str]:
        """Ask for a link for an address; return what arrives."""
        before = len(self.with_links(to))
        assert self.ask(to).status_code == 202
        until(lambda: len(self.with_links(to)) > before, "a link")
        return links_in(self.with_links(to)[-1])

    def with_links(self, to: str) -> list[EmailMessage]:
        return [one for one in self.mails(to) if links_in(one)]

    def signed_in(self, email: str, which: int = 0) -> httpx.Client:
        """Return a client that has signed in as a patient."""
        secret = parse_qs(urlsplit(self.links(email)[which]).query)["schluessel"][0]
        client = self.client(None)
        answer = client.post(f"{ROOT}/session", json={"secret": secret})
        assert answer.status_code == 201, answer.text
        cookie = answer.headers["set-cookie"].partition(";")[0]
        # By hand: it is for TLS, and this is this machine.
        client.headers.update({"Cookie": cookie, "X-CSRF-Token": answer.json()["csrf_token"]})
        return client


def links_in(message: EmailMessage) -> list[str]:
    part = message.get_body(("plain",))
    assert part is not None
    return re.findall(r"http://\S+schluessel=\S+", part.get_content())


@pytest.fixture(scope="module")
def portal(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Iterator[Portal]:
    path = tmp_path_factory.mktemp("portal") / "praxis.db"
    shutil.copy(sqlite_template, path)
    url = f"sqlite:///{path}"
    with ExitStack() as stack:
        database = stack.enter_context(closing(SqlDatabase(url)))
        a_practice(database)
        surgery = Surgery(database)
        with writing(database) as uow:
            asked = a_type("beratung", name=f"Beratung {HOSTILE}", needs_confirmation=True, step=30)
            surgery.types["beratung"] = save_type(uow, asked).id
            child = a_patient("400", LONG, HOSTILE)
            child = replace(child, record=replace(child.record, email="P100@example.org"))
            surgery.patients["400"] = save_patient(uow, child).id
        mailbox = stack.enter_context(MailServer())
        sites = tuple(stack.enter_context(Website().served()) for _ in range(2))
        options = {
            "PRAXIS_CALDAV_PRACTICE__EMAIL": "praxis@example.org",
            "PRAXIS_CALDAV_MAIL__HOST": "127.0.0.1",
            "PRAXIS_CALDAV_MAIL__PORT": str(mailbox.port),
            "PRAXIS_CALDAV_MAIL__SECURITY": "none",
            "PRAXIS_CALDAV_MAIL__GRACE_SECONDS": "0",
            "PRAXIS_CALDAV_MAIL__PHONE": "030 123456",
            "PRAXIS_CALDAV_API__ORIGINS": sites[0].origin,
            "PRAXIS_CALDAV_API__VISITORS_PER_MINUTE": "100000",
        }
        server = RunningServer(url, options=options, forked=True)
        options["PRAXIS_CALDAV_SERVER__PUBLIC_URL"] = server.url
        stack.enter_context(server)
        yield Portal(server, mailbox, surgery, (sites[0], sites[1]), stack)


def fill_in(page: Any, first: str, last: str, email: str) -> None:
    page.get_by_label("Vorname").fill(first)
    page.get_by_label("Nachname").fill(last)
    page.get_by_label("Geburtsdatum").fill("1990-05-05")
    page.get_by_label("E-Mail-Adresse").fill(email)


def lose_the_answer(route: Route) -> None:
    assert route.fetch().status == 201
    route.abort()


def test_a_patient_books_signs_in_by_mail_moves_and_cancels(page: Page, portal: Portal) -> None:
    page.goto(f"{portal.url}/buchen")
    page.get_by_role("link", name="Kontrolle").click()
    page.get_by_role("link", name="Egal").click()
    page.get_by_role("link", name="Woche danach").click()
    page.locator(".times a").first.click()
    expect(page.get_by_text("für Sie reserviert")).to_be_visible()
    # Back frees what was kept, and forward keeps it again.
    first = page.url
    page.go_back()
    page.wait_for_load_state("networkidle")
    page.locator(".times a").first.click()
    expect(page.get_by_text("für Sie reserviert")).to_be_visible()
    assert page.url == first
    page.get_by_role("button", name="Verbindlich buchen").click()
    expect(page.get_by_role("alert")).to_contain_text("Vorname: Diese Angabe brauchen wir.")
    page.get_by_role("alert").get_by_role("link").first.click()
    expect(page.get_by_label("Vorname")).to_be_focused()
    fill_in(page, "Eva", "Neumann", "eva@example.org")
    page.get_by_role("button", name="Verbindlich buchen").click()
    expect(page.get_by_role("heading", name="Ihr Termin ist gebucht")).to_be_visible()
    with page.expect_download() as coming:
        page.get_by_role("link", name="In meinen Kalender").click()
    text = coming.value.path().read_text("utf-8")
    assert "BEGIN:VEVENT" in text
    assert "STATUS:CONFIRMED" in text
    until(lambda: len(portal.mails("eva@example.org")) == 1, "the mail of the booking")

    page.get_by_role("link", name="Meine Termine").click()
    page.wait_for_url("**/termine/anmelden**")
    page.get_by_label("Ihre E-Mail-Adresse").fill("eva@example.org")
    page.get_by_role("button", name="Link schicken").click()
    expect(page.get_by_text("Sehen Sie in Ihr Postfach.")).to_be_visible()
    until(lambda: len(portal.mails("eva@example.org")) == 2, "the link")
    (link,) = links_in(portal.mails("eva@example.org")[-1])
    assert httpx.get(link, verify=False).status_code == 200  # a program looks at the mail
    page.goto(link)
    assert "schluessel" not in page.url
    page.get_by_role("button", name="Anmelden").click()
    page.wait_for_url(f"{portal.url}/termine")
    expect(page.get_by_role("listitem")).to_contain_text(["Kontrolle"])

    page.get_by_role("link", name="Verlegen").click()
    page.locator(".times button").last.click()
    assert faults_of(page) == []
    page.get_by_role("dialog").get_by_role("button", name="Verlegen").click()
    expect(page.get_by_text("Ihr Termin ist verlegt.")).to_be_visible()
    until(lambda: len(portal.mails("eva@example.org")) == 3, "the mail of the move")
    page.get_by_role("link", name="Absagen").click()
    page.get_by_label("Grund").fill("Bin gesund")
    page.get_by_role("button", name="Termin absagen").click()
    expect(page.get_by_text("Ihr Termin ist abgesagt.")).to_be_visible()
    expect(page.locator(".badge")).to_contain_text("abgesagt")
    until(lambda: len(portal.mails("eva@example.org")) == 4, "the mail of the cancellation")
    page.get_by_role("button", name="Abmelden").click()
    page.wait_for_url("**/termine/anmelden")
    page.goto(f"{portal.url}/termine")
    expect(page.get_by_label("Ihre E-Mail-Adresse")).to_be_visible()
    page.goto(link)
    page.get_by_role("button", name="Anmelden").click()
    expect(page.get_by_role("alert").first).to_contain_text("gilt nicht mehr")
    expect(page.get_by_role("button", name="Link schicken")).to_be_visible()


def test_somebody_unknown_is_answered_alike_and_nobody_is_written_to(portal: Portal) -> None:
    known, unknown = portal.ask("p200@example.org"), portal.ask("nobody@example.net")
    drop = {"date", "server", "x-request-id"}
    told = [{k: v for k, v in a.headers.items() if k not in drop} for a in (known, unknown)]
    assert (known.status_code, known.content, told[0]) == (202, unknown.content, told[1])
    until(lambda: len(portal.with_links("p200@example.org")) == 1, "the link")
    with portal.surgery.database.engine.connect() as connection:
        until(
            lambda: connection.execute(sign_ins.select().where(sign_ins.c.email != "")).all() == [],
            "all are settled",
        )
        kept = [str(row) for row in connection.execute(sign_in_links.select())]
    assert portal.mails("nobody@example.net") == []
    secrets = [
        parse_qs(urlsplit(one).query)["schluessel"][0]
        for one in links_in(portal.with_links("p200@example.org")[0])
    ]
    assert len(secrets[0]) >= 43
    assert not any(secrets[0] in row for row in kept)
    assert "nobody@" not in portal.server.log()
    assert secrets[0] not in portal.server.log()


def test_a_family_gets_a_link_each_told_apart_by_initials(portal: Portal) -> None:
    links = portal.links("p100@example.org")
    assert len(links) == 2
    message = portal.with_links("p100@example.org")[-1]
    text = message.get_body(("plain",)).get_content()  # type: ignore[union-attr]
    assert "Z. Ä.:" in text
    assert "Ährenthaler" not in text
    assert "script" not in text
    both = [portal.signed_in("p100@example.org", which) for which in (0, 1)]
    booked = portal.book("100")
    seen = [len(client.get(OWN).json()["next"]) for client in both]
    assert seen[0] >= 1
    assert seen[1] == 0
    assert both[1].get(f"{OWN}/{booked.appointment.id}.ics").status_code == 404


def test_nobody_reaches_what_is_anothers(portal: Portal) -> None:
    mine, theirs = portal.book("200"), portal.book("300")
    one, start = theirs.appointment.id, theirs.appointment.slot.start.isoformat()
    addresses = [
        ("GET", OWN, None),
        ("POST", OWN, {"type": "kontrolle", "doctor": "dr-mueller", "start": start}),
        ("GET", f"{OWN}.ics", None),
        ("GET", f"{OWN}/{one}.ics", None),
        ("GET", f"{OWN}/{one}/available-slots", None),
        ("POST", f"{OWN}/{one}/cancel", {}),
        ("POST", f"{OWN}/{one}/reschedule", {"start": start}),
        ("GET", "/termine", None),
        ("GET", f"/termine?absagen={one}", None),
        ("GET", f"/termine?verlegen={one}", None),
    ]
    patient = portal.signed_in("p200@example.org")
    for method, address, body in addresses:
        told = patient.request(method, address, json=body)
        if str(one) in address:
            assert told.status_code == 404, address
        assert "Cordes" not in told.text
        assert theirs.appointment.uid not in told.text
    assert mine.appointment.uid in patient.get(f"{OWN}.ics").text
    staff = portal.client("admin")
    cookie = staff.post("/api/session")
    headers = {"Cookie": cookie.headers["set-cookie"].partition(";")[0]}
    headers["X-CSRF-Token"] = cookie.json()["csrf_token"]
    nobody = portal.client(None)
    ended = portal.signed_in("p300@example.org")
    assert ended.get(OWN).status_code == 200
    assert ended.request("DELETE", "/api/session").status_code == 204
    for client, more in ((staff, {}), (nobody, headers), (nobody, {}), (ended, {})):
        for method, address, body in addresses:
            told = client.request(method, address, json=body, headers=more)
            assert told.status_code in {401, 303}, (address, told.text)
    # A patient's cookie opens nothing of the staff, and no change without the page's word.
    for address in ("/api/me", "/api/patients", "/api/booking/appointments", "/admin"):
        assert patient.get(address).status_code in {401, 303}
    del patient.headers["X-CSRF-Token"]
    assert patient.post(f"{OWN}/{mine.appointment.id}/cancel", json={}).status_code == 403
    with portal.surgery.database.begin(actor=SYSTEM, now=datetime.now(UTC), read_only=True) as uow:
        found = uow.appointments.get(one)
    assert found is not None
    assert found.status is Status.CONFIRMED


def test_asking_again_and_again_is_of_no_use(portal: Portal) -> None:
    before = len(portal.with_links("p300@example.org"))
    for _ in range(6):
        assert portal.ask("p300@example.org").status_code == 202
    portal.links("p200@example.org")  # those before are worked off by now
    assert len(portal.with_links("p300@example.org")) - before < 6


def test_a_time_is_kept_for_one_and_told_to_be_gone_to_another(page: Page, portal: Portal) -> None:
    portal.let_go()
    page.goto(f"{portal.url}/buchen?art=beratung&arzt=dr-schmidt")
    page.locator(".times a").first.click()
    expect(page.get_by_text("für Sie reserviert")).to_be_visible()
    expect(page.get_by_text(HOSTILE)).to_be_visible()
    other = page.context.new_page()
    other.goto(page.url)
    expect(other.get_by_role("alert")).to_contain_text("gerade vergeben")
    expect(other.get_by_role("button", name="Termin anfragen")).to_be_disabled()
    other.close()
    page.reload()  # and it is still kept for who had it
    expect(page.get_by_text("für Sie reserviert")).to_be_visible()
    fill_in(page, HOSTILE, LONG, "hostile@example.org")
    # A train goes into a tunnel: the answer is lost. Pressed again, it is not booked again.
    page.route("**/api/patient-portal/book", lose_the_answer, times=1)
    page.get_by_role("button", name="Termin anfragen").click()
    expect(page.get_by_role("alert")).to_contain_text("nicht zu erreichen")
    page.get_by_role("button", name="Termin anfragen").click()
    expect(page.get_by_role("heading", name="Ihre Anfrage ist angekommen")).to_be_visible()


def test_a_website_of_the_settings_shows_the_booking_and_no_other(
    page: Page, portal: Portal
) -> None:
    script = f'<script src="{portal.url}/static/buchen-einbetten.js" data-sprache="en"></script>'
    for site in portal.websites:
        site.content = f"<!doctype html><title>x</title><h1>Website</h1>{script}".encode()
    portal.let_go()
    allowed, other = portal.websites
    page.goto(allowed.origin)
    frame = page.frame_locator("iframe")
    expect(frame.get_by_role("heading", name="Book an appointment")).to_be_visible()
    expect(frame.locator("header")).to_have_count(0)
    frame.get_by_role("link", name="Kontrolle").click()
    frame.get_by_role("link", name="Dr. Schmidt").click()
    frame.locator(".times a").last.click()
    expect(frame.locator("#held")).to_contain_text("is kept for you", timeout=PATIENCE)
    page.wait_for_function("document.querySelector('iframe').offsetHeight > 600")
    frame.get_by_label("First name").fill("Emma")
    frame.get_by_label("Last name").fill("Frame")
    frame.get_by_label("Date of birth").fill("1990-05-05")
    frame.get_by_label("E-mail address").fill("emma@example.org")
    frame.get_by_role("button", name="Book").click()
    expect(frame.get_by_role("heading", name="Your appointment is booked")).to_be_visible()
    assert page.context.cookies() == []
    until(lambda: len(portal.mails("emma@example.org")) == 1, "the mail")
    assert portal.mails("emma@example.org")[0]["Content-Language"] == "en"
    # What is refused in there is told in there, and leads on in there.
    page.frames[1].goto(f"{portal.url}/buchen?art=gibt-es-nicht&eingebettet=1&sprache=en")
    expect(frame.get_by_text("There is no such appointment type")).to_be_visible()
    expect(frame.locator("header")).to_have_count(0)
    frame.get_by_role("link", name="Start over").click()
    expect(frame.get_by_role("heading", name="Book an appointment")).to_be_visible()
    refused = httpx.get(f"{portal.url}/buchen", verify=False).headers["content-security-policy"]
    assert allowed.origin in refused
    assert other.origin not in refused
    assert (
        "frame-ancestors 'none'"
        in httpx.get(f"{portal.url}/termine/anmelden", verify=False).headers[
            "content-security-policy"
        ]
    )
