"""The keys of an identity provider: fetched when needed, kept for a while, never trusted for more.

In this process, so that it can be any time of the day; over real HTTP to the provider.
"""

from __future__ import annotations

import inspect
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from caldav_server.addresses import Addresses
from caldav_server.application import CalDavApplication
from caldav_server.asgi import CalDavBridge
from practice.database import SqlDatabase
from practice.identity import KeysWanted, Vouched
from practice.use_cases.sign_in import Gate
from praxis_caldav.commands import oidc
from praxis_caldav.composition import expected_of, provider_of
from praxis_caldav.oidc import FetchError, OidcProvider, fetch, tokens
from praxis_caldav.oidc.keys import find, usable_keys
from praxis_caldav.setting_sources import load
from praxis_caldav.settings import Settings
from tests.bookings import command
from tests.building import PASSWORD, PROFILE, a_practice
from tests.conftest import a_database
from tests.issuer import AUDIENCE, DISCOVERY, Issuer, Key
from tests.one_loop import one_loop

HOME = "/caldav/calendars/"
FETCH = [DISCOVERY, "/keys"]


@dataclass
class Door:
    """The CalDAV door, at a time of our choosing."""

    issuer: Issuer
    client: TestClient
    now: list[datetime] = field(default_factory=lambda: [datetime.now(UTC)])

    def later(self, **span: float) -> None:
        self.now[0] += timedelta(**span)

    def ask(self, token: str | None = None) -> Any:
        token = token or self.token()
        headers = {"Authorization": f"Bearer {token}", "Depth": "0"}
        return self.client.request("PROPFIND", HOME, headers=headers)

    def show(self, token: str | None = None) -> int:
        return int(self.ask(token).status_code)

    def token(self, key: Key | None = None, **claims: Any) -> str:
        """Return a token that is valid for days, signed with the provider's key of now."""
        told = self.issuer.claims(now=self.now[0], **claims)
        return (key or self.issuer.key).token(told | {"exp": told["exp"] + 500_000})


def settings_for(issuer: str, **more: str) -> Settings:
    given = {"ISSUER": issuer, "AUDIENCE": AUDIENCE} | more
    return load(environ={f"PRAXIS_CALDAV_OIDC__{name}": value for name, value in given.items()})


@contextmanager
def a_door(database: SqlDatabase, issuer: Issuer, gate: Gate) -> Iterator[Door]:
    now = [datetime.now(UTC)]
    application = CalDavApplication(database, gate, PROFILE, Addresses({}), clock=lambda: now[0])
    bridge = CalDavBridge(application, database, gate, threads=2)
    try:
        with one_loop() as client_of:
            yield Door(issuer, client_of(bridge), now)
    finally:
        bridge.close()


@pytest.fixture(scope="module")
def practice_file(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SqlDatabase]:
    """A practice that nothing here changes."""
    with a_database("sqlite", request, tmp_path_factory.mktemp("practice")) as made:
        a_practice(made)
        yield made


@pytest.fixture
def issuer() -> Iterator[Issuer]:
    """A provider of its own."""
    with Issuer() as made:
        yield made


@pytest.fixture
def door(practice_file: SqlDatabase, issuer: Issuer) -> Iterator[Door]:
    """A door that trusts the provider, by the usual settings; nothing is fetched yet."""
    gate = Gate(provider=provider_of(settings_for(issuer.url)))
    with a_door(practice_file, issuer, gate) as made:
        yield made


# When the provider is asked


def test_keys_are_fetched_with_the_first_token_and_not_before(door: Door) -> None:
    assert door.client.request("PROPFIND", HOME, auth=("gast", PASSWORD)).status_code == 207
    assert door.issuer.asked == []
    for number in range(5):
        assert door.show(door.token(jti=number)) == 207
    assert door.issuer.asked == FETCH


def test_without_a_provider_in_the_settings_nobody_is_asked(
    practice_file: SqlDatabase, issuer: Issuer
) -> None:
    gate = Gate(provider=provider_of(load(environ={})))
    with a_door(practice_file, issuer, gate) as door:
        assert door.show() == 401
    assert issuer.asked == []


def test_without_a_provider_in_the_settings_nothing_of_it_is_loaded() -> None:
    code = (
        "import sys; from praxis_caldav.composition import provider_of;"
        " from praxis_caldav import main; from praxis_caldav.setting_sources import load;"
        " provider_of(load(environ={})); sys.exit({'httpx', 'joserfc'} & set(sys.modules) != set())"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=60).returncode == 0


