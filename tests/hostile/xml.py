"""XML that is none, XML bombs, and reports that make no sense or cost too much."""

from __future__ import annotations

from tests.hostile.case import MUELLER, XMLNS, Case

__all__ = ["CASES", "HARMLESS"]

_ASK = "<prop><displayname/></prop>"
_PROPFIND = f"<propfind {XMLNS}>{_ASK}</propfind>"
_TOKEN = "urn:praxis-caldav:sync:"


def _dtd(declarations: str, reference: str = "") -> str:
    return (
        f"<!DOCTYPE propfind [{declarations}]><propfind {XMLNS}><prop><displayname>{reference}"
        "</displayname></prop></propfind>"
    )


def _laughs() -> str:
    rows = ['<!ENTITY a0 "haha">']
    rows += [f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 20)]
    return _dtd("".join(rows), "&a19;")


def _around(inner: str) -> str:
    return f"<propfind {XMLNS}>{inner}{_ASK}</propfind>"


#: Each for PROPFIND, and again for REPORT, which reads its body the same way.
BODIES = {
    "an empty DTD": f"<!DOCTYPE propfind>{_PROPFIND}",
    "a DTD of elsewhere": f'<!DOCTYPE propfind SYSTEM "http://127.0.0.1:1/x.dtd">{_PROPFIND}',
    "a public DTD": f'<!DOCTYPE propfind PUBLIC "-//X//EN" "file:///etc/passwd">{_PROPFIND}',
    "a parameter entity": _dtd('<!ENTITY % a SYSTEM "file:///etc/passwd"> %a;'),
    "a billion laughs": _laughs,
    "quadratic blowup": lambda: _dtd(f'<!ENTITY a "{"x" * 50_000}">', "&a;" * 50_000),
    "an entity of itself": _dtd('<!ENTITY a "&b;"><!ENTITY b "&a;">', "&a;"),
    "an unparsed entity": _dtd('<!NOTATION n SYSTEM "x"><!ENTITY a SYSTEM "x" NDATA n>'),
    "attributes by a DTD": _dtd('<!ATTLIST propfind xmlns CDATA "DAV:">'),
    "an unknown entity": _around("<a>&nbsp;</a>"),
    "a reference to a NUL": _around("<a>&#0;</a>"),
    "a reference beyond Unicode": _around("<a>&#x110000;</a>"),
    "a reference to a surrogate": _around("<a>&#xD800;</a>"),
    "depth 101": _around("<a>" * 100 + "</a>" * 100),
    "depth 100,000": lambda: _around("<a>" * 100_000 + "</a>" * 100_000),
    "depth of a million, cut off": lambda: "<a>" * 1_000_000,
    "two roots": _PROPFIND + _PROPFIND,
    "text behind the root": _PROPFIND + "x",
    "text before the root": "x" + _PROPFIND,
    "a declaration behind a space": ' <?xml version="1.0"?>' + _PROPFIND,
    "an unbound prefix": _around("<x:a/>"),
    "an attribute twice": f'<propfind {XMLNS} a="1" a="2">{_ASK}</propfind>',
    "an attribute twice by two prefixes": f'<propfind {XMLNS} xmlns:x="u" xmlns:y="u" x:a="1" y:a="2">{_ASK}</propfind>',
    "the prefix xml bound anew": f'<propfind {XMLNS} xmlns:xml="DAV:">{_ASK}</propfind>',
    "no quotes": f"<propfind {XMLNS} a=b>{_ASK}</propfind>",
    "an unclosed element": f"<propfind {XMLNS}>{_ASK}",
    "crossed elements": f"<propfind {XMLNS}><prop></propfind></prop>",
    "an unclosed comment": _around("<!-- "),
    "an unclosed CDATA": _around("<![CDATA["),
    "a control character": _around("<a>\x01</a>"),
    "a NUL": _around("<a>\0</a>"),
    "no UTF-8": _around("<a>ü</a>").encode("latin-1"),
    "UTF-16 that calls itself UTF-8": ('<?xml version="1.0" encoding="utf-8"?>' + _PROPFIND).encode(
        "utf-16-le"
    ),
    "UTF-8 that calls itself UTF-16": '<?xml version="1.0" encoding="utf-16"?>' + _PROPFIND,
    "UTF-7": b'<?xml version="1.0" encoding="utf-7"?>+ADw-propfind xmlns=+ACI-DAV:+ACIAPgA8-/propfind+AD4-',
    "UTF-32": _PROPFIND.encode("utf-32"),
    "an encoding that is a codec": '<?xml version="1.0" encoding="rot13"?>' + _PROPFIND,
    "an encoding of zlib": '<?xml version="1.0" encoding="zlib"?>' + _PROPFIND,
    "an encoding of 10,000 letters": f'<?xml version="1.0" encoding="{"x" * 10_000}"?>' + _PROPFIND,
    "EBCDIC": ('<?xml version="1.0" encoding="cp037"?>' + _PROPFIND).encode("cp037"),
    "JSON": '{"propfind": {}}',
    "a form": "depth=1&a=b",
    "an iCalendar": "BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n",
    "random bytes": bytes(range(256)) * 4,
    "60,000 elements": lambda: _around("<a/>" * 60_000),
    "a processing instruction only": "<?xml-stylesheet href='x'?>",
    "a comment only": "<!-- nothing -->",
    "an open tag of 4 MB": lambda: "<" + "a" * 4_000_000,
    "an open attribute of 4 MB": lambda: '<a b="' + "c" * 4_000_000,
    "an open comment of 4 MB": lambda: "<!--" + "-" * 4_000_000,
}


