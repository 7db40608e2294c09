"""Trying booking tools and the mail server at once, apart from the worker, with little patience.

Not here: what becomes of bookings (`booking_adapter.sync`) or letters (`booking_adapter.worker`).
"""

from __future__ import annotations

import secrets
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING, Any

from admin_api.reaching import SettingTold, SourceTold, Tried, Trouble
from booking_adapter.failures import AskedInside, Busy, Failed, Refused
from praxis_caldav.tool_settings import CsvTool, RestTool

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from zoneinfo import ZoneInfo

    from practice.profile import Profile
    from praxis_caldav.settings import Settings
    from praxis_caldav.tool_settings import AnyTool

__all__ = ["Reaching"]

#: Seconds for everything; somebody waits before a screen.
_ALTOGETHER, _EACH = 12.0, 6.0
_SECRET = "***"  # noqa: S105 - what stands for one
_SECRETS = frozenset({"key", "hook_secret", "password"})
_MAIL = ("host", "port", "security", "user", "password", "ca_file", "admin", "language")
#: Kinds of errors by their names: of a mail server nothing else is told.
_BY_NAME: Mapping[str, Trouble] = {
    "SSLCertVerificationError": Trouble.CERTIFICATE,
    "CertificateError": Trouble.CERTIFICATE,
    "SSLError": Trouble.NO_TLS,
    "SMTPNotSupportedError": Trouble.NO_TLS,
    "gaierror": Trouble.NO_HOST,
    "ConnectionRefusedError": Trouble.NOBODY_LISTENS,
    "ConnectTimeout": Trouble.TOO_SLOW,
    "ReadTimeout": Trouble.TOO_SLOW,
    "TimeoutError": Trouble.TOO_SLOW,
}
_BY_STATUS: Mapping[int, Trouble] = {
    **dict.fromkeys((401, 403, 407), Trouble.KEY),
    **dict.fromkeys((301, 302, 303, 307, 308, 404, 405, 410), Trouble.ADDRESS),
    **dict.fromkeys((429, 502, 503, 504), Trouble.BUSY),
}
_LOGIN = frozenset({530, 534, 535, 538})
_TEST = {
    "de": (
        "Testmail von {name}",
        "Diese E-Mail wurde in den Einstellungen des Praxiskalenders angefordert. Dass Sie sie"
        " lesen, heißt: Der Versand funktioniert.",
    ),
    "en": (
        "Test mail from {name}",
        "Somebody asked for this e-mail in the settings of the practice calendar. That you read"
        " it means that sending works.",
    ),
}


class Reaching:
    """See `admin_api.reaching.Connections`."""

    def __init__(self, settings: Settings, profile: Profile, file: str = "") -> None:
        self._settings = settings
        self._profile = profile
        self.file = file

    @cached_property
    def sources(self) -> tuple[SourceTold, ...]:
        """See the Protocol."""
        told = self._settings.booking.sources
        return tuple(_source(name, one) for name, one in sorted(told.items()))

    @cached_property
    def mail(self) -> tuple[SettingTold, ...]:
        """See the Protocol."""
        mail, practice = self._settings.mail, self._settings.practice
        if not mail.host:
            return ()
        said = [SettingTold("practice.email", practice.email)]
        return (*said, *(_setting("mail", name, getattr(mail, name)) for name in _MAIL))

    def check(self, source: str) -> Tried | None:
        """See the Protocol."""
        told = self._settings.booking.sources.get(source)
        return None if told is None else _within(_ALTOGETHER, self._ask, told)

    def send_test(self, to: str, language: str) -> Tried | None:
        """See the Protocol."""
        from booking_adapter.deliveries.mailing import headed, mailbox
        from praxis_caldav.outside import letterhead_of, smtp_of

        mail = self._settings.mail
        if not mail.host:
            return None
        address = mailbox(to)
        if address is None:
            return Tried(Trouble.MAIL_REFUSED, detail="the address is none")
        subject, text = _TEST[language]
        letterhead = letterhead_of(mail, self._profile).tidied()
        key, now = secrets.token_hex(8), datetime.now(UTC)
        try:
            message = headed(
                letterhead, key, key, now, to=address, subject=subject.format(name=letterhead.name)
            )
            message.set_content(text, cte="quoted-printable")
            smtp_of(mail, each=_EACH, altogether=_ALTOGETHER).send(message)
        except Failed as failed:
            return _of_mail(failed)
        return Tried()

    def _ask(self, told: AnyTool) -> Tried:
        from booking_adapter.outgoing import Patience
        from booking_adapter.protocol import Days
        from praxis_caldav.booking_tools import tool_of

        zone: ZoneInfo = self._profile.zone
        today = datetime.now(zone).date()
        patience = Patience(connect=_EACH, packet=_EACH, answer=_EACH, altogether=_EACH, tries=1)
        with ExitStack() as stack:
            tool = tool_of(told, zone, lambda: datetime.now(UTC), stack, patience)
            try:
                next(iter(tool.bookings(Days(today, today))), None)
            except Failed as failed:
                return _of_tool(failed, is_file=isinstance(told, CsvTool))
        return Tried()


