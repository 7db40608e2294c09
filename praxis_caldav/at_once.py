"""Answers in one write: uvicorn writes the head as soon as it is told, and then the body.

Saves a call of the system and a packet for each answer, and what uvicorn does for answers of any
kind. What is not whole, short of its length, or the last on its connection is left to uvicorn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.httptools_impl import STATUS_LINE

if TYPE_CHECKING:
    from collections.abc import Collection, MutableMapping

    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

__all__ = ["AtOnce", "in_one"]

#: Off, uvicorn writes all answers. It comes to the same.
AT_ONCE = True
_BODILESS = (204, 304)
#: These change what follows the head.
_OF_THE_CONNECTION = frozenset({b"connection", b"transfer-encoding"})


class AtOnce:
    """The `send` of one answer."""

    def __init__(self, cycle: RequestResponseCycle) -> None:
        self._cycle = cycle
        self._send = cycle.send
        self._head: MutableMapping[str, Any] | None = None

    async def __call__(self, message: MutableMapping[str, Any]) -> None:
        """Send a message, or keep a head until its body comes."""
        if AT_ONCE and message["type"] == "http.response.start":
            self._head = message
            return
        head, self._head = self._head, None
        if head is not None:
            if self._is_written(head, message):
                return
            await self._send(head)  # type: ignore[arg-type]
        await self._send(message)  # type: ignore[arg-type]

    def _is_written(
        self, head: MutableMapping[str, Any], message: MutableMapping[str, Any]
    ) -> bool:
        """Write an answer if it is an ordinary one, and tell whether it was."""
        cycle, body = self._cycle, message.get("body", b"")
        if cycle.transport.is_closing():  # uvicorn is told of it in the loop's next turn
            cycle.disconnected = True
        if message.get("more_body") or cycle.flow.write_paused or cycle.disconnected:
            return False
        if not cycle.keep_alive or cycle.response_started or cycle.scope["method"] == "HEAD":
            return False
        headers = (*cycle.default_headers, *head.get("headers", ()))
        text = in_one(head["status"], headers, body)
        if text is None:
            return False
        cycle.transport.write(text)
        cycle.response_started = cycle.response_complete = True
        cycle.waiting_for_100_continue = False
        cycle.message_event.set()
        cycle.on_response()
        return True


def in_one(status: int, headers: Collection[tuple[bytes, bytes]], body: bytes) -> bytes | None:
    """Return an answer as it goes out; None if it is none that can be written so."""
    length = 0 if status in _BODILESS else -1
    lines = [STATUS_LINE[status]]
    for name, value in headers:
        if name == b"content-length":
            length = int(value)
        elif name in _OF_THE_CONNECTION:
            return None
        lines += (name, b": ", value, b"\r\n")
    lines.append(b"\r\n")
    text = b"".join(lines)
    # A line end within a header would be another header: uvicorn refuses it.
    if length != len(body) or text.count(b"\n") != len(headers) + 2:
        return None
    return text + body
