"""The one place where the parts are put together: settings in, an ASGI application out."""

from __future__ import annotations

from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from starlette.applications import Starlette
from starlette.responses import RedirectResponse

from admin_api.start import start_page
from caldav_server.addresses import MOUNT, Addresses
from caldav_server.application import CalDavApplication
from caldav_server.asgi import CalDavBridge
from caldav_server.body import Limits
from caldav_server.feeds import FEEDS, Feeds
from practice.database import SqlDatabase
from practice.messages import Receiver
from practice.profile import Profile
from practice.use_cases.feeds import FeedWindow
from practice.use_cases.sign_in import Gate, GatePolicy
from practice.vevent import Limits as ObjectLimits
from praxis_caldav import logs
from praxis_caldav.api import Later, TheApi
from praxis_caldav.known import Known
from praxis_caldav.noting import noting
from praxis_caldav.operation import RequestLog, routes
from praxis_caldav.setting_sources import load
from praxis_caldav.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from starlette.routing import Route
    from starlette.types import ASGIApp, Receive, Scope, Send

    from praxis_caldav.elsewhere import Provider
    from praxis_caldav.oidc import Expected, OidcProvider
    from praxis_caldav.outside import Outside

__all__ = [
    "application",
    "compose",
    "elsewhere_of",
    "expected_of",
    "open_database",
    "outside_of",
    "profile_of",
    "receivers_of",
    "working",
]

#: All of it but what booking tools send.
_API, _WEBHOOKS = "/api/", "/api/webhooks/"
#: Where pages are: loaded with the API, when first asked for.
_PAGES = ("/admin", "/anmelden", "/sprache", "/termine", "/buchen", "/static/")
_WELL_KNOWN = "/.well-known/caldav"
#: Apple's calendars look for the account at these, whatever address they were given; "*" is the
#: whole server (RFC 9110 9.3.7).
_PROBED = frozenset({"", "/principals", "*"})
_PLAIN_METHODS = frozenset({"GET", "HEAD"})


def open_database(settings: Settings) -> SqlDatabase:
    """Return the practice's database; nothing is connected yet."""
    return SqlDatabase(
        settings.database.url,
        pool_size=settings.database.pool_size,
        busy_timeout=settings.database.busy_timeout_seconds,
        receivers=receivers_of(settings),
    )


def receivers_of(settings: Settings) -> frozenset[Receiver]:
    """Return who is told of appointments, as the settings have it."""
    there = {
        Receiver.BOOKING_TOOL: True,
        Receiver.PATIENT: bool(settings.mail.host),
        Receiver.ADMIN: bool(settings.mail.host and settings.mail.admin),
        Receiver.PRACTICE_SOFTWARE: bool(settings.software.url),
        Receiver.WEBHOOK: bool(settings.webhook.url),
    }
    return frozenset(receiver for receiver, is_there in there.items() if is_there)


def profile_of(settings: Settings) -> Profile:
    """Return what the practice is called and how its bookings look."""
    return Profile(
        name=settings.practice.name,
        email=settings.practice.email,
        address=settings.practice.address,
        zone=ZoneInfo(settings.practice.zone),
        uid_domain=settings.practice.uid_domain,
        tentative_prefix=settings.appointments.tentative_prefix,
        categories=settings.appointments.categories,
        colors=settings.appointments.colors,
        limits=ObjectLimits(
            settings.caldav.max_object_bytes,
            settings.caldav.max_instances,
            settings.caldav.max_attendees,
        ),
    )


def expected_of(settings: Settings) -> Expected:
    """Return what a token of the identity provider must say."""
    from praxis_caldav.oidc import Expected

    oidc = settings.oidc
    return Expected(
        issuer=oidc.issuer,
        audience=oidc.audience,
        claim=oidc.claim,
        by_email=oidc.match == "email",
        skew=oidc.skew_seconds,
        required_scope=oidc.required_scope,
        required=oidc.required_claims,
    )


def provider_of(settings: Settings) -> OidcProvider | None:
    """Return the identity provider, if there is one; nothing is fetched yet."""
    oidc = settings.oidc
    if not oidc.issuer:
        return None
    # Not loaded where it is not used: it brings an HTTP client and cryptography.
    from praxis_caldav.oidc import OidcProvider, fetch
    from praxis_caldav.oidc.provider import Keeping

    keeping = Keeping(timedelta(seconds=oidc.keys_seconds), timedelta(seconds=oidc.stale_seconds))
    return OidcProvider(expected_of(settings), lambda: fetch(oidc.issuer, oidc.ca_file), keeping)


def _now() -> datetime:
    return datetime.now(UTC)


