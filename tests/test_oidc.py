"""Tokens of an identity provider at the CalDAV door: whom they let in, and whom not.

Not here: how the provider's keys are kept, see `test_oidc_keys`.
"""

from __future__ import annotations

import secrets
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from practice.access import Account, Level, Role
from practice.accounts import CredentialKind
from practice.database import SqlDatabase
from practice.identity import Disowned, KeysWanted, Vouched
from practice.use_cases.accounts import add_account, find_account, give_secret, grant
from praxis_caldav.oidc import Discovered, Expected, OidcProvider
from praxis_caldav.oidc.keys import usable_keys
from tests.building import PASSWORD, a_practice, an_event, reading, writing
from tests.conftest import BACKENDS, a_database
from tests.issuer import AUDIENCE, Issuer, Key, b64
from tests.servers import RunningServer, free_port
from tests.workers import connections

HOME = "/caldav/calendars/"
REALM = "Praxiskalender"


@dataclass(frozen=True)
class Served:
    """A served practice, the provider it trusts, and its database as another process sees it."""

    issuer: Issuer
    server: RunningServer
    database: SqlDatabase


def options(issuer: str, **more: str) -> dict[str, str]:
    """Return the settings that make a server trust a provider."""
    given = {"ISSUER": issuer, "AUDIENCE": AUDIENCE} | more
    return {f"PRAXIS_CALDAV_OIDC__{name}": value for name, value in given.items()}


@pytest.fixture(scope="module", params=BACKENDS)
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Served]:
    """A practice that trusts a provider; two worker processes on PostgreSQL."""
    folder = tmp_path_factory.mktemp("oidc")
    with Issuer() as issuer, a_database(request.param, request, folder) as made:
        a_practice(made)
        url = made.engine.url.render_as_string(hide_password=False)
        workers = 2 if request.param == "postgresql" else 1
        with RunningServer(
            url, workers=workers, options=options(issuer.url), forked=True
        ) as server:
            yield Served(issuer, server, made)


@pytest.fixture
def workers(served: Served) -> Iterator[list[httpx.Client]]:
    """A connection to each worker process."""
    with connections(served.server) as clients:
        yield clients


def propfind(client: httpx.Client, token: str) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}", "Depth": "1"}
    return client.request("PROPFIND", HOME, headers=headers)


def a_person(database: SqlDatabase, email: str = "") -> str:
    """Add somebody who may read every calendar; return the account's name."""
    name = "person-" + secrets.token_hex(4)
    with writing(database) as uow:
        made = add_account(uow, Account(0, name, Role.READER, email=email))
        grant(uow, made, "all", Level.READ)
    return name


# Who gets in


def test_a_token_of_the_provider_opens_in_every_process(
    served: Served, workers: list[httpx.Client]
) -> None:
    token = served.issuer.token("empfang")
    for client in workers:
        answer = propfind(client, token)
        assert answer.status_code == 207
        assert "/caldav/calendars/dr-schmidt/" in answer.text


def test_a_token_gives_the_rights_of_its_account_and_no_more(
    served: Served, workers: list[httpx.Client]
) -> None:
    headers = {"Authorization": f"Bearer {served.issuer.token('gast')}"}
    assert "/dr-schmidt/" not in propfind(workers[0], served.issuer.token("gast")).text
    put = workers[0].put(f"{HOME}dr-mueller/a.ics", content=an_event("a"), headers=headers)
    assert put.status_code == 403
    headers = {"Authorization": f"Bearer {served.issuer.token('empfang')}"}
    put = workers[0].put(f"{HOME}dr-mueller/a.ics", content=an_event("a"), headers=headers)
    assert put.status_code == 201


