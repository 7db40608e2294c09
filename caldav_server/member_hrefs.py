"""Hrefs of the objects in one answer: what is the same of all of them is made once.

Most names are plain letters and digits, which neither an href nor XML writes otherwise. Saves
taking each address apart and quoting it again, which costs more than all else that is told of an
object in a listing; other names go the way of `caldav_server.addresses`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from caldav_server.addresses import HOME, href
from caldav_server.xml import escape

if TYPE_CHECKING:
    from practice.calendars import ObjectHead
    from practice.views import View

__all__ = ["MemberHrefs"]

#: Written the same in names, hrefs and XML; a dot in front might mean a folder.
_PLAIN = re.compile(r"[A-Za-z0-9_~@-][A-Za-z0-9_~@.-]*")


class MemberHrefs:
    """Hrefs of what a view, shown under an address, has in it; with `quick` off, one by one."""

    def __init__(self, view: View, shown: str, *, quick: bool = True) -> None:
        self._view = view
        self._shown = shown
        self._folder = href(HOME, shown)
        self._folder_in_xml = escape(self._folder)
        self._own = view.calendar.id
        self._quick = quick

    def of(self, head: ObjectHead) -> str:
        """Return the href of an object, as XML."""
        name = head.href
        if head.calendar_id != self._own:
            name = self._view.name_of(head.calendar_id, name)
        if self._quick and _PLAIN.fullmatch(name):
            return self._folder_in_xml + name
        return escape(href(HOME, self._shown, name, collection=False))

    def name_in(self, told: str) -> str | None:
        """Return the name in the view that an href leads to; None where it is not plain."""
        name = told.removeprefix(self._folder)
        if not self._quick or len(name) == len(told):
            return None
        return name if _PLAIN.fullmatch(name) else None
