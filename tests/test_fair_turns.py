"""Whoever fetches whole calendars does not keep the threads from those who ask for little."""

from __future__ import annotations

import asyncio
import threading
from typing import TYPE_CHECKING, Any

import httpx

from caldav_server.addresses import Addresses
from caldav_server.application import CalDavApplication
from caldav_server.asgi import CalDavBridge
from practice.use_cases.reading import as_file
from practice.use_cases.sign_in import Gate
from tests.building import PASSWORD, PROFILE, an_event
from tests.dav import HOME

if TYPE_CHECKING:
    import pytest

    from practice.database import SqlDatabase

MUELLER = f"{HOME}dr-mueller/"


def test_forty_who_fetch_whole_calendars_leave_a_thread_to_one_who_fetches_an_object(
    practice: SqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = threading.Event()

    def held(*arguments: Any) -> str:
        assert gate.wait(20)
        return as_file(*arguments)

    monkeypatch.setattr("caldav_server.objects.as_file", held)

    async def go(client: httpx.AsyncClient) -> list[int]:
        assert (await client.put(f"{MUELLER}a.ics", content=an_event())).status_code == 201
        fetching = [
            asyncio.create_task(client.get(MUELLER, headers={"If-None-Match": f'"{n}"'}))
            for n in range(40)
        ]
        try:
            async with asyncio.timeout(10):
                one = await client.get(f"{MUELLER}a.ics")
                poll = await client.request("PROPFIND", MUELLER, headers={"Depth": "0"})
        finally:
            gate.set()
        fetched = [each.status_code for each in await asyncio.gather(*fetching)]
        return [one.status_code, poll.status_code, *fetched]

    async def served() -> list[int]:
        transport = httpx.ASGITransport(bridge)
        auth = ("empfang", PASSWORD)
        async with httpx.AsyncClient(
            transport=transport, base_url="http://localhost", auth=auth
        ) as client:
            return await go(client)

    sign_in = Gate()
    application = CalDavApplication(practice, sign_in, PROFILE, Addresses({}))
    bridge = CalDavBridge(application, practice, sign_in, threads=16)
    try:
        assert asyncio.run(served()) == [200, 207, *[200] * 40]
    finally:
        bridge.close()