def test_a_new_key_opens_at_once_in_every_process(
    served: Served, workers: list[httpx.Client]
) -> None:
    issuer, first = served.issuer, served.issuer.key
    for client in workers:
        propfind(client, issuer.token())  # the keys of now are known
    for algorithm in ("ES256", "PS256", "Ed25519"):
        issuer.rotate(Key(algorithm, f"new-{algorithm}", number=1))
        for client in workers:
            assert propfind(client, issuer.token()).status_code == 207
            assert propfind(client, first.token(issuer.claims())).status_code == 207
    issuer.key = first


def test_the_ways_to_write_a_right_token(served: Served, workers: list[httpx.Client]) -> None:
    issuer, now = served.issuer, datetime.now(UTC)
    late = int(now.timestamp()) - 50
    tokens = [
        issuer.token(aud=["account", AUDIENCE]),
        issuer.token(exp=late),  # within the skew
        issuer.token(nbf=late + 100, iat=late + 100),
        issuer.token(iat=None),
        issuer.token(exp=late + 3600.5),
        issuer.token(email="a@example.org", email_verified=False),  # not what it goes by
        issuer.token(azp="thunderbird", padding="x" * 5000),
        issuer.key.token(issuer.claims(), typ="at+jwt"),
        issuer.key.token(issuer.claims(), typ="application/at+jwt"),
        issuer.key.token(issuer.claims(), typ=None),
        issuer.key.token(issuer.claims(), x5c=["MII" + "A" * 1500], unknown="x"),
    ]
    assert [propfind(workers[0], token).status_code for token in tokens] == [207] * len(tokens)


def test_our_own_tokens_and_passwords_go_on_to_work(
    served: Served, workers: list[httpx.Client]
) -> None:
    with writing(served.database) as uow:
        account = find_account(uow, "empfang")[0]
        token, _ = give_secret(uow, account, CredentialKind.TOKEN, "Albis")
    for client in workers:
        assert propfind(client, token).status_code == 207
        basic = client.request("PROPFIND", HOME, auth=("empfang", PASSWORD))
        assert basic.status_code == 207


def test_a_disabled_account_is_shut_out_at_the_next_request_everywhere(
    served: Served, workers: list[httpx.Client]
) -> None:
    name = a_person(served.database)
    token = served.issuer.token(name)

    def statuses() -> list[int]:
        return [propfind(client, token).status_code for client in workers]

    assert statuses() == [207] * len(workers)
    for disabled, status in ((True, 401), (False, 207)):
        with writing(served.database) as uow:
            uow.accounts.save(replace(find_account(uow, name)[0], disabled=disabled))
        assert statuses() == [status] * len(workers)


# Who does not


def flipped(token: str) -> str:
    """Return the token with another signature."""
    head, _, signature = token.rpartition(".")
    return f"{head}.{'B' if signature[0] == 'A' else 'A'}{signature[1:]}"


def a_key_of_its_own(issuer: Issuer) -> str:
    own = Key("RS256", "own", number=7)
    return own.token(issuer.claims(), jwk=own.jwk, jku=issuer.url + "/keys", kid=issuer.key.kid)


