"""Staff sign in to the pages at an identity provider, and what can go wrong on the way there and
back.

In this process, over real HTTP to a provider of the tests; in a real browser to one that others
have written. Not here: tokens that are shown to CalDAV and the API, see `test_oidc`.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import pytest
from playwright.sync_api import expect
from starlette.applications import Starlette
from starlette.testclient import TestClient

from admin_api.pages import ENDPOINTS
from admin_api.pages.page import Pages
from admin_api.rates import Rates
from admin_api.services import Services
from caldav_server.heads import claim_of
from practice.access import Account, Role
from practice.acts import Kind
from practice.database import SqlDatabase
from practice.identity import Vouched, WhyNot
from practice.use_cases.accounts import add_account
from practice.use_cases.sessions import sessions_of
from practice.use_cases.sign_in import Gate
from practice.use_cases.sign_in_elsewhere import begin_attempt, sign_in_vouched
from praxis_caldav.admission import SignIn
from praxis_caldav.composition import elsewhere_of, expected_of
from praxis_caldav.oidc import OidcProvider, fetch
from praxis_caldav.setting_sources import SettingsError, load
from tests.browser import faults_of
from tests.building import PROFILE, a_practice, reading, the_account, writing
from tests.conftest import a_database
from tests.issuer import Issuer, Key
from tests.servers import RunningServer, free_port

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page

    from praxis_caldav.elsewhere import Provider
    from praxis_caldav.settings import Settings

HERE = "https://kalender.example.org"
THERE, BACK = "/anmelden/extern", "/anmelden/extern/zurueck"
ATTEMPT, SESSION = "__Host-attempt", "__Host-session"
CLIENT = "praxis-seiten"


def settings_for(issuer: str, **more: str) -> Settings:
    given = {"OIDC__ISSUER": issuer, "OIDC__AUDIENCE": "praxis", "OIDC__CLIENT_ID": CLIENT}
    given |= {"OIDC__NAME": "Klinik & Co", "SERVER__PUBLIC_URL": HERE} | more
    return load(environ={f"PRAXIS_CALDAV_{name}": value for name, value in given.items()})


@dataclass
class Door:
    """The pages, and the provider they send people to."""

    issuer: Issuer
    database: SqlDatabase
    app: Starlette
    elsewhere: Provider
    now: list[datetime]

    def browser(self) -> TestClient:
        """Return a browser that remembers nothing yet."""
        return TestClient(self.app, base_url=HERE, follow_redirects=False)

    def depart(self, browser: TestClient, onward: str = "/admin?tag=2026-11-23") -> str:
        """Go to the provider; return its address as the browser is sent there."""
        answer = browser.get(THERE, params={"zu": onward})
        assert answer.status_code == 303
        return str(answer.headers["location"])

    def sign_in(self, name: str = "empfang", **claims: Any) -> httpx.Response:
        """Go there, sign in, and come back."""
        browser = self.browser()
        address = self.issuer.authorize(self.depart(browser), name, **claims)
        answer: httpx.Response = browser.get(address)
        return answer

    def sessions(self) -> int:
        with reading(self.database, self.now[0]) as uow:
            return sum(len(sessions_of(uow, one)) for one in uow.accounts.all())


@contextmanager
def a_server(
    database: SqlDatabase, elsewhere: Provider | None
) -> Iterator[tuple[Starlette, list[datetime]]]:
    """Serve the pages; what they take for now can be changed."""
    now = [datetime.now(UTC)]

    async def nothing(_: object) -> None:
        """Nobody shows a password or a token here."""

    sign_in = SignIn(database, Gate(), claim_of, nothing, nothing, lambda: now[0])
    services = Services(PROFILE, "0", elsewhere=elsewhere)
    rates = Rates(100_000), Rates(100_000)
    pages = Pages(database, sign_in, services, ENDPOINTS, rates, lambda: now[0])
    try:
        yield Starlette(routes=pages.routes()), now
    finally:
        pages.close()
        sign_in.close()


@contextmanager
def a_door(database: SqlDatabase, issuer: Issuer, **more: str) -> Iterator[Door]:
    settings, oidc = settings_for(issuer.url, **more), settings_for(issuer.url, **more).oidc
    provider = OidcProvider(expected_of(settings), lambda: fetch(oidc.issuer, oidc.ca_file))
    now: list[datetime] = []
    elsewhere = elsewhere_of(settings, provider, lambda: now[0])
    assert elsewhere is not None
    with a_server(database, elsewhere) as (app, clock):
        now = clock
        yield Door(issuer, database, app, elsewhere, now)
    elsewhere.close()


@pytest.fixture(scope="module")
def on_file(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SqlDatabase]:
    with a_database("sqlite", request, tmp_path_factory.mktemp("pages")) as made:
        a_practice(made)
        yield made


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    with Issuer() as made:
        yield made


@pytest.fixture
def door(on_file: SqlDatabase, issuer: Issuer) -> Iterator[Door]:
    with a_door(on_file, issuer) as made:
        yield made


def refused(answer: httpx.Response, status: int, words: str) -> None:
    """See that a page says in words that nobody is signed in, and that the attempt is over."""
    assert answer.status_code == status
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert words in answer.text
    assert THERE in answer.text  # the way to try again
    assert "Mit Passwort anmelden" in answer.text
    (cookie,) = answer.headers.get_list("set-cookie")
    assert cookie.startswith(f"{ATTEMPT}=; Max-Age=0")
    assert answer.headers["cache-control"] == "no-store"


# There and back


def test_the_way_there_is_bound_to_the_browser_and_the_code_to_the_way(door: Door) -> None:
    browser = door.browser()
    answer = browser.get(THERE, params={"zu": "/admin/kalender?tag=2026-11-23"})
    name, *rest = answer.headers["set-cookie"].split("; ")
    assert name.startswith(f"{ATTEMPT}=")
    assert set(rest) == {"Max-Age=600", "Path=/", "Secure", "HttpOnly", "SameSite=Lax"}
    url = urlsplit(answer.headers["location"])
    asked = dict(parse_qsl(url.query))
    assert url._replace(query="").geturl() == f"{door.issuer.url}/authorization"
    secret = name.partition("=")[2].partition(".")[0]
    own = [asked.pop(word) for word in ("state", "nonce", "code_challenge")]
    assert len({secret, *own}) == 4
    assert all(re.fullmatch("[A-Za-z0-9_-]{43}", word) for word in own)
    assert asked == {
        "response_type": "code",
        "client_id": CLIENT,
        "redirect_uri": HERE + BACK,
        "scope": "openid profile email",
        "code_challenge_method": "S256",
    }


def test_who_comes_back_has_the_session_a_password_gives_and_goes_on(door: Door) -> None:
    browser = door.browser()
    back = browser.get(door.issuer.authorize(door.depart(browser)))
    assert back.status_code == 200
    session, attempt = back.headers.get_list("set-cookie")
    assert session.startswith(f"{SESSION}=")
    assert session.endswith("Path=/; Secure; HttpOnly; SameSite=Strict")
    assert attempt.startswith(f"{ATTEMPT}=; Max-Age=0")
    assert 'content="0;url=/admin?tag=2026-11-23"' in back.text
    assert browser.get("/admin/konto").status_code == 200
    ((form, authorization),) = door.issuer.posted
    assert form["client_id"] == CLIENT
    assert (authorization, "client_secret" in form) == ("", False)
    # Who has signed in is sent nowhere, and no address of others is gone to.
    assert door.depart(browser, "//evil.example") == "/admin"


@pytest.mark.parametrize(
    "onward", ["//evil.example", "https://evil.example", "/\\evil", "/" + "ä" * 1500]
)
def test_no_address_of_others_is_gone_on_to(door: Door, onward: str) -> None:
    browser = door.browser()
    back = browser.get(door.issuer.authorize(door.depart(browser, onward)))
    assert 'content="0;url=/admin"' in back.text


def test_a_secret_is_told_the_provider_in_the_way_it_wants(
    on_file: SqlDatabase, issuer: Issuer, tmp_path: Path
) -> None:
    secret = tmp_path / "secret"
    secret.write_text("ge:heim+\n")
    issuer.authorization = "Basic cHJheGlzLXNlaXRlbjpnZSUzQWhlaW0lMkI="  # RFC 6749 2.3.1
    for told in ({}, {"token_endpoint_auth_methods_supported": ["client_secret_post"]}):
        issuer.told |= told
        issuer.authorization = "ge:heim+" if told else issuer.authorization
        with a_door(on_file, issuer, OIDC__CLIENT_SECRET_FILE=str(secret)) as door:
            assert door.sign_in().status_code == 200
    with a_door(on_file, issuer, OIDC__CLIENT_SECRET="wrong") as door:
        back = door.sign_in()
    refused(back, 503, "nicht richtig eingerichtet")
    assert back.headers["retry-after"]


# Who does not get in


def test_a_way_back_is_for_one_browser_once_and_ten_minutes(door: Door) -> None:
    there, other = door.browser(), door.browser()
    address = door.issuer.authorize(door.depart(there))
    kept = there.cookies[ATTEMPT]
    before = door.sessions()
    refused(other.get(address), 400, "gilt nicht mehr")
    door.depart(other)
    refused(other.get(address), 400, "gilt nicht mehr")
    for wrong in ("", "x", "\u00e4", "%00"):
        door.depart(other)
        refused(other.get(f"{BACK}?state={wrong}&code=x"), 400, "gilt nicht mehr")
    assert door.issuer.posted == []  # none of them was worth a question
    codes = dict(door.issuer.codes)
    assert there.get(address).status_code == 200
    refused(there.get(address), 400, "gilt nicht mehr")
    # Nor with the cookie of then, even if the provider takes the code again.
    for door.issuer.codes in ({}, codes):
        again = door.browser().get(address, headers={"Cookie": f"{ATTEMPT}={kept}"})
        refused(again, 400, "gilt nicht mehr")
    assert door.sessions() == before + 1
    address = door.issuer.authorize(door.depart(other))
    door.now[0] += timedelta(minutes=10)
    refused(other.get(address), 400, "gilt nicht mehr")


@pytest.mark.parametrize(
    "kept", ["", "x", "a.b.c", f"{'a' * 43}.99999999999.", f"{'a' * 43}.1.__8", "\u00e4.1.x"]
)
def test_a_made_up_cookie_is_none(door: Door, kept: str) -> None:
    cookie = {"Cookie": f"{ATTEMPT}={kept}".encode()}
    refused(door.browser().get(f"{BACK}?state=x&code=x", headers=cookie), 400, "gilt nicht mehr")


WRONG: dict[str, dict[str, Any]] = {
    "nonce of another": {"nonce": "x" * 43},
    "no nonce": {"nonce": None},
    "nonce is a list": {"nonce": ["x"]},
    "for another client": {"aud": "another"},
    "made for another": {"aud": [CLIENT, "another"], "azp": "another"},
    "for several, made for nobody": {"aud": [CLIENT, "another"]},
    "of another provider": {"iss": "https://login.example.org"},
    "over": {"exp": int(time.time()) - 61},
    "without an end": {"exp": None},
    "made before it was asked for": {"iat": int(time.time()) - 600},
    "without a beginning": {"iat": None},
    "without a subject": {"sub": None},
    "without the claim": {"preferred_username": None},
}


@pytest.mark.parametrize("wrong", WRONG)
def test_an_id_token_that_is_wrong_signs_nobody_in(door: Door, wrong: str) -> None:
    before = door.sessions()
    refused(door.sign_in(**WRONG[wrong]), 403, "passt nicht zu dieser Anmeldung")
    assert door.sessions() == before


def test_an_id_token_of_others_signs_nobody_in(door: Door) -> None:
    key, issuer = door.issuer.key, door.issuer
    for issuer.key in (Key("RS256", key.kid, number=7), Key("ES256", "nobody's")):
        refused(door.sign_in(), 403, "passt nicht zu dieser Anmeldung")
    issuer.key = key
    for answer in (
        {"id_token": "a.b.c"},
        {"id_token": 7},
        {},
        {"id_token": key.token({}, alg="none")},
    ):
        issuer.instead["/token"] = 200, {}, json.dumps(answer).encode()
        refused(door.sign_in(), 403, "passt nicht zu dieser Anmeldung")
    del issuer.instead["/token"]
    browser = door.browser()
    address = issuer.authorize(door.depart(browser)) + "&iss=https%3A%2F%2Flogin.example.org"
    refused(browser.get(address), 403, "passt nicht zu dieser Anmeldung")
    issuer.rotate(Key("ES256", "new"))  # one that is not known yet is fetched
    assert door.sign_in(aud=[CLIENT, "another"], azp=CLIENT).status_code == 200


def test_who_has_no_account_here_or_a_disabled_one_is_told_what_to_do(door: Door) -> None:
    with writing(door.database) as uow:
        count = len(uow.accounts.all())
        uow.accounts.save(replace(the_account(uow, "gast"), disabled=True))
    refused(door.sign_in("niemand"), 403, "Für Sie gibt es hier keinen Zugang")
    refused(door.sign_in("gast"), 403, "Ihr Zugang ist gesperrt")
    with reading(door.database) as uow:
        assert len(uow.accounts.all()) == count
    browser = door.browser()
    browser.get("/sprache?sprache=en")
    english = browser.get(door.issuer.authorize(door.depart(browser), "niemand"))
    assert "Ask whoever manages the accounts" in english.text
    assert "Klinik &amp; Co knows you" in english.text


def test_scopes_claims_and_addresses_count_as_for_tokens(
    on_file: SqlDatabase, issuer: Issuer
) -> None:
    with writing(on_file) as uow:
        add_account(uow, Account(0, "anna", Role.STAFF, email="Anna@Praxis.Example"))
    more = {"OIDC__CLAIM": "email", "OIDC__MATCH": "email", "OIDC__REQUIRED_SCOPE": "kalender"}
    more |= {"OIDC__REQUIRED_CLAIMS": "groups=team", "OIDC__PROMPT": "login"}
    told: dict[str, Any] = {"email": "anna@praxis.example", "groups": ["team"]}
    with a_door(on_file, issuer, **more) as door:
        asked = dict(parse_qsl(urlsplit(door.depart(door.browser())).query))
        assert (asked["scope"], asked["prompt"]) == ("openid profile email kalender", "login")
        assert door.sign_in(**told).status_code == 200
        assert door.sign_in(**told | {"email_verified": False}).status_code == 403
        refused(door.sign_in(**told | {"groups": []}), 403, "nicht für diesen Kalender freigegeben")
        for issuer.answered["scope"], status in (("openid kalender", 200), ("openid", 403)):
            assert door.sign_in(**told).status_code == status


@pytest.mark.parametrize(
    ("error", "status", "words"),
    [
        ("access_denied", 403, "abgebrochen oder dort abgelehnt"),
        ("temporarily_unavailable", 503, "antwortet gerade nicht"),
        ("<script>alert(1)</script>", 503, "nicht richtig eingerichtet"),
    ],
)
def test_what_the_provider_says_went_wrong_is_told_in_words_of_ours(
    door: Door, error: str, status: int, words: str
) -> None:
    browser = door.browser()
    state = dict(parse_qsl(urlsplit(door.depart(browser)).query))["state"]
    told = {"error": error, "error_description": "Guten <b>Tag</b>", "state": state}
    answer = browser.get(f"{BACK}?{urlencode(told)}")
    refused(answer, status, words)
    assert "Guten" not in answer.text
    assert "alert" not in answer.text
    told["state"] = "x"
    refused(browser.get(f"{BACK}?{urlencode(told)}"), 400, "gilt nicht mehr")


# A provider that is away


def test_a_provider_that_is_away_is_told_with_a_way_to_try_again(door: Door) -> None:
    door.issuer.down()
    answer = door.browser().get(THERE, params={"zu": "/admin/konto"})
    refused(answer, 503, "Klinik &amp; Co antwortet gerade nicht")
    assert int(answer.headers["retry-after"]) > 0
    assert f'href="{THERE}?zu=/admin/konto"' in answer.text
    door.issuer.up()
    door.now[0] += timedelta(seconds=int(answer.headers["retry-after"]))
    browser = door.browser()
    address = door.issuer.authorize(door.depart(browser))
    door.issuer.down()
    refused(browser.get(address), 503, "antwortet gerade nicht")
    # Known addresses are no reason to send people to where nobody answers.
    door.now[0] += timedelta(minutes=1)
    refused(door.browser().get(THERE), 503, "antwortet gerade nicht")


def test_a_provider_at_fault_is_as_one_that_is_away(door: Door) -> None:
    for status, body in ((500, b"<h1>"), (200, b"[]"), (429, b"{}"), (200, b"x" * 300_000)):
        door.issuer.instead["/token"] = status, {}, body
        refused(door.sign_in(), 503, "antwortet gerade nicht")
    wrong = (
        "http://login.example.org/",
        "https://login.example.org/\r\nX: y",
        "https://ä\u2028/",
        7,
    )
    for door.issuer.told["authorization_endpoint"] in wrong:
        door.now[0] += timedelta(minutes=1)
        refused(door.browser().get(THERE), 503, "antwortet gerade nicht")


def test_a_slow_provider_holds_up_nobody_else_and_is_waited_for_so_long_only(door: Door) -> None:
    browsers = [(one := door.browser(), door.issuer.authorize(door.depart(one))) for _ in range(12)]
    door.elsewhere.seconds = 1.0
    door.issuer.answers.clear()
    with ThreadPoolExecutor(12) as threads:
        waiting = [threads.submit(one.get, address) for one, address in browsers]
        begun = time.monotonic()
        while not any(one.done() for one in waiting):
            assert door.browser().get("/anmelden").status_code == 200
            with writing(door.database) as uow:  # no transaction waits for the provider
                uow.acts.note("made", Kind.ROOM, 1)
        answers = [one.result() for one in waiting]
    assert time.monotonic() - begun < 12  # and not as long as twelve, four at a time
    door.issuer.answers.set()
    for answer in answers:
        refused(answer, 503, "antwortet gerade nicht")


def test_of_many_who_come_back_at_once_with_one_attempt_one_is_signed_in(
    practice: SqlDatabase,
) -> None:
    now = datetime.now(UTC)
    attempt = begin_attempt(now, "/admin", "/admin")

    def sign_in(_: int) -> str | WhyNot:
        with writing(practice, now=now) as uow:
            return sign_in_vouched(uow, attempt, Vouched(name="empfang"))

    with ThreadPoolExecutor(6) as threads:
        told = list(threads.map(sign_in, range(6)))
    assert sorted(isinstance(one, WhyNot) for one in told) == [False, *[True] * 5]
    with reading(practice, now) as uow:
        assert len(sessions_of(uow, the_account(uow, "empfang"))) == 1


# Out again, and what is configured


def test_who_signs_out_is_led_to_where_the_provider_does_it(door: Door) -> None:
    page = door.browser().get("/anmelden?abgemeldet=1").text
    assert "Sie sind abgemeldet." in page
    assert f'href="{HERE}{THERE}/abmelden"' in page
    told = door.browser().get(f"{THERE}/abmelden")
    assert (told.status_code, "nicht abmelden" in told.text) == (200, True)
    door.issuer.told["end_session_endpoint"] = f"{door.issuer.url}/bye?x=1"
    door.now[0] += timedelta(minutes=1)
    there = door.browser().get(f"{THERE}/abmelden").headers["location"]
    after = urlencode({"client_id": CLIENT, "post_logout_redirect_uri": f"{HERE}/anmelden"})
    assert there == f"{door.issuer.url}/bye?x=1&{after}"


def test_another_session_of_the_browser_is_over_then(door: Door) -> None:
    browser = door.browser()
    first = browser.get(door.issuer.authorize(door.depart(browser))).cookies[SESSION]
    other = door.browser()
    address = door.issuer.authorize(door.depart(other), "admin")
    other.cookies.set(SESSION, first, domain="kalender.example.org")
    assert other.get(address).status_code == 200
    assert (
        door.browser().get("/admin/konto", headers={"Cookie": f"{SESSION}={first}"}).status_code
        == 303
    )


def test_the_log_has_numbers_and_nothing_of_a_person(
    door: Door, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    told = {"email": "zoe@aehrenthaler.example", "given_name": "Zoë Ährenthaler"}
    for name, status in (("empfang", 200), ("aehrenthaler", 403)):
        assert door.sign_in(name, **told).status_code == status
    said = [str(vars(one)) for one in caplog.records if one.name.startswith(("practice", "praxis"))]
    assert any("'account_id': " in one for one in said)
    assert any("'reason': 'unknown'" in one for one in said)
    assert not any("hrenthaler" in one or "code=" in one for one in said)


def test_without_a_client_there_is_no_button_and_no_address(on_file: SqlDatabase) -> None:
    settings = settings_for("https://login.example.org", OIDC__CLIENT_ID="")
    provider = OidcProvider(expected_of(settings), lambda: fetch(settings.oidc.issuer))
    assert elsewhere_of(settings, provider) is None
    with a_server(on_file, None) as (app, _):
        client = TestClient(app, base_url=HERE, follow_redirects=False)
        assert "extern" not in client.get("/anmelden").text
        paths = (THERE, BACK, f"{THERE}/abmelden")
        assert {client.get(path).status_code for path in paths} == {404}


@pytest.mark.parametrize(
    ("more", "words"),
    [
        ({"SERVER__PUBLIC_URL": ""}, "client_id needs server.public_url"),
        ({"OIDC__ISSUER": ""}, "oidc.client_id .* needs oidc.issuer"),
        ({"OIDC__SCOPES": "a b"}, "oidc.scopes"),
        ({"OIDC__PROMPT": "none"}, "oidc.prompt"),
    ],
)
def test_settings_that_could_not_work_are_told_at_the_start(
    more: dict[str, str], words: str
) -> None:
    with pytest.raises(SettingsError, match=words):
        settings_for("https://login.example.org", **more)


def test_the_secret_is_in_no_listing_of_the_settings() -> None:
    settings = settings_for("https://login.example.org", OIDC__CLIENT_SECRET="geheim-kq4711")
    assert "kq4711" not in repr(settings)


# In a browser


@dataclass
class Served:
    """A served practice and the provider that it sends people to, on another site."""

    url: str
    provider: str


@pytest.fixture(scope="module")
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    port = free_port()
    # To browsers localhost and 127.0.0.1 are two sites, as practice and provider mostly are.
    provider = f"http://127.0.0.1:{port}"
    command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    options = {"OIDC__ISSUER": provider, "OIDC__AUDIENCE": "praxis", "OIDC__CLIENT_ID": CLIENT}
    options |= {"OIDC__NAME": "Praxis-Konto", "OIDC__CLIENT_SECRET": "any"}
    given = {f"PRAXIS_CALDAV_{name}": value for name, value in options.items()}
    try:
        with a_database("sqlite", request, tmp_path_factory.mktemp("served")) as made:
            a_practice(made)
            url = made.engine.url.render_as_string(hide_password=False)
            server = RunningServer(url, options=given, forked=True)
            here = f"http://localhost:{server.port}"
            given["PRAXIS_CALDAV_SERVER__PUBLIC_URL"] = here
            with server:
                for sub, name in (("42", "empfang"), ("43", "niemand")):
                    _put(f"{provider}/users/{sub}", {"preferred_username": name})
                yield Served(here, provider)
    finally:
        process.terminate()
        process.wait(30)


def _put(address: str, told: dict[str, str]) -> None:
    for _ in range(200):
        try:
            httpx.put(address, json=told)
            return
        except httpx.TransportError:
            time.sleep(0.05)
    raise AssertionError("the provider did not start")


def at_provider(page: Page, served: Served, sub: str) -> None:
    """Press the button, and sign in at the provider."""
    page.get_by_role("link", name="Mit Praxis-Konto anmelden").click()
    page.wait_for_url(f"{served.provider}/**")
    page.locator("input[name=sub]").fill(sub)
    page.locator("input[name=sub]").press("Enter")


def test_somebody_signs_in_by_the_button_sees_the_session_and_signs_out(
    page: Page, served: Served
) -> None:
    page.goto(f"{served.url}/admin?tag=2026-11-23")
    at_provider(page, served, "42")
    page.wait_for_url(f"{served.url}/admin?tag=2026-11-23")
    page.goto(f"{served.url}/admin/konto")
    expect(page.get_by_text("dieser Browser")).to_be_visible()
    expect(page.get_by_text("über Praxis-Konto")).to_be_visible()
    cookies = {one["name"] for one in page.context.cookies(served.url)}
    assert cookies == {SESSION}
    page.get_by_role("button", name="Abmelden").click()
    expect(page.get_by_role("status").filter(has_text="Sie sind abgemeldet.")).to_be_visible()
    page.get_by_role("link", name="Auch bei Praxis-Konto abmelden").click()
    page.wait_for_url(f"{served.provider}/**")
    page.goto(f"{served.url}/admin")
    expect(page.get_by_role("heading", name="Anmelden")).to_be_visible()


def test_who_has_no_account_is_told_so_and_can_try_another_way(page: Page, served: Served) -> None:
    page.goto(f"{served.url}/anmelden")
    at_provider(page, served, "43")
    expect(page.get_by_role("heading", name="Für Sie gibt es hier keinen Zugang")).to_be_visible()
    assert faults_of(page) == []
    page.get_by_role("link", name="Mit Passwort anmelden").click()
    expect(page.get_by_label("Benutzername")).to_be_focused()


def test_the_sign_in_page_is_for_everybody(page: Page, served: Served) -> None:
    page.goto(f"{served.url}/anmelden?abgemeldet=1")
    for dark, width in ((False, 1280), (True, 390)):
        page.emulate_media(color_scheme="dark" if dark else "light")
        page.set_viewport_size({"width": width, "height": 844})
        assert faults_of(page) == []
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
