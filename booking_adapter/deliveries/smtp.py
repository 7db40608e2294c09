"""Handing e-mails to the practice's mail server.

What is wrong with the server or with how it is set up passes: an admin mends it, and no letter is
lost by it. Only a refused address or a refused mail is wrong for good. Not here: what is sent.

Sources: RFC 5321; RFC 3207 (STARTTLS); RFC 3463 (enhanced codes); RFC 4954; RFC 6531 (SMTPUTF8).
"""

from __future__ import annotations

import io
import re
import smtplib
import socket
import ssl
import time
from base64 import b64encode
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.policy import SMTPUTF8
from typing import TYPE_CHECKING, Literal

from booking_adapter.failures import Failed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from email.message import EmailMessage

    from _typeshed import ReadableBuffer, WriteableBuffer

__all__ = ["Security", "Smtp"]

#: TLS from the first byte (port 465), from STARTTLS on (587), or none: within one machine.
Security = Literal["tls", "starttls", "none"]

#: Who is to log in first, or has done so wrongly.
_TO_LOG_IN = frozenset({530, 534, 535, 538})
#: Security or policy (RFC 3463 3.8): who sends is not trusted, or must not send from there.
_OF_THE_SENDER = re.compile(rb"5\.7\.\d")
#: Octets that a server says in one session; the longest good ones say a few hundred.
_MOST_SAID = 100_000


@dataclass(frozen=True, slots=True)
class Smtp:
    """One mail server. Without a `user` nobody logs in.

    The server's certificate is verified, by those whom the system trusts or by `ca_file` alone.
    No step takes longer than `timeout` seconds, and no e-mail longer than `altogether`, but for
    the time in which the system finds out the host's address.
    """

    host: str
    port: int = 587
    security: Security = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)
    timeout: float = 30.0
    altogether: float = 120.0
    ca_file: str = ""

    def send(self, message: EmailMessage) -> None:
        """Send an e-mail to the address in its To; raises a Failed that names a status only.

        If the answer to the last word is lost, it may have been taken: sent again, it has the
        same Message-ID.
        """
        try:
            with self._session() as server:
                _hand_over(server, message)
            return
        except (OSError, UnicodeError) as error:  # OSError: smtplib's and ssl's, too
            failed = _failed(error)
        # Out here nothing leads back to the error: it holds the address, and the server's words.
        raise failed

    @contextmanager
    def _session(self) -> Iterator[smtplib.SMTP]:
        """Connect and log in; never in clear if TLS is wanted."""
        deadline = time.monotonic() + self.altogether
        server: _Session
        if self.security == "tls":
            context = self._context()
            server = _TlsSession(deadline, self.host, self.port, self.timeout, context)
        else:
            server = _Session(deadline, self.host, self.port, self.timeout)
        try:
            if self.security == "starttls":
                server.starttls(context=self._context())
            if self.user:
                self._log_in(server)
            yield server
        finally:
            server.close()

    def _context(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.ca_file or None)

    def _log_in(self, server: smtplib.SMTP) -> None:
        if (self.user + self.password).isascii():
            server.login(self.user, self.password)
            return
        # The library writes ASCII only; RFC 4616 wants UTF-8.
        server.ehlo_or_helo_if_needed()
        told = b64encode(f"\0{self.user}\0{self.password}".encode()).decode()
        code, answer = server.docmd("AUTH", f"PLAIN {told}")
        if code != 235:
            raise smtplib.SMTPAuthenticationError(code, answer)


class _Session(smtplib.SMTP):
    """A session that is over at a deadline, however slowly the server speaks.

    The library's limit is one of each step, and a byte is a step.
    """

    def __init__(self, deadline: float, host: str, port: int, timeout: float) -> None:
        self._deadline = deadline
        super().__init__(host, port, timeout=timeout)

    def getreply(self) -> tuple[int, bytes]:
        if self.file is None and self.sock is not None:
            self.file = io.BufferedReader(_Said(self.sock, self._left))
        return super().getreply()

    def send(self, s: ReadableBuffer | str) -> None:
        if self.sock is not None:
            self.sock.settimeout(self._left())
        super().send(s)

    def _get_socket(self, host: str, port: int, _timeout: float) -> socket.socket:
        failed = OSError("no address")
        for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM):
            try:
                return socket.create_connection((str(found[4][0]), port), self._left())
            except OSError as error:
                failed = error
        raise failed

    def _left(self) -> float:
        """Return how long the next step may take."""
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return min(self.timeout, left)


class _TlsSession(smtplib.SMTP_SSL, _Session):
    """The same in TLS from its first byte; the connection below it is that of `_Session`."""

    def __init__(
        self, deadline: float, host: str, port: int, timeout: float, context: ssl.SSLContext
    ) -> None:
        self._deadline = deadline
        smtplib.SMTP_SSL.__init__(self, host, port, timeout=timeout, context=context)


class _Said(io.RawIOBase):
    """What a server says."""

    def __init__(self, server: socket.socket, left: Callable[[], float]) -> None:
        self._server, self._left = server, left
        self._octets = 0

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        self._server.settimeout(self._left())
        count = self._server.recv_into(buffer)
        self._octets += count
        if self._octets > _MOST_SAID:
            raise OSError("it says too much")
        return count


def _hand_over(server: smtplib.SMTP, message: EmailMessage) -> None:
    sender, to = (message[name].addresses[0].addr_spec for name in ("From", "To"))
    policy = message.policy
    options: tuple[str, ...] = ()
    if not (sender + to).isascii():
        server.ehlo_or_helo_if_needed()
        if not server.has_extn("SMTPUTF8"):
            raise Failed("no SMTPUTF8", permanent=True)
        policy = SMTPUTF8.clone(max_line_length=policy.max_line_length)
        options = ("SMTPUTF8", "BODY=8BITMIME")
    server.sendmail(sender, [to], message.as_bytes(policy=policy), options)
    with suppress(OSError):  # it has been taken; how the server says good-bye changes nothing
        server.quit()


def _failed(error: OSError | UnicodeError) -> Failed:
    """Return what to say of an error: a status, or the kind of error, and nothing else."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        code, text = next(iter(error.recipients.values()))
        return Failed(f"status {code}", permanent=_for_good(code, text))
    if isinstance(error, smtplib.SMTPDataError):
        permanent = _for_good(error.smtp_code, error.smtp_error)
        return Failed(f"status {error.smtp_code}", permanent=permanent)
    if isinstance(error, smtplib.SMTPResponseException):  # the greeting, the log-in, the sender
        return Failed(f"status {error.smtp_code}")
    return Failed(type(error).__name__)


def _for_good(code: int, text: bytes | str) -> bool:
    """Tell whether an answer to an address or a mail will be the same next time."""
    told = text.encode() if isinstance(text, str) else text
    return code >= 500 and code not in _TO_LOG_IN and _OF_THE_SENDER.match(told) is None
