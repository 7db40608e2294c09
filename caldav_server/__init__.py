"""Door 1: CalDAV. The only importer of `radicale`, which carries the protocol's frame.

Radicale takes requests apart, signs in through our plugin, answers OPTIONS, PROPPATCH,
MKCALENDAR and MKCOL, and packs replies. What a practice asks all day (PROPFIND, REPORT, GET,
PUT, DELETE, MOVE) is answered here, from the index, without loading or parsing what does not
match. Rules and storage are in `practice`; this package knows RFC 4791, 4918 and 6578.
"""
