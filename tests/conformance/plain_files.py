"""Suites for plain WebDAV, made to speak of calendars: files dressed as appointments.

RFC 4791 4.2 keeps anything but calendar objects out of a calendar, so suites that put text files
would stop at their first request. Between such a suite and the server stands this: a collection is
made as a calendar (RFC 5689), a file's bytes travel in a property of an event. Everything else
passes as it is, and so do all answers. It repairs nothing: what the server refuses, the suite sees.
"""

from __future__ import annotations

import base64
import http.client
import re
import sys
import threading
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from tests.conformance.house import Served

__all__ = ["PlainFiles", "dressed", "undressed"]

_AS_CALENDAR = (
    b'<mkcol xmlns="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><set><prop><resourcetype>'
    b"<collection/><C:calendar/></resourcetype></prop></set></mkcol>"
)
_HOP = frozenset({"connection", "content-length", "transfer-encoding", "accept-encoding", "expect"})
_UID = re.compile(rb"^UID:(.*?)\r?$", re.MULTILINE)
_FILE = re.compile(rb"^X-FILE:(.*?)\r?$", re.MULTILINE)


def dressed(content: bytes, uid: str) -> bytes:
    """Return an event that carries a file."""
    coded = base64.b64encode(content).decode()
    folded = "\r\n ".join(coded[i : i + 60] for i in range(0, len(coded), 60))
    return (
        "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//Tests//Plain files//EN\r\nBEGIN:VEVENT\r\n"
        f"UID:{uid}\r\nDTSTAMP:20261101T080000Z\r\nDTSTART:20261123T100000Z\r\n"
        f"X-FILE:{folded}\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
    ).encode()


def undressed(text: bytes) -> bytes | None:
    """Return the file that an event carries, None if it is not one of ours."""
    found = _FILE.search(text.replace(b"\r\n ", b""))
    return base64.b64decode(found[1]) if found else None


class PlainFiles:
    """Use as a context manager; `url` is the calendar home as plain-file suites may see it."""

    def __init__(self, server: Served) -> None:
        self._target = urlsplit(server.url)
        handler = type("Handler", (_Handler,), {"target": self._target.netloc})
        self._front = _Front(("127.0.0.1", 0), handler)
        self._thread = threading.Thread(target=self._front.serve_forever, daemon=True)
        self.url = f"http://127.0.0.1:{self._front.server_port}{urlsplit(server.home).path}"

    def __enter__(self) -> PlainFiles:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._front.shutdown()
        self._front.server_close()


class _Front(ThreadingHTTPServer):
    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a suite that hangs up before the answer, as some do on purpose."""
        if not isinstance(sys.exception(), ConnectionError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    target = ""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("do_"):
            return self._pass_on
        raise AttributeError(name)

    def log_message(self, format: str, *args: object) -> None:
        pass

    def handle_expect_100(self) -> bool:
        """Say "100 Continue" if the server itself says it."""
        there = http.client.HTTPConnection(self.target, timeout=30)
        there.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            there.putheader(name, value)
        there.endheaders()
        first = there.sock.recv(64)
        there.close()
        return super().handle_expect_100() if b" 100 " in first.split(b"\r\n")[0] else True

    def _pass_on(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        headers = {k: v for k, v in self.headers.items() if k.lower() not in _HOP}
        if self.command == "PUT":
            headers["Content-Type"] = "text/calendar; charset=utf-8"
            body = dressed(body, self._uid_there(headers) or str(uuid.uuid4()))
        elif self.command == "MKCOL" and not body and self.path.strip("/").count("/") == 2:
            headers["Content-Type"] = "application/xml; charset=utf-8"
            body = _AS_CALENDAR
        status, told, content = self._ask(self.command, headers, body)
        if self.command == "GET" and (file := undressed(content)) is not None:
            content = file
        self._tell(status, told, content)

    def _uid_there(self, headers: dict[str, str]) -> str | None:
        """Return the UID of what is overwritten: it must stay (RFC 4791 5.3.2.1)."""
        only = {k: v for k, v in headers.items() if k.lower() in {"authorization", "host"}}
        status, _, text = self._ask("GET", only, b"")
        found = _UID.search(text) if status == 200 else None
        return found[1].decode() if found else None

    def _ask(
        self, method: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        there = http.client.HTTPConnection(self.target, timeout=60)
        there.putrequest(method, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in {**headers, "Content-Length": str(len(body))}.items():
            there.putheader(name, value.encode("latin-1"))
        there.endheaders(body)
        answer = there.getresponse()
        content = answer.read()
        there.close()
        return answer.status, answer.getheaders(), content

    def _tell(self, status: int, headers: list[tuple[str, str]], content: bytes) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in _HOP:
                self.send_header(name, value)
        if status not in {204, 304}:
            self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)
