"""Paths, headers and bodies that are tricks: a request's frame, CalDAV or not."""

from __future__ import annotations

import base64
import gzip
from typing import Any

from tests.building import PASSWORD
from tests.hostile.case import MUELLER, XMLNS, Case, Wire, event

__all__ = ["CASES", "WIRES"]

_POLL = f"<propfind {XMLNS}><prop><getetag/></prop></propfind>"


def _path(name: str, path: str, *statuses: int, method: str = "PUT", **more: Any) -> Case:
    return Case(f"{method} {name}", event(), statuses, method=method, path=path, **more)


PATHS = (
    *(
        _path(f"{name} in the name", f"{MUELLER}{text}", 400)
        for name, text in {
            "a NUL": "%00.ics",
            "a NUL behind": "a.ics%00",
            "a line end": "a%0d%0aSet-Cookie:x=1.ics",
            "an escape": "%1b%5b2J.ics",
            "a delete": "%7f.ics",
            "an encoded slash": "a%2fb.ics",
            "dots and an encoded slash": "..%2F..%2Fetc%2Fpasswd",
            "dots": "../x.ics",
            "encoded dots": "%2e%2e/x.ics",
            "half encoded dots": ".%2e/x.ics",
            "Latin-1": "%e4.ics",
            "overlong dots": "%c0%ae%c0%ae/x.ics",
            "an overlong slash": "%c0%af.ics",
            "a surrogate": "%ed%a0%bd.ics",
            "beyond Unicode": "%f4%90%80%80.ics",
            "half a character": "%e2%82.ics",
            "a C1 control": "%c2%85.ics",
        }.items()
    ),
    _path("a long name", MUELLER + "x" * 60_000 + ".ics", 403, 414),
    _path("a name of 256 bytes", MUELLER + "x" * 252 + ".ics", 403),
    _path("a name of 128 umlauts", MUELLER + "%c3%bc" * 128, 403),
    _path("1,000 folders", MUELLER + "a/" * 1000 + "x.ics", 409),
    _path("1,000 slashes", MUELLER + "/" * 1000, 405),
    _path("the root of all", "/caldav/", 403),
    _path("the home", "/caldav/calendars/", 403),
    _path("a principal", "/caldav/empfang/", 403),
    _path("another's principal", "/caldav/admin/x.ics", 403),
    _path("a calendar of capitals", "/caldav/calendars/DR-MUELLER/x.ics", 403, 404, 409),
    _path("a calendar of full width", "/caldav/calendars/%ef%bd%84r-mueller/x.ics", 403, 404, 409),
    _path("a calendar with a dot behind", "/caldav/calendars/dr-mueller./x.ics", 403, 404, 409),
    _path("a calendar with a space behind", "/caldav/calendars/dr-mueller%20/x.ics", 403, 404, 409),
    _path("a calendar with parameters", "/caldav/calendars/dr-mueller;x=1/x.ics", 403, 404, 409),
    _path("a calendar encoded twice", "/caldav/calendars/dr%252dmueller/x.ics", 403, 404, 409),
    _path("a calendar with a backslash", "/caldav/calendars%5cdr-mueller%5cx.ics", 403, 404, 409),
    _path("a calendar of SQL", "/caldav/calendars/'%20OR%201=1--/x.ics", 403, 404, 409),
    _path(
        "a calendar from right to left",
        "/caldav/calendars/%e2%80%aedr-mueller/x.ics",
        400,
        told=False,
    ),
    _path("a calendar of another script", "/caldav/calendars/dr-mu%cc%88ller/x.ics", 403, 404, 409),
    _path("dots that stay", "/caldav/calendars/dr-mueller/%252e%252e/x.ics", 409),
    *(
        _path("what is not there", f"{MUELLER}nothing.ics", 404, method=method)
        for method in ("GET", "DELETE")
    ),
)


def _header(
    name: str, value: str | bytes, *statuses: int, method: str = "PUT", **more: Any
) -> Case:
    shown = value[:40] if isinstance(value, str) else repr(value[:40])
    body = more.pop("body", event() if method == "PUT" else _POLL)
    path = "" if method == "PUT" else MUELLER
    return Case(
        f"{method} with {name}: {shown} ({len(value)})",
        body,
        statuses or (400,),
        method=method,
        path=path,
        headers=((name, value),),
        **more,
    )


