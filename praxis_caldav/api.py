"""Putting the API together. Loaded when it is first asked for: it takes half a second, and most
of a server's processes answer nothing but calendars.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Protocol

from practice.access import SYSTEM
from praxis_caldav import __version__

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from admin_api.services import Services
    from caldav_server.asgi import CalDavBridge
    from practice.database import SqlDatabase
    from practice.profile import Profile
    from practice.use_cases.sign_in import Gate
    from praxis_caldav.elsewhere import Provider
    from praxis_caldav.outside import Outside
    from praxis_caldav.settings import Settings

__all__ = ["Later", "TheApi"]

#: Pages of other websites may use these alone.
_PORTAL = "/api/patient-portal/"


def _now() -> datetime:
    return datetime.now(UTC)


class _Made(Protocol):
    @property
    def app(self) -> ASGIApp: ...

    def close(self) -> None: ...


class Later:
    """An application that is made when it is first asked for."""

    def __init__(self, make: Callable[[], _Made]) -> None:
        self._make = make
        self._made: _Made | None = None
        self._making = asyncio.Lock()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request; those that come meanwhile wait for the same."""
        if self._made is None:
            async with self._making:
                if self._made is None:
                    loop = asyncio.get_running_loop()
                    self._made = await loop.run_in_executor(None, self._make)
        await self._made.app(scope, receive, send)

    def close(self) -> None:
        """Close it, if it was ever made."""
        if self._made is not None:
            self._made.close()


class TheApi:
    """The API, its description, and the pages."""

    def __init__(
        self,
        settings: Settings,
        profile: Profile,
        database: SqlDatabase,
        door: tuple[Gate, CalDavBridge],
        outside: Outside | None,
        elsewhere: Provider | None = None,
        is_ending: Callable[[], bool] = lambda: False,
    ) -> None:
        """`door` is where the passwords of CalDAV are verified: those of the API are, too."""
        from admin_api.door import Api
        from admin_api.pages import ENDPOINTS as PAGES
        from admin_api.pages.page import Pages
        from admin_api.rates import Rates
        from admin_api.resources import ENDPOINTS
        from caldav_server.heads import claim_of
        from praxis_caldav.admission import SignIn
        from praxis_caldav.importing import Importer

        gate, bridge = door
        self._elsewhere = elsewhere
        self._lists = Importer(database, outside.tools if outside else {}, profile.zone)
        self._sign_in = SignIn(database, gate, claim_of, bridge.verify, bridge.fetch_keys, _now)
        services = self._services(settings, profile, database, outside, is_ending)
        told = settings.api
        rates = (Rates(told.per_minute), Rates(told.visitors_per_minute))
        self._api = Api(
            database, self._sign_in, services, ENDPOINTS, rates, _now, threads=told.threads
        )
        self._pages = Pages(
            database, self._sign_in, services, PAGES, rates, _now, threads=told.threads
        )
        self._inside = self._all()
        self._portal = _open_to(self._inside, told.origins)

    def _services(
        self,
        settings: Settings,
        profile: Profile,
        database: SqlDatabase,
        outside: Outside | None,
        is_ending: Callable[[], bool],
    ) -> Services:
        """Return what endpoints have besides their unit of work."""
        from admin_api.services import Services
        from praxis_caldav.reaching import Reaching
        from praxis_caldav.settings import CONFIG_VARIABLE

        return Services(
            profile,
            __version__,
            settings.accounts.minimum_password_length,
            lists=self._lists,
            booking_links=outside,
            single_patients=outside.single_patient(database, profile) if outside else None,
            ask_now=partial(outside.ask_now, database, profile) if outside else None,
            public_url=settings.server.public_url,
            origins=settings.api.origins,
            connections=Reaching(settings, profile, os.environ.get(CONFIG_VARIABLE, "")),
            look=lambda: database.begin(actor=SYSTEM, now=_now(), read_only=True, snapshot=False),
            mails_patients=bool(settings.mail.host),
            sign_in_by_mail=bool(settings.mail.host and settings.server.public_url),
            phone=settings.mail.phone,
            elsewhere=self._elsewhere,
            is_ending=is_ending,
        )

    def _all(self) -> ASGIApp:
        """Return an application of all addresses."""
        from starlette.applications import Starlette
        from starlette.routing import Mount

        from admin_api.documentation import documentation
        from admin_api.pages.assets import StaticFiles
        from admin_api.resources import ENDPOINTS

        routes = [
            *documentation(ENDPOINTS, __version__),
            *self._api.routes(),
            Mount("/static", StaticFiles()),
            *self._pages.routes(),
        ]
        return Starlette(routes=routes)

    async def app(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        to_portal = scope["path"].startswith(_PORTAL)
        await (self._portal if to_portal else self._inside)(scope, receive, send)

    def close(self) -> None:
        """Wait for running requests and give the threads back."""
        self._lists.close()
        self._api.close()
        self._pages.close()
        self._sign_in.close()
        if self._elsewhere is not None:
            self._elsewhere.close()


def _open_to(app: ASGIApp, origins: list[str]) -> ASGIApp:
    """Return an application that pages of other websites may use."""
    if not origins:
        return app
    from starlette.middleware.cors import CORSMiddleware

    return CORSMiddleware(
        app,
        allow_origins=origins,
        allow_methods=["GET", "POST", "DELETE"],
        allow_headers=["Content-Type", "Idempotency-Key"],
        max_age=3600,
    )
