"""One connection of a client, under limits that uvicorn's own does not have.

The head of a request is bounded in size and time, an offer to speak another protocol is not
taken up, and what follows a request that is still being answered cannot get in its answer's way.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from praxis_caldav.at_once import AtOnce, in_one
from praxis_caldav.known import MOST_BYTES

if TYPE_CHECKING:
    import asyncio

    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

    from caldav_server.remembering import Sent
    from praxis_caldav.known import Known

__all__ = ["Connection"]

#: Bytes of request line and headers; the longest that is meant is a Bearer token of a few kB.
MOST_HEAD = 65_536
#: Seconds from the first byte of a head, or from the connection, to its end.
HEAD_SECONDS = 30.0
#: Seconds for which what a refused client still sends is read and dropped. A connection that is
#: closed upon unread bytes is reset, and the reset overtakes the answer (RFC 9112, 9.6).
LINGER_SECONDS = 3.0


class Connection(HttpToolsProtocol):
    """uvicorn's connection, with a bounded head."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._in_head = True
        self._seen = 0
        self._refusal = HTTPStatus.BAD_REQUEST
        self._deadline: asyncio.TimerHandle | None = None
        self._refused = False
        self._known: Known | None = self.app_state.get("known")
        self._origin = b""
        self._heads = 0
        self._asked: bytes | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """See asyncio.Protocol."""
        super().connection_made(transport)
        # A request of a proxy says itself where it comes from, if its address is trusted.
        self._origin = f"{self.scheme} {self.client[0] if self.client else ''}\n".encode()
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.Protocol."""
        self._head_is_there()
        super().connection_lost(exc)

    def shutdown(self) -> None:
        """See uvicorn: the server ends when all is answered, and what flows is to end, too."""
        ending = self.app_state.get("ending")
        if ending is not None:
            ending.set()
        super().shutdown()

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        if self._refused:
            return
        known, self._asked = self._known, None
        if known is None or len(data) > MOST_BYTES or not self._is_at_rest():
            self._take_apart(data)
            return
        asked = known.key(self._origin, data)
        sent = known.answer(asked)
        if sent is not None and self._is_given(sent):
            return
        self._heads = 0
        self._take_apart(data)
        if self._heads == 1:  # what is still missing of it would come with other bytes
            self._asked = asked

    def _is_at_rest(self) -> bool:
        """Tell whether everything that came has been answered, and an answer can be written."""
        cycle: RequestResponseCycle | None = self.cycle
        answered = cycle is None or cycle.response_complete
        free = not self.flow.write_paused and not self.transport.is_closing()
        return answered and free and self._in_head and not self._seen

    def _is_given(self, sent: Sent) -> bool:
        """Write an answer to a known request, if it can be."""
        status, headers, body = sent
        text = in_one(status, (*self.server_state.default_headers, *headers), body)
        if text is None:
            return False
        self._head_is_there()
        self.transport.write(text)
        super().on_response_complete()
        return True

    def _take_apart(self, data: bytes) -> None:
        if self._in_head:
            self._seen += len(data)
        super().data_received(data)
        if self._in_head and self._seen:
            self._await_head()
            if self._seen > MOST_HEAD:
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)

    def on_response_complete(self) -> None:
        """See HttpToolsProtocol."""
        asked, self._asked = self._asked, None
        cycle: Any = self.cycle
        again = cycle.scope["state"].get("again")
        # What `in_one` does not write, with a length that is not its body's, is uvicorn's.
        ordinary = cycle.keep_alive and cycle.scope["method"] != "HEAD"
        if asked and again and self._known and ordinary:
            self._known.keep(asked, again)
        super().on_response_complete()

    def on_message_begin(self) -> None:
        """See HttpToolsProtocol."""
        super().on_message_begin()
        self._heads += 1
        self._in_head = True
        self._seen = self._seen or 1

    def on_headers_complete(self) -> None:
        """See HttpToolsProtocol."""
        self._in_head, self._seen = False, 0
        self._head_is_there()
        if len(self.url) + sum(len(n) + len(v) + 4 for n, v in self.headers) > MOST_HEAD:
            self._refusal = HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE
            raise ValueError("the head is too long")  # ends in send_400_response
        before: Any = self.cycle
        super().on_headers_complete()
        cycle: Any = self.cycle
        if cycle is not before:
            cycle.send = AtOnce(cycle)
        if self.parser.should_upgrade():
            # After an upgrade the parser reads no further: the next request would have no answer.
            self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        """See HttpToolsProtocol."""
        super().on_message_complete()
        self._in_head = True

    def send_400_response(self, msg: str) -> None:
        """Refuse what cannot be read; after the answers that are still to be given."""
        del msg
        cycle: RequestResponseCycle | None = self.cycle
        if cycle is not None and not cycle.response_complete and not cycle.more_body:
            cycle.keep_alive = False
            return
        self._refuse(self._refusal)

    def _await_head(self) -> None:
        if self._deadline is None:
            self._deadline = self.loop.call_later(HEAD_SECONDS, self._head_is_late)

    def _head_is_there(self) -> None:
        if self._deadline is not None:
            self._deadline.cancel()
            self._deadline = None

    def _head_is_late(self) -> None:
        self._deadline = None
        self._refuse(HTTPStatus.REQUEST_TIMEOUT)

    def _refuse(self, status: HTTPStatus) -> None:
        self._head_is_there()
        if self._refused or self.transport.is_closing():
            return
        self._refused = True
        sentence = f"{status.phrase}.\n".encode()
        head = (
            f"HTTP/1.1 {status} {status.phrase}\r\nContent-Type: text/plain; charset=utf-8\r\n"
            f"Content-Length: {len(sentence)}\r\nConnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + sentence)
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._deadline = self.loop.call_later(LINGER_SECONDS, self.transport.close)
