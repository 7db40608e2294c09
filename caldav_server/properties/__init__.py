"""Live and dead properties of everything that has an address: what PROPFIND and REPORT tell.

A resource is a record; a table says which properties its kind has and what they are, as XML. Not
here: setting them (`caldav_server.proppatch`), and what clients' values are stored as
(`caldav_server.dead`).

Sources: RFC 4918 15, RFC 4791 5.2, RFC 3744 5, RFC 5397, RFC 6578 4, calendarserver.org ctag.
"""

from caldav_server.properties.of_calendars import content_type
from caldav_server.properties.prepared import Prepared, prepare
from caldav_server.properties.tables import is_protected, value_of, wants_stored
from caldav_server.properties.telling import allprop, propstat, response, response_at

__all__ = [
    "Prepared",
    "allprop",
    "content_type",
    "is_protected",
    "prepare",
    "propstat",
    "response",
    "response_at",
    "value_of",
    "wants_stored",
]