WRONG: dict[str, Callable[[Issuer], str]] = {
    "signature": lambda i: flipped(i.token()),
    "no signature": lambda i: i.token().rpartition(".")[0] + ".",
    "claims of another": lambda i: (
        f"{i.token().split('.')[0]}.{b64(i.claims('admin'))}.{i.token('gast').split('.')[2]}"
    ),
    "alg none": lambda i: i.key.token(i.claims(), alg="none"),
    "alg None": lambda i: i.key.token(i.claims(), alg="None"),
    "no alg": lambda i: i.key.token(i.claims(), alg=None),
    "public key as a secret": lambda i: i.key.token(i.claims(), alg="HS256"),
    "another algorithm of the key": lambda i: i.key.token(i.claims(), alg="PS256"),
    "another kind of key": lambda i: i.key.token(i.claims(), alg="ES256"),
    "a key of its own": lambda i: Key("ES256", i.key.kid).token(i.claims()),
    "a key in its header": a_key_of_its_own,
    "unknown key": lambda i: Key("ES256", "nobody's").token(i.claims()),
    "a stranger's key without a name": lambda i: Key("ES256").token(i.claims()),
    "crit": lambda i: i.key.token(i.claims(), crit=["exp"]),
    "b64": lambda i: i.key.token(i.claims(), b64=False, crit=["b64"]),
    "b64 for nothing": lambda i: i.key.token(i.claims(), b64=True, crit=["b64"]),
    "logout token": lambda i: i.key.token(i.claims(), typ="logout+jwt"),
    "kid is no text": lambda i: i.key.token(i.claims(), kid=["rsa-1"]),
    "other issuer": lambda i: i.token(iss="https://login.example.org"),
    "issuer with a slash": lambda i: i.token(iss=i.url + "/"),
    "no issuer": lambda i: i.token(iss=None),
    "other audience": lambda i: i.token(aud="another"),
    "part of the audience": lambda i: i.token(aud=f"{AUDIENCE}-2 {AUDIENCE}"),
    "other audiences": lambda i: i.token(aud=["another", AUDIENCE[:-1]]),
    "no audience": lambda i: i.token(aud=None),
    "expired": lambda i: i.token(exp=int(time.time()) - 61),
    "without an end": lambda i: i.token(exp=None),
    "end as text": lambda i: i.token(exp=str(int(time.time()) + 60)),
    "end is true": lambda i: i.token(exp=True),
    "end is no number": lambda i: i.token(exp=float("nan")),
    "not yet": lambda i: i.token(nbf=int(time.time()) + 90),
    "made in the future": lambda i: i.token(iat=int(time.time()) + 90),
    "bound to a key": lambda i: i.token(cnf={"jkt": "0ZcOCORZNYy"}),
    "no claim": lambda i: i.token(preferred_username=None),
    "empty claim": lambda i: i.token(preferred_username=""),
    "claim is a list": lambda i: i.token(preferred_username=["empfang"]),
    "claim with a NUL": lambda i: i.token("emp\0fang"),
    "claim with half a letter": lambda i: i.token("emp\ud800fang"),
    "unknown account": lambda i: i.token("niemand"),
    "account in capitals": lambda i: i.token("Empfang"),
    "claims are a list": lambda i: i.key.token(b"[1]"),
    "claims are no JSON": lambda i: i.key.token(b"\xff\xfe"),
    "claims too deep": lambda i: i.key.token(b"[" * 4000),
    "header too deep": lambda i: b64(b"[" * 5000) + ".e30.e30",
    "header is a list": lambda i: b64(b'["alg", "b64"]') + ".e30.e30",
    "oversized": lambda i: i.token(padding="x" * 9000),
    "dots": lambda _: "..",
    "empty JSON": lambda _: "e30.e30.e30",
    "garbage": lambda _: "a.b.c",
    "five parts": lambda i: i.token() + ".e30.e30",
    "two parts": lambda i: i.token().rpartition(".")[0],
}


@pytest.mark.parametrize("wrong", WRONG)
def test_a_wrong_token_is_refused_without_a_reason(
    wrong: str, served: Served, workers: list[httpx.Client]
) -> None:
    answer = propfind(workers[0], WRONG[wrong](served.issuer))
    assert answer.status_code == 401
    assert answer.text == "Log-in needed.\n"
    assert answer.headers.get_list("www-authenticate") == [
        f'Basic realm="{REALM}", charset="UTF-8"',
        f'Bearer realm="{REALM}", error="invalid_token"',
    ]


def test_wrong_tokens_lock_nobody_out(served: Served, workers: list[httpx.Client]) -> None:
    for number in range(120):  # more wrong passwords than a network may have
        propfind(workers[0], flipped(served.issuer.token(jti=number)))
    assert propfind(workers[0], served.issuer.token()).status_code == 207
    basic = workers[0].request("PROPFIND", HOME, auth=("gast", PASSWORD))
    assert basic.status_code == 207


