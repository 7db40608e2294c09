"""Accounts, credentials, grants and failed log-ins, in tables."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Connection,
    String,
    and_,
    bindparam,
    cast,
    delete,
    func,
    insert,
    select,
    update,
)

from practice.access import Account, Level, Role
from practice.accounts import Credential, CredentialKind
from practice.database.keeping import store
from practice.database.ledger import HOUSE
from practice.database.prepared import Prepared
from practice.database.tables import (
    accounts,
    credential_uses,
    credentials,
    failures,
    grants,
    house,
)
from practice.errors import AccountNotFound, NameTaken

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from practice.database.ledger import Ledger

__all__ = ["SqlAccounts"]

#: The grants of an account as one text, "3:4,7:1": calendar and level. Read along with the account,
#: so that a name that exists costs as many statements as one that does not: the time of an answer
#: must not tell which names there are.
_GRANTED = (
    select(
        func.aggregate_strings(
            cast(grants.c.calendar_id, String) + ":" + cast(grants.c.level, String), ","
        )
    )
    .where(grants.c.account_id == accounts.c.id)
    .scalar_subquery()
    .label("granted")
)
_ACCOUNTS = select(accounts, _GRANTED)
#: The house's row is told along with each, and alone if there is nobody.
_WITH_CREDENTIALS = select(
    accounts,
    _GRANTED,
    credentials.c.id.label("credential_id"),
    credentials.c.kind,
    credentials.c.label,
    credentials.c.secret,
    credentials.c.created,
    credentials.c.scopes,
    *HOUSE,
)
_HELD = credentials.c.account_id == accounts.c.id
_OF_NAME = Prepared(
    _WITH_CREDENTIALS.select_from(
        house.outerjoin(accounts, accounts.c.name == bindparam("name")).outerjoin(
            credentials, _HELD
        )
    ).order_by(credentials.c.id)
)
_THIS_TOKEN = and_(
    credentials.c.secret == bindparam("digest"), credentials.c.kind == str(CredentialKind.TOKEN)
)
_OF_TOKEN = Prepared(
    _WITH_CREDENTIALS.select_from(
        house.outerjoin(credentials, _THIS_TOKEN).outerjoin(accounts, _HELD)
    )
)
#: Two are as bad as none.
_OF_EMAIL = Prepared(_ACCOUNTS.where(func.lower(accounts.c.email) == bindparam("email")).limit(2))
_RECENT = select(func.count()).select_from(failures).where(failures.c.time > bindparam("since"))
_FAILED = Prepared(
    select(
        _RECENT.where(failures.c.account == bindparam("account")).scalar_subquery(),
        _RECENT.where(failures.c.network == bindparam("network")).scalar_subquery(),
    )
)


class SqlAccounts:
    """The Accounts port."""

    def __init__(self, connection: Connection, ledger: Ledger) -> None:
        self._connection = connection
        self._ledger = ledger
        self._now = ledger.now

    def by_name(self, name: str) -> tuple[Account, list[Credential]] | None:
        """See the port."""
        return self._told(f"account {name}", _OF_NAME, {"name": name})

    def by_token(self, digest: str) -> tuple[Account, list[Credential]] | None:
        """See the port."""
        return self._told(f"token {digest}", _OF_TOKEN, {"digest": digest})

    def _told(
        self, what: str, query: Prepared, values: Mapping[str, str]
    ) -> tuple[Account, list[Credential]] | None:
        rows = self._ledger.once(what, partial(query.all, self._connection, values))
        if not self._ledger.is_open:
            self._ledger.open(rows[0])
        return _assembled(rows)

    def by_email(self, email: str) -> Account | None:
        """See the port."""
        if not email or not email.isascii():
            return None
        rows = _OF_EMAIL.all(self._connection, {"email": email.lower()})
        return _account(rows[0], _granted(rows[0])) if len(rows) == 1 else None

    def all(self) -> list[Account]:
        """See the port."""
        rows = self._connection.execute(_ACCOUNTS.order_by(accounts.c.name))
        return [_account(row, _granted(row)) for row in rows]

    def credentials(self) -> dict[int, list[Credential]]:
        """See the port."""
        found: dict[int, list[Credential]] = {}
        for row in self._connection.execute(select(credentials).order_by(credentials.c.id)):
            found.setdefault(row.account_id, []).append(_credential(row, row.id, row.account_id))
        return found

    def note_uses(self, credentials_used: Sequence[int], since: datetime) -> int:
        """See the port."""
        uses, run = credential_uses.c, self._connection.execute
        of_these = credentials.c.id.in_(credentials_used)
        recent = select(uses.credential_id).where(uses.used > since)
        due = run(select(credentials.c.id).where(of_these, credentials.c.id.not_in(recent)))
        found = due.scalars().all()
        if found:
            run(delete(credential_uses).where(uses.credential_id.in_(found)))
            rows = [{"credential_id": one, "used": self._now} for one in found]
            run(insert(credential_uses), rows)
        return len(found)

    def uses(self) -> dict[int, datetime]:
        """See the port."""
        rows = self._connection.execute(select(credential_uses))
        return {row.credential_id: row.used for row in rows}

    def of_doctor(self, doctor_id: int) -> list[Account]:
        """See the port."""
        this = (accounts.c.doctor_id == doctor_id) & (accounts.c.disabled.is_(False))
        this &= accounts.c.role == str(Role.DOCTOR)
        rows = self._connection.execute(select(accounts).where(this).order_by(accounts.c.name))
        return [_account(row, {}) for row in rows]

    def save(self, account: Account) -> Account:
        """See the port."""
        self._ledger.unsee()
        taken = self._connection.execute(
            select(accounts.c.id).where(
                accounts.c.name == account.name, accounts.c.id != account.id
            )
        ).first()
        if taken:
            raise NameTaken(f"There is already an account '{account.name}'.")
        values = {
            "name": account.name,
            "role": str(account.role),
            "doctor_id": account.doctor_id,
            "display_name": account.display_name,
            "email": account.email,
            "disabled": account.disabled,
            "everywhere": int(account.everywhere),
            "may_import": account.may_import,
        }
        return replace(account, id=store(self._connection, accounts, account.id, values))

    def grant(self, account: Account, calendar_id: int, level: Level) -> None:
        """See the port."""
        self._ledger.unsee()
        this = (grants.c.account_id == account.id) & (grants.c.calendar_id == calendar_id)
        self._connection.execute(delete(grants).where(this))
        if level is not Level.NONE:
            row = {"account_id": account.id, "calendar_id": calendar_id, "level": int(level)}
            self._connection.execute(insert(grants), row)

    def add_credential(
        self, account: Account, kind: str, label: str, secret: str, scopes: Sequence[str] = ()
    ) -> Credential:
        """See the port."""
        self._ledger.unsee()
        values = {
            "account_id": account.id,
            "kind": str(kind),
            "label": label,
            "secret": secret,
            "created": self._now,
            "scopes": " ".join(scopes),
        }
        made = store(self._connection, credentials, 0, values)
        kept = tuple(scopes)
        return Credential(made, account.id, CredentialKind(kind), label, secret, self._now, kept)

    def replace_secret(self, credential: Credential, secret: str) -> None:
        """See the port."""
        self._ledger.unsee()
        this = (credentials.c.id == credential.id) & (credentials.c.secret == credential.secret)
        self._connection.execute(update(credentials).where(this).values(secret=secret))

    def revoke(self, account: Account, credential_id: int) -> None:
        """See the port."""
        self._ledger.unsee()
        done = self._connection.execute(
            delete(credentials).where(
                credentials.c.id == credential_id, credentials.c.account_id == account.id
            )
        )
        if not done.rowcount:
            raise AccountNotFound(f"'{account.name}' has no credential {credential_id}.")

    def failures(self, account: str, network: str, since: datetime) -> tuple[int, int]:
        """See the port."""
        values = {"since": since, "account": account, "network": network}
        row = _FAILED.one(self._connection, values)
        return int(row[0]), int(row[1])

    def record_failure(self, account: str, network: str, keep_since: datetime) -> None:
        """See the port."""
        self._connection.execute(delete(failures).where(failures.c.time < keep_since))
        row = {"account": account, "network": network, "time": self._now}
        store(self._connection, failures, 0, row)

    def forget_failures(self, account: str, network: str) -> None:
        """See the port."""
        of_both = failures.c.account == account, failures.c.network == network
        self._connection.execute(delete(failures).where(*of_both))


def _assembled(rows: Sequence[Any]) -> tuple[Account, list[Credential]] | None:
    """Return the account of rows of _WITH_CREDENTIALS, and what it proves itself by."""
    if rows[0].id is None:
        return None
    held = [
        _credential(row, row.credential_id, row.id) for row in rows if row.credential_id is not None
    ]
    return _account(rows[0], _granted(rows[0])), held


def _credential(row: Any, credential_id: int, account_id: int) -> Credential:
    return Credential(
        credential_id,
        account_id,
        CredentialKind(row.kind),
        row.label,
        row.secret,
        row.created,
        tuple(row.scopes.split()),
    )


def _granted(row: Any) -> dict[int, Level]:
    pairs = (pair.split(":") for pair in row.granted.split(",")) if row.granted else ()
    return {int(calendar_id): Level(int(level)) for calendar_id, level in pairs}


def _account(row: Any, granted: dict[int, Level]) -> Account:
    return Account(
        id=row.id,
        name=row.name,
        role=Role(row.role),
        doctor_id=row.doctor_id,
        display_name=row.display_name,
        email=row.email,
        disabled=row.disabled,
        everywhere=Level(row.everywhere),
        may_import=bool(row.may_import),
        grants=granted,
    )
