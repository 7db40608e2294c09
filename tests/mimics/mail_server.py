"""A mail server that takes mail over real SMTP, tells what it took, and refuses what it is told to.

Certificates are made here, too: it is its own authority.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
import threading
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import TYPE_CHECKING, Self

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, AuthResult, Envelope, LoginPassword, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.servers import free_port

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

__all__ = ["MailServer", "Slow", "Taken", "a_certificate", "as_server"]

HERE = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Taken:
    """One e-mail as it came, and what was said before it."""

    sender: str
    to: list[str]
    options: list[str]
    login: tuple[str, str] | None
    encrypted: bool
    content: bytes

    @property
    def message(self) -> EmailMessage:
        """It, parsed by the rules of today's mail."""
        parsed = message_from_bytes(self.content, policy=policy.default)
        assert isinstance(parsed, EmailMessage)
        return parsed


class MailServer:
    """Use as a context manager.

    `answers` are replies by command (MAIL, RCPT, DATA, QUIT): what is not there is taken. With
    `drops`, the connection ends after DATA, though the mail was taken. `login` is who may send.
    """

    def __init__(
        self,
        *,
        starttls: ssl.SSLContext | None = None,
        tls: ssl.SSLContext | None = None,
        login: tuple[str, str] | None = None,
        utf8: bool = False,
        drops: bool = False,
    ) -> None:
        self.taken: list[Taken] = []
        self.answers: dict[str, str] = {}
        self.logins: list[tuple[str, str]] = []
        self.port = free_port()
        handler = _Handler(self, login, drops=drops, implicit=tls is not None)
        self._controller = Controller(
            handler,
            hostname=HERE,
            port=self.port,
            ssl_context=tls,
            tls_context=starttls,
            auth_require_tls=starttls is not None,
            authenticator=handler.authenticate,
            enable_SMTPUTF8=utf8,
            server_hostname="mail.example",
        )

    def __enter__(self) -> Self:
        self._controller.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._controller.stop()

    @property
    def message(self) -> EmailMessage:
        """The only e-mail that was taken."""
        (taken,) = self.taken
        return taken.message


class _Handler:
    """What aiosmtpd asks at each command."""

    def __init__(
        self, house: MailServer, login: tuple[str, str] | None, *, drops: bool, implicit: bool
    ) -> None:
        self._house, self._login = house, login
        self._drops, self._implicit = drops, implicit

    def authenticate(
        self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: object
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        login = (data.login.decode(), data.password.decode())
        self._house.logins.append(login)
        return AuthResult(success=login == self._login, handled=False, auth_data=data)

    async def handle_MAIL(  # noqa: N802 - aiosmtpd's names
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self._login is not None and not session.authenticated:
            return "530 5.7.0 Authentication required"
        if "MAIL" not in self._house.answers:
            envelope.mail_from = address
            envelope.mail_options.extend(options)
        return self._house.answers.get("MAIL", "250 OK")

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if "RCPT" not in self._house.answers:
            envelope.rcpt_tos.append(address)
        return self._house.answers.get("RCPT", "250 OK")

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        if "DATA" in self._house.answers:
            return self._house.answers["DATA"]
        content = envelope.original_content
        assert content is not None
        assert envelope.mail_from is not None
        self._house.taken.append(
            Taken(
                envelope.mail_from,
                envelope.rcpt_tos,
                envelope.mail_options,
                self._house.logins[-1] if session.authenticated else None,
                self._implicit or session.ssl is not None,
                content,
            )
        )
        if self._drops:
            assert isinstance(server.transport, asyncio.WriteTransport)
            server.transport.abort()
        return "250 OK"

    async def handle_QUIT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        return self._house.answers.get("QUIT", "221 Bye")


class Slow:
    """A server that never comes to an end with one of its answers. Use as a context manager.

    That is the one to the command `at`, or its greeting; of `says` it sends one octet after the
    other, `pause` seconds between them. With `tls` it speaks that from the first octet.
    """

    def __init__(
        self,
        at: str = "",
        says: bytes = b"2",
        *,
        pause: float = 0.02,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._at, self._says, self._pause, self._tls = at, says, pause, tls
        self._stopped = threading.Event()
        self._listening = socket.create_server((HERE, 0))
        self.port: int = self._listening.getsockname()[1]
        self._thread = threading.Thread(target=self._serve, name="slow mail server")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._stopped.set()
        self._thread.join()
        self._listening.close()

    def _serve(self) -> None:
        caller, _ = self._listening.accept()
        with suppress(OSError), caller:  # who calls has had enough
            speaking = self._tls.wrap_socket(caller, server_side=True) if self._tls else caller
            with speaking:
                self._speak(speaking)

    def _speak(self, caller: socket.socket) -> None:
        if not self._at:
            self._go_on(caller)
        caller.sendall(b"220 mail.example\r\n")
        with caller.makefile("rb") as said:
            for line in said:
                command = line.strip().upper().decode()
                if command.startswith(self._at):
                    self._go_on(caller)
                if command == "DATA":
                    caller.sendall(b"354 go on\r\n")
                    while said.readline() != b".\r\n":
                        pass
                caller.sendall(b"250 mail.example\r\n")

    def _go_on(self, caller: socket.socket) -> None:
        while not self._stopped.is_set():
            for octet in self._says if self._pause else [self._says]:
                caller.sendall(bytes([octet]) if isinstance(octet, int) else octet)
                self._stopped.wait(self._pause)


def a_certificate(folder: Path, *hosts: str) -> tuple[Path, Path]:
    """Make a certificate for names or addresses, and its key."""
    secret = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "Praxis-Postamt")])
    key_id = x509.SubjectKeyIdentifier.from_public_key(secret.public_key())
    made = (
        x509.CertificateBuilder(name, name, secret.public_key(), x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(hours=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName(list(map(_named, hosts))), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .add_extension(key_id, critical=False)
        .sign(secret, hashes.SHA256())
    )
    cert, key = folder / "post.pem", folder / "post.key"
    cert.write_bytes(made.public_bytes(Encoding.PEM))
    key.write_bytes(secret.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return cert, key


def _named(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def as_server(cert: Path, key: Path) -> ssl.SSLContext:
    """Return what a server with a certificate speaks TLS with."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(cert, key)
    return context
