"""When people say of themselves that they work (RFC 7953), set by them and used in free-busy.

Not here: the working hours the practice offers appointments in (`practice.schedule`).
"""

from __future__ import annotations

import re
from datetime import UTC
from typing import TYPE_CHECKING

from practice.errors import Invalid, InvalidObject, InvalidText, PropertiesRefused, TooLarge
from practice.use_cases.properties import INBOX, set_own_properties
from practice.vevent import Occupied, apply_availability, check_availability

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from practice.access import Account
    from practice.facts import Span
    from practice.ports import UnitOfWork
    from practice.profile import Profile

__all__ = ["NAME", "beside_busy", "set_inbox_properties"]

#: Working hours of a week, some holidays and exceptions; all are read for every free-busy.
MOST_PARTS = 40
MOST_BYTES = 50_000
_PART = re.compile(r"^BEGIN:V?AVAILAB", re.MULTILINE | re.IGNORECASE)

#: What it is called among what an account has set of its INBOX.
NAME = "C:calendar-availability"


def set_inbox_properties(
    uow: UnitOfWork, account: Account, changes: Mapping[str, str | None]
) -> None:
    """Keep what the account sets at its inbox, an availability as it says it; None removes.

    Raises PropertiesRefused unless an availability is iCalendar of VAVAILABILITY components only.
    """
    text = changes.get(NAME)
    if text is not None:
        try:
            _check(text)
        except Invalid as error:
            raise PropertiesRefused({NAME: error}) from error
    set_own_properties(uow, account, INBOX, changes)


def _check(text: str) -> None:
    if len(text.encode("utf-8", "surrogatepass")) > MOST_BYTES:
        raise TooLarge(f"An availability may have {MOST_BYTES} bytes.")
    try:
        check_availability(text, UTC)
    except InvalidObject as error:  # which is said of objects in calendars
        raise InvalidText(str(error)) from error
    if len(_PART.findall(text)) > MOST_PARTS:
        raise InvalidText(f"An availability has at most {MOST_PARTS} parts.")


def _availability(uow: UnitOfWork, account: Account) -> str | None:
    """Return what the account says of itself."""
    return uow.properties.of_account(account, [INBOX]).get(INBOX, {}).get(NAME)


def beside_busy(
    uow: UnitOfWork,
    accounts: Iterable[Account],
    busy: list[Occupied],
    span: Span,
    profile: Profile,
) -> list[Occupied]:
    """Return busy times and those at which one of the accounts says not to be there, by start."""
    for account in accounts:
        told = _availability(uow, account)
        if told is not None:
            busy = apply_availability(told, busy, span, profile.zone)
    return busy