def test_without_a_bearer_nothing_is_said_of_bearers(workers: list[httpx.Client]) -> None:
    for auth in (None, ("empfang", "falsch")):
        answer = workers[0].request("PROPFIND", HOME, auth=auth)
        assert answer.status_code == 401
        assert "Bearer" not in answer.headers["www-authenticate"]


def test_the_log_names_reasons_and_nothing_of_a_token(
    served: Served, workers: list[httpx.Client]
) -> None:
    told: dict[str, Any] = {
        "sub": "s-kq4711-0815",
        "email": "zoe@aehrenthaler.example",
        "given_name": "Zoë Ährenthaler",
    }
    tokens = [
        served.issuer.token(**told),
        served.issuer.token("aehrenthaler-kq4711", **told),
        served.issuer.token(aud="praxis-kq4711", **told),
        Key("ES256", "kid-kq4711").token(served.issuer.claims(**told)),
    ]
    for token in tokens:
        propfind(workers[0], token)
    log = served.server.log()
    assert '"reason": "audience"' in log
    assert '"reason": "no account"' in log
    assert "kq4711" not in log
    assert "hrenthaler" not in log
    for part in {part for token in tokens for part in token.split(".")}:
        assert part not in log


_OWN = Key("ES256", "own")
_CLAIMS = {"iss": "i", "aud": "a", "preferred_username": "empfang", "exp": 1e10}
_TOKEN = _OWN.token(_CLAIMS)


@given(
    st.lists(st.one_of(st.sampled_from(_TOKEN.split(".")), st.text(), st.binary().map(b64)))
    .map(".".join)
    .filter(lambda text: text != _TOKEN)
)
def test_whatever_is_sent_for_a_token_is_refused_and_nothing_breaks(text: str) -> None:
    provider = OidcProvider(
        Expected("i", "a"), lambda: Discovered("", tuple(usable_keys({"keys": [_OWN.jwk]})))
    )
    now = datetime.now(UTC)
    provider.fetch_keys(KeysWanted(now, 0))
    assert isinstance(provider.read(_TOKEN, now), Vouched)
    assert isinstance(provider.read(text, now), Disowned)


# Accounts by e-mail address


def test_an_address_is_found_in_any_case_and_only_if_it_is_one_accounts(
    database: SqlDatabase,
) -> None:
    kim = a_person(database, "Kim@Praxis.Example")
    a_person(database, "zwei@praxis.example")
    a_person(database, "Zwei@praxis.example")
    a_person(database, "")
    with reading(database) as uow:
        for address in ("kim@praxis.example", "KIM@PRAXIS.EXAMPLE"):
            found = uow.accounts.by_email(address)
            assert found is not None
            assert found.name == kim
        for address in ("zwei@praxis.example", "", "\u212aim@praxis.example", "kim@%"):
            assert uow.accounts.by_email(address) is None


# Servers of their own


def running(database: str, issuer: str, threads: int = 16, **more: str) -> RunningServer:
    few = {"PRAXIS_CALDAV_SERVER__THREADS": str(threads)}
    return RunningServer(database, options=options(issuer, **more) | few)


@pytest.fixture
def sqlite(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SqlDatabase]:
    """A practice on SQLite."""
    with a_database("sqlite", request, tmp_path) as made:
        a_practice(made)
        yield made


def url_of(database: SqlDatabase) -> str:
    return database.engine.url.render_as_string(hide_password=False)


