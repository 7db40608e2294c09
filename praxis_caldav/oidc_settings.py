"""The settings of an identity provider. What they do: see `praxis_caldav.oidc`."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, ValidationInfo, field_validator

from praxis_caldav.setting_values import File, Filled, Section, secure_url

__all__ = ["Oidc"]

#: RFC 6749 3.3; it stands in quotes in a header.
_SCOPE = re.compile(r"[\x21\x23-\x5b\x5d-\x7e]*")


def _valid_issuer(value: str) -> str:
    reason = "http:// is for this very machine only"
    url = secure_url(value, "https://login.example.org", reason)
    if url.username or url.password or url.query or url.fragment:
        raise ValueError("must be a scheme, a host and a path, nothing else")
    return value


def _valid_scope(value: str) -> str:
    if not _SCOPE.fullmatch(value):
        raise ValueError("must be one scope: ASCII without spaces, quotes and backslashes")
    return value


def _valid_name(value: str) -> str:
    if len(value) > 60 or not value.isprintable():
        raise ValueError("must be at most 60 characters")
    return value


class Oidc(Section):
    """Sign-in by an identity provider (OpenID Connect): by its tokens, and to the pages with a
    browser. Off while there is no issuer.
    """

    issuer: Annotated[str, AfterValidator(_valid_issuer)] = Field(
        "",
        description="Address of the provider, exactly as it stands in its tokens (iss), such as "
        "https://login.example.org/realms/praxis; empty: no provider is asked for anything. "
        "http:// is taken only for this very machine (127.0.0.1, localhost).",
    )
    audience: str = Field(
        "",
        validate_default=True,
        description="What this server is called in the tokens meant for it (aud). Tokens for "
        "others are refused.",
    )
    claim: Filled = Field(
        "preferred_username",
        description="Which claim of the token says whose it is, such as preferred_username, "
        "email or sub. The account must exist here.",
    )
    match: Literal["name", "email"] = Field(
        "name",
        description="What the claim is compared with: the account's name, or its e-mail address. "
        "An address that the provider calls not verified is refused.",
    )
    client_id: str = Field(
        "",
        validate_default=True,
        description="What the provider calls the pages of this server (client_id); empty: staff "
        "sign in to them by password alone. Register server.public_url with "
        "/anmelden/extern/zurueck there as the redirect URI, and with /anmelden as the address "
        "after signing out.",
    )
    client_secret: Annotated[str, Field(repr=False)] = Field(
        "", description="The secret that goes with client_id; empty for a public client."
    )
    name: Annotated[str, AfterValidator(_valid_name)] = Field(
        "",
        description="What people call the provider, on the button of the sign-in page; empty: the "
        "host of the issuer.",
    )
    scopes: list[Annotated[Filled, AfterValidator(_valid_scope)]] = Field(
        ["profile", "email"],
        description="What the provider is asked to tell when people sign in with a browser, "
        "besides openid and required_scope.",
    )
    prompt: Literal["", "login", "select_account"] = Field(
        "",
        description="login: the provider asks for the password at every sign-in with a browser, as "
        "where several people share one; select_account: it asks which account is meant; empty: "
        "as the provider does it.",
    )
    required_scope: Annotated[str, AfterValidator(_valid_scope)] = Field(
        "", description="Scope that a token must have; others are answered with 403. Empty: none."
    )
    required_claims: dict[Filled, Filled] = Field(
        {},
        description="Claims that a token must have: claim = what it is or contains, such as "
        '{groups = "kalender"}; others are answered with 403.',
    )
    skew_seconds: int = Field(
        60, ge=0, le=600, description="Seconds by which the provider's clock may differ from ours."
    )
    keys_seconds: int = Field(
        900,
        ge=1,
        le=86_400,
        description="Seconds until the provider's keys are fetched anew: for so long a key that "
        "it has withdrawn is still accepted. New keys are fetched when they are first met.",
    )
    stale_seconds: int = Field(
        86_400,
        ge=0,
        le=604_800,
        description="Seconds beyond keys_seconds for which the keys are used while the provider "
        "cannot be reached.",
    )
    ca_file: File = Field(
        None,
        description="File with the certificates (PEM) by which the provider's TLS is checked; "
        "empty: the usual authorities.",
    )

    @field_validator("client_id")
    @classmethod
    def _of_a_provider(cls, value: str, info: ValidationInfo) -> str:
        if value and not info.data.get("issuer", value):
            raise ValueError("needs oidc.issuer: whose client is it?")
        return value

    @field_validator("audience")
    @classmethod
    def _for_us(cls, value: str, info: ValidationInfo) -> str:
        if info.data.get("issuer") and not value:
            raise ValueError("must be given if there is an issuer, or its every token would do")
        return value