def _report(root: str, inner: str, attributes: str = "") -> str:
    return f"<{root} {XMLNS}{attributes}>{inner}</{root}>"


def _query(filter_: str, prop: str = "<prop><getetag/></prop>") -> str:
    return _report("C:calendar-query", f"{prop}<C:filter>{filter_}</C:filter>")


def _events(inner: str, prop: str = "<prop><getetag/></prop>") -> str:
    return _query(
        f'<C:comp-filter name="VCALENDAR"><C:comp-filter name="VEVENT">{inner}</C:comp-filter>'
        "</C:comp-filter>",
        prop,
    )


def _range(attributes: str) -> str:
    return _events(f"<C:time-range {attributes}/>")


def _expand(attributes: str) -> str:
    return _events("", f"<prop><C:calendar-data><C:expand {attributes}/></C:calendar-data></prop>")


def _multiget(*hrefs: str) -> str:
    told = "".join(f"<href>{href}</href>" for href in hrefs)
    return _report("C:calendar-multiget", f"<prop><getetag/></prop>{told}")


def _sync(token: str, rest: str = "<sync-level>1</sync-level><prop><getetag/></prop>") -> str:
    return _report("sync-collection", f"<sync-token>{token}</sync-token>{rest}")


def _case(
    name: str, body: object, *statuses: int, element: str = "", method: str = "REPORT"
) -> Case:
    return Case(
        f"{method}: {name}",
        body,  # type: ignore[arg-type]
        statuses or (400,),
        element,
        method,
        MUELLER,
        headers=(("Depth", "1"),),
    )


