"""Signing in: passwords, app passwords, tokens, and what stands in the way of guessing."""

from __future__ import annotations

import base64
import re
import secrets
import shutil
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path

import argon2
import httpx
import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from practice import passwords
from practice.access import Account, Level, Role
from practice.accounts import Credential, CredentialKind
from practice.claims import (
    Claim,
    Outcome,
    Throttled,
    Unverified,
    network_of,
)
from practice.database import SqlDatabase
from practice.database.tables import failures
from practice.errors import InvalidPassword
from practice.passwords import check_strength, hash_password, verify
from practice.use_cases.accounts import (
    add_account,
    find_account,
    give_secret,
    grant,
    set_password,
)
from practice.use_cases.sign_in import Gate, GatePolicy
from praxis_caldav.main import cli
from tests.building import NOW, PASSWORD, reading, writing
from tests.servers import RunningServer
from tests.workers import connections

PER_ACCOUNT = GatePolicy().per_account
UMLAUTS = "Öffne dich, süße Tür"


@dataclass(frozen=True)
class Person:
    """An account of its own for one test, and the address it comes from (by X-Forwarded-For)."""

    database: SqlDatabase
    name: str
    address: str
    password: str = PASSWORD

    @property
    def account(self) -> Account:
        with reading(self.database) as uow:
            return find_account(uow, self.name)[0]

    def held(self, kind: CredentialKind) -> list[Credential]:
        with reading(self.database) as uow:
            return [c for c in find_account(uow, self.name)[1] if c.kind is kind]

    def set_password(self, hashed: str) -> None:
        with writing(self.database) as uow:
            set_password(uow, find_account(uow, self.name)[0], hashed)

    def give(self, kind: CredentialKind, label: str) -> tuple[str, Credential]:
        with writing(self.database) as uow:
            return give_secret(uow, find_account(uow, self.name)[0], kind, label)

    def revoke(self, credential: Credential) -> None:
        with writing(self.database) as uow:
            uow.accounts.revoke(find_account(uow, self.name)[0], credential.id)

    def set_disabled(self, disabled: bool) -> None:
        with writing(self.database) as uow:
            uow.accounts.save(replace(find_account(uow, self.name)[0], disabled=disabled))

    def ask(self, client: httpx.Client, password: str | None = None) -> httpx.Response:
        """Ask for something that only the signed in may have."""
        return _propfind(client, _basic(self.name, password or self.password), self.address)

    def show(self, client: httpx.Client, token: str) -> int:
        return _propfind(client, f"Bearer {token}", self.address).status_code


def _propfind(client: httpx.Client, authorization: str, address: str) -> httpx.Response:
    headers = {"Authorization": authorization, "X-Forwarded-For": address, "Depth": "0"}
    return client.request("PROPFIND", "/caldav/", headers=headers)


def _basic(name: str, password: str, encoding: str = "utf-8") -> str:
    return "Basic " + base64.b64encode(f"{name}:{password}".encode(encoding)).decode()


def _failures(database: SqlDatabase) -> int:
    with reading(database) as uow:
        return uow.connection.scalar(select(func.count()).select_from(failures)) or 0


@pytest.fixture
def stored(server: RunningServer) -> Iterator[SqlDatabase]:
    """The served database, as another process sees it."""
    with closing(SqlDatabase(server.database_url)) as database:
        yield database


@pytest.fixture
def person(stored: SqlDatabase) -> Person:
    """Somebody who may read every calendar."""
    return a_person(stored)


def a_person(database: SqlDatabase, address: str = "") -> Person:
    name = "person-" + secrets.token_hex(4)
    address = address or f"2001:db8:{secrets.token_hex(2)}:{secrets.token_hex(2)}::1"
    hashed = hash_password(PASSWORD)
    with writing(database) as uow:
        made = add_account(uow, Account(0, name, Role.READER))
        set_password(uow, made, hashed)
        grant(uow, made, "all", Level.READ)
    return Person(database, name, address)


@pytest.fixture
def workers(server: RunningServer) -> Iterator[list[httpx.Client]]:
    """A connection to each worker process."""
    with connections(server) as clients:
        yield clients


