"""What is told of many objects at once, with all that is the same of them prepared.

For properties that need nothing of an object but its row and its text. Saves a resource, a look
into the tables and a text for each property of each object; whatever else is asked for, and an
object that lacks one of them, goes the way of `caldav_server.properties.telling`, with the same
bytes as its result.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from caldav_server.properties.of_calendars import OF_ROWS
from caldav_server.properties.tables import TABLES
from caldav_server.properties.telling import propstats
from caldav_server.resources import ObjectResource
from caldav_server.xml import DAV, empty, wrap

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from practice.calendars import ObjectHead

    Teller = Callable[[ObjectHead, str | None], str | None]

__all__ = ["Prepared", "prepare"]

_RESOURCETYPE = DAV + "resourcetype"
#: Stands for a value; in no name of anything, which has no control characters.
_GAP = "\0"


class Prepared:
    """The propstat elements of an object, with gaps, and what fills them."""

    def __init__(self, text: str, tellers: Sequence[Teller]) -> None:
        self._text = text.replace("%", "%%").replace(_GAP, "%s")
        self._tellers = tuple(tellers)

    def propstat(self, head: ObjectHead, data: str | None = None) -> str | None:
        """Return the elements for an object of which clients have set nothing; None where it lacks
        one of the properties. `data` is the text that is handed out.
        """
        values = tuple([tell(head, data) for tell in self._tellers])
        return self._text % values if all(values) else None


def prepare(tags: Sequence[str], *, minimal: bool) -> Prepared | None:
    """Return what tells the tags (none of them twice) of objects; None where rows do not do."""
    there, missing = [], []
    for tag in tags:
        if tag == _RESOURCETYPE:
            there.append(empty(tag))  # an object is of no type
        elif tag in OF_ROWS:
            there.append(wrap(tag, _GAP))
        elif tag not in TABLES[ObjectResource]:
            missing.append(empty(tag))
        else:
            return None
    tellers = [OF_ROWS[tag] for tag in tags if tag in OF_ROWS and tag != _RESOURCETYPE]
    return Prepared(propstats(there, [] if minimal else missing), tellers)
