"""Trying booking tools and the mail server: what is wrong is told by its kind."""

from __future__ import annotations

import plistlib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from defusedxml import ElementTree

from admin_api.reaching import Tried, Trouble
from praxis_caldav.composition import profile_of
from praxis_caldav.reaching import Reaching
from praxis_caldav.settings import Settings
from tests.in_api import api_of
from tests.mimics.easyappointments import EasyAppointments
from tests.mimics.mail_server import HERE, MailServer, a_certificate, as_server
from tests.servers import free_port

if TYPE_CHECKING:
    from practice.database import SqlDatabase


def reaching(**sections: object) -> Reaching:
    settings = Settings.model_validate(sections)
    return Reaching(settings, profile_of(settings), "praxis.toml")


def asking(**told: object) -> Reaching:
    source = {"tool": "easyappointments", "key": "k", "network": "inside", **told}
    return reaching(booking={"sources": {"praxis": source}})


def mailing(port: int, **told: object) -> Reaching:
    return reaching(mail={"host": HERE, "port": port, "security": "none", **told})


def test_a_tool_that_answers_works_and_nothing_of_it_is_changed() -> None:
    with EasyAppointments() as tool:
        assert asking(url=tool.url, key=tool.token).check("praxis") == Tried()
        assert {one.method for one in tool.asked} == {"GET"}


@pytest.mark.parametrize(
    ("told", "trouble", "status"),
    [
        ({"key": "falsch"}, Trouble.KEY, 401),
        ({"url": "{url}/woanders"}, Trouble.ADDRESS, 404),
        ({"url": "http://127.0.0.1:{free}"}, Trouble.NOBODY_LISTENS, 0),
        ({"url": "http://praxis.invalid"}, Trouble.NO_HOST, 0),
        ({"url": "https://127.0.0.1", "network": "outside"}, Trouble.INSIDE, 0),
    ],
)
def test_what_is_wrong_with_a_tool_is_told(
    told: dict[str, str], trouble: Trouble, status: int
) -> None:
    with EasyAppointments() as tool:
        here = {"url": tool.url, "key": tool.token, **told}
        here["url"] = here["url"].format(url=tool.url, free=free_port())
        tried = asking(**here).check("praxis")
        assert tried is not None
        assert (tried.trouble, tried.status) == (trouble, status)


def test_an_unknown_tool_is_none_and_a_missing_file_is_told(tmp_path: Path) -> None:
    file = {"tool": "csv_file", "path": str(tmp_path / "export.csv")}
    there = reaching(booking={"sources": {"liste": file}})
    assert there.check("praxis") is None
    tried = there.check("liste")
    assert tried is not None
    assert (tried.trouble, tried.detail) == (
        Trouble.FILE,
        "the file cannot be read: FileNotFoundError",
    )


def test_a_test_mail_arrives_in_the_readers_language() -> None:
    with MailServer() as server:
        assert mailing(server.port).send_test("leitung@praxis.example", "en") == Tried()
        assert server.message["Subject"].startswith("Test mail from")
        assert server.message["To"] == "leitung@praxis.example"


def test_what_the_mail_server_says_is_told(tmp_path: Path) -> None:
    to = "leitung@praxis.example"

    def trouble(there: Reaching) -> Trouble | None:
        tried = there.send_test(to, "de")
        assert tried is not None
        return tried.trouble

    with MailServer() as server:
        server.answers["RCPT"] = "550 5.1.1 no such user"
        assert trouble(mailing(server.port)) is Trouble.MAIL_REFUSED
        server.answers["RCPT"] = "451 later"
        assert trouble(mailing(server.port)) is Trouble.BUSY
        assert trouble(mailing(server.port, security="starttls")) is Trouble.NO_TLS
    assert trouble(mailing(free_port())) is Trouble.NOBODY_LISTENS
    assert trouble(reaching(mail={"host": "mail.invalid"})) is Trouble.NO_HOST
    assert reaching().send_test(to, "de") is None


def test_what_the_settings_say_is_shown_without_secrets() -> None:
    key, password = "geheimer-schluessel", "geheimes-passwort"
    there = reaching(
        mail={"host": HERE, "user": "praxis", "password": password},
        booking={
            "sources": {
                "praxis": {"tool": "easyappointments", "url": "https://t.example", "key": key}
            }
        },
    )
    shown = {one.name: one.value for one in (*there.mail, *there.sources[0].settings)}
    assert shown["mail.user"] == "praxis"
    assert shown["mail.password"] == shown["booking.sources.praxis.key"] == "***"
    assert key not in str(shown)
    assert password not in str(shown)


def test_a_profile_for_apple_leads_to_the_account_and_has_no_password(
    practice: SqlDatabase,
) -> None:
    with api_of(practice, public_url="https://kalender.example.org:8443") as doors:
        answer = doors.api("admin").get("/api/accounts/mueller/apple-profile")
        assert answer.headers["Content-Type"] == "application/x-apple-aspen-config"
        (entry,) = plistlib.loads(answer.content)["PayloadContent"]
        assert entry["CalDAVHostName"] == "kalender.example.org"
        assert entry["CalDAVPort"] == 8443
        assert entry["CalDAVUseSSL"] is True
        assert entry["CalDAVUsername"] == "mueller"
        assert entry["CalDAVPrincipalURL"] == "/caldav/mueller/"
        assert not any("password" in name.lower() for name in entry)
        again = doors.api("admin").get("/api/accounts/mueller/apple-profile")
        assert again.content == answer.content
        assert doors.api("empfang").get("/api/accounts/mueller/apple-profile").status_code == 403
        assert doors.api("admin").get("/api/accounts/niemand/apple-profile").status_code == 404


def test_without_an_address_of_the_server_there_is_no_profile(practice: SqlDatabase) -> None:
    with api_of(practice) as doors:
        assert doors.api("admin").get("/api/accounts/mueller/apple-profile").status_code == 409


def test_a_qr_code_is_a_picture_without_style_of_its_own(practice: SqlDatabase) -> None:
    with api_of(practice) as doors:
        answer = doors.api("gast").post("/api/qr-codes", json={"text": "https://k.example/caldav/"})
        assert answer.headers["Content-Type"] == "image/svg+xml"
        assert ElementTree.fromstring(answer.text).tag == "{http://www.w3.org/2000/svg}svg"
        assert "style" not in answer.text
        assert doors.api("gast").post("/api/qr-codes", json={"text": "x" * 501}).status_code == 422
        assert doors.nobody.post("/api/qr-codes", json={"text": "x"}).status_code == 401


def test_where_nobody_is_outside_nothing_is_tried(practice: SqlDatabase) -> None:
    with api_of(practice, connections=reaching()) as doors:
        client = doors.api("admin")
        assert client.post("/api/sync/sources/praxis/check").status_code == 404
        assert client.post("/api/settings/test-mail").status_code == 409
        assert doors.api("empfang").post("/api/settings/test-mail").status_code == 403


def test_a_certificate_that_nobody_knows_is_told(tmp_path: Path) -> None:
    with MailServer(tls=as_server(*a_certificate(tmp_path, HERE))) as server:
        tried = mailing(server.port, security="tls").send_test("a@praxis.example", "de")
    assert tried is not None
    assert tried.trouble is Trouble.CERTIFICATE
