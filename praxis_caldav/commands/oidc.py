"""The identity provider, tried out from the command line."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from practice.access import Account
from practice.identity import Insufficient, Vouched
from practice.use_cases.sign_in import account_of
from praxis_caldav.commands.context import password_from, unit, with_settings
from praxis_caldav.composition import expected_of
from praxis_caldav.settings import Settings

if TYPE_CHECKING:
    from praxis_caldav.oidc import Discovered
    from praxis_caldav.oidc.fetching import Places

__all__ = ["ADVICE", "commands"]

#: What to do about a token that is refused, by the reason.
ADVICE = {
    "size": "It is longer than 8192 characters: have the provider put less into it.",
    "shape": "It is no JWT. Is it an access token that only the provider can read, or cut off?",
    "algorithm": "It is not signed with RS256, PS256, ES256 or one of their like.",
    "header": "Its header has something in it that is not known here.",
    "type": "It is made for something else than access.",
    "issuer": "Its iss is not oidc.issuer, character for character.",
    "audience": "Its aud is not oidc.audience, and does not contain it.",
    "bound to a key": "It may only be used together with the proof of a key (DPoP, mutual TLS).",
    "expired": "Its time is over. Are the clocks of both machines right?",
    "not yet valid": "Its time has not come. Are the clocks of both machines right?",
    "time": "It says not, in numbers, until when it is valid.",
    "key": "It is signed with a key that the provider does not publish.",
    "signature": "It is not signed by the provider, or was changed.",
    "claim": "It has no text in the claim that oidc.claim names.",
    "e-mail not verified": "The provider has not verified the e-mail address.",
}


@click.group()
def oidc() -> None:
    """The identity provider: whose tokens sign people in."""


@oidc.command("check")
@click.option(
    "--token-file",
    type=click.Path(path_type=Path),
    help="File with a token to judge; - is standard input.",
)
@with_settings
def check(settings: Settings, token_file: Path | None) -> None:
    """Say what is wrong with the provider, if anything is.

    Fetches its keys as the server does.

    With a token: tell whose it is, or why it is refused.
    """
    from praxis_caldav.oidc import FetchError, fetch

    if not settings.oidc.issuer:
        raise click.ClickException("No provider is set: give oidc.issuer and oidc.audience.")
    try:
        found = fetch(settings.oidc.issuer, settings.oidc.ca_file)
    except FetchError as error:
        raise click.ClickException(str(error)) from error
    names = sorted({name for key in found.keys for name in key.algorithms})
    click.echo(f"Issuer {settings.oidc.issuer} answers.")
    click.echo(f"{len(found.keys)} usable keys at {found.jwks_uri} ({', '.join(names)}).")
    if settings.oidc.client_id:
        _tell_of_browsers(settings, found.places)
    if token_file is not None:
        told = _judged(settings, found, password_from(token_file).strip())
        click.echo(f"The token is accepted for the account {_account(settings, told).name}.")


def _tell_of_browsers(settings: Settings, places: Places) -> None:
    from admin_api.pages.sign_in_elsewhere import BACK

    if not places.authorization or not places.token:
        raise click.ClickException("It names no https:// addresses to sign in with a browser.")
    click.echo(f"Browsers sign in at {places.authorization}.")
    click.echo(f"The redirect URI to register there: {settings.server.public_url}{BACK}")


def _judged(settings: Settings, found: Discovered, token: str) -> Vouched:
    from praxis_caldav.oidc import Untrue, identify, opened, verify
    from praxis_caldav.oidc.keys import find

    expected = expected_of(settings)
    try:
        parts = opened(token, expected, datetime.now(UTC))
        key = find(found.keys, parts.kid, parts.algorithm)
        if key is None:
            raise Untrue("key")
        verify(parts, key)
        told = identify(parts, expected)
    except Untrue as untrue:
        raise click.ClickException(f"The token is refused. {ADVICE[untrue.reason]}") from untrue
    if isinstance(told, Insufficient):
        raise click.ClickException(
            "The token is refused: it lacks oidc.required_scope, or one of oidc.required_claims."
        )
    return told


def _account(settings: Settings, told: Vouched) -> Account:
    with unit(settings, read_only=True) as uow:
        found = account_of(uow, told)
    if found is None:
        raise click.ClickException(
            f"The token is true, but there is no account '{told.name or told.email}':"
            " see oidc.claim and oidc.match, and `praxis-caldav account list`."
        )
    if found.disabled:
        raise click.ClickException(
            f"The token is true, but the account '{found.name}' is disabled."
        )
    return found


commands: tuple[click.Command, ...] = (oidc,)