def test_two_processes_answer_where_several_are_promised(
    server: RunningServer, workers: list[httpx.Client]
) -> None:
    assert len(workers) == (2 if server.database_url.startswith("postgresql") else 1)


# What opens the door


def test_the_right_password_opens_and_a_wrong_one_does_not(
    workers: list[httpx.Client], person: Person
) -> None:
    for client in workers:
        assert person.ask(client).status_code == 207
        assert person.ask(client, "ein falsches Passwort").status_code == 401
        assert person.ask(client).status_code == 207


def test_nobody_gets_in_without_a_claim(workers: list[httpx.Client]) -> None:
    answer = workers[0].request("PROPFIND", "/caldav/", headers={"Depth": "0"})
    assert answer.status_code == 401
    assert answer.headers["www-authenticate"].startswith("Basic realm=")


def test_a_stored_password_is_argon2id_of_19_mib_and_two_passes(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'praxis.db'}"
    (tmp_path / "password").write_text(PASSWORD + "\n")
    given = ("--role", "admin", "--password-file", str(tmp_path / "password"), "--database", url)
    for command in (("init", "--database", url), ("account", "add", "anna", *given)):
        assert CliRunner().invoke(cli, command).exit_code == 0
    with closing(SqlDatabase(url)) as database, reading(database) as uow:
        (credential,) = find_account(uow, "anna")[1]
    told = re.match(r"\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$", credential.secret)
    assert told
    memory, passes, lanes = map(int, told.groups())
    assert memory >= 19_456
    assert (passes, lanes) == (2, 1)
    assert argon2.PasswordHasher().verify(credential.secret, PASSWORD)


def test_a_password_with_umlauts_may_come_in_utf_8_or_latin_1(
    workers: list[httpx.Client], person: Person
) -> None:
    person.set_password(hash_password(UMLAUTS))
    for encoding in ("utf-8", "latin-1"):
        claim = _basic(person.name, UMLAUTS, encoding)
        assert _propfind(workers[0], claim, person.address).status_code == 207


def test_each_device_has_an_app_password_of_its_own(
    workers: list[httpx.Client], person: Person
) -> None:
    phone, credential = person.give(CredentialKind.APP_PASSWORD, "iPhone")
    laptop, _ = person.give(CredentialKind.APP_PASSWORD, "Laptop")
    assert phone != laptop
    for client in workers:
        assert person.ask(client, phone).status_code == 207
        assert person.ask(client, laptop).status_code == 207
    person.revoke(credential)
    for client in workers:
        assert person.ask(client, phone).status_code == 401
        assert person.ask(client, laptop).status_code == 207
        assert person.ask(client).status_code == 207


def test_app_passwords_and_tokens_are_stored_as_digests_only(person: Person) -> None:
    for kind in (CredentialKind.APP_PASSWORD, CredentialKind.TOKEN):
        secret, _ = person.give(kind, "Albis")
        (credential,) = person.held(kind)
        assert secret not in str(credential)
        assert re.fullmatch("[0-9a-f]{64}", credential.secret)


def test_a_token_opens_as_a_bearer_and_an_app_password_does_not(
    workers: list[httpx.Client], person: Person
) -> None:
    token, _ = person.give(CredentialKind.TOKEN, "Albis")
    other, _ = person.give(CredentialKind.APP_PASSWORD, "iPhone")
    for client in workers:
        assert person.show(client, token) == 207
        assert person.show(client, other) == 401
        assert person.ask(client, token).status_code == 401


# What has been taken back opens nothing any more, in any process


def test_a_changed_password_stops_working_at_the_next_request_everywhere(
    workers: list[httpx.Client], person: Person
) -> None:
    for client in workers:  # each has verified and remembered it
        assert person.ask(client).status_code == 207
    person.set_password(hash_password("ein neues Passwort"))
    for client in workers:
        assert person.ask(client).status_code == 401
    for client in workers:
        assert person.ask(client, "ein neues Passwort").status_code == 207