def test_tokens_that_are_not_for_us_cost_no_fetch(door: Door) -> None:
    stranger = Key("ES256", "strange")
    for claims in ({"iss": "https://other.example"}, {"aud": "other"}, {"nbf": 1e10}):
        assert door.show(door.token(stranger, **claims)) == 401
    assert door.show(stranger.token(door.issuer.claims(), alg="none")) == 401
    assert door.show("x.y.z") == 401
    assert door.issuer.asked == []


def test_a_key_of_an_unknown_name_is_looked_for_once_a_minute(door: Door) -> None:
    unknown = Key("ES256", "soon")
    assert door.show() == 207
    for _ in range(3):
        assert door.show(door.token(unknown)) == 401
    assert door.issuer.asked == FETCH * 2
    door.later(seconds=61)
    door.issuer.rotate(unknown)
    assert door.show() == 207
    assert door.issuer.asked == FETCH * 3


def test_tokens_with_made_up_keys_make_us_no_burden_to_the_provider(door: Door) -> None:
    assert door.show() == 207
    for number in range(40):
        assert door.show(door.token(Key("ES256", f"made-up-{number}"))) == 401
    assert len(door.issuer.asked) == 10 * len(FETCH)
    assert door.show() == 207
    door.later(seconds=61)
    door.issuer.rotate(Key("ES256", "new"))
    assert door.show() == 207


def test_who_asked_for_keys_that_are_here_by_now_costs_no_fetch(issuer: Issuer) -> None:
    provider = provider_of(settings_for(issuer.url))
    assert provider is not None
    now = datetime.now(UTC)
    wanted = provider.read(issuer.token(), now)
    assert isinstance(wanted, KeysWanted)
    for _ in range(3):
        provider.fetch_keys(wanted)
    assert issuer.asked == FETCH
    assert isinstance(provider.read(issuer.token(), now), Vouched)


# Rotation


def test_a_rotated_key_opens_at_once_and_the_old_one_until_it_is_withdrawn(door: Door) -> None:
    old = door.issuer.key
    assert door.show() == 207
    door.issuer.rotate(Key("ES256", "second"))
    assert (door.show(), door.show(door.token(old))) == (207, 207)
    door.issuer.rotate(door.issuer.key, keep=False)
    assert door.show(door.token(old)) == 207  # we have not heard of it yet
    door.later(minutes=15, seconds=1)
    assert door.show(door.token(old)) == 401
    assert door.show() == 207


def test_a_withdrawn_key_opens_nothing_once_its_successor_is_met(door: Door) -> None:
    old = door.issuer.key
    assert door.show() == 207
    door.issuer.rotate(Key("ES256", "second"), keep=False)
    assert door.show() == 207
    assert door.show(door.token(old)) == 401


def test_a_key_that_changed_under_its_name_is_taken_with_the_next_fetch(door: Door) -> None:
    assert door.show() == 207
    door.issuer.rotate(Key("ES256", door.issuer.key.kid), keep=False)
    assert door.show() == 401
    door.later(minutes=16)
    assert door.show() == 207


def test_a_provider_with_one_key_need_not_name_it(door: Door) -> None:
    door.issuer.rotate(Key("RS256"), keep=False)
    assert door.show() == 207
    door.issuer.rotate(Key("RS256", "named"), keep=False)
    door.later(minutes=16)
    assert door.show(door.token(Key("RS256"))) == 207
    door.issuer.rotate(Key("RS256", "other", number=1))
    door.later(minutes=16)
    assert door.show(door.token(Key("RS256"))) == 401  # which of the two?


# A provider that is away


def test_a_provider_that_is_down_at_first_is_no_reason_to_drop_a_token(door: Door) -> None:
    door.issuer.down()
    answer = door.ask()
    assert answer.status_code == 503
    assert int(answer.headers["retry-after"]) > 0
    assert "www-authenticate" not in answer.headers
    assert door.client.request("PROPFIND", HOME, auth=("gast", PASSWORD)).status_code == 207
    door.issuer.up()
    assert door.show() == 503  # not asked at every request
    door.later(seconds=11)
    assert door.show() == 207


def test_known_keys_go_on_while_the_provider_is_down_but_not_for_ever(door: Door) -> None:
    new = Key("ES256", "made meanwhile")
    assert door.show() == 207
    door.issuer.down()
    for hours in (0, 1, 12, 11):
        door.later(hours=hours)
        assert door.show() == 207
    assert door.show(door.token(new)) == 503  # it may well be right
    assert door.show(door.token(new, aud="other")) == 401
    door.later(minutes=16)
    assert door.show() == 503
    door.issuer.up()
    door.issuer.rotate(new)
    door.later(seconds=11)
    assert door.show() == 207


def test_while_a_provider_is_down_it_is_asked_every_ten_seconds_at_most(door: Door) -> None:
    door.issuer.instead[DISCOVERY] = (500, {}, b"")
    for _ in range(12):
        assert door.show() == 503
        door.later(seconds=5.5)
    assert len(door.issuer.asked) == 6