def elsewhere_of(
    settings: Settings, provider: OidcProvider | None, clock: Callable[[], datetime] = _now
) -> Provider | None:
    """Return where staff sign in with a browser, if there is such a provider."""
    oidc, origin = settings.oidc, settings.server.public_url
    if provider is None or not oidc.client_id:
        return None
    from admin_api.pages.sign_in_elsewhere import BACK
    from praxis_caldav.elsewhere import Provider
    from praxis_caldav.oidc import CodeFlow, RelyingParty

    party = RelyingParty(
        oidc.client_id,
        origin + BACK,
        f"{origin}/anmelden",
        oidc.client_secret,
        tuple(oidc.scopes),
        oidc.prompt,
    )
    flow = CodeFlow(party, expected_of(settings), provider, clock, oidc.ca_file)
    return Provider(oidc.name or urlsplit(oidc.issuer).netloc, origin, flow)


def application() -> ASGIApp:
    """Make the application of one process from the settings in the environment."""
    settings = load()
    logs.set_up(settings.logging.level, settings.logging.format)
    return compose(settings)


def compose(settings: Settings) -> ASGIApp:
    """Put the parts together for one process."""
    database = open_database(settings)
    accounts = settings.accounts
    window = timedelta(seconds=accounts.failure_window_seconds)
    policy = GatePolicy(accounts.failures_per_account, accounts.failures_per_network, window)
    provider = provider_of(settings)
    gate = Gate(policy, provider)
    profile = profile_of(settings)
    caldav = CalDavApplication(
        database,
        gate,
        profile,
        Addresses(settings.caldav.aliases),
        realm=settings.caldav.realm,
    )
    bridge = CalDavBridge(
        caldav,
        database,
        gate,
        threads=settings.server.threads,
        limits=Limits(
            max_body=settings.caldav.max_request_bytes, max_kept=settings.caldav.max_object_bytes
        ),
        remembered=settings.caldav.remembered_megabytes * 1_000_000,
    )
    outside = outside_of(settings, profile)
    ending = Event()
    api = Later(
        lambda: TheApi(
            settings,
            profile,
            database,
            (gate, bridge),
            outside,
            elsewhere_of(settings, provider),
            ending.is_set,
        )
    )
    shown = FeedWindow(settings.feeds.past_days, settings.feeds.future_days)
    feeds = Feeds(database, profile, shown)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[dict[str, object]]:
        works = outside if settings.worker.run == "serve" else None
        with working(works, database, profile), noting(gate.uses, database, _now):
            yield {"known": Known(), "ending": ending}
        api.close()
        if outside is not None:
            outside.close()
        bridge.close()
        feeds.close()
        database.close()

    pages = Starlette(
        routes=[
            *routes(database.ready),
            *_webhooks(outside, database),
            start_page(settings.practice.name, settings.server.public_url),
        ],
        lifespan=lifespan,
    )
    return RequestLog(_Doors(bridge, feeds, pages, api))


def outside_of(settings: Settings, profile: Profile) -> Outside | None:
    """Return everybody outside; None where the settings have nobody."""
    if not settings.booking.sources and receivers_of(settings) == {Receiver.BOOKING_TOOL}:
        return None
    from praxis_caldav.outside import Outside

    return Outside.of(settings, profile)


@contextmanager
def working(outside: Outside | None, database: SqlDatabase, profile: Profile) -> Iterator[None]:
    """Deliver letters and do the jobs, in threads, as long as the block runs; without anybody
    outside there is only housekeeping.
    """
    if outside is None:
        from booking_adapter.jobs import Jobs
        from praxis_caldav.housekeeping import housekeeping

        keeping = Jobs(database, housekeeping(database, _now))
        keeping.start()
        try:
            yield
        finally:
            keeping.stop()
        return
    worker, jobs = outside.worker(database, profile), outside.jobs(database, profile)
    worker.start()
    jobs.start()
    try:
        yield
    finally:
        jobs.stop()
        worker.stop()
        outside.close()


def _webhooks(outside: Outside | None, database: SqlDatabase) -> list[Route]:
    if outside is None:
        return []
    from booking_adapter.webhooks import Webhooks

    return Webhooks(database, outside.sources, _now).routes()


class _Doors:
    """Sends a request to CalDAV, the feeds, the API or the pages, by its address."""

    def __init__(self, caldav: ASGIApp, feeds: ASGIApp, pages: ASGIApp, api: ASGIApp) -> None:
        self._caldav = caldav
        self._feeds = feeds
        self._pages = pages
        self._api = api

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._door(scope)(scope, receive, send)

    def _door(self, scope: Scope) -> ASGIApp:
        if scope["type"] != "http":
            return self._pages
        path: str = scope["path"]
        if path.rstrip("/") == MOUNT and scope["method"] in _PLAIN_METHODS:
            return RedirectResponse("/", status_code=303)  # somebody looks at it with a browser
        if path == MOUNT or path.startswith(MOUNT + "/"):
            return self._caldav
        if path.startswith(FEEDS):
            return self._feeds
        if path.startswith((_API, *_PAGES)) and not path.startswith(_WEBHOOKS):
            return self._api
        if path.rstrip("/") == _WELL_KNOWN:
            return RedirectResponse(MOUNT + "/", status_code=301)
        if path.rstrip("/") in _PROBED and scope["method"] not in _PLAIN_METHODS:
            return self._caldav
        return self._pages