def test_a_revoked_password_stops_working_at_the_next_request_everywhere(
    workers: list[httpx.Client], person: Person
) -> None:
    for client in workers:
        assert person.ask(client).status_code == 207
    person.revoke(person.held(CredentialKind.PASSWORD)[0])
    for client in workers:
        assert person.ask(client).status_code == 401


def test_a_revoked_token_stops_working_at_the_next_request_everywhere(
    workers: list[httpx.Client], person: Person
) -> None:
    token, credential = person.give(CredentialKind.TOKEN, "Albis")
    for client in workers:
        assert person.show(client, token) == 207
    person.revoke(credential)
    for client in workers:
        assert person.show(client, token) == 401


def test_nothing_opens_a_disabled_account_until_it_is_enabled(
    workers: list[httpx.Client], person: Person
) -> None:
    token, _ = person.give(CredentialKind.TOKEN, "Albis")
    device, _ = person.give(CredentialKind.APP_PASSWORD, "iPhone")

    def statuses() -> set[int]:
        return {
            status
            for client in workers
            for status in (
                person.ask(client).status_code,
                person.ask(client, device).status_code,
                person.show(client, token),
            )
        }

    assert statuses() == {207}
    person.set_disabled(True)
    assert statuses() == {401}
    person.set_disabled(False)
    assert statuses() == {207}


def test_the_hash_of_weaker_days_is_renewed_at_log_in(
    workers: list[httpx.Client], person: Person
) -> None:
    weak = argon2.PasswordHasher(1, 1024, 1).hash(PASSWORD)
    person.set_password(weak)
    assert person.ask(workers[0], "ein falsches Passwort").status_code == 401
    assert person.held(CredentialKind.PASSWORD)[0].secret == weak
    assert person.ask(workers[0]).status_code == 207
    (renewed,) = person.held(CredentialKind.PASSWORD)
    assert "$m=19456,t=2,p=1$" in renewed.secret
    for client in workers:
        assert person.ask(client).status_code == 207
        assert person.ask(client, "ein falsches Passwort").status_code == 401


def test_log_ins_made_at_once_with_a_weak_hash_all_succeed(
    server: RunningServer, person: Person
) -> None:
    person.set_password(argon2.PasswordHasher(1, 1024, 1).hash(PASSWORD))
    assert _at_once(server, person, [PASSWORD] * 6) == {207: 6}


def test_a_renewed_hash_does_not_undo_a_password_changed_meanwhile(stored: SqlDatabase) -> None:
    person, gate = a_person(stored), Gate()
    person.set_password(argon2.PasswordHasher(1, 1024, 1).hash(PASSWORD))
    question = _decided(gate, stored, Claim(person.name, PASSWORD, "network"))
    assert isinstance(question, Unverified)
    assert gate.check(question)
    person.set_password(hash_password("ein neues Passwort"))
    with writing(stored) as uow:
        assert gate.reserve(uow, question) is None
        gate.settle(uow, question)
    assert verify("ein neues Passwort", person.held(CredentialKind.PASSWORD)[0].secret)


# What a refusal tells


def test_an_unknown_user_and_a_wrong_password_get_the_same_answer(
    workers: list[httpx.Client], person: Person
) -> None:
    nobody = replace(person, name="niemand-" + secrets.token_hex(4))
    disabled = a_person(person.database)
    disabled.set_disabled(True)
    answers = [
        one.ask(workers[0], "ein falsches Passwort") for one in (person, nobody, disabled, nobody)
    ]
    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.content for answer in answers}) == 1
    assert len({_told(answer) for answer in answers}) == 1


def test_guessing_at_an_unknown_user_is_throttled_as_at_a_known_one(
    workers: list[httpx.Client], person: Person
) -> None:
    nobody = replace(person, name="niemand-" + secrets.token_hex(4))
    statuses = [
        [one.ask(workers[0], f"falsch {n}").status_code for n in range(PER_ACCOUNT + 1)]
        for one in (person, nobody)
    ]
    assert statuses[0] == statuses[1] == [401] * PER_ACCOUNT + [429]
    answers = [one.ask(workers[0], "noch eines") for one in (person, nobody)]
    assert len({(_told(answer), answer.content) for answer in answers}) == 1