def test_bad_news_of_a_provider_leaves_the_known_keys(door: Door) -> None:
    assert door.show() == 207
    door.issuer.keys = []
    door.later(minutes=16)
    assert door.show() == 207


# What a provider may say


DEEP = b"[" * 100_000
LIES: dict[str, tuple[str, int, bytes, dict[str, str]]] = {
    "status 302": (DISCOVERY, 302, b"", {"Location": "/elsewhere"}),
    "status 307": ("/keys", 307, b"", {"Location": "http://127.0.0.1:1/"}),
    "status 404": ("/keys", 404, b"", {}),
    "status 500": (DISCOVERY, 500, b"{}", {}),
    "no JSON": (DISCOVERY, 200, b"<html>", {}),
    "no JSON ": (DISCOVERY, 200, b"[]", {}),
    "no JSON  ": ("/keys", 200, DEEP, {}),
    "too much": ("/keys", 200, b'{"keys": [' + b" " * 300_000 + b"]}", {}),
    "no keys": ("/keys", 200, b'{"keys": []}', {}),
    "no keys ": ("/keys", 200, b'{"keys": {"a": 1}}', {}),
    "no keys  ": ("/keys", 200, b"{}", {}),
    "RemoteProtocolError": ("/keys", 200, b"{}", {"Content-Length": "99"}),
}


@pytest.mark.parametrize("lie", LIES)
def test_what_a_provider_must_not_answer(lie: str, issuer: Issuer) -> None:
    path, status, body, headers = LIES[lie]
    issuer.instead[path] = (status, headers, body)
    with pytest.raises(FetchError) as caught:
        fetch(issuer.url)
    assert caught.value.reason == lie.strip()
    assert issuer.asked == FETCH[: FETCH.index(path) + 1]  # and nothing was followed


@pytest.mark.parametrize(
    "told",
    [
        {"issuer": "https://login.example.org"},
        {"issuer": None},
        {"issuer": ["x"]},
        {"jwks_uri": None},
        {"jwks_uri": "http://localhost:80/keys"},
        {"jwks_uri": "http://169.254.169.254/latest/meta-data"},
        {"jwks_uri": "http://[::1/keys"},
        {"jwks_uri": "file:///etc/passwd"},
        {"jwks_uri": "https:///keys"},
        {"jwks_uri": "/keys"},
    ],
    ids=str,
)
def test_a_provider_cannot_send_us_elsewhere(told: dict[str, object], issuer: Issuer) -> None:
    issuer.told |= told
    with pytest.raises(FetchError) as caught:
        fetch(issuer.url)
    assert caught.value.reason in {"other issuer", "jwks_uri"}
    assert issuer.asked == FETCH[:1]


@pytest.mark.parametrize(
    "address", ["https://a..b/", "https://xn--/", "https://\x00/", "https://127.0.0.1:1/\ud800"]
)
def test_an_address_that_cannot_be_asked_is_one_that_cannot_be_reached(
    address: str, issuer: Issuer
) -> None:
    issuer.told["jwks_uri"] = address
    with pytest.raises(FetchError, match="cannot be reached"):
        fetch(issuer.url)


