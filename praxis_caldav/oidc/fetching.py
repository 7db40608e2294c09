"""What a provider publishes about itself, and codes exchanged with it, over HTTP within limits of
time and size.

Nothing is followed: no redirect, and no address but the configured issuer's and those that its
discovery document names. Sources: OpenID Connect Discovery 1.0, RFC 8414, RFC 6749.
"""

from __future__ import annotations

import json
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote_plus, urlsplit

import httpx

from praxis_caldav.oidc.keys import PublicKey, usable_keys

__all__ = ["Discovered", "FetchError", "Places", "exchange", "fetch"]

#: Seconds to connect, and between two packets.
PATIENCE = 5.0
#: Seconds for all of it.
ALTOGETHER = 10.0
LARGEST_DOCUMENT = 256_000
# Not compressed: a few bytes of it may be gigabytes.
_HEADERS = {"Accept": "application/json", "Accept-Encoding": "identity"}


class FetchError(Exception):
    """It could not be had. The message is a sentence for whoever looks after the server;
    `reason` is a word for the log, without addresses.
    """

    def __init__(self, reason: str, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Places:
    """Where people sign in with a browser, codes are exchanged, and people sign out; "" is what
    the provider does not tell, or where nobody is sent: no https address.

    `secret_in_body`: our secret is to stand among what is posted, not in a header. `names_itself`:
    whoever comes back says which provider from (RFC 9207).
    """

    authorization: str = ""
    token: str = ""
    end_session: str = ""
    secret_in_body: bool = False
    names_itself: bool = False


@dataclass(frozen=True, slots=True)
class Discovered:
    """Where the keys are, those that can be used, and where people sign in."""

    jwks_uri: str
    keys: tuple[PublicKey, ...]
    places: Places = Places()


def fetch(issuer: str, ca_file: Path | None = None) -> Discovered:
    """Fetch the discovery document and the keys; raises FetchError.

    Takes up to 15 seconds. `ca_file` has the certificates (PEM) to trust instead of the usual.
    """
    limit = time.monotonic() + ALTOGETHER
    with _client(ca_file) as client:
        address = issuer.rstrip("/") + "/.well-known/openid-configuration"
        about = _document(client, address, limit)
        if about.get("issuer") != issuer:
            raise FetchError(
                "other issuer",
                f"The document at {address} is of another issuer, {about.get('issuer')!r}: write"
                " that into oidc.issuer, character for character, if it is the right one.",
            )
        jwks_uri = about.get("jwks_uri")
        if not isinstance(jwks_uri, str) or not _may_be_asked(jwks_uri, issuer):
            raise FetchError(
                "jwks_uri", f"The document at {address} names no https:// address for the keys."
            )
        keys = usable_keys(_document(client, jwks_uri, limit))
    if not keys:
        raise FetchError("no keys", f"There is no key at {jwks_uri} that can verify signatures.")
    return Discovered(jwks_uri, tuple(keys), _places(about, issuer))


def exchange(
    address: str,
    form: Mapping[str, str],
    client: tuple[str, str] | None = None,
    ca_file: Path | None = None,
) -> tuple[int, dict[str, Any]]:
    """Post a code to the provider; return the status, below 500, and the JSON object of its answer.

    `client` are id and secret for a header. Takes up to 15 seconds. Raises FetchError also for a
    provider that is busy or at fault.
    """
    limit = time.monotonic() + ALTOGETHER
    basic = httpx.BasicAuth(*map(quote_plus, client)) if client else None
    with _client(ca_file) as http:
        status, content = _asked(http, address, limit, form, basic)
    if status == 429 or status >= 500:
        raise FetchError(f"status {status}", f"{address} answers {status}.")
    return status, _object(content, address)


def _client(ca_file: Path | None) -> httpx.Client:
    try:
        trusted = ssl.create_default_context(cafile=ca_file) if ca_file else True
    except OSError as error:
        raise FetchError("ca_file", "The file oidc.ca_file holds no certificates (PEM).") from error
    return httpx.Client(verify=trusted, timeout=PATIENCE, follow_redirects=False)


def _places(about: Mapping[str, Any], issuer: str) -> Places:
    def place(name: str) -> str:
        told = about.get(f"{name}_endpoint")
        if not isinstance(told, str) or not (told.isascii() and told.isprintable()):
            return ""  # no address, nor anything that a header can tell
        return told if _may_be_asked(told, issuer) else ""

    # OpenID Connect Discovery 1.0, 3: who tells nothing of it takes the header.
    ways = about.get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
    by_body = isinstance(ways, list) and "client_secret_basic" not in ways
    return Places(
        place("authorization"),
        place("token"),
        place("end_session"),
        secret_in_body=by_body and "client_secret_post" in ways,
        names_itself=about.get("authorization_response_iss_parameter_supported") is True,
    )


def _is_this_machine(url: str) -> bool:
    """Tell whether an address is of this machine, where TLS protects nothing."""
    return urlsplit(url).hostname in {"localhost", "127.0.0.1", "::1"}


def _may_be_asked(jwks_uri: str, issuer: str) -> bool:
    try:
        url, own = urlsplit(jwks_uri), urlsplit(issuer)
        same = (url.scheme, url.netloc) == (own.scheme, own.netloc)
        return bool(url.hostname) and (url.scheme == "https" or (same and _is_this_machine(issuer)))
    except ValueError:
        return False


def _document(client: httpx.Client, url: str, limit: float) -> dict[str, Any]:
    """Return a JSON object."""
    status, content = _asked(client, url, limit)
    if status != 200:
        told = f"{url} answers {status} where 200 is expected."
        raise FetchError(f"status {status}", told)
    return _object(content, url)


def _asked(
    client: httpx.Client,
    url: str,
    limit: float,
    form: Mapping[str, str] | None = None,
    auth: httpx.Auth | None = None,
) -> tuple[int, bytes]:
    """Return status and body of an answer; with a form, it is posted."""
    content = bytearray()
    method, told = ("GET", None) if form is None else ("POST", dict(form))
    try:
        with client.stream(method, url, headers=_HEADERS, data=told, auth=auth) as answer:
            for chunk in answer.iter_raw():
                content += chunk
                if len(content) > LARGEST_DOCUMENT or time.monotonic() > limit:
                    raise FetchError("too much", f"{url} sends too much, or too slowly.")
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:  # ValueError: odd host names
        kind = type(error).__name__
        sentence = f"{url} cannot be reached ({kind}): see that this machine may connect to it."
        raise FetchError(kind, sentence) from error
    return answer.status_code, bytes(content)


def _object(content: bytes, url: str) -> dict[str, Any]:
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise FetchError("no JSON", f"What {url} sends is no JSON object.")
    return document
