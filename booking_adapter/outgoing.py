"""Asking others over HTTP: within limits of time and size, again where that is right, and nobody
inside the practice's network who was not meant.

Not here: what anybody is asked (`booking_adapter.tools`, `booking_adapter.deliveries`).
"""

from __future__ import annotations

import ipaddress
import math
import random
import socket
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import TYPE_CHECKING, Any

import httpx

from booking_adapter.failures import AskedInside, Busy, Failed, Refused

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from types import TracebackType

__all__ = ["Http", "Patience"]

#: Octets of an answer. The largest page of a tool is a tenth of that.
LARGEST = 10_000_000
#: What asks again changes nothing more; a POST is sent again only if it cannot have been seen.
_AGAIN = frozenset({"GET", "HEAD", "PUT", "DELETE"})
_PASSING = frozenset({429, 502, 503, 504})
#: Seconds. Who wants to be left alone for longer is asked again tomorrow, too.
_LONGEST_WAIT = 86_400.0
#: IPv4 behind IPv6 (RFC 6052).
_TRANSLATED = ipaddress.IPv6Network("64:ff9b::/96")


@dataclass(frozen=True, slots=True)
class Patience:
    """Seconds to connect, between two packets, for one answer, and for all tries; and the tries."""

    connect: float = 5.0
    packet: float = 15.0
    answer: float = 30.0
    altogether: float = 90.0
    tries: int = 4
    pause: Callable[[float], None] = field(default=time.sleep, compare=False)


class Http:
    """One party that is asked. Use as a context manager; safe to use from several threads.

    `inside` allows addresses of the practice's own networks. Redirects are not followed. Who asks
    for a longer pause is left alone until it is over, whoever would ask.
    """

    def __init__(
        self,
        base: str,
        headers: Mapping[str, str] | None = None,
        *,
        inside: bool = False,
        patience: Patience | None = None,
    ) -> None:
        self.base = base
        self._patience = patience or Patience()
        self._alone_until = 0.0
        self._client = httpx.Client(
            base_url=base,
            headers={**(headers or {}), "Accept-Encoding": "identity"},  # a few bytes may be many
            transport=_Guarded(inside),
            follow_redirects=False,
            trust_env=False,
        )

    def __enter__(self) -> Http:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def ask(
        self,
        method: str,
        path: str,
        *,
        query: Mapping[str, str] | None = None,
        json: Any = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        once: bool = False,
        until: float = math.inf,
    ) -> httpx.Response:
        """Return an answer of 2xx, read to its end; raises a Failed.

        Asks again, after growing pauses with chance in them, what failed in passing; with `once`
        only what cannot have been seen, whatever the method. `content` is sent as it is. `until`
        (of `time.monotonic`) ends all of it, where the caller has less patience.
        """
        if (left := self._alone_until - time.monotonic()) > 0:
            raise Busy(left)
        more = {"params": query, "json": json, "content": content, "headers": headers}
        harmless = method in _AGAIN and not once
        deadline = min(time.monotonic() + self._patience.altogether, until)
        last = self._patience.tries - 1
        for attempt in range(last + 1):
            try:
                return self._once(method, path, more, until)
            except _Passing as failed:
                pause = failed.wait or random.uniform(0.5, 1.0) * 2**attempt  # noqa: S311
                if failed.wait and time.monotonic() + pause > deadline:
                    self._alone_until = time.monotonic() + failed.wait
                    raise Busy(failed.wait) from failed.cause
                if attempt == last or time.monotonic() + pause > deadline:
                    raise failed.cause from failed
                if not failed.unseen and not harmless:
                    raise failed.cause from failed
                self._patience.pause(pause)
        raise AssertionError("there is at least one try")

    def _once(
        self, method: str, path: str, more: Mapping[str, Any], until: float
    ) -> httpx.Response:
        deadline = min(time.monotonic() + self._patience.answer, until)
        request = self._client.build_request(method, path, timeout=self._timeout(until), **more)
        try:
            answer = self._client.send(request, stream=True)
            try:
                content = _read(answer, deadline)
            finally:
                answer.close()
        except (httpx.ConnectError, httpx.ConnectTimeout) as error:
            raise _Passing(Failed(type(error).__name__), unseen=True) from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _Passing(Failed(type(error).__name__)) from error
        status = answer.status_code
        if status in _PASSING:
            wait, unseen = _wait(answer.headers.get("Retry-After")), status in {429, 503}
            raise _Passing(Refused(status, permanent=False), wait=wait, unseen=unseen)
        if not answer.is_success:
            raise Refused(status, permanent=status < 500)
        if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise Failed("packed, though nobody asked for that", permanent=True)
        return httpx.Response(status, headers=answer.headers, content=content)

    def _timeout(self, until: float) -> httpx.Timeout:
        left = until - time.monotonic()
        if left <= 0:
            raise Failed("too slow")
        packet, connect = min(self._patience.packet, left), min(self._patience.connect, left)
        return httpx.Timeout(packet, connect=connect)


class _Passing(Exception):
    """What may be otherwise in a moment; `unseen` if nothing can have come of it."""

    def __init__(self, cause: Failed, *, wait: float = 0.0, unseen: bool = False) -> None:
        super().__init__()
        self.cause, self.wait, self.unseen = cause, wait, unseen


def _read(answer: httpx.Response, deadline: float) -> bytes:
    content = bytearray()
    for chunk in answer.iter_raw():
        content += chunk
        if len(content) > LARGEST:
            raise Failed("too much", permanent=True)
        if time.monotonic() > deadline:
            raise _Passing(Failed("too slow"))
    return bytes(content)


def _wait(told: str | None) -> float:
    """Return the seconds of a Retry-After (RFC 9110 10.2.3); 0 if none is understood."""
    if not told:
        return 0.0
    try:
        return min(max(0.0, float(told)), _LONGEST_WAIT)
    except ValueError:
        pass
    try:
        until = parsedate_to_datetime(told)
    except ValueError:
        return 0.0
    if until.tzinfo is None:
        return 0.0
    return min(max(0.0, (until - datetime.now(UTC)).total_seconds()), _LONGEST_WAIT)


class _Guarded(httpx.BaseTransport):
    """Connects to an address that was looked at, not to a name that may mean another by then."""

    def __init__(self, inside: bool) -> None:
        self._inside = inside
        self._inner = httpx.HTTPTransport(trust_env=False)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        host = request.url.host
        if not self._inside:
            request.extensions = {**request.extensions, "sni_hostname": host}
            request.url = request.url.copy_with(host=_outside(host, request.url.port or 443))
        return self._inner.handle_request(request)

    def close(self) -> None:
        self._inner.close()


def _outside(host: str, port: int) -> str:
    """Return an address of a host; raises AskedInside unless all of them are of the world."""
    try:
        found = {
            str(each[4][0]) for each in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        }
    except (OSError, UnicodeError) as error:
        raise httpx.ConnectError("no such host") from error
    if not all(map(_is_outside, found)):
        raise AskedInside
    return min(found, key=lambda each: ":" in each)


def _is_outside(address: str) -> bool:
    """Tell whether an address is of the world, and leads to none inside by another name."""
    told = ipaddress.ip_address(address.partition("%")[0])
    meant: list[ipaddress.IPv4Address | ipaddress.IPv6Address | None] = [told]
    if isinstance(told, ipaddress.IPv6Address):
        meant += [told.ipv4_mapped, told.sixtofour, *(told.teredo or ())]
        if told in _TRANSLATED:
            meant.append(ipaddress.IPv4Address(int(told) & 0xFFFFFFFF))
    return all(each.is_global and not each.is_multicast for each in meant if each is not None)