def _move(destination: str | bytes, *statuses: int, **headers: str) -> Case:
    shown = destination[:60] if isinstance(destination, str) else repr(destination[:60])
    return Case(
        f"MOVE to {shown} ({len(destination)}) {headers}",
        b"",
        statuses or (400, 403),
        method="MOVE",
        path=f"{MUELLER}bleibt.ics",
        headers=(("Destination", destination), *headers.items()),
    )


MOVES = (
    Case("MOVE without a Destination", b"", (400,), method="MOVE", path=f"{MUELLER}bleibt.ics"),
    _move(""),
    _move("   "),
    _move("x"),
    _move("*"),
    _move("?"),
    _move("#"),
    _move("http://"),
    _move("http://["),
    _move("http://localhost"),
    _move("http://localhost/", 400, 403, 502),
    _move("ftp://localhost" + MUELLER + "x.ics", 400, 403, 502),
    _move("file://" + MUELLER + "x.ics", 400, 403, 502),
    _move("javascript:" + MUELLER + "x.ics", 400, 403, 502),
    _move("https://example.org" + MUELLER + "x.ics", 502),
    _move("//example.org" + MUELLER + "x.ics", 502),
    _move("http://localhost@example.org" + MUELLER + "x.ics", 502),
    _move("http://empfang:x@localhost" + MUELLER + "x.ics", 400, 403, 502),
    _move("http://localhost:1" + MUELLER + "x.ics", 502),
    _move("http://localhost:99999999" + MUELLER + "x.ics", 400, 502),
    _move("http://localhost.example.org" + MUELLER + "x.ics", 502),
    _move("http://127.0.0.2" + MUELLER + "x.ics", 502),
    _move("http://[::1]" + MUELLER + "x.ics", 400, 502),
    _move("\\\\example.org" + MUELLER + "x.ics", 400, 403, 502),
    _move("/caldav/../caldav/calendars/dr-schmidt/x.ics"),
    _move(MUELLER + "..%2fdr-schmidt%2fx.ics"),
    _move(MUELLER + "%2e%2e/dr-schmidt/x.ics"),
    _move(MUELLER + "a%2fb.ics"),
    _move(MUELLER + "a%00.ics"),
    _move(MUELLER + "a%0d%0ab.ics"),
    _move(MUELLER + "%ff.ics"),
    _move(MUELLER + "x" * 300, 400, 403),
    _move(MUELLER + "x" * 60_000, 400, 403, 414),
    _move(MUELLER, 403, 409, 412),
    _move("/caldav/calendars/", 403),
    _move("/caldav/calendars/keiner/x.ics", 409),
    _move("/etc/passwd"),
    _move("/caldavx/calendars/dr-mueller/x.ics"),
    _move(f"{MUELLER}x.ics, {MUELLER}y.ics"),
    _move("\xff\xfe".encode("latin-1")),
    _move(f"{MUELLER}neu.ics", 400, Overwrite="X"),
    _move(f"{MUELLER}neu.ics", 400, Overwrite=""),
    _move(f"{MUELLER}neu.ics", 400, Overwrite="T, F"),
    _move(f"{MUELLER}neu.ics", 400, Depth="1"),
    _move(f"{MUELLER}neu.ics", 400, Depth="x"),
)

_IFS = (
    "(",
    "()",
    "<",
    "(<x)",
    "([x])",
    '["x"]',
    "(Not)",
    "x",
    "(<urn:x>) (",
    "<" * 10_000,
    "(" * 10_000,
    "(<urn:x> " * 5000,
    '"',
    "([W/])",
)

