"""Accounts, their passwords and grants, made by command and without questions, so that scripts can.

Not here: what a grant allows (`practice.access`).
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import click

from practice.access import Account, Level, Role
from practice.accounts import CredentialKind
from practice.errors import Invalid
from practice.passwords import check_strength, hash_password
from practice.ports import UnitOfWork
from practice.scopes import Scope
from practice.use_cases import accounts
from praxis_caldav.commands.context import password_from, unit, with_settings
from praxis_caldav.commands.tables import Table, print_table
from praxis_caldav.settings import Settings

__all__ = ["commands"]

_LEVELS = {level.name.lower(): level for level in Level}
_password_file = click.option(
    "--password-file",
    type=click.Path(path_type=Path),
    help="File with the password on its first line; - for standard input.",
)


@click.group()
def account() -> None:
    """Accounts: who may sign in, and see and do what."""


@account.command("add")
@click.argument("name")
@click.option("--role", type=click.Choice([str(role) for role in Role]), required=True)
@click.option("--doctor", "doctor_slug", help="The doctor an account of that role belongs to.")
@click.option("--display-name", default="", help="As people say it.")
@click.option("--email", default="", help="E-mail address; others find the account by it, too.")
@click.option(
    "--grant",
    "granted",
    multiple=True,
    metavar="CALENDAR=LEVEL",
    help="busy, pseudonym, read or write in a calendar, or in 'all'; may be given several times.",
)
@click.option("--no-password", is_flag=True, help="Only app passwords and tokens, made later.")
@_password_file
@with_settings
def add_account(
    settings: Settings,
    name: str,
    role: str,
    doctor_slug: str | None,
    display_name: str,
    email: str,
    granted: tuple[str, ...],
    no_password: bool,
    password_file: Path | None,
) -> None:
    """Add the account NAME."""
    hashed = None if no_password else _hashed(settings, password_file)
    with unit(settings) as uow:
        made = accounts.add_account(
            uow,
            Account(0, name, Role(role), _doctor_id(uow, doctor_slug), display_name, email, False),
        )
        if hashed:
            accounts.set_password(uow, made, hashed)
        for text in granted:
            calendar, level = _granted(text)
            accounts.grant(uow, made, calendar, level)
    click.echo(f"Account {name} ({role}) added.")


def _hashed(settings: Settings, password_file: Path | None) -> str:
    password = password_from(password_file)
    check_strength(password, settings.accounts.minimum_password_length)
    return hash_password(password)


def _doctor_id(uow: UnitOfWork, slug: str | None) -> int | None:
    if slug is None:
        return None
    found = next((d for d in uow.house.doctors() if d.slug == slug), None)
    if found is None:
        raise Invalid(f"There is no doctor '{slug}'.")
    return found.id


def _granted(text: str) -> tuple[str, Level]:
    calendar, _, level = text.partition("=")
    if level not in _LEVELS:
        raise Invalid(f"A grant is CALENDAR={'|'.join(_LEVELS)}, not '{text}'.")
    return calendar, _LEVELS[level]


@account.command("list")
@with_settings
def list_accounts(settings: Settings) -> None:
    """List the accounts with their grants."""
    table = Table("account", "role", "grants", "state")
    with unit(settings, read_only=True) as uow:
        names = {calendar.id: calendar.name for calendar in uow.calendars.all()}
        for one in uow.accounts.all():
            granted = [f"{names[c]}={level.name.lower()}" for c, level in one.grants.items()]
            if one.everywhere:
                granted.insert(0, f"all={one.everywhere.name.lower()}")
            state = "disabled" if one.disabled else "active"
            table.add_row(one.name, str(one.role), ", ".join(granted), state)
    print_table(table)


@account.command("password")
@click.argument("name")
@_password_file
@with_settings
def set_password(settings: Settings, name: str, password_file: Path | None) -> None:
    """Give the account NAME a new password.

    The old one stops working at once.
    """
    hashed = _hashed(settings, password_file)
    with unit(settings) as uow:
        found, _ = accounts.find_account(uow, name)
        accounts.set_password(uow, found, hashed)
    click.echo(f"Password of {name} changed.")


@account.command("app-password")
@click.argument("name")
@click.option("--label", required=True, help="The device: 'iPhone Empfang'.")
@with_settings
def app_password(settings: Settings, name: str, label: str) -> None:
    """Make a password for one device of NAME; it is shown once."""
    _give(settings, name, CredentialKind.APP_PASSWORD, label)


@account.command("token")
@click.argument("name")
@click.option("--label", required=True, help="The program that will send it.")
@click.option(
    "--scope",
    "scopes",
    multiple=True,
    type=click.Choice([str(scope) for scope in Scope]),
    metavar="SCOPE",
    help="What it is for; may be given several times. Without: all that NAME may do.",
)
@with_settings
def token(settings: Settings, name: str, label: str, scopes: tuple[str, ...]) -> None:
    """Make a bearer token for NAME; it is shown once."""
    _give(settings, name, CredentialKind.TOKEN, label, scopes)


def _give(
    settings: Settings, name: str, kind: CredentialKind, label: str, scopes: tuple[str, ...] = ()
) -> None:
    with unit(settings) as uow:
        found, _ = accounts.find_account(uow, name)
        secret, made = accounts.give_secret(uow, found, kind, label, scopes)
    # The secret alone on standard output, so that a script can take it.
    click.echo(f"{kind} {made.id} of {name} for '{label}', shown this once:", err=True)
    click.echo(secret)


@account.command("credentials")
@click.argument("name")
@with_settings
def credentials(settings: Settings, name: str) -> None:
    """List what NAME signs in with."""
    table = Table("id", "kind", "label", "for", "made")
    with unit(settings, read_only=True) as uow:
        for one in accounts.find_account(uow, name)[1]:
            made, scopes = f"{one.created:%Y-%m-%d %H:%M}", ", ".join(one.scopes)
            table.add_row(str(one.id), str(one.kind), one.label, scopes or "everything", made)
    print_table(table)


@account.command("revoke")
@click.argument("name")
@click.argument("credential", type=int)
@with_settings
def revoke(settings: Settings, name: str, credential: int) -> None:
    """Take a password or token from NAME.

    It is named by its id in `credentials`, and stops working at once.
    """
    with unit(settings) as uow:
        found, _ = accounts.find_account(uow, name)
        accounts.revoke_credential(uow, found, credential)
    click.echo(f"Credential {credential} of {name} revoked.")


@account.command("grant")
@click.argument("name")
@click.argument("calendar")
@click.argument("level", type=click.Choice(list(_LEVELS)))
@with_settings
def grant(settings: Settings, name: str, calendar: str, level: str) -> None:
    """Set what NAME may do in CALENDAR ('all' for every one).

    busy shows when somebody is busy, pseudonym initials and the patient's number as well.
    """
    with unit(settings) as uow:
        found, _ = accounts.find_account(uow, name)
        accounts.grant(uow, found, calendar, _LEVELS[level])
    click.echo(f"{name} now has: {calendar}={level}.")


@account.command("change")
@click.argument("name")
@click.option("--role", type=click.Choice([str(role) for role in Role]))
@click.option("--doctor", "doctor_slug", help="The doctor an account of that role belongs to.")
@click.option("--display-name", help="As people say it.")
@click.option("--email", help="E-mail address; others find the account by it, too.")
@with_settings
def change_account(
    settings: Settings,
    name: str,
    role: str | None,
    doctor_slug: str | None,
    display_name: str | None,
    email: str | None,
) -> None:
    """Change what NAME is; what is not given stays.

    Grants stay, too: see `grant`.
    """
    with unit(settings) as uow:
        there, _ = accounts.find_account(uow, name)
        wanted = replace(
            there,
            role=Role(role) if role else there.role,
            doctor_id=_doctor_id(uow, doctor_slug) or there.doctor_id,
            display_name=there.display_name if display_name is None else display_name,
            email=there.email if email is None else email,
        )
        accounts.change_account(uow, wanted)
    click.echo(f"Account {name} changed.")


@account.command("disable")
@click.argument("name")
@with_settings
def disable(settings: Settings, name: str) -> None:
    """Keep NAME from signing in, from the next request on."""
    _set_disabled(settings, name, True)


@account.command("enable")
@click.argument("name")
@with_settings
def enable(settings: Settings, name: str) -> None:
    """Let NAME sign in again."""
    _set_disabled(settings, name, False)


def _set_disabled(settings: Settings, name: str, disabled: bool) -> None:
    with unit(settings) as uow:
        accounts.set_disabled(uow, name, disabled)
    click.echo(f"{name} is {'disabled' if disabled else 'enabled'}.")


commands = (account,)