def test_a_wrong_password_is_as_much_work_for_an_unknown_user_as_for_a_known_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hashed, work = hash_password(PASSWORD), []
    hasher = passwords._HASHER
    verify_hash = hasher.verify

    def noting(secret: str, stored: str) -> bool:
        work.append(stored.split("$")[1:4])  # the kind, its version, how much memory and time
        return bool(verify_hash(secret, stored))

    monkeypatch.setattr(hasher, "verify", noting)
    for stored in (hashed, None):
        assert not verify("ein falsches Passwort", stored)
    assert work == [hashed.split("$")[1:4]] * 2


def _told(answer: httpx.Response) -> tuple[tuple[str, str], ...]:
    """Return the headers, less those that differ between any two answers."""
    kept = set(answer.headers) - {"date", "x-request-id"}
    return tuple(sorted((name, answer.headers[name]) for name in kept))


# What stands in the way of guessing


def test_after_ten_wrong_passwords_an_account_is_guessed_at_no_more(
    workers: list[httpx.Client], person: Person
) -> None:
    for number in range(PER_ACCOUNT):  # spread over the processes, which count together
        answer = person.ask(workers[number % len(workers)], f"falsch {number}")
        assert answer.status_code == 401
    for client in workers:
        for password in ("noch ein falsches", PASSWORD):
            answer = person.ask(client, password)
            assert answer.status_code == 429
            assert 0 < int(answer.headers["retry-after"]) <= 300
            assert "www-authenticate" not in answer.headers


def test_guesses_at_one_account_lock_nobody_else_out(
    workers: list[httpx.Client], person: Person
) -> None:
    device, _ = person.give(CredentialKind.APP_PASSWORD, "iPhone")
    token, _ = person.give(CredentialKind.TOKEN, "Albis")
    for client in workers:  # a device of the same account whose password is remembered
        assert person.ask(client).status_code == 207
    for number in range(PER_ACCOUNT + 1):
        person.ask(workers[0], f"falsch {number}")
    colleague = a_person(person.database, person.address)
    for client in workers:
        assert person.ask(client, "noch ein falsches").status_code == 429
        assert person.ask(client).status_code == 207
        assert person.ask(client, device).status_code == 207
        assert person.show(client, token) == 207
        assert colleague.ask(client).status_code == 207


def test_the_same_wrong_password_counts_once_in_each_process(
    workers: list[httpx.Client], person: Person
) -> None:
    before = _failures(person.database)
    for _ in range(PER_ACCOUNT + 5):
        for client in workers:
            assert person.ask(client, "das alte Passwort").status_code == 401
    assert _failures(person.database) == before + len(workers)
    assert person.ask(workers[0]).status_code == 207


def test_a_right_password_leaves_no_failure_behind(
    workers: list[httpx.Client], person: Person
) -> None:
    before = _failures(person.database)
    for client in workers:
        assert person.ask(client).status_code == 207
    assert _failures(person.database) == before


def test_servers_that_are_killed_while_they_check_lock_nobody_out(stored: SqlDatabase) -> None:
    person = a_person(stored)
    right = Claim(person.name, PASSWORD, "network")
    for _ in range(2):
        for _ in range(PER_ACCOUNT - 1):  # killed between booking and settling
            gate = Gate()
            question = _decided(gate, stored, right)
            assert isinstance(question, Unverified)
            with writing(stored) as uow:
                assert gate.reserve(uow, question) is None
        _sign_in(Gate(), stored, right)


def test_a_right_password_takes_back_no_guesses_from_elsewhere(
    database: SqlDatabase,
) -> None:
    person, gate = a_person(database), Gate()
    for number in range(PER_ACCOUNT - 1):
        _guess(gate, database, Claim(person.name, f"falsch {number}", "elsewhere"))
    right = Claim(person.name, PASSWORD, "network")
    _sign_in(gate, database, right)
    _guess(gate, database, Claim(person.name, "das letzte", "elsewhere"))
    assert isinstance(_decided(Gate(), database, right), Throttled)