HEADERS = (
    *(
        _header("Depth", d, method="PROPFIND")
        for d in ("2", "-1", "1.0", "0x1", "one", "infinity, 0", "0, 0", "١", "1" * 10_000, b"\xff")
    ),
    *(
        _header(
            "Depth",
            d,
            400,
            method="REPORT",
            body=f"<sync-collection {XMLNS}><sync-token/><sync-level>1</sync-level><prop/></sync-collection>",
        )
        for d in ("2", "-1", "x")
    ),
    *(_header("If", value, 400, 412) for value in _IFS),
    _header("If", "(<urn:uuid:181d4fae-7d8c-11d0-a765-00a0c91e6bf2>)", 412),
    _header("If", '(["nobody"])', 412),
    *(
        _header("If-Match", value, 400, 412)
        for value in (
            "",
            '"',
            "x y",
            '"a"b"',
            "W/",
            'W/"x"',
            "*, *",
            '"\\"',
            ",,,,",
            ", ".join(['"x"'] * 4000),
            '"' + "x" * 50_000 + '"',
            b'"\xff"',
        )
    ),
    _header("If-Match", "'; DROP TABLE objects; --", 400, 412),
    _header("If-Match", '"0"', 412),
    *(
        _header("Content-Type", value, 403, element="supported-calendar-data")
        for value in (
            "text/html",
            "application/json",
            "application/calendar+xml",
            "application/calendar+json",
            "image/png",
            "multipart/form-data; boundary=x",
            "*/*",
            "text",
            "x" * 10_000,
            "text/vcard",
            "text/calendarx",
        )
    ),
    *(
        _header("Content-Encoding", value, 415, body=gzip.compress(event().encode()))
        for value in ("gzip", "deflate", "br", "zstd", "x", "gzip, gzip", "identity, gzip")
    ),
    Case(
        "a bomb that says so",
        lambda: gzip.compress(b"\0" * 20_000_000),
        (415,),
        headers=(("Content-Encoding", "gzip"),),
    ),
    _header("Expect", "200-maybe", 417),
    _header("Content-Encoding", "gzip", 415, method="REPORT", body=gzip.compress(_POLL.encode())),
    *(
        _header("Host", value, method="PROPFIND", told=True)
        for value in ("a b", "a/b", "<script>", "a@b", "localhost:x", "[::1", b"\xff", "a,b c")
    ),
)


def _twice(name: str, first: str, second: str, method: str = "PROPFIND") -> Case:
    body = event() if method == "PUT" else _POLL
    headers = ((name, first), (name, second))
    path = "" if method == "PUT" else MUELLER
    return Case(f"two {name} headers", body, (400,), method=method, path=path, headers=headers)


DOUBLED = (
    _twice("Depth", "0", "1"),
    _twice("Authorization", "Basic eDp5", "Basic eDp5"),
    _twice("Host", "localhost", "example.org"),
    _twice("Content-Type", "text/calendar", "text/html", "PUT"),
    _twice("If-Modified-Since", "x", "y", "GET"),
    _twice("Overwrite", "T", "F", "PUT"),
    _twice("Content-Encoding", "identity", "gzip", "PUT"),
    _twice("Expect", "100-continue", "x", "PUT"),
)


def _claim(value: str | bytes) -> Case:
    shown = value[:40] if isinstance(value, str) else repr(value[:40])
    return Case(
        f"Authorization: {shown} ({len(value)})",
        _POLL,
        (401,),
        method="PROPFIND",
        path=MUELLER,
        headers=(("Authorization", value), ("X-Forwarded-For", "192.0.2.77")),
        account=None,
        told=False,
    )


def _basic(claim: bytes) -> str:
    return "Basic " + base64.b64encode(claim).decode()


_CLAIMED: tuple[str | bytes, ...] = (
    "basic",
    "Basic  ",
    "Basic =",
    "Basic ====",
    "Basic YTpi=",
    "Basic YTpi YTpi",
    "Basic YTpi\tx",
    "Basic " + "A" * 10_000,
    "Basic ä".encode("latin-1"),
    _basic(b""),
    _basic(b"::"),
    _basic(b"a\r\nb:c"),
    _basic(b"a" * 10_000 + b":b"),
    _basic(b"../../admin:x"),
    _basic(b"' OR 1=1 --:x"),
    _basic("ａｄｍｉｎ:x".encode()),
    _basic("\u202eadmin:x".encode()),
    _basic(f"admin\0:{PASSWORD}".encode()),
    _basic(f"EMPFANG :{PASSWORD}".encode()),
    _basic(b"\xff\xfe:\xff"),
    _basic("\ud800:x".encode("utf-16-le", "surrogatepass")),
    "Bearer",
    "Bearer null",
    "Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.",
    "Bearer " + "a" * 10_000,
    "Bearer ../../x",
    "Digest username=admin",
    "Negotiate TlRMTVNTUAAB",
    "NTLM TlRMTVNTUAAB",
    "AWS4-HMAC-SHA256 Credential=x",
    "Basic" + "\t" + base64.b64encode(b"a:b").decode(),
    ":",
    ",",
)
CLAIMS = tuple(map(_claim, _CLAIMED))

