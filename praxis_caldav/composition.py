"""The one place where the parts are put together: settings in, an ASGI application out.

Not here: what is loaded late, the API (`praxis_caldav.api`) and what speaks with the outside
(`praxis_caldav.outside`).
"""

from __future__ import annotations

from contextlib import asynccontextmanager, contextmanager
from datetime import UTC, datetime, timedelta
from threading import Event
from typing import TYPE_CHECKING
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from starlette.applications import Starlette

from admin_api.start import start_page
from caldav_server.addresses import Addresses
from caldav_server.application import CalDavApplication
from caldav_server.asgi import CalDavBridge
from caldav_server.body import Limits
from caldav_server.feeds import Feeds
from practice.database import SqlDatabase
from practice.messages import Receiver
from practice.profile import Profile
from practice.use_cases.feeds import FeedWindow
from practice.use_cases.sign_in import Gate, GatePolicy
from practice.vevent import Limits as ObjectLimits
from praxis_caldav import logs
from praxis_caldav.api import Later, TheApi
from praxis_caldav.doors import Doors
from praxis_caldav.known import Known
from praxis_caldav.noting import noting
from praxis_caldav.operation import RequestLog, routes
from praxis_caldav.setting_sources import load
from praxis_caldav.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator

    from starlette.routing import Route
    from starlette.types import ASGIApp

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


def _gate_of(settings: Settings, provider: OidcProvider | None) -> Gate:
    accounts = settings.accounts
    window = timedelta(seconds=accounts.failure_window_seconds)
    return Gate(
        GatePolicy(accounts.failures_per_account, accounts.failures_per_network, window), provider
    )


def _bridge_of(
    settings: Settings, database: SqlDatabase, gate: Gate, profile: Profile
) -> CalDavBridge:
    """Return the calendars' door."""
    told = settings.caldav
    return CalDavBridge(
        CalDavApplication(database, gate, profile, Addresses(told.aliases), realm=told.realm),
        database,
        gate,
        threads=settings.server.threads,
        limits=Limits(max_body=told.max_request_bytes, max_kept=told.max_object_bytes),
        remembered=told.remembered_megabytes * 1_000_000,
    )


def compose(settings: Settings) -> ASGIApp:
    """Put the parts together for one process."""
    database, profile = open_database(settings), profile_of(settings)
    provider = provider_of(settings)
    gate = _gate_of(settings, provider)
    bridge = _bridge_of(settings, database, gate, profile)
    outside = outside_of(settings, profile)
    ending = Event()
    shown = FeedWindow(settings.feeds.past_days, settings.feeds.future_days)
    feeds = Feeds(database, profile, shown)

    def make_api() -> TheApi:
        elsewhere = elsewhere_of(settings, provider)
        door = (gate, bridge)
        return TheApi(settings, profile, database, door, outside, elsewhere, ending.is_set)

    api = Later(make_api)

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
    pages.router.default = api  # where there is nothing, a page of the practice says so
    return RequestLog(Doors(bridge, feeds, pages, api))


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