def test_of_guesses_made_all_at_once_ten_are_looked_at(
    server: RunningServer, person: Person
) -> None:
    guesses = [f"falsch {number}" for number in range(2 * PER_ACCOUNT)]
    statuses = _at_once(server, person, guesses)
    assert statuses == {401: PER_ACCOUNT, 429: len(guesses) - PER_ACCOUNT}


def test_devices_that_come_back_all_at_once_with_the_right_password_get_in(
    server: RunningServer, person: Person
) -> None:
    assert _at_once(server, person, [PASSWORD] * 2 * PER_ACCOUNT) == {207: 2 * PER_ACCOUNT}


def _at_once(server: RunningServer, person: Person, passwords: list[str]) -> Counter[int]:
    """Send all passwords at the same moment; return how often each status came."""
    start = threading.Barrier(len(passwords))

    def send(password: str) -> int:
        with server.client(None) as client:
            client.get("/healthz")  # connected
            start.wait(30)
            return person.ask(client, password).status_code

    with ThreadPoolExecutor(len(passwords)) as threads:
        return Counter(threads.map(send, passwords))


def test_while_passwords_are_checked_no_thread_is_held(
    sqlite_template: Path, tmp_path: Path
) -> None:
    url = f"sqlite:///{shutil.copy(sqlite_template, tmp_path / 'praxis.db')}"
    with (
        closing(SqlDatabase(url)) as database,
        RunningServer(url, options={"PRAXIS_CALDAV_SERVER__THREADS": "1"}) as server,
        server.client(None) as client,
    ):
        person = a_person(database)
        assert person.ask(client).status_code == 207
        start = threading.Barrier(41)

        def guess(number: int) -> int:
            stranger = replace(person, name=f"niemand-{number}", address=f"192.0.2.{number}")
            with server.client(None) as own:
                own.get("/healthz")
                start.wait(30)
                return stranger.ask(own, "geraten").status_code

        with ThreadPoolExecutor(40) as threads:
            guesses = [threads.submit(guess, number) for number in range(40)]
            start.wait(30)
            polls = 0
            while not all(one.done() for one in guesses):
                assert person.ask(client).status_code == 207
                polls += 1
    assert {one.result() for one in guesses} == {401}
    assert polls >= 10  # with the thread held, the first would have waited for all guesses


def test_guesses_are_counted_for_a_while_only(database: SqlDatabase) -> None:
    person, gate = a_person(database), Gate()
    for number in range(PER_ACCOUNT):
        _guess(gate, database, Claim(person.name, f"falsch {number}", "network"))
    right = Claim(person.name, PASSWORD, "network")
    assert isinstance(_decided(gate, database, right), Throttled)
    assert isinstance(_decided(gate, database, right, after=299), Throttled)
    assert isinstance(_decided(gate, database, right, after=301), Unverified)


def test_a_network_that_guesses_at_many_accounts_is_throttled_alone(database: SqlDatabase) -> None:
    gate = Gate(GatePolicy(per_network=3))
    here, neighbour, elsewhere = map(
        network_of, ("2001:db8:1:2::3", "2001:db8:1:2:ffff::4", "2001:db8:1:3::3")
    )
    for number in range(3):
        _guess(gate, database, Claim(f"niemand-{number}", "geraten", here))
    for network in (here, neighbour):
        assert isinstance(_decided(gate, database, Claim("anna", "geraten", network)), Throttled)
    assert isinstance(_decided(gate, database, Claim("anna", "geraten", elsewhere)), Unverified)


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("::1", "::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("testclient", "unknown"),
        ("", "unknown"),
        ("unix:", "unknown"),
    ],
)
def test_failures_are_counted_by_address_or_by_64_of_ipv6(address: str, network: str) -> None:
    assert network_of(address) == network


def _decided(gate: Gate, database: SqlDatabase, claim: Claim, after: float = 0) -> Outcome:
    with reading(database, NOW + timedelta(seconds=after)) as uow:
        return gate.decide(uow, claim)


