"""The head of an ASGI request, taken apart into a WSGI environ.

Of the headers only those named here get through, so none can stand for something else
(X-Script-Name would move the whole server). Not here: the body (`caldav_server.body`).
"""

from __future__ import annotations

import base64
import binascii
import io
import re
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote_to_bytes

from caldav_server.addresses import CONTROLS, MOUNT
from caldav_server.errors import BadRequest, Refusal
from caldav_server.packing import ACCEPT_ENCODING
from practice.claims import Claim, network_of

if TYPE_CHECKING:
    from collections.abc import MutableMapping

    Message = MutableMapping[str, Any]

__all__ = ["MEANT", "claim_of", "environ_of"]

#: Headers that CalDAV gives a meaning; everything else stays outside.
_HEADERS = {
    b"accept": "HTTP_ACCEPT",
    b"accept-encoding": ACCEPT_ENCODING,
    b"brief": "HTTP_BRIEF",
    b"caldav-timezones": "HTTP_CALDAV_TIMEZONES",
    b"content-type": "CONTENT_TYPE",
    b"depth": "HTTP_DEPTH",
    b"destination": "HTTP_DESTINATION",
    b"host": "HTTP_HOST",
    b"if": "HTTP_IF",
    b"if-match": "HTTP_IF_MATCH",
    b"if-modified-since": "HTTP_IF_MODIFIED_SINCE",
    b"if-none-match": "HTTP_IF_NONE_MATCH",
    b"if-unmodified-since": "HTTP_IF_UNMODIFIED_SINCE",
    b"overwrite": "HTTP_OVERWRITE",
    b"prefer": "HTTP_PREFER",
}
#: Headers with a meaning to the bridge alone.
_CHECKED = frozenset({b"authorization", b"content-encoding", b"expect", b"transfer-encoding"})
#: Lists, which may be told in several lines.
_LISTS = frozenset({b"accept", b"accept-encoding", b"if", b"if-match", b"if-none-match", b"prefer"})
#: A name or address and perhaps a port; HTTP/1.0 may leave it empty.
_HOST = re.compile(rb"([A-Za-z0-9._~%!$&'()*+,;=-]*|\[[0-9A-Fa-f:.]+\])(:\d{0,5})?")
#: All headers that an answer may depend on.
MEANT = frozenset(_HEADERS) | _CHECKED


def environ_of(scope: Message) -> dict[str, Any]:
    """Return a WSGI environ with a path in Unicode; raises BadRequest for one that is a trick."""
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    path = _path(raw.split(b"?")[0])
    outside = not (path == MOUNT or path.startswith(MOUNT + "/"))
    environ: dict[str, Any] = {
        "REQUEST_METHOD": scope["method"].upper(),
        "SCRIPT_NAME": MOUNT,
        "PATH_INFO": "/" if outside else path.removeprefix(MOUNT) or "/",
        "QUERY_STRING": "",
        "SERVER_NAME": "localhost",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "wsgi.errors": io.StringIO(),
        "wsgi.url_scheme": scope.get("scheme", "http"),
    }
    if outside:
        environ["praxis.outside"] = path
    headers = _headers(scope)
    authorization = headers.pop(b"authorization", None)
    environ |= {_HEADERS[name]: value.decode("latin-1") for name, value in headers.items()}
    if authorization is not None:
        client = scope.get("client") or ("", 0)
        environ["praxis.claim"] = claim_of(authorization, network_of(client[0]))
    environ["praxis.hosts"] = _hosts(environ.get("HTTP_HOST", ""))
    return environ


def _headers(scope: Message) -> dict[bytes, bytes]:
    """Return the headers that mean something here; raises Refusal for what must not be guessed.

    Of two that are told twice one would be right and the other a trick (RFC 9110 5.3).
    """
    found: dict[bytes, bytes] = {}
    for name, value in scope["headers"]:
        if name in found and name not in _LISTS:
            raise BadRequest(f"There are two headers called {name.decode('latin-1').title()}.")
        if name in _HEADERS or name in _CHECKED:
            found[name] = found[name] + b", " + value if name in found else value
    old = scope.get("http_version") == "1.0"
    if not _HOST.fullmatch(found.get(b"host", b"" if old else b"?")):
        raise BadRequest("The Host header is missing or names no host.")
    if found.pop(b"content-encoding", b"identity").strip().lower() not in {b"", b"identity"}:
        sentence = "Bodies are taken as they are, not compressed."
        raise Refusal(415, sentence, headers={"Accept-Encoding": "identity"})
    if found.pop(b"transfer-encoding", b"chunked").strip().lower() != b"chunked":
        raise Refusal(501, "Of transfer codings only chunked is known.")
    if found.pop(b"expect", b"100-continue").strip().lower() != b"100-continue":
        raise Refusal(417, "Nothing but 100-continue can be expected.")
    return found


def _path(raw: bytes) -> str:
    try:
        path = unquote_to_bytes(raw).decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadRequest("The path is not UTF-8.") from error
    if b"%2f" in raw.lower() or CONTROLS.search(path) or {"..", "."} & set(path.split("/")):
        raise BadRequest(
            "The path has an encoded slash, control characters or dots that lead elsewhere."
        )
    return path


def _hosts(host: str) -> frozenset[str]:
    """Return the ways this server is called in a Destination, with the usual ports or without."""
    bare = host.lower()
    name = bare.removesuffix(":443").removesuffix(":80")
    return frozenset({bare, name, f"{name}:443", f"{name}:80"})


def claim_of(header: bytes, network: str) -> Claim:
    """Read an Authorization header. One that cannot be read claims nothing that could be true."""
    scheme, _, rest = header.decode("latin-1").strip().partition(" ")
    if scheme.lower() == "bearer":
        return Claim("", rest.strip(), network)
    if scheme.lower() == "basic":
        try:
            told = base64.b64decode(rest.strip(), validate=True)
        except (binascii.Error, ValueError):
            return Claim("", "", network)
        try:
            text = told.decode("utf-8")
        except UnicodeDecodeError:
            text = told.decode("latin-1")  # what older clients mean by an umlaut
        name, separator, password = text.partition(":")
        if separator and name and "\0" not in name:  # which PostgreSQL cannot be asked for
            return Claim(name, password, network)
    return Claim("", "", network)