METHODS = (
    *(
        Case(f"{method} on a calendar", b"", (405,), method=method, path=MUELLER, told=False)
        for method in (
            "TRACE",
            "PATCH",
            "POST",
            "LOCK",
            "UNLOCK",
            "BIND",
            "REBIND",
            "SEARCH",
            "SUBSCRIBE",
            "NOTIFY",
            "PURGE",
            "LINK",
            "QUERY",
        )
    ),
    Case(
        "a body with DELETE of nothing",
        lambda: "x" * 900_000,
        (404,),
        method="DELETE",
        path=f"{MUELLER}nothing.ics",
    ),
    Case(
        "a body over the limit with GET",
        lambda: "x" * 26_000_000,
        (413,),
        element="max-resource-size",
        method="GET",
        path=MUELLER,
    ),
    Case(
        "a body over the limit of nobody",
        lambda: "x" * 200_000,
        (413,),
        element="max-resource-size",
        method="PUT",
        account=None,
    ),
)

CASES = (*PATHS, *MOVES, *HEADERS, *DOUBLED, *CLAIMS, *METHODS)

_HOST = "Host: localhost\r\n"
_HEAD = f"{_HOST}%auth%"
_CLOSE = "Connection: close\r\n\r\n"
_GET = f"GET {MUELLER} HTTP/1.1\r\n{_HEAD}"
_PUT = f"PUT {MUELLER}wire.ics HTTP/1.1\r\n{_HEAD}"
_OPTIONS = f"OPTIONS {MUELLER} HTTP/1.1\r\n{_HEAD}"
_MISSING = f"GET {MUELLER}nothing.ics HTTP/1.1\r\n{_HEAD}"

