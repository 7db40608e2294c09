"""What calendars and the log say of appointments whose patient is erased.

The time is the practice's and stays; everything else of a text goes. Not here: who is erased
(`practice.use_cases.erasure`).
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from practice.calendar_zone import zone_of
from practice.calendars import Draft
from practice.errors import PracticeError
from practice.patients import PATIENT_NUMBER
from practice.vevent import disguised, read
from practice.views import View

if TYPE_CHECKING:
    from collections.abc import Collection

    from practice.ports import UnitOfWork
    from practice.profile import Profile

__all__ = ["CalendarTexts", "erase_log"]

#: What stands in calendars for what was erased.
SUMMARY = "gelöscht"
_OF_PATIENT = re.compile(rf"^{PATIENT_NUMBER}:([^\r\n]*)", re.MULTILINE)


class CalendarTexts:
    """The objects in every calendar, as they are rewritten or removed by UID.

    `written` are the texts that stand there now; `removed` counts the others.
    """

    def __init__(self, uow: UnitOfWork, profile: Profile) -> None:
        self._uow = uow
        self._profile = profile
        self._calendars = {calendar.id: calendar for calendar in uow.calendars.all()}
        self.written: list[str] = []
        self.removed = 0

    def rewrite(self, uid: str) -> None:
        """Leave of the objects with a UID nothing but when they are; tasks and notes are removed,
        since they take no time.
        """
        uow = self._uow
        for head in uow.calendars.uid_holders(uid):
            calendar = self._calendars[head.calendar_id]
            if head.component != "VEVENT":
                self._remove(head.calendar_id, head.href)
                continue
            whole = View(calendar, (calendar,), uow.epoch)
            item = uow.calendars.get(whole, [head.href])[head.href]
            text = disguised(item.text, item.uid, SUMMARY)
            zone, limits = zone_of(calendar, self._profile), self._profile.limits
            facts = read(text, zone=zone, now=uow.now, limits=limits)
            uow.calendars.save(calendar, Draft(head.href, text, facts, item.owner_id))
            uow.properties.set_of_object(head.id, {})
            self.written.append(text)

    def remove(self, uid: str) -> None:
        """Remove the objects with a UID."""
        for head in self._uow.calendars.uid_holders(uid):
            self._remove(head.calendar_id, head.href)

    def _remove(self, calendar_id: int, href: str) -> None:
        self._uow.calendars.remove(self._calendars[calendar_id], href)
        self.removed += 1


def erase_log(
    uow: UnitOfWork,
    uids: Collection[str],
    numbers: Collection[str],
    kept: Collection[str],
    act: int,
) -> int:
    """Erase what the log tells of objects with these UIDs, but for the texts `kept`, and what it
    tells of others as long as they were of patients with these numbers; under the number of the
    act that tells of it. Return how many rows that were.

    The times stay: so a calendar can still be told as it was at any moment. Costs the log.
    """
    kept = frozenset(kept)
    count = 0
    for change in list(uow.traces.log_of(uids, numbers)):
        whole = change.uid in uids
        before, after = (
            _without_content(text, change.uid)
            if text is not None and text not in kept and (whole or _is_of(text, numbers))
            else text
            for text in (change.before, change.after)
        )
        if (before, after) != (change.before, change.after):
            uow.traces.erase_change(replace(change, before=before, after=after), act)
            count += 1
    return count


def _is_of(text: str, numbers: Collection[str]) -> bool:
    """Tell whether a text says that it is of one of some patients."""
    return any(told in numbers for told in _OF_PATIENT.findall(text))


def _without_content(text: str, uid: str) -> str | None:
    try:
        return disguised(text, uid, SUMMARY)
    except PracticeError:  # taken by an older version, and not understood any more
        return None
