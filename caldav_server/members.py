"""The objects in one answer: the response element of each.

Where rows alone tell what is asked for, from prepared pieces; else from a resource and the tables.
Not here: which objects (`caldav_server.collections`, `caldav_server.reports`).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from caldav_server.member_hrefs import MemberHrefs
from caldav_server.properties import prepare, response_at

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from practice.calendars import ObjectHead
    from practice.views import View

    #: Tells an object the general way: its text if that is handed out, what clients have set.
    General = Callable[[ObjectHead, str | None, Mapping[str, str]], str]

__all__ = ["Members"]


class Members:
    """Tells of objects of a view that is shown under an address.

    `tags` are the properties asked for by their names, None for all there are. With `prepared`
    off everything goes the general way, with the same result.
    """

    def __init__(
        self,
        view: View,
        shown: str,
        tags: Sequence[str] | None,
        general: General,
        *,
        minimal: bool = False,
        prepared: bool = True,
    ) -> None:
        self.hrefs = MemberHrefs(view, shown, quick=prepared)
        self._general = general
        self._prepared = None
        if prepared and tags is not None:
            self._prepared = prepare(tags, minimal=minimal)

    def response(
        self, head: ObjectHead, data: str | None = None, stored: Mapping[str, str] | None = None
    ) -> str:
        """Return the response of an object; `data` is its text if that is handed out."""
        return response_at(self.hrefs.of(head), self.propstat(head, data, stored))

    def propstat(
        self, head: ObjectHead, data: str | None = None, stored: Mapping[str, str] | None = None
    ) -> str:
        """Return the propstat elements of an object."""
        if self._prepared is not None and not stored:
            told = self._prepared.propstat(head, data)
            if told is not None:
                return told
        return self._general(head, data, stored or {})
