"""The API in the test's own process, over the test's own database."""

from __future__ import annotations

from contextlib import contextmanager
from datetime import datetime
from typing import TYPE_CHECKING, Any

from starlette.applications import Starlette

from admin_api.documentation import documentation
from admin_api.door import Api
from admin_api.rates import Rates
from admin_api.resources import ENDPOINTS
from admin_api.services import Services
from caldav_server.addresses import Addresses
from caldav_server.application import CalDavApplication
from caldav_server.asgi import CalDavBridge
from caldav_server.heads import claim_of
from practice.use_cases.sign_in import Gate
from praxis_caldav.admission import SignIn
from tests.building import NOW, PASSWORD, PROFILE
from tests.one_loop import one_loop

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from starlette.testclient import TestClient

    from admin_api.endpoint import Endpoint
    from practice.database import SqlDatabase
    from tests.one_loop import ClientOf

__all__ = ["Clock", "Doors", "api_of"]


class Clock:
    """What the API takes for now."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now


class Doors:
    """Clients of accounts, of the API and of CalDAV alike; `nobody` has not signed in."""

    def __init__(
        self, client_of: ClientOf, app: Starlette, caldav: CalDavBridge, clock: Clock
    ) -> None:
        self._client_of = client_of
        self.app = app
        self._caldav = caldav
        self.clock = clock
        self.nobody = client_of(app)

    def api(self, account: str) -> TestClient:
        """Return a client of the API."""
        client = self._client_of(self.app)
        client.auth = (account, PASSWORD)
        return client

    def token(self, token: str) -> TestClient:
        """Return a client of the API that has a token."""
        told = {"Authorization": f"Bearer {token}"}
        return self._client_of(self.app, headers=told)

    def visitor(self, address: str) -> TestClient:
        """Return a client of the API that has not signed in, at an address."""
        return self._client_of(self.app, client=(address, 50_000))

    def caldav(self, account: str) -> TestClient:
        """Return a client of CalDAV."""
        client = self._client_of(self._caldav)
        client.auth = (account, PASSWORD)
        return client


@contextmanager
def api_of(
    database: SqlDatabase,
    *,
    endpoints: Sequence[Endpoint] = ENDPOINTS,
    clock: Clock | None = None,
    rates: tuple[int, int] = (100_000, 100_000),
    **services: Any,
) -> Iterator[Doors]:
    """Serve the API and CalDAV over one database and one gate."""
    clock, gate = clock or Clock(), Gate()
    caldav = CalDavApplication(database, gate, PROFILE, Addresses({}))
    bridge = CalDavBridge(caldav, database, gate, threads=2)
    sign_in = SignIn(database, gate, claim_of, bridge.verify, bridge.fetch_keys, clock)
    per_minute = (Rates(rates[0]), Rates(rates[1]))
    given = Services(PROFILE, "0", **services)
    api = Api(database, sign_in, given, endpoints, per_minute, clock, threads=4)
    app = Starlette(routes=[*documentation(endpoints, "0"), *api.routes()])
    try:
        with one_loop() as client_of:
            yield Doors(client_of, app, bridge, clock)
    finally:
        api.close()
        sign_in.close()
        bridge.close()