def test_a_provider_that_dribbles_is_cut_off(
    issuer: Issuer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("praxis_caldav.oidc.fetching.ALTOGETHER", 0.0)
    with pytest.raises(FetchError) as caught:
        fetch(issuer.url)
    assert caught.value.reason == "too much"


def test_a_provider_whose_certificate_is_not_trusted_is_not_asked(tmp_path: Path) -> None:
    bad = tmp_path / "ca.pem"
    bad.write_text("no certificate")
    with pytest.raises(FetchError, match=r"oidc\.ca_file"):
        fetch("https://127.0.0.1:1", bad)


def test_of_the_published_keys_only_those_for_signatures_are_used() -> None:
    good = Key("RS256", "good").jwk
    curve = Key("ES256", "curve").jwk
    published: list[Any] = [
        good,
        curve,
        good | {"kid": "enc", "use": "enc"},
        good | {"kid": "oaep", "alg": "RSA-OAEP"},
        good | {"kid": 7},
        good | {"kid": "n", "n": "AQAB"},
        good | {"kid": "n2", "n": "A" * 5000},
        Key("RS256", "short", bits=1024).jwk,
        curve | {"kid": "off", "y": curve["x"]},
        curve | {"kid": "half", "x": None},
        {"kty": "oct", "kid": "secret", "k": "c2VjcmV0"},
        {"kty": "AKP", "kid": "tomorrow", "alg": "ML-DSA-44", "pub": "AA"},
        {"kid": "nothing"},
        "good",
        None,
        good | {"kid": "pss", "alg": "PS256"},
    ]
    keys = usable_keys({"keys": published})
    assert [key.kid for key in keys] == ["good", "curve", "pss"]
    assert find(keys, "pss", "RS256") is None
    assert find(keys, "pss", "PS256") is not None
    assert find(keys, "secret", "HS256") is None
    assert find(keys, "", "ES256") is not None
    assert find(keys, "", "PS256") is None


# The check


def told(issuer: str, *options: str, database: SqlDatabase, stdin: str = "", **more: str) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PRAXIS_CALDAV_OIDC__ISSUER", issuer)
        patch.setenv("PRAXIS_CALDAV_OIDC__AUDIENCE", AUDIENCE)
        for name, value in more.items():
            patch.setenv(f"PRAXIS_CALDAV_OIDC__{name}", value)
        return command("oidc", "check", *options, database=database, stdin=stdin)


def test_the_check_says_what_it_found(issuer: Issuer, practice_file: SqlDatabase) -> None:
    issuer.rotate(Key("ES256", "second"))
    ran = told(issuer.url, database=practice_file)
    assert (ran.code, ran.err) == (0, "")
    assert ran.out.splitlines() == [
        f"Issuer {issuer.url} answers.",
        f"2 usable keys at {issuer.url}/keys (ES256, PS256, PS384, PS512, RS256, RS384, RS512).",
    ]


def test_the_check_says_where_browsers_are_sent_and_come_back(
    issuer: Issuer, practice_file: SqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PRAXIS_CALDAV_SERVER__PUBLIC_URL", "https://kalender.example.org")
    ran = told(issuer.url, database=practice_file, CLIENT_ID="seiten")
    assert ran.out.splitlines()[2:] == [
        f"Browsers sign in at {issuer.url}/authorization.",
        "The redirect URI to register there: https://kalender.example.org/anmelden/extern/zurueck",
    ]
    del issuer.told["token_endpoint"]
    ran = told(issuer.url, database=practice_file, CLIENT_ID="seiten")
    assert (ran.code, "names no https:// addresses" in ran.err) == (1, True)


def test_the_check_says_what_is_wrong(issuer: Issuer, practice_file: SqlDatabase) -> None:
    issuer.told["issuer"] = "https://login.example.org"
    ran = told(issuer.url, database=practice_file)
    assert ran.code == 1
    assert "of another issuer, 'https://login.example.org'" in ran.err
    issuer.down()
    assert "cannot be reached (ConnectError)" in told(issuer.url, database=practice_file).err
    assert "give oidc.issuer" in told("", database=practice_file).err


@pytest.mark.parametrize(
    ("claims", "code", "words"),
    [
        ({}, 0, "accepted for the account empfang"),
        ({"preferred_username": "niemand"}, 1, "there is no account 'niemand'"),
        ({"aud": "other"}, 1, "aud is not oidc.audience"),
        ({"iss": "other"}, 1, "iss is not oidc.issuer"),
        ({"exp": 1}, 1, "Its time is over"),
        ({"iat": 1e10}, 1, "Its time has not come"),
        ({"exp": None}, 1, "until when it is valid"),
        ({"preferred_username": None}, 1, "no text in the claim"),
        ({"scope": "other"}, 1, "lacks oidc.required_scope"),
        ({"cnf": {}}, 1, "proof of a key"),
        ({"padding": "x" * 9000}, 1, "longer than 8192"),
    ],
    ids=str,
)
def test_the_check_judges_a_token(
    claims: dict[str, Any], code: int, words: str, issuer: Issuer, practice_file: SqlDatabase
) -> None:
    token = issuer.token(**{"scope": "caldav"} | claims)
    ran = told(
        issuer.url,
        *("--token-file", "-"),
        database=practice_file,
        stdin=token + "\n",
        REQUIRED_SCOPE="caldav",
    )
    assert ran.code == code
    assert words in (ran.out if code == 0 else ran.err)


def test_every_reason_of_a_refusal_has_its_advice() -> None:
    source = "".join(inspect.getsource(module) for module in (tokens, oidc))
    reasons = set(re.findall(r'Untrue\("([^"]+)"\)', source))
    assert reasons == set(oidc.ADVICE)


def test_the_settings_become_what_is_expected_of_a_token() -> None:
    settings = settings_for("https://login.example.org/", MATCH="email", SKEW_SECONDS="5")
    expected = expected_of(settings)
    assert (expected.issuer, expected.audience) == ("https://login.example.org/", AUDIENCE)
    assert (expected.by_email, expected.skew) == (True, 5)
    assert isinstance(provider_of(settings), OidcProvider)