REPORTS = (
    _case("no body", "", 400),
    _case("spaces", "   ", 400),
    _case(
        "a root of another namespace",
        '<calendar-query xmlns="urn:x"/>',
        403,
        element="supported-report",
    ),
    _case("a root of no namespace", "<calendar-query/>", 403, element="supported-report"),
    _case("a PROPFIND's root", _PROPFIND, 403, element="supported-report"),
    _case(
        "a report of address books",
        '<C:addressbook-query xmlns:C="urn:ietf:params:xml:ns:carddav"/>',
        403,
        element="supported-report",
    ),
    _case("two filters", _report("C:calendar-query", "<C:filter/><C:filter/>"), 400, 403),
    _case("an empty filter", _query(""), 400, 403),
    _case("two outer filters", _query('<C:comp-filter name="VCALENDAR"/>' * 2), 400, 403),
    _case(
        "a filter of DAV:",
        _report("C:calendar-query", '<filter><comp-filter name="VCALENDAR"/></filter>'),
        400,
        403,
    ),
    _case("no name", _query("<C:comp-filter/>"), 400, 403),
    _case("an empty name", _query('<C:comp-filter name=""/>'), 400, 403),
    _case("a prop-filter without a name", _events("<C:prop-filter/>"), 400, 403),
    _case(
        "a param-filter without a name",
        _events('<C:prop-filter name="UID"><C:param-filter/></C:prop-filter>'),
        400,
        403,
    ),
    _case("a condition nobody knows", _events("<C:moon-filter/>"), 400, 403),
    *(
        _case(f"a range of {attributes[:50]!r}", _range(attributes), 403, element="valid-filter")
        for attributes in (
            "",
            'start=""',
            'start="now"',
            'start="20261123"',
            'start="20261123T000000"',
            'start="20261123T000000+0100"',
            'start="2026-11-23T00:00:00Z"',
            'start="20261332T000000Z"',
            'start="20261123T250000Z"',
            'start="00000101T000000Z"',
            'start="99999123T000000Z"',
            'start="-20261123T000000Z"',
            'start="２０２６1123T000000Z"',
            'start="20261124T000000Z" end="20261123T000000Z"',
            'start="20261124T000000Z" end="20261124T000000Z"',
            f'start="{"2" * 100_000}"',
            'start="20261123T000000Z" end="x"',
            'begin="20261123T000000Z"',
        )
    ),
    *(
        _case(f"an expand of {attributes[:50]!r}", _expand(attributes))
        for attributes in (
            "",
            'start="20261123T000000Z"',
            'end="20261123T000000Z"',
            'start="20261124T000000Z" end="20261123T000000Z"',
            'start="x" end="y"',
        )
    ),
    _case(
        "an unknown collation",
        _events(
            '<C:prop-filter name="SUMMARY"><C:text-match collation="'
            + "x" * 10_000
            + '">a</C:text-match></C:prop-filter>'
        ),
        403,
        element="supported-collation",
    ),
    _case(
        "another calendar format",
        _events(
            "",
            '<prop><C:calendar-data content-type="application/calendar+json" version="2.0"/></prop>',
        ),
        403,
        element="supported-calendar-data",
    ),
    _case(
        "a format of another version",
        _events("", '<prop><C:calendar-data content-type="text/calendar" version="9.0"/></prop>'),
        403,
        element="supported-calendar-data",
    ),
    _case("20,000 hrefs", lambda: _multiget(*(f"{MUELLER}{n}.ics" for n in range(20_000))), 403),
    _case(
        "100,000 hrefs",
        lambda: _multiget(*(f"{MUELLER}{n}.ics" for n in range(100_000))),
        400,
        403,
        413,
    ),
    _case("no hrefs", _multiget()),
    _case(
        "filters 97 deep",
        _query('<C:comp-filter name="VCALENDAR">' * 97 + "</C:comp-filter>" * 97),
        403,
        element="valid-filter",
    ),
    _case(
        "a range of 8,000 years",
        _range('start="00010101T000000Z" end="99991231T235959Z"'),
        403,
        element="min-date-time",
    ),
    _case(
        "an expansion of 8,000 years",
        _expand('start="00010101T000000Z" end="99991231T235959Z"'),
        403,
        element="min-date-time",
    ),
    _case(
        "a range until the year 9999",
        _range('start="20260101T000000Z" end="99991231T235959Z"'),
        403,
        element="max-date-time",
    ),
    _case(
        "busy times without an end",
        _report("C:free-busy-query", '<C:time-range start="20261123T000000Z"/>'),
    ),
    _case(
        "busy times without a start",
        _report("C:free-busy-query", '<C:time-range end="20261123T000000Z"/>'),
    ),
    _case(
        "busy times that end first",
        _report(
            "C:free-busy-query", '<C:time-range start="20261124T000000Z" end="20261123T000000Z"/>'
        ),
    ),
    _case(
        "busy times of nonsense", _report("C:free-busy-query", '<C:time-range start="x" end="y"/>')
    ),
    *(
        _case(f"a token of {token[:40]!r}", _sync(token), 403, element="valid-sync-token")
        for token in (
            "x",
            "0",
            "-1",
            "../../etc/passwd",
            "' OR 1=1 --",
            "http://example.org/ns/sync/1",
            _TOKEN,
            f"{_TOKEN}-1-ab-cd",
            f"{_TOKEN}0--",
            f"{_TOKEN}999999999999999999-ab-cd",
            f"{_TOKEN}{'9' * 30}-ab-cd",
            f"{_TOKEN}１-ab-cd",
            f"{_TOKEN}1-ab-{'f' * 100_000}",
            "x" * 1_000_000,
            "&#x202e;",
        )
    ),
    _case(
        "a sync without a token", _report("sync-collection", "<sync-level>1</sync-level><prop/>")
    ),
)

