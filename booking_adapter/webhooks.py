"""Webhooks of the booking tools: verified, kept and answered at once; worked off afterwards.

Not here: what one says (`booking_adapter.tools`), and what becomes of it
(`booking_adapter.taking`).
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
from datetime import timedelta
from typing import TYPE_CHECKING

from starlette.concurrency import run_in_threadpool
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from booking_adapter.failures import Failed, may_pass
from booking_adapter.protocol import Hook, NotAuthentic, Power
from booking_adapter.taking import take_events
from practice.errors import Unavailable
from practice.sources import Receipt, ReceiptState

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from starlette.requests import Request

    from booking_adapter.sync import Source
    from practice.ports import Database
    from practice.profile import Profile

__all__ = ["KEPT", "PATH", "Webhooks", "work_off"]

log = logging.getLogger(__name__)

PATH = "/api/webhooks/booking"
#: Octets of a body. A booking has a few thousand.
LARGEST = 256_000
#: Seconds in which a body has to be there.
_LATEST = 10.0
#: Who has not settled a receipt within this is taken for dead.
_LEASE = timedelta(minutes=5)
#: One that the tool cannot be asked about for so long is left to a person.
_PATIENCE = timedelta(days=3)
#: How long they are kept: repeated ones are known by them, and a person can replay them.
KEPT = timedelta(days=7)
_PAUSE, _LONGEST_PAUSE = timedelta(seconds=30), timedelta(minutes=30)


class Webhooks:
    """The addresses at which tools tell what happened in them."""

    def __init__(
        self, database: Database, sources: Mapping[str, Source], clock: Callable[[], datetime]
    ) -> None:
        self._database = database
        self._sources = {
            name: source for name, source in sources.items() if Power.HOOKS in source.tool.powers
        }
        self._clock = clock

    def routes(self) -> list[Route]:
        """Return the routes: `PATH`, and `PATH`/{source} where there are several."""
        return [
            Route(PATH, self._receive, methods=["POST"]),
            Route(f"{PATH}/{{source}}", self._receive, methods=["POST"]),
        ]

    async def _receive(self, request: Request) -> Response:
        name = request.path_params.get("source")
        sources = [s for s in self._sources.values() if name is None or s.name == name]
        if not sources:
            return _problem(404, "No booking tool of this name sends webhooks here.")
        try:
            async with asyncio.timeout(_LATEST):
                body = await _body(request)
        except TimeoutError:
            return _problem(408, "The body did not come in time.")
        if body is None:
            return _problem(413, f"A webhook has at most {LARGEST:,} bytes.")
        headers = {key.lower(): value for key, value in request.headers.items()}
        return await run_in_threadpool(self._keep, sources, Hook(headers, body, self._clock()))

    def _keep(self, sources: list[Source], hook: Hook) -> Response:
        for source in sources:
            try:
                key, reason = source.tool.key(hook), ""
            except NotAuthentic:
                continue
            except Failed as failed:
                key, reason = hashlib.sha256(hook.body).hexdigest(), str(failed)
            try:
                return self._kept(source, hook, key, reason)
            except Unavailable:
                answer = _problem(503, "Come back in a few seconds.")
                answer.headers["Retry-After"] = "5"
                return answer
        log.warning("webhook.refused", extra={"sources": ",".join(s.name for s in sources)})
        return _problem(401, "The webhook is not signed as agreed, or too old.")

    def _kept(self, source: Source, hook: Hook, key: str, reason: str) -> Response:
        with self._database.begin(actor=source.actor, now=hook.received) as uow:
            # Without its headers: some tools put the secret itself into them.
            receipt = uow.receipts.receive(source.name, key, {}, hook.body, reason)
        if receipt is None:
            return JSONResponse({"status": "known"})
        log.info("webhook.received", extra={"source": source.name, "receipt": receipt})
        return JSONResponse({"status": "accepted", "receipt": receipt}, status_code=202)


def work_off(
    database: Database,
    sources: Mapping[str, Source],
    profile: Profile,
    clock: Callable[[], datetime],
    limit: int = 20,
) -> int:
    """Work off the webhooks that are due; return how many were looked at.

    Raises Unavailable where the database has no time; what is left is due at once.
    """
    if not sources:
        return 0
    actor = next(iter(sources.values())).actor
    with database.begin(actor=actor, now=clock(), read_only=True) as uow:
        if not uow.receipts.is_due():
            return 0
    with database.begin(actor=actor, now=clock()) as uow:
        claimed = uow.receipts.claim(_LEASE, limit)
    for done, receipt in enumerate(claimed):
        try:
            _work_on(database, sources, profile, clock, receipt)
        except Unavailable:
            with database.begin(actor=actor, now=clock()) as uow:
                for left in claimed[done:]:
                    uow.receipts.settle(left, ReceiptState.WAITING)
            raise
    return len(claimed)


def _work_on(
    database: Database,
    sources: Mapping[str, Source],
    profile: Profile,
    clock: Callable[[], datetime],
    receipt: Receipt,
) -> None:
    source = sources.get(receipt.source)
    state, reason, due = ReceiptState.DONE, "", None
    try:
        if source is None:
            raise Failed("the settings have no such booking tool any more", permanent=True)
        reason = _take_over(database, source, profile, clock, receipt)
        state = ReceiptState.QUARANTINED if reason else state
    except Failed as failed:
        state, reason = _failed(failed, receipt, clock()), str(failed)
        due = clock() + min(_PAUSE * 2 ** min(receipt.attempts - 1, 10), _LONGEST_PAUSE)
    if state is ReceiptState.QUARANTINED:
        extra = {"source": receipt.source, "receipt": receipt.id, "reason": reason}
        log.warning("webhook.quarantined", extra=extra)
    actor = next(iter(sources.values())).actor if source is None else source.actor
    with database.begin(actor=actor, now=clock()) as uow:
        uow.receipts.settle(receipt, state, reason=reason, due=due)


def _take_over(
    database: Database,
    source: Source,
    profile: Profile,
    clock: Callable[[], datetime],
    receipt: Receipt,
) -> str:
    """Take over what a webhook tells; return why not, if something was not taken over."""
    asked, hook = clock(), Hook(receipt.headers, receipt.body, receipt.received)
    try:
        events = source.tool.events(hook)
        with database.begin(actor=source.actor, now=clock()) as uow:
            reasons = take_events(uow, source, events, profile, receipt.received, asked)
    except (Failed, Unavailable):
        raise
    except Exception as error:
        # A webhook that nobody thought of must not hold up the others, nor be lost.
        log.exception("webhook.error")
        raise Failed(type(error).__name__) from error
    return reasons[0] if reasons else ""


def _failed(failed: Failed, receipt: Receipt, now: datetime) -> ReceiptState:
    if not may_pass(failed) or now - receipt.received >= _PATIENCE:
        return ReceiptState.QUARANTINED
    return ReceiptState.WAITING


async def _body(request: Request) -> bytes | None:
    """Return the body; None if it is too large."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            return None
    return bytes(body)


def _problem(status: int, detail: str) -> Response:
    """Return what went wrong as RFC 9457 has it."""
    return JSONResponse(
        {"type": "about:blank", "status": status, "detail": detail},
        status_code=status,
        media_type="application/problem+json",
    )
