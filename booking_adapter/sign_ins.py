"""Sends patients the links they asked for, apart from who asked.

Not here: the e-mail (`booking_adapter.deliveries.sign_in_mail`).
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from booking_adapter.failures import Failed
from practice.access import SYSTEM
from practice.use_cases.patient_sign_in import note_sent, note_unsent, take_links

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from booking_adapter.deliveries.sign_in_mail import SignInMail
    from practice.ports import Database
    from practice.use_cases.patient_sign_in import Links

__all__ = ["send_link"]

log = logging.getLogger(__name__)


def send_link(database: Database, mail: SignInMail, clock: Callable[[], datetime]) -> int:
    """Send one e-mail that is due; return how many were looked at."""
    now = clock()
    with database.begin(actor=SYSTEM, now=now, read_only=True, snapshot=False) as uow:
        if not uow.sign_ins.due():
            return 0
    with database.begin(actor=SYSTEM, now=clock()) as uow:
        links = take_links(uow)
        key = f"{uow.epoch} sign-in {links.asked.id} {links.asked.attempts}" if links else ""
        if links is not None and not links.people:
            note_sent(uow, links.asked)
    if links is None:
        return 0
    if links.people:
        _send(database, mail, links, key, clock)
    return 1


def _send(
    database: Database, mail: SignInMail, links: Links, key: str, clock: Callable[[], datetime]
) -> None:
    extra = {"sign_in": links.asked.id}
    failed: Failed | None = None
    try:
        mail.send(links, key, clock())
    except Failed as error:
        failed = error
    except Exception as error:
        # One that nobody thought of must not hold up the others.
        log.exception("sign_in.error", extra=extra)
        failed = Failed(type(error).__name__)
    with database.begin(actor=SYSTEM, now=clock()) as uow:
        if failed is None:
            note_sent(uow, links.asked)
        else:
            note_unsent(uow, links.asked, permanent=failed.permanent)
    if failed is None:
        log.info("sign_in.sent", extra=extra)
    else:
        log.warning("sign_in.failed", extra={**extra, "reason": str(failed)})