def test_a_server_can_ask_for_addresses_scopes_and_claims(sqlite: SqlDatabase) -> None:
    name = a_person(sqlite, "Anna@Praxis.Example")
    more: dict[str, Any] = {"CLAIM": "email", "MATCH": "email", "REQUIRED_SCOPE": "caldav"}
    more |= {"REQUIRED_CLAIMS": "groups=kalender, azp=thunderbird"}
    right: dict[str, Any] = {
        "email": "anna@praxis.example",
        "scope": "openid caldav",
        "groups": ["team", "kalender"],
        "azp": "thunderbird",
    }
    cases: list[tuple[int, dict[str, Any]]] = [
        (207, {}),
        (207, {"email_verified": True}),
        (207, {"scope": None, "scp": ["caldav"]}),
        (207, {"groups": "kalender"}),
        (401, {"email_verified": False}),
        (401, {"email_verified": "false"}),
        (401, {"email": name}),
        (401, {"email": None}),
        (403, {"scope": "openid caldav2"}),
        (403, {"scope": None}),
        (403, {"groups": ["kalender2"]}),
        (403, {"groups": "kalender, team"}),
        (403, {"azp": None}),
    ]
    with (
        Issuer() as issuer,
        running(url_of(sqlite), issuer.url, **more) as server,
        server.client(None) as client,
    ):
        for status, told in cases:
            answer = propfind(client, issuer.token(name, **right | told))
            assert answer.status_code == status, told
        lacking = propfind(client, issuer.token(name, **right | {"scope": "openid"}))
        forged = propfind(client, flipped(issuer.token(name, **right | {"scope": "openid"})))
    assert lacking.headers["www-authenticate"] == (
        f'Bearer realm="{REALM}", error="insufficient_scope", scope="caldav"'
    )
    assert forged.status_code == 401


def test_a_provider_that_does_not_answer_holds_nobody_else_up(sqlite: SqlDatabase) -> None:
    with (
        Issuer() as issuer,
        running(url_of(sqlite), issuer.url, threads=1) as server,
        server.client() as client,
        server.client(None) as other,
        ThreadPoolExecutor(20) as threads,
    ):
        issuer.answers.clear()
        assert client.request("PROPFIND", HOME).status_code == 207  # the password is remembered
        waiting = [threads.submit(propfind, other, issuer.token(jti=n)) for n in range(20)]
        polls = 0
        while not all(one.done() for one in waiting):
            assert client.request("PROPFIND", HOME).status_code == 207
            assert client.get("/readyz").status_code == 200
            polls += 1
        assert {one.result().status_code for one in waiting} == {503}
        assert all(int(one.result().headers["retry-after"]) > 0 for one in waiting)
        assert "www-authenticate" not in waiting[0].result().headers
        assert issuer.asked == ["/.well-known/openid-configuration"]  # one fetch for all of them
    assert polls >= 20


@pytest.fixture
def second() -> Iterator[str]:
    """An identity provider that others have written, as a process; its address."""
    port = free_port()
    command = [sys.executable, "-W", "ignore", "-m", "oidc_provider_mock", "--port", str(port)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    url = f"http://127.0.0.1:{port}"
    deadline = time.monotonic() + 30
    try:
        while time.monotonic() < deadline:
            try:
                httpx.get(url)
                break
            except httpx.TransportError:
                time.sleep(0.05)
        yield url
    finally:
        process.terminate()
        process.wait(30)


def test_a_provider_that_others_have_written(second: str, sqlite: SqlDatabase) -> None:
    app = "http://127.0.0.1:1/callback"
    httpx.put(f"{second}/users/42", json={"preferred_username": "empfang"})
    asked = {"client_id": AUDIENCE, "redirect_uri": app, "response_type": "code"}
    asked["scope"] = "openid profile"
    signed_in = httpx.post(f"{second}/oauth2/authorize", params=asked, data={"sub": "42"})
    (code,) = parse_qs(urlsplit(signed_in.headers["location"]).query)["code"]
    answer = httpx.post(
        f"{second}/oauth2/token",
        data={"grant_type": "authorization_code", "code": code, "redirect_uri": app},
        auth=(AUDIENCE, "any"),
    )
    told = answer.json()
    with running(url_of(sqlite), second) as server, server.client(None) as client:
        assert propfind(client, told["id_token"]).status_code == 207
        assert propfind(client, flipped(told["id_token"])).status_code == 401
        assert propfind(client, told["access_token"]).status_code == 401  # nothing to read in it