def _within(seconds: float, ask: Any, told: AnyTool) -> Tried:
    """Return what came of asking, or that it was too slow: a tool may ask for several pages."""
    thread = ThreadPoolExecutor(1, "check")
    try:
        tried: Tried = thread.submit(ask, told).result(seconds)
    except TimeoutError:
        return Tried(Trouble.TOO_SLOW)
    finally:
        thread.shutdown(wait=False)
    return tried


def _of_tool(failed: Failed, *, is_file: bool) -> Tried:
    if isinstance(failed, Refused):
        answered = _BY_STATUS.get(failed.status, Trouble.STATUS)
        return Tried(answered, failed.status, str(failed))
    if isinstance(failed, AskedInside):
        return Tried(Trouble.INSIDE, detail=str(failed))
    if isinstance(failed, Busy):
        return Tried(Trouble.BUSY, detail=str(failed))
    if is_file:
        return Tried(Trouble.FILE, detail=str(failed))
    names = [type(one).__name__ for one in _behind(failed)]
    trouble = next((_BY_NAME[name] for name in reversed(names) if name in _BY_NAME), None)
    if trouble is None:
        slow, lost = str(failed) == "too slow", str(failed).endswith(("Error", "Timeout"))
        trouble = Trouble.TOO_SLOW if slow else Trouble.OTHER if lost else Trouble.UNREADABLE
    return Tried(trouble, detail=str(failed))


def _of_mail(failed: Failed) -> Tried:
    word, _, number = str(failed).partition(" ")
    if word == "status" and number.isdigit():
        status = int(number)
        refused = Trouble.LOGIN if status in _LOGIN else Trouble.MAIL_REFUSED
        return Tried(Trouble.BUSY if status < 500 else refused, status, str(failed))
    if str(failed) == "the practice's address is none":
        return Tried(Trouble.SENDER, detail=str(failed))
    return Tried(_BY_NAME.get(str(failed), Trouble.OTHER), detail=str(failed))


def _behind(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and those that it came of."""
    found: BaseException | None = error
    while found is not None:
        yield found
        found = found.__cause__ or found.__context__


def _source(name: str, told: AnyTool) -> SourceTold:
    place = f"booking.sources.{name}"
    shown = [
        _setting(place, key, getattr(told, key))
        for key in type(told).model_fields
        if key not in {"tool", "api", "fields"}
    ]
    checked = not isinstance(told, RestTool) or bool(told.api.listing)
    return SourceTold(name, told.tool, tuple(shown), checked)


def _setting(place: str, name: str, value: object) -> SettingTold:
    if name in _SECRETS:
        return SettingTold(f"{place}.{name}", _SECRET if value else "")
    if isinstance(value, dict):
        value = ", ".join(f"{key} = {one}" for key, one in value.items())
    return SettingTold(f"{place}.{name}", "" if value is None else str(value))