WIRES = (
    Wire("HTTP/0.9", f"GET {MUELLER}\r\n\r\n"),
    Wire("HTTP/2 at once", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    Wire("HTTP/9.9", f"GET {MUELLER} HTTP/9.9\r\n{_HEAD}\r\n"),
    Wire("HTTP/1.0 without a Host", f"GET {MUELLER} HTTP/1.0\r\n%auth%\r\n", ((200,),)),
    Wire("TLS", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"),
    Wire("SSH", "SSH-2.0-OpenSSH_9.6\r\n"),
    Wire("random bytes", bytes(range(255, 0, -1)) * 100),
    Wire("no Host", f"GET {MUELLER} HTTP/1.1\r\n%auth%{_CLOSE}"),
    Wire("two Hosts", f"{_GET}{_HOST}{_CLOSE}"),
    Wire("a method in lower case", f"get {MUELLER} HTTP/1.1\r\n{_HEAD}\r\n"),
    Wire("a method nobody knows", f"BREW {MUELLER} HTTP/1.1\r\n{_HEAD}\r\n", ((400, 405, 501),)),
    Wire("a method of 100 kB", "A" * 100_000 + f" {MUELLER} HTTP/1.1\r\n\r\n"),
    Wire("CONNECT", f"CONNECT localhost:22 HTTP/1.1\r\n{_HEAD}\r\n", ((400, 405, 501),)),
    Wire("a target of *", f"GET * HTTP/1.1\r\n{_HEAD}{_CLOSE}", ((400, 404),)),
    Wire("OPTIONS *", f"OPTIONS * HTTP/1.1\r\n{_HEAD}{_CLOSE}", ((200,),)),
    Wire("a target without a slash", f"GET caldav HTTP/1.1\r\n{_HEAD}{_CLOSE}"),
    Wire(
        "an absolute target",
        f"GET http://localhost{MUELLER} HTTP/1.1\r\n{_HEAD}{_CLOSE}",
        ((200,),),
    ),
    Wire(
        "an absolute target of a bad port",
        f"GET http://localhost:x{MUELLER} HTTP/1.1\r\n{_HEAD}{_CLOSE}",
    ),
    Wire("two slashes", f"GET /{MUELLER} HTTP/1.1\r\n{_HEAD}{_CLOSE}", ((400, 404),)),
    Wire("a backslash", f"GET /caldav\\..\\ HTTP/1.1\r\n{_HEAD}{_CLOSE}", ((400, 404),)),
    Wire("a raw umlaut", f"GET {MUELLER}\xfc HTTP/1.1\r\n{_HEAD}{_CLOSE}".encode("latin-1")),
    Wire("a raw NUL", f"GET {MUELLER}\0 HTTP/1.1\r\n{_HEAD}{_CLOSE}"),
    Wire("a space in the target", f"GET {MUELLER} x HTTP/1.1\r\n{_HEAD}{_CLOSE}"),
    Wire("a tab in the target", f"GET {MUELLER}\tx HTTP/1.1\r\n{_HEAD}{_CLOSE}"),
    Wire(
        "a name of 100 kB",
        f"GET {MUELLER}{'a' * 100_000} HTTP/1.1\r\n{_HEAD}{_CLOSE}",
        ((414, 431),),
    ),
    Wire(
        "a query string of 100 kB",
        f"GET {MUELLER}?{'a' * 100_000} HTTP/1.1\r\n{_HEAD}{_CLOSE}",
        ((414, 431),),
    ),
    Wire(
        "a query string",
        f"GET {MUELLER}nothing.ics?x=%00&../ HTTP/1.1\r\n{_HEAD}{_CLOSE}",
        ((404,),),
    ),
    Wire("a fragment", f"GET {MUELLER}nothing.ics#x HTTP/1.1\r\n{_HEAD}{_CLOSE}", ((400, 404),)),
    Wire("a header of 66 kB", f"{_GET}X-A: {'a' * 66_000}\r\n{_CLOSE}", ((431,),)),
    Wire("a header of 3 MB", f"{_GET}X-A: {'a' * 3_000_000}", ((431,),)),
    Wire("a name of a header of 100 kB", f"{_GET}{'A' * 100_000}: b\r\n{_CLOSE}", ((431,),)),
    Wire(
        "1,000 headers",
        f"{_MISSING}{''.join(f'X-{n}: b' + chr(13) + chr(10) for n in range(1000))}{_CLOSE}",
        ((404,),),
    ),
    Wire("100,000 headers", _GET + "X: b\r\n" * 100_000 + _CLOSE, ((431,),)),
    Wire("a folded header", f"{_GET}X-A: b\r\n c\r\n{_CLOSE}"),
    Wire("a header without a colon", f"{_GET}X-A\r\n{_CLOSE}"),
    Wire("a header without a name", f"{_GET}: b\r\n{_CLOSE}"),
    Wire("a space before a colon", f"{_GET}X-A : b\r\n{_CLOSE}"),
    Wire("a NUL in a header", f"{_GET}X-A: b\0c\r\n{_CLOSE}"),
    Wire("a bare CR in a header", f"{_GET}X-A: b\rX-B: c\r\n{_CLOSE}"),
    Wire("bare LF", _GET.replace("\r\n", "\n") + "\n"),
    Wire("two lengths", f"{_PUT}Content-Length: 1\r\nContent-Length: 2\r\n{_CLOSE}ab"),
    Wire("a list of lengths", f"{_PUT}Content-Length: 1, 1\r\n{_CLOSE}a"),
    Wire("a negative length", f"{_PUT}Content-Length: -1\r\n{_CLOSE}"),
    Wire("a length of nonsense", f"{_PUT}Content-Length: 1x\r\n{_CLOSE}a"),
    Wire("a hexadecimal length", f"{_PUT}Content-Length: 0x1\r\n{_CLOSE}a"),
    Wire("a length with a plus", f"{_PUT}Content-Length: +1\r\n{_CLOSE}a"),
    Wire("a length of 23 digits", f"{_PUT}Content-Length: {'9' * 23}\r\n{_CLOSE}"),
    Wire(
        "a length of 9 exabytes",
        f"{_PUT}Content-Length: 9223372036854775807\r\n{_CLOSE}",
        ((413,),),
    ),
    Wire(
        "a length and chunks",
        f"{_PUT}Content-Length: 3\r\nTransfer-Encoding: chunked\r\n{_CLOSE}0\r\n\r\n",
    ),
    Wire(
        "chunks and a length",
        f"{_PUT}Transfer-Encoding: chunked\r\nContent-Length: 3\r\n{_CLOSE}0\r\n\r\n",
    ),
    Wire(
        "chunks twice",
        f"{_PUT}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n{_CLOSE}0\r\n\r\n",
    ),
    Wire(
        "compressed chunks",
        f"{_PUT}Transfer-Encoding: gzip, chunked\r\n{_CLOSE}0\r\n\r\n",
        ((400, 501),),
    ),
    Wire(
        "a transfer coding nobody knows", f"{_PUT}Transfer-Encoding: x\r\n{_CLOSE}", ((400, 501),)
    ),
    Wire(
        "chunks that are not last",
        f"{_PUT}Transfer-Encoding: chunked, x\r\n{_CLOSE}0\r\n\r\n",
        ((400, 501),),
    ),
    Wire(
        "chunks written oddly",
        f"{_PUT}Transfer-Encoding: \x0bchunked\r\n{_CLOSE}0\r\n\r\n",
        ((400, 501),),
    ),
    Wire("a negative chunk", f"{_PUT}Transfer-Encoding: chunked\r\n{_CLOSE}-1\r\n\r\n"),
    Wire("a chunk of nonsense", f"{_PUT}Transfer-Encoding: chunked\r\n{_CLOSE}zz\r\n\r\n"),
    Wire("a chunk of 17 digits", f"{_PUT}Transfer-Encoding: chunked\r\n{_CLOSE}{'F' * 17}\r\n"),
    Wire(
        "a chunk that is longer than told",
        f"{_PUT}Transfer-Encoding: chunked\r\n{_CLOSE}1\r\nabc\r\n0\r\n\r\n",
    ),
    Wire(
        "an extension of a chunk",
        f"{_PUT}Transfer-Encoding: chunked\r\n{_CLOSE}1;a=b\r\nx\r\n0\r\n\r\n",
        ((403,),),
    ),
    Wire(
        "trailers",
        f"{_PUT}Transfer-Encoding: chunked\r\n{_CLOSE}1\r\nx\r\n0\r\nIf-Match: *\r\n\r\n",
        ((403,),),
    ),
    Wire(
        "an offer of h2c, then more",
        f"{_OPTIONS}Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMA\r\n\r\n",
        ((200,),),
    ),
    Wire(
        "an offer of h2c with a body",
        f"{_PUT}Connection: Upgrade\r\nUpgrade: h2c\r\nContent-Length: 1\r\n\r\nx",
        ((403,),),
    ),
    Wire(
        "a web socket",
        f"{_MISSING}Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n",
        ((400, 404),),
    ),
    Wire("something unexpected", f"{_PUT}Expect: x\r\nContent-Length: 1\r\n{_CLOSE}x", ((417,),)),
    Wire("ranges", f"{_MISSING}Range: bytes={',0-' * 1000}\r\n{_CLOSE}", ((404,),)),
    Wire(
        "four at once",
        _OPTIONS + "\r\n" + _MISSING + "\r\n" + _OPTIONS + "\r\n" + _MISSING + _CLOSE,
        ((200,), (404,), (200,), (404,)),
    ),
    Wire(
        "forty at once", (_MISSING + "\r\n") * 39 + _OPTIONS + _CLOSE, (((404,),) * 39) + ((200,),)
    ),
    Wire("one, then nonsense", f"{_MISSING}\r\nNONSENSE\0\r\n\r\n", ((404,),)),
    Wire(
        "a body, then another request",
        f"{_PUT}Content-Length: 5\r\n\r\nhello{_MISSING}{_CLOSE}",
        ((403,), (404,)),
    ),
    Wire(
        "a body too long, then another request",
        f"{_PUT}Content-Length: 26000000\r\n\r\n" + "x" * 26_000_000 + f"{_MISSING}{_CLOSE}",
        ((413,), (404,)),
    ),
    Wire(
        "half a body and gone",
        f"{_PUT}Content-Length: 1000\r\n\r\nBEGIN:VCALENDAR\r\n",
        ((0,),),
        half=True,
    ),
    Wire(
        "half a chunk and gone",
        f"{_PUT}Transfer-Encoding: chunked\r\n\r\n100\r\nBEGIN:",
        ((0,),),
        half=True,
    ),
    Wire("half a head and gone", f"{_PUT}Content-Le", ((0,),), half=True),
    Wire("nothing", "", ((0,),), half=True),
    Wire("line ends", "\r\n" * 1000, ((0,),), half=True),
)
