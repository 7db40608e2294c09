"""The CalDAV door in the test's own process, over the test's own database."""

from __future__ import annotations

import os
from contextlib import contextmanager
from typing import TYPE_CHECKING

from caldav_server.addresses import Addresses
from caldav_server.application import CalDavApplication
from caldav_server.asgi import CalDavBridge
from practice.use_cases.sign_in import Gate
from tests.building import PASSWORD, PROFILE
from tests.dav import HOME
from tests.one_loop import one_loop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.testclient import TestClient

    from practice.database import SqlDatabase

__all__ = ["REMEMBERED", "clients"]

#: As a server's own is set, so that a run of all tests can be had without.
REMEMBERED = 1_000_000 * int(os.environ.get("PRAXIS_CALDAV_CALDAV__REMEMBERED_MEGABYTES", "64"))


@contextmanager
def clients(
    database: SqlDatabase,
    *accounts: str,
    remembered: int = REMEMBERED,
    gate: Gate | None = None,
) -> Iterator[list[TestClient]]:
    """Sign accounts in; their passwords are verified by now, as in a worker that runs for long.

    `remembered` is the bytes for answers that are given again.
    """
    gate = gate or Gate()
    application = CalDavApplication(database, gate, PROFILE, Addresses({}))
    bridge = CalDavBridge(application, database, gate, threads=2, remembered=remembered)
    try:
        with one_loop() as client_of:
            made = [client_of(bridge) for _ in accounts]
            for client, account in zip(made, accounts, strict=True):
                client.auth = (account, PASSWORD)
                assert client.request("PROPFIND", HOME).status_code == 207
            yield made
    finally:
        bridge.close()
