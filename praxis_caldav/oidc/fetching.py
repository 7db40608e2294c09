"""What a provider publishes about itself, fetched over HTTP within limits of time and size.

Nothing is followed: no redirect, and no address but the configured issuer's and the one that its
discovery document names for the keys. Sources: OpenID Connect Discovery 1.0, RFC 8414.
"""

from __future__ import annotations

import json
import ssl
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx

from praxis_caldav.oidc.keys import PublicKey, usable_keys

__all__ = ["Discovered", "FetchError", "fetch"]

#: Seconds to connect, and between two packets.
PATIENCE = 5.0
#: Seconds for all of it.
ALTOGETHER = 10.0
LARGEST_DOCUMENT = 256_000


class FetchError(Exception):
    """It could not be had. The message is a sentence for whoever looks after the server;
    `reason` is a word for the log, without addresses.
    """

    def __init__(self, reason: str, sentence: str) -> None:
        super().__init__(sentence)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Discovered:
    """Where the keys are, and those that can be used."""

    jwks_uri: str
    keys: tuple[PublicKey, ...]


def fetch(issuer: str, ca_file: Path | None = None) -> Discovered:
    """Fetch the discovery document and the keys; raises FetchError.

    Takes up to 15 seconds. `ca_file` has the certificates (PEM) to trust instead of the usual.
    """
    limit = time.monotonic() + ALTOGETHER
    try:
        trusted = ssl.create_default_context(cafile=ca_file) if ca_file else True
    except OSError as error:
        raise FetchError("ca_file", "The file oidc.ca_file holds no certificates (PEM).") from error
    with httpx.Client(verify=trusted, timeout=PATIENCE, follow_redirects=False) as client:
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
    return Discovered(jwks_uri, tuple(keys))


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
    # Not compressed: a few bytes of it may be gigabytes.
    headers = {"Accept": "application/json", "Accept-Encoding": "identity"}
    content = bytearray()
    try:
        with client.stream("GET", url, headers=headers) as answer:
            if answer.status_code != 200:
                told = f"{url} answers {answer.status_code} where 200 is expected."
                raise FetchError(f"status {answer.status_code}", told)
            for chunk in answer.iter_raw():
                content += chunk
                if len(content) > LARGEST_DOCUMENT or time.monotonic() > limit:
                    raise FetchError("too much", f"{url} sends too much, or too slowly.")
    except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:  # ValueError: odd host names
        kind = type(error).__name__
        told = f"{url} cannot be reached ({kind}): see that this machine may connect to it."
        raise FetchError(kind, told) from error
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict):
        raise FetchError("no JSON", f"What {url} sends is no JSON object.")
    return document