CASES = (
    *(_case(name, body, method="PROPFIND") for name, body in BODIES.items()),
    *(_case(name, body) for name, body in BODIES.items()),
    _case("a wrong root", f"<multistatus {XMLNS}/>", method="PROPFIND"),
    _case("a root of no namespace", "<propfind><prop/></propfind>", method="PROPFIND"),
    _case("nothing asked", f"<propfind {XMLNS}/>", method="PROPFIND"),
    _case(
        "an element nobody knows", f"<propfind {XMLNS}><everything/></propfind>", method="PROPFIND"
    ),
    _case(
        "6 MB",
        lambda: _around("<a>" + "x" * 6_000_000 + "</a>"),
        413,
        element="max-resource-size",
        method="PROPFIND",
    ),
    _case(
        "6 MB", lambda: _around("<a>" + "x" * 6_000_000 + "</a>"), 413, element="max-resource-size"
    ),
    _case(
        "6 MB",
        lambda: _around("<a>" + "x" * 6_000_000 + "</a>"),
        413,
        element="max-resource-size",
        method="PROPPATCH",
    ),
    *REPORTS,
)

#: What is odd and must be answered all the same, soon and small: name, method, body.
HARMLESS: tuple[tuple[str, str, object], ...] = (
    ("UTF-16 with a BOM", "PROPFIND", _PROPFIND.encode("utf-16")),
    ("a BOM", "PROPFIND", b"\xef\xbb\xbf" + _PROPFIND.encode()),
    (
        "ISO-8859-1",
        "PROPFIND",
        b'<?xml version="1.0" encoding="iso-8859-1"?>' + _PROPFIND.encode(),
    ),
    ("XML 1.1", "PROPFIND", '<?xml version="1.1"?>' + _PROPFIND),
    (
        "a processing instruction",
        "PROPFIND",
        f'<?xml-stylesheet href="http://127.0.0.1:1/"?>{_PROPFIND}',
    ),
    (
        "XInclude",
        "PROPFIND",
        _around(
            '<xi:include xmlns:xi="http://www.w3.org/2001/XInclude" href="file:///etc/passwd" parse="text"/>'
        ),
    ),
    (
        "a schema of elsewhere",
        "PROPFIND",
        f'<propfind {XMLNS} xmlns:s="http://www.w3.org/2001/XMLSchema-instance" s:schemaLocation="DAV: http://127.0.0.1:1/">{_ASK}</propfind>',
    ),
    ("comments and CDATA", "PROPFIND", _around("<!-- a --><![CDATA[<a>&b;]]>")),
    ("4 MB of comments", "PROPFIND", lambda: _around("<!--" + "x" * 4_000_000 + "-->")),
    ("100,000 comments", "PROPFIND", lambda: _around("<!--x-->" * 100_000)),
    (
        "100,000 attributes",
        "PROPFIND",
        lambda: _around("<a " + " ".join(f'a{n}="b"' for n in range(100_000)) + "/>"),
    ),
    (
        "100,000 namespaces",
        "PROPFIND",
        lambda: _around("<a " + " ".join(f'xmlns:a{n}="b{n}"' for n in range(100_000)) + "/>"),
    ),
    ("a name of a million letters", "PROPFIND", lambda: _around(f"<{'a' * 1_000_000}/>")),
    (
        "a namespace of a million letters",
        "PROPFIND",
        lambda: f'<propfind {XMLNS}><prop><a xmlns="{"a" * 1_000_000}"/></prop></propfind>',
    ),
    (
        "20,000 properties",
        "PROPFIND",
        lambda: (
            f"<propfind {XMLNS}><prop>{''.join(f'<a{n}/>' for n in range(20_000))}</prop></propfind>"
        ),
    ),
    (
        "one property 40,000 times",
        "PROPFIND",
        lambda: f"<propfind {XMLNS}><prop>{'<displayname/>' * 40_000}</prop></propfind>",
    ),
    (
        "a property of no namespace",
        "PROPFIND",
        f'<propfind {XMLNS}><prop><a xmlns=""/></prop></propfind>',
    ),
    (
        "a property called like Python's",
        "PROPFIND",
        f"<propfind {XMLNS}><prop><__class__/></prop></propfind>",
    ),
    (
        "markup in a namespace",
        "PROPFIND",
        f"<propfind {XMLNS}><prop><a xmlns='\"&gt;&lt;x&gt;&amp;'/></prop></propfind>",
    ),
    ("all ever", "REPORT", _range('start="19000101T000000Z" end="22000101T000000Z"')),
    ("without an end", "REPORT", _range('start="20261123T000000Z"')),
    ("without a start", "REPORT", _range('end="20261123T000000Z"')),
    (
        "a text of a million letters",
        "REPORT",
        lambda: _events(
            f'<C:prop-filter name="SUMMARY"><C:text-match>{"x" * 1_000_000}</C:text-match></C:prop-filter>'
        ),
    ),
    (
        "10,000 property filters",
        "REPORT",
        lambda: _events(
            '<C:prop-filter name="SUMMARY"><C:text-match>e</C:text-match></C:prop-filter>' * 10_000
        ),
    ),
    (
        "1,000 missing properties",
        "REPORT",
        lambda: _events(
            "".join(
                f'<C:prop-filter name="X-{n}"><C:is-not-defined/></C:prop-filter>'
                for n in range(1000)
            )
        ),
    ),
    (
        "a percent sign in a UID",
        "REPORT",
        _events('<C:prop-filter name="UID"><C:text-match>%_\\</C:text-match></C:prop-filter>'),
    ),
    (
        "SQL in a UID",
        "REPORT",
        _events(
            '<C:prop-filter name="UID"><C:text-match>\' OR 1=1 --</C:text-match></C:prop-filter>'
        ),
    ),
    (
        "hrefs of elsewhere",
        "REPORT",
        _multiget(
            "http://example.org/x",
            "//example.org/x",
            "/",
            "",
            "..",
            "mailto:a@example.org",
            "http://[",
            "%ff",
            "%00",
            MUELLER,
            "/caldav/admin/",
            f"{MUELLER}%2e%2e/x",
            "x" * 100_000,
        ),
    ),
    ("one href 4,000 times", "REPORT", lambda: _multiget(*[f"{MUELLER}a.ics"] * 4000)),
    ("an unknown property", "REPORT", _events("", "<prop><a xmlns='urn:x'/></prop>")),
    (
        "a limit of nonsense",
        "REPORT",
        _sync("", "<sync-level>1</sync-level><limit><nresults>100000</nresults></limit><prop/>"),
    ),
    (
        "an expansion of 300 years",
        "REPORT",
        _expand('start="19000101T000000Z" end="22000101T000000Z"'),
    ),
)
