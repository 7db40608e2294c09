"""A practice whose people have names and mailboxes, and a client of each."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from practice.access import Account, Level, Role
from practice.passwords import hash_password
from practice.use_cases.accounts import add_account, grant, set_password
from tests.building import ACCOUNTS, PASSWORD, a_practice, the_account, writing
from tests.in_process import clients

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.testclient import TestClient

    from practice.database import SqlDatabase

__all__ = ["EVERYBODY", "MAIL", "People", "having", "people_of"]

#: Those of `a_practice`, the other doctor, a doctor who left, and who sees only when Dr. Müller is
#: busy.
EVERYBODY = (*ACCOUNTS, "schmidt", "weg", "tafel")
MAIL = {
    "admin": "leitung@praxis.example",
    "mueller": "Sabine.Mueller@praxis.example",
    "schmidt": "schmidt@praxis.example",
    "buchung": "buchung@praxis.example",
}
_NAMES = {"mueller": "Dr. Sabine Müller", "schmidt": "Dr. Jörg Schmidt", "admin": "Leitung"}


@dataclass(frozen=True)
class People:
    """The database, and signed-in clients by account."""

    database: SqlDatabase
    clients: dict[str, TestClient]

    def __getitem__(self, account: str) -> TestClient:
        return self.clients[account]


def _name_everybody(database: SqlDatabase) -> None:
    hashed = hash_password(PASSWORD)
    with writing(database) as uow:
        doctors = {doctor.slug: doctor.id for doctor in uow.house.doctors()}
        schmidt = Account(0, "schmidt", Role.DOCTOR, doctors["dr-schmidt"])
        gone = Account(0, "weg", Role.DOCTOR, doctors["dr-schmidt"])
        board = Account(0, "tafel", Role.READER)
        for account in (schmidt, gone, board):
            set_password(uow, add_account(uow, account), hashed)
        grant(uow, the_account(uow, "tafel"), "dr-mueller", Level.BUSY)
        for name in _NAMES | MAIL:
            account = the_account(uow, name)
            called, mail = _NAMES.get(name, ""), MAIL.get(name, "")
            uow.accounts.save(replace(account, display_name=called, email=mail))


@contextmanager
def people_of(database: SqlDatabase) -> Iterator[People]:
    """Fill an empty database with the practice, and sign everybody in."""
    a_practice(database)
    _name_everybody(database)
    with clients(database, *EVERYBODY) as made:
        with writing(database) as uow:
            uow.accounts.save(replace(the_account(uow, "weg"), disabled=True))
        yield People(database, dict(zip(EVERYBODY, made, strict=True)))


@contextmanager
def having(database: SqlDatabase, account: str, email: str) -> Iterator[None]:
    """Give an account another mailbox for a while."""
    with writing(database) as uow:
        before = the_account(uow, account)
        uow.accounts.save(replace(before, email=email))
    yield
    with writing(database) as uow:
        uow.accounts.save(before)
