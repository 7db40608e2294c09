"""E-mails are handed to a real mail server: safely, and what goes wrong is told rightly."""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Iterator
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from pathlib import Path
from typing import Any

import pytest

from booking_adapter.deliveries.smtp import Smtp
from booking_adapter.failures import Failed
from tests.mimics.mail_server import HERE, MailServer, Slow, a_certificate, as_server
from tests.servers import free_port

LOGIN = ("praxis", "geheim-4711")


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return a_certificate(tmp_path_factory.mktemp("post"), HERE)


@pytest.fixture(scope="module")
def context(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    return as_server(*certificate)


@pytest.fixture
def server() -> Iterator[MailServer]:
    with MailServer() as running:
        yield running


def a_message(to: str = "zoe@patienten.example", text: str = "Guten Tag\n") -> EmailMessage:
    message = EmailMessage(policy=SMTP)
    local, _, domain = to.rpartition("@")
    message["From"] = Address("Praxis am Park", "praxis", "praxis.example")
    message["To"] = Address("", local, domain)
    message["Subject"] = "Ihr Termin"
    message.set_content(text, cte="quoted-printable")
    return message


def to_server(server: MailServer, security: Any = "none", **more: Any) -> Smtp:
    """Say how to reach a server; a login in `more` is (user, password)."""
    user, password = more.pop("login", ("", ""))
    return Smtp(HERE, server.port, security, user, password, **{"timeout": 10.0, **more})


def failing(smtp: Smtp, message: EmailMessage | None = None) -> Failed:
    """Send what cannot be sent, and return what is told."""
    with pytest.raises(Failed) as failed:
        smtp.send(message or a_message())
    assert "zoe" not in str(failed.value)
    assert "patienten" not in str(failed.value)
    assert (failed.value.__cause__, failed.value.__context__) == (None, None)
    return failed.value


def test_a_mail_arrives_as_it_was_written(server: MailServer) -> None:
    text = "From hier an\n.\n..ein Punkt\n" + "ä" * 2000 + "\n"
    to_server(server).send(a_message(text=text))
    (taken,) = server.taken
    assert (taken.sender, taken.to) == ("praxis@praxis.example", ["zoe@patienten.example"])
    assert taken.message.get_content().replace("\r\n", "\n") == text
    assert taken.message["Subject"] == "Ihr Termin"
    assert not taken.encrypted


def test_starttls_comes_before_the_password(
    context: ssl.SSLContext, certificate: tuple[Path, Path]
) -> None:
    with MailServer(starttls=context, login=LOGIN) as server:
        to_server(server, "starttls", login=LOGIN, ca_file=str(certificate[0])).send(a_message())
        (taken,) = server.taken
        assert taken.encrypted
        assert taken.login == LOGIN


def test_tls_from_the_first_byte(context: ssl.SSLContext, certificate: tuple[Path, Path]) -> None:
    with MailServer(tls=context, login=LOGIN) as server:
        to_server(server, "tls", login=LOGIN, ca_file=str(certificate[0])).send(a_message())
        (taken,) = server.taken
        assert taken.encrypted
        assert taken.login == LOGIN


def test_a_password_may_have_umlauts(
    context: ssl.SSLContext, certificate: tuple[Path, Path]
) -> None:
    login = ("empfang", "Schlüssel-ß-4711")
    with MailServer(starttls=context, login=login) as server:
        smtp = to_server(server, "starttls", login=login, ca_file=str(certificate[0]))
        smtp.send(a_message())
        assert server.taken[0].login == login
        wrong = ("empfang", "Schlüssel")
        smtp = to_server(server, "starttls", login=wrong, ca_file=str(certificate[0]))
        assert not failing(smtp).permanent


def test_without_starttls_nothing_is_said_in_clear() -> None:
    with MailServer(login=LOGIN) as server:
        assert not failing(to_server(server, "starttls", login=LOGIN)).permanent
        assert (server.logins, server.taken) == ([], [])


def test_an_unknown_certificate_is_not_trusted(
    context: ssl.SSLContext, certificate: tuple[Path, Path], tmp_path: Path
) -> None:
    elsewhere, _ = a_certificate(tmp_path, HERE)
    starttls, tls = MailServer(login=LOGIN, starttls=context), MailServer(login=LOGIN, tls=context)
    for security, server in (("starttls", starttls), ("tls", tls)):
        with server:
            for trusted in ("", str(elsewhere)):
                failed = failing(to_server(server, security, login=LOGIN, ca_file=trusted))
                assert (str(failed), failed.permanent) == ("SSLCertVerificationError", False)
            assert (server.logins, server.taken) == ([], [])


def test_a_certificate_of_another_host_is_not_trusted(tmp_path: Path) -> None:
    cert, key = a_certificate(tmp_path, "mail.anderswo.example")
    with MailServer(starttls=as_server(cert, key)) as server:
        assert not failing(to_server(server, "starttls", ca_file=str(cert))).permanent
        assert server.taken == []


def test_a_wrong_password_loses_no_letter(
    context: ssl.SSLContext, certificate: tuple[Path, Path]
) -> None:
    with MailServer(starttls=context, login=LOGIN) as server:
        for login in (("praxis", "falsch"), ("", "")):
            smtp = to_server(server, "starttls", login=login, ca_file=str(certificate[0]))
            assert not failing(smtp).permanent
        assert server.taken == []


def test_a_password_is_not_shown() -> None:
    assert "geheim" not in repr(Smtp("mail.example", user="praxis", password="geheim"))


@pytest.mark.parametrize(
    ("command", "answer", "permanent"),
    [
        ("RCPT", "450 4.2.0 zoe@patienten.example is greylisted", False),
        ("RCPT", "452 4.2.2 zoe@patienten.example is full", False),
        ("RCPT", "421 4.3.2 patienten.example is going down", False),
        ("RCPT", "550 5.1.1 zoe@patienten.example is unknown", True),
        ("RCPT", "550 no zoe here", True),
        ("RCPT", "554 5.7.1 <zoe@patienten.example>: Relay access denied", False),
        ("RCPT", "530 5.7.0 Authentication required", False),
        ("DATA", "451 4.3.0 zoe, try later", False),
        ("DATA", "554 5.6.0 zoe, this is no mail", True),
        ("DATA", "550 5.7.26 not authenticated: patienten.example", False),
        ("MAIL", "553 5.7.1 not your address", False),
        ("MAIL", "550 unknown sender", False),
        ("MAIL", "451 later", False),
    ],
)
def test_what_a_server_refuses(
    server: MailServer, command: str, answer: str, permanent: bool
) -> None:
    server.answers[command] = answer
    failed = failing(to_server(server))
    assert (str(failed), failed.permanent) == (f"status {answer[:3]}", permanent)
    assert server.taken == []


def test_a_mail_that_was_taken_is_not_sent_again_for_a_bad_good_bye(server: MailServer) -> None:
    server.answers["QUIT"] = "500 what?"
    to_server(server).send(a_message())
    assert len(server.taken) == 1


def test_an_answer_that_is_lost_is_asked_for_again() -> None:
    with MailServer(drops=True) as server:
        assert not failing(to_server(server)).permanent
        assert len(server.taken) == 1


def test_nobody_there_is_no_reason_to_give_up() -> None:
    failed = failing(Smtp(HERE, free_port(), "none", timeout=10))
    assert (str(failed), failed.permanent) == ("ConnectionRefusedError", False)
    assert not failing(Smtp("mail..example", 25, "none", timeout=10)).permanent


@pytest.mark.parametrize("security", ["none", "starttls", "tls"])
def test_a_server_that_says_nothing_is_left(security: Any) -> None:
    with socket.create_server((HERE, 0)) as silent:
        port = silent.getsockname()[1]
        assert not failing(Smtp(HERE, port, security, timeout=0.2)).permanent


#: The head of a TLS record of 16 KB, of which more and more comes.
RECORD = b"\x16\x03\x03\x40\x00" + bytes(16384)


@pytest.mark.parametrize(
    ("security", "at", "says"),
    [
        ("none", "", b"2"),
        ("none", "EHLO", b"250-mail.example\r\n"),
        ("none", "MAIL", b"250"),
        ("none", "QUIT", b"221"),
        ("starttls", "", b"220-mail.example\r\n"),
        ("tls", "", RECORD),
    ],
)
def test_a_server_that_never_comes_to_an_end_is_left(security: Any, at: str, says: bytes) -> None:
    """Each octet is in time; all of them together never would be."""
    with Slow(at, says) as slow:
        begun = time.monotonic()
        smtp = Smtp(HERE, slow.port, security, timeout=10, altogether=0.5)
        if at == "QUIT":
            smtp.send(a_message())  # it was taken
        else:
            assert not failing(smtp).permanent
        assert time.monotonic() - begun < 5


def test_a_server_that_never_comes_to_an_end_is_left_in_tls(
    context: ssl.SSLContext, certificate: tuple[Path, Path]
) -> None:
    with Slow("RCPT", b"250-mail.example\r\n", tls=context) as slow:
        begun = time.monotonic()
        trusting = str(certificate[0])
        smtp = Smtp(HERE, slow.port, "tls", timeout=10, altogether=1, ca_file=trusting)
        assert not failing(smtp).permanent
        assert time.monotonic() - begun < 5


def test_a_server_that_says_far_too_much_is_left() -> None:
    with Slow("EHLO", b"250-mail.example\r\n" * 1000, pause=0) as slow:
        assert not failing(Smtp(HERE, slow.port, "none", timeout=10, altogether=600)).permanent


def test_a_missing_authority_is_told(tmp_path: Path, server: MailServer) -> None:
    smtp = Smtp(HERE, server.port, "tls", ca_file=str(tmp_path / "nowhere.pem"))
    failed = failing(smtp)
    assert (str(failed), failed.permanent) == ("FileNotFoundError", False)


def test_an_address_beyond_ascii_needs_a_server_that_knows_them(server: MailServer) -> None:
    message = a_message("zoë@patienten.example")
    failed = failing(to_server(server), message)
    assert (str(failed), failed.permanent) == ("no SMTPUTF8", True)
    with MailServer(utf8=True) as knowing:
        to_server(knowing).send(message)
        (taken,) = knowing.taken
        assert taken.to == ["zoë@patienten.example"]
        assert {"SMTPUTF8", "BODY=8BITMIME"} <= set(taken.options)
        assert "\r\nTo: zoë@patienten.example\r\n".encode() in taken.content


def test_an_ascii_address_asks_for_no_more_than_it_needs() -> None:
    with MailServer(utf8=True) as server:
        to_server(server).send(a_message())
        assert "SMTPUTF8" not in server.taken[0].options
        server.taken[0].content.decode("ascii")