def _sign_in(gate: Gate, database: SqlDatabase, claim: Claim) -> None:
    question = _decided(gate, database, claim)
    assert isinstance(question, Unverified)
    with writing(database) as uow:
        assert gate.reserve(uow, question) is None
        assert gate.check(question)
        gate.settle(uow, question)


def _guess(gate: Gate, database: SqlDatabase, claim: Claim) -> None:
    question = _decided(gate, database, claim)
    assert isinstance(question, Unverified)
    with writing(database) as uow:
        assert gate.reserve(uow, question) is None
    assert not gate.check(question)


# What nobody would send by accident


def _b64(content: bytes) -> str:
    return base64.b64encode(content).decode()


@pytest.mark.parametrize(
    "header",
    [
        "",
        "Basic",
        "Basic !!!! not base64 !!!!",
        "Basic YQ",  # the padding is missing
        "Basic " + _b64(b"no colon"),
        "Basic " + _b64(b":" + PASSWORD.encode()),
        "Basic " + _b64(b"person:"),
        "Basic " + _b64(b"\xff\xfe\xfd:\x80"),
        "Basic " + _b64(b"per\0son:geraten"),
        "Basic " + _b64(b"person:gera\0ten"),
        "Basic " + _b64(b"\0:\0"),
        "Basic " + _b64(b"person:" + b"x" * 5000),
        "Basic " + _b64(b"\xed\xa0\x80:surrogate"),
        "Basic " + _b64("👩‍⚕️:🔑".encode()),
        "Bearer",
        "Bearer \xff\xfe",
        "Bearer " + "x" * 5000,
        'Digest username="person", realm="x", nonce="x", uri="/", response="x"',
        "Negotiate YIIJvwYGKwYBBQUCoIIJszCCCa",
        "\xa0",
    ],
)
def test_a_malformed_claim_is_a_wrong_one(
    header: str, workers: list[httpx.Client], person: Person
) -> None:
    headers = [
        (b"Authorization", header.encode("latin-1")),
        (b"X-Forwarded-For", person.address.encode()),
        (b"Depth", b"0"),
    ]
    for client in workers:
        assert client.request("PROPFIND", "/caldav/", headers=headers).status_code == 401


@pytest.mark.parametrize("size", [64_000, 1_000_000])
def test_a_huge_claim_is_the_clients_fault(
    size: int, server: RunningServer, person: Person
) -> None:
    for claim in (
        _basic(person.name, "x" * size),
        _basic("x" * size, PASSWORD),
        "Basic " + ":" * size,
        "Bearer " + "x" * size,
    ):
        with server.client(None) as client:
            try:
                status = _propfind(client, claim, person.address).status_code
            except (httpx.WriteError, httpx.RemoteProtocolError, httpx.ReadError):
                continue  # cut off while it was still sending
            assert 400 <= status < 500


def test_a_nul_in_a_password_makes_it_another_one(
    workers: list[httpx.Client], person: Person
) -> None:
    for wrong in (PASSWORD + "\0", "\0" + PASSWORD, PASSWORD[:5] + "\0" + PASSWORD[5:]):
        assert person.ask(workers[0], wrong).status_code == 401
    assert person.ask(workers[0]).status_code == 207


def test_a_password_with_a_nul_cannot_be_chosen() -> None:
    with pytest.raises(InvalidPassword):
        check_strength("ein langes\0Passwort", 12)


def test_two_claims_of_one_header_are_not_mixed(
    workers: list[httpx.Client], person: Person
) -> None:
    headers = [
        (b"Authorization", _basic(person.name, PASSWORD).encode()),
        (b"Authorization", b"Basic " + _b64(b"niemand:geraten").encode()),
        (b"X-Forwarded-For", person.address.encode()),
        (b"Depth", b"0"),
    ]
    status = workers[0].request("PROPFIND", "/caldav/", headers=headers).status_code
    assert status in {400, 401}


def test_the_first_log_in_of_a_process_may_be_that_of_a_stranger() -> None:
    # The library loads its hasher when it is first asked, and was asked in the wrong order.
    asked = "from practice.passwords import verify; assert not verify('x', None)"
    assert subprocess.run([sys.executable, "-c", asked], check=False, timeout=60).returncode == 0
