"""What accounts sign in with: a password, one for each device, tokens for programs."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from admin_api.endpoint import Ahead, Call, Endpoint, Form, Nothing, Shown
from admin_api.resources.accounts import CredentialShown
from admin_api.shapes import Name, Password
from practice.accounts import CredentialKind
from practice.passwords import check_strength, hash_password
from practice.scopes import Scope
from practice.use_cases import accounts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from practice.access import Account
    from practice.accounts import Credential

__all__ = [
    "ENDPOINTS",
    "CredentialsShown",
    "DeviceForm",
    "DeviceShown",
    "device_of",
    "list_credentials",
    "shown_with_uses",
]

_CALDAV = "/caldav/"


class CredentialUsedShown(CredentialShown):
    """What somebody signs in with, and when that was done last."""

    used: datetime | None = Field(description="To the hour; null if no use is known.")


class CredentialsShown(Shown):
    """What somebody signs in with."""

    items: list[CredentialUsedShown]
    next: Annotated[str | None, Field(description="There are no more pages.")] = None


class PasswordForm(Form):
    """A new password."""

    password: Password


class DeviceForm(Form):
    """A device that signs in for somebody."""

    label: Name = Field(description="The device: 'iPhone Empfang'.")


class DeviceShown(Shown):
    """What is typed into a device, shown this once."""

    id: int
    label: str
    address: str = Field(description="Of the server, for any calendar program.")
    principal: str = Field(description="The path of the account, for programs that ask for it.")
    user_name: str
    password: str = Field(repr=False)


class TokenForm(Form):
    """A program that acts for somebody."""

    label: Name = Field(description="The program that sends it.")
    scopes: Annotated[list[Scope], Field(max_length=64)] = Field(
        [], description="What it is for; none: all that the account may do."
    )


class TokenShown(Shown):
    """A token, shown this once."""

    id: int
    label: str
    scopes: list[str]
    token: str = Field(repr=False, description="Sent as 'Authorization: Bearer ...'.")


def hashed(ahead: Ahead[Nothing, PasswordForm]) -> str:
    """Return the hash of a password that is strong enough."""
    check_strength(ahead.body.password, ahead.services.minimum_password_length)
    return hash_password(ahead.body.password)


def list_credentials(call: Call[Any, Any]) -> CredentialsShown:
    """Return what an account signs in with. Not with the account, whose version would be another
    one whenever somebody signs in.
    """
    _, held = accounts.find_account(call.uow, call.path["name"])
    return shown_with_uses(call, held)


def shown_with_uses(call: Call[Any, Any], held: Iterable[Credential]) -> CredentialsShown:
    """Return credentials, in the order of making, with when each was last used."""
    used = call.uow.accounts.uses()
    items = [
        CredentialUsedShown(
            id=one.id,
            kind=one.kind,
            label=one.label,
            scopes=list(one.scopes),
            created=one.created,
            used=used.get(one.id),
        )
        for one in sorted(held, key=lambda one: (one.created, one.id))
    ]
    return CredentialsShown(items=items)


def set_password(call: Call[Nothing, str]) -> None:
    """Set an account's password."""
    there, _ = accounts.find_account(call.uow, call.path["name"])
    accounts.set_password(call.uow, there, call.body, call.giver)


def add_device(call: Call[Nothing, DeviceForm]) -> DeviceShown:
    """Make a password for one device."""
    there, _ = accounts.find_account(call.uow, call.path["name"])
    return device_of(call, there)


def device_of(call: Call[Nothing, DeviceForm], there: Account) -> DeviceShown:
    """Make a password for one device of an account."""
    kind = CredentialKind.APP_PASSWORD
    secret, made = accounts.give_secret(call.uow, there, kind, call.body.label, by=call.giver)
    return DeviceShown(
        id=made.id,
        label=made.label,
        address=call.services.public_url + _CALDAV,
        principal=f"{_CALDAV}{there.name}/",
        user_name=there.name,
        password=secret,
    )


def add_token(call: Call[Nothing, TokenForm]) -> TokenShown:
    """Make a token for one program."""
    there, _ = accounts.find_account(call.uow, call.path["name"])
    told, kind = call.body, CredentialKind.TOKEN
    secret, made = accounts.give_secret(call.uow, there, kind, told.label, told.scopes, call.giver)
    return TokenShown(id=made.id, label=made.label, scopes=list(made.scopes), token=secret)


def revoke_credential(call: Call[Nothing, None]) -> None:
    """Take a password, device or token away."""
    there, _ = accounts.find_account(call.uow, call.path["name"])
    accounts.revoke_credential(call.uow, there, call.path["credential_id"], call.giver)


_S = Scope.ACCOUNTS
_ONE = "/api/accounts/{name}"

ENDPOINTS = (
    Endpoint(
        "GET",
        f"{_ONE}/credentials",
        list_credentials,
        "List what an account signs in with",
        _S,
        CredentialsShown,
        text="With when each was last used.",
    ),
    Endpoint(
        "PUT",
        f"{_ONE}/password",
        set_password,
        "Set a password",
        _S,
        body=PasswordForm,
        prepare=hashed,
        text="The old one stops working at once, and browsers have to sign in again.",
    ),
    Endpoint(
        "POST",
        f"{_ONE}/devices",
        add_device,
        "Make a password for a device",
        _S,
        DeviceShown,
        body=DeviceForm,
        status=201,
        secret=True,
        text="For CalDAV and this API; shown this once.",
    ),
    Endpoint(
        "POST",
        f"{_ONE}/tokens",
        add_token,
        "Make a token for a program",
        _S,
        TokenShown,
        body=TokenForm,
        status=201,
        secret=True,
        text="Shown this once.",
    ),
    Endpoint(
        "DELETE",
        f"{_ONE}/credentials/{{credential_id:id}}",
        revoke_credential,
        "Take a password or token away",
        _S,
        text="It stops working at once.",
    ),
)
