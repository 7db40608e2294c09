"""Handing e-mails to the practice's mail server.

What is wrong with the server or with how it is set up passes: an admin mends it, and no letter is
lost by it. Only a refused address or a refused mail is wrong for good. Not here: what is sent.

Sources: RFC 5321; RFC 3207 (STARTTLS); RFC 3463 (enhanced codes); RFC 4954; RFC 6531 (SMTPUTF8).
"""

from __future__ import annotations

import re
import smtplib
import ssl
from base64 import b64encode
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from email.policy import SMTPUTF8
from typing import TYPE_CHECKING, Literal

from booking_adapter.failures import Failed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from email.message import EmailMessage

__all__ = ["Security", "Smtp"]

#: TLS from the first byte (port 465), from STARTTLS on (587), or none: within one machine.
Security = Literal["tls", "starttls", "none"]

#: Who is to log in first, or has done so wrongly.
_TO_LOG_IN = frozenset({530, 534, 535, 538})
#: Security or policy (RFC 3463 3.8): who sends is not trusted, or must not send from there.
_OF_THE_SENDER = re.compile(rb"5\.7\.\d")


@dataclass(frozen=True, slots=True)
class Smtp:
    """One mail server. Without a `user` nobody logs in.

    The server's certificate is verified, by those whom the system trusts or by `ca_file` alone.
    """

    host: str
    port: int = 587
    security: Security = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)
    timeout: float = 30.0
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
        if self.security == "tls":
            context = self._context()
            server: smtplib.SMTP = smtplib.SMTP_SSL(
                self.host, self.port, timeout=self.timeout, context=context
            )
        else:
            server = smtplib.SMTP(self.host, self.port, timeout=self.timeout)
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
