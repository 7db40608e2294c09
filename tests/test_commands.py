"""The command line: what a script gets to see, on real databases."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

import click
import pytest

from practice.access import Level
from practice.database import SqlDatabase
from practice.schedule import USUAL_HOURS
from praxis_caldav import __version__
from praxis_caldav.main import cli
from tests.bookings import Ran, a_client, command, everything, url_of
from tests.building import PASSWORD, reading

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

NEW = "ein anderes Passwort"
HOME = "/caldav/calendars/"


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    """A file with the password NEW on its first line."""
    path = tmp_path / "passwort.txt"
    path.write_text(f"{NEW}\nzweite Zeile\n", "utf-8")
    return path


def home(database: SqlDatabase, account: str, password: str) -> set[str]:
    """Return the calendars that an account sees, or fail to sign in."""
    with a_client(database, account, password) as client:
        answer = client.request("PROPFIND", HOME, headers={"Depth": "1"})
        assert answer.status_code == 207, answer
        return set(re.findall(rf"<href>{HOME}([a-z-]+)/</href>", answer.text))


def status_of(database: SqlDatabase, account: str, password: str) -> int:
    with a_client(database, account, password) as client:
        return int(client.request("PROPFIND", HOME, headers={"Depth": "0"}).status_code)


def refused(ran: Ran, sentence: str, code: int = 1) -> None:
    """See that a command failed with one sentence for a person, and nothing else."""
    assert (ran.code, ran.out) == (code, "")
    told = [line for line in ran.err.splitlines() if line.startswith("Error:")]
    assert len(told) == 1, ran
    assert sentence in told[0]
    assert "Traceback" not in ran.err


# --- help ---------------------------------------------------------------------------------------


def below(group: click.Group) -> dict[str, click.Command]:
    """Return the commands of a group, also those that are loaded when they are asked for."""
    asked = click.Context(group)
    found = {name: group.get_command(asked, name) for name in group.list_commands(asked)}
    return {name: command for name, command in found.items() if command is not None}


def all_commands(
    group: click.Group, path: Sequence[str] = ()
) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    for name, one in below(group).items():
        yield (*path, name), one
        if isinstance(one, click.Group):
            yield from all_commands(one, (*path, name))


COMMANDS = dict(all_commands(cli))


def test_the_promised_commands_are_there() -> None:
    promised = (
        "serve init demo account oidc doctor room feed import-bookings export verify"
        " history undo purge sync work patient"
    )
    assert set(promised.split()) == set(below(cli))
    options = {name for one in COMMANDS[("serve",)].params for name in one.opts}
    assert options == {
        *("--host", "--port", "--workers", "--database", "--config", "--tls-cert", "--tls-key")
    }


@pytest.mark.parametrize("path", COMMANDS, ids=" ".join)
def test_every_command_explains_itself(path: tuple[str, ...]) -> None:
    ran = command(*path, "--help")
    assert (ran.code, ran.err) == (0, "")
    usage, _, explained = ran.out.partition("\n")
    assert re.match(rf"Usage: .*praxis-caldav {' '.join(path)} ", usage)
    assert len(explained.partition("Options:")[0].split()) >= 2
    assert ran == command(*path, "-h")


def test_the_program_explains_itself_and_tells_its_version() -> None:
    ran = command("--help")
    assert ran.code == 0
    assert all(f"\n  {name} " in ran.out for name in below(cli))
    assert command("--version").out == f"praxis-caldav, version {__version__}\n"


def test_the_program_runs_as_a_shell_runs_it(tmp_path: Path) -> None:
    def shell(*arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "praxis_caldav.main", *arguments],
            capture_output=True,
            text=True,
            env={**os.environ, "PRAXIS_CALDAV_DATABASE__URL": f"sqlite:///{tmp_path / 'a.db'}"},
            check=False,
            timeout=60,
        )

    missing = shell("doctor", "list")
    assert (missing.returncode, missing.stdout) == (1, "")
    assert missing.stderr == (
        f"Error: There is no database at {tmp_path / 'a.db'}. Run `praxis-caldav init` first, or"
        " name the one that is meant by --database or --config.\n"
    )
    assert not list(tmp_path.iterdir())
    assert shell("init").returncode == 0
    assert shell("doctor", "list").returncode == 0


# --- init ---------------------------------------------------------------------------------------


def test_init_makes_a_practice_and_changes_nothing_the_second_time(tmp_path: Path) -> None:
    path = tmp_path / "neu.db"
    first = command("init", "--database", path)
    assert (first.code, first.err) == (0, "")
    assert "/caldav/calendars/praxis/" in first.out
    database = SqlDatabase(f"sqlite:///{path}")
    with reading(database) as uow:
        assert [calendar.name for calendar in uow.calendars.all()] == ["praxis"]
    before = everything(database)
    assert command("init", "--database", path) == first
    assert everything(database) == before
    database.close()


def test_init_keeps_what_is_there(practice: SqlDatabase) -> None:
    before = everything(practice)
    assert command("init", database=practice).code == 0
    assert everything(practice) == before


@pytest.mark.parametrize(
    "arguments",
    [
        ("doctor", "list"),
        ("account", "list"),
        ("export", "praxis"),
        ("verify",),
        ("serve", "--port", "0"),
    ],
    ids=" ".join,
)
def test_a_database_that_is_not_set_up_is_told(tmp_path: Path, arguments: tuple[str, ...]) -> None:
    ran = command(*arguments, "--database", tmp_path / "mistyped.db")
    refused(ran, "Run `praxis-caldav init` first")
    assert f"no database at {tmp_path / 'mistyped.db'}" in ran.err
    assert not list(tmp_path.iterdir())
    empty = tmp_path / "leer.db"
    empty.touch()
    refused(command(*arguments, "--database", empty), "is empty or from another version")


def test_a_database_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    refused(command("init", "--database", tmp_path / "nirgends" / "a.db"), "database")


def test_settings_that_are_wrong_are_told_all_at_once(tmp_path: Path) -> None:
    config = tmp_path / "falsch.toml"
    config.write_text('[server]\nport = "viele"\nwokers = 2\n', "utf-8")
    ran = command("doctor", "list", "--config", config)
    assert (ran.code, ran.out) == (1, "")
    assert "server.port" in ran.err
    assert "server.wokers" in ran.err


# --- doctors and rooms --------------------------------------------------------------------------


def test_a_doctor_is_added_with_a_calendar(practice: SqlDatabase) -> None:
    name = ("--name", "Dr. Yılmaz [neu]")
    ran = command(
        *("doctor", "add", "dr-yilmaz", *name, "--specialty", "Wundmanagement"), database=practice
    )
    assert (ran.code, ran.err) == (0, "")
    calendar, hours = ran.out.splitlines()
    assert calendar == "Doctor dr-yilmaz added; calendar /caldav/calendars/dr-yilmaz/"
    assert hours.startswith(f"Working hours: {USUAL_HOURS}. ")
    assert home(practice, "empfang", PASSWORD) == {
        *("dr-mueller", "dr-schmidt", "dr-yilmaz", "praxis")
    }
    listed = command("doctor", "list", database=practice)
    assert (listed.code, listed.err) == (0, "")
    rows = [line for line in listed.out.splitlines() if "dr-" in line]
    assert [re.findall(r"dr-\w+", row) for row in rows] == [
        *(["dr-mueller"], ["dr-schmidt"], ["dr-yilmaz"])
    ]
    assert "Dr. Yılmaz [neu]" in rows[2]


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("doctor", "add", "dr-mueller"), "There is already one called 'dr-mueller'."),
        (("doctor", "add", "praxis"), "There is already a calendar 'praxis'."),
        (("doctor", "add", "Dr. Müller"), "A short name has 1 to 64"),
        (("doctor", "add", "dr-neu", "--hours", "immer"), "hours"),
        (("room", "add", "Raum 1"), "name has"),
    ],
)
def test_a_doctor_or_room_that_cannot_be_is_refused_and_leaves_nothing(
    practice: SqlDatabase, arguments: tuple[str, ...], sentence: str
) -> None:
    before = everything(practice)
    refused(command(*arguments, database=practice), sentence)
    assert everything(practice) == before


def test_rooms_are_added_once_and_listed_as_they_are_called(practice: SqlDatabase) -> None:
    added = command("room", "add", "raum-1", "--name", "OP [alt] :x: [/alt]", database=practice)
    assert added == (0, "Room raum-1 added.\n", "")
    assert command("room", "add", "raum-2", database=practice).code == 0
    refused(command("room", "add", "raum-1", database=practice), "already one called 'raum-1'")
    listed = command("room", "list", database=practice)
    rows = [line.split("│") for line in listed.out.splitlines() if "raum-" in line]
    assert [[cell.strip() for cell in row[1:-1]] for row in rows] == [
        ["raum-1", "OP [alt] :x: [/alt]"],
        ["raum-2", "raum-2"],
    ]


# --- accounts -----------------------------------------------------------------------------------


def test_an_account_is_added_without_a_question(practice: SqlDatabase, secret: Path) -> None:
    ran = command(
        *("account", "add", "tomedo", "--role", "pvs", "--password-file", secret),
        *("--grant", "dr-mueller=write", "--grant", "praxis=read"),
        *("--display-name", "Tomedo", "--email", "edv@example.org"),
        database=practice,
    )
    assert ran == (0, "Account tomedo (pvs) added.\n", "")
    assert home(practice, "tomedo", NEW) == {"dr-mueller", "praxis"}
    with reading(practice) as uow:
        found = uow.accounts.by_name("tomedo")
        calendars = {calendar.name: calendar.id for calendar in uow.calendars.all()}
    assert found is not None
    account, held = found
    assert (account.display_name, account.email) == ("Tomedo", "edv@example.org")
    assert account.grants == {calendars["dr-mueller"]: Level.WRITE, calendars["praxis"]: Level.READ}
    assert NEW not in held[0].secret


def test_a_password_comes_from_standard_input(practice: SqlDatabase) -> None:
    ran = command(
        *("account", "add", "neu", "--role", "staff", "--password-file", "-"),
        database=practice,
        stdin=f"{NEW}\r\nund mehr\n",
    )
    assert ran == (0, "Account neu (staff) added.\n", "")
    assert status_of(practice, "neu", NEW) == 207


def shell(database: SqlDatabase, *arguments: object) -> subprocess.CompletedProcess[str]:
    """Run a command as a script does, where nobody can answer."""
    line = [sys.executable, "-m", "praxis_caldav.main", *map(str, arguments)]
    return subprocess.run(
        [*line, "--database", url_of(database)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
        start_new_session=True,  # without a terminal
    )


def test_a_question_that_nobody_answers_changes_nothing(practice: SqlDatabase) -> None:
    before = everything(practice)
    ran = shell(practice, "account", "add", "neu", "--role", "staff")
    assert ran.returncode == 1
    assert ran.stderr.endswith("Aborted!\n")
    assert everything(practice) == before


def test_with_a_password_file_there_is_no_question(practice: SqlDatabase, secret: Path) -> None:
    for arguments in (("add", "neu", "--role", "staff"), ("password", "gast")):
        ran = shell(practice, "account", *arguments, "--password-file", secret)
        assert (ran.returncode, ran.stderr) == (0, "")
    assert status_of(practice, "neu", NEW) == status_of(practice, "gast", NEW) == 207


@pytest.mark.parametrize(
    ("arguments", "stdin", "sentence"),
    [
        (("add", "neu", "--role", "staff", "--password-file", "-"), "zu kurz\n", "12"),
        (("add", "neu", "--role", "staff", "--password-file", "-"), "", "12"),
        (("add", "neu", "--role", "staff", "--password-file", "-"), "x" * 5000 + "\n", "1024"),
        (("add", "neu", "--role", "staff", "--password-file", "/nicht/da"), "", "/nicht/da"),
        (("add", "gast", "--role", "staff", "--no-password"), "", "already an account 'gast'"),
        (("add", "Frau M.", "--role", "staff", "--no-password"), "", "An account's name"),
        (("add", "calendars", "--role", "staff", "--no-password"), "", "An account's name"),
        (("add", "neu", "--role", "doctor", "--no-password"), "", "which doctor"),
        (
            ("add", "neu", "--role", "doctor", "--doctor", "dr-x", "--no-password"),
            "",
            "There is no doctor 'dr-x'.",
        ),
        (
            ("add", "neu", "--role", "pvs", "--no-password", "--grant", "dr-x=read"),
            "",
            "There is no calendar 'dr-x'.",
        ),
        (
            ("add", "neu", "--role", "pvs", "--no-password", "--grant", "dr-mueller"),
            "",
            "A grant is CALENDAR=none|busy|pseudonym|read|write",
        ),
        (("password", "niemand", "--password-file", "-"), f"{NEW}\n", "no account 'niemand'"),
        (("password", "gast", "--password-file", "-"), "kurz\n", "12"),
        (("app-password", "niemand", "--label", "x"), "", "no account 'niemand'"),
        (("token", "niemand", "--label", "x"), "", "no account 'niemand'"),
        (("credentials", "niemand"), "", "no account 'niemand'"),
        (("revoke", "niemand", "1"), "", "no account 'niemand'"),
        (("revoke", "gast", "1"), "", "'gast' has no credential 1."),
        (("grant", "niemand", "praxis", "read"), "", "no account 'niemand'"),
        (("grant", "gast", "dr-x", "read"), "", "There is no calendar 'dr-x'."),
        (("disable", "niemand"), "", "no account 'niemand'"),
        (("enable", "niemand"), "", "no account 'niemand'"),
    ],
)
def test_what_cannot_be_done_is_refused_in_a_sentence_and_changes_nothing(
    practice: SqlDatabase, arguments: tuple[str, ...], stdin: str, sentence: str
) -> None:
    before = everything(practice)
    refused(command("account", *arguments, database=practice, stdin=stdin), sentence)
    assert everything(practice) == before


def test_what_the_command_line_does_not_know_is_a_usage_error(practice: SqlDatabase) -> None:
    for arguments in (
        ("account", "add", "neu", "--role", "chef", "--no-password"),
        ("account", "grant", "gast", "praxis", "alles"),
        ("account", "revoke", "gast", "eins"),
        ("account", "add", "neu"),
    ):
        refused(command(*arguments, database=practice), "", code=2)


def test_a_new_password_ends_the_old_one(practice: SqlDatabase, secret: Path) -> None:
    ran = command("account", "password", "gast", "--password-file", secret, database=practice)
    assert ran == (0, "Password of gast changed.\n", "")
    assert status_of(practice, "gast", NEW) == 207
    assert status_of(practice, "gast", PASSWORD) == 401


def test_an_app_password_is_shown_once_and_works_until_it_is_revoked(
    practice: SqlDatabase,
) -> None:
    label = "iPhone [Empfang]"
    given = command("account", "app-password", "gast", "--label", label, database=practice)
    assert given.code == 0
    (password,) = given.out.splitlines()
    assert re.fullmatch(r"\S{20,}", password)
    number = re.match(r"app-password (\d+) of gast for 'iPhone \[Empfang\]'", given.err)
    assert number, given.err
    assert home(practice, "gast", password) == {"dr-mueller", "praxis"}
    assert status_of(practice, "gast", PASSWORD) == 207  # beside the other
    assert status_of(practice, "albis", password) == 401  # nobody else's

    listed = command("account", "credentials", "gast", database=practice)
    assert label in listed.out
    assert password not in listed.out
    assert password not in str(everything(practice))
    other = command("account", "revoke", "albis", number[1], database=practice)
    refused(other, f"'albis' has no credential {number[1]}.")
    ran = command("account", "revoke", "gast", number[1], database=practice)
    assert ran == (0, f"Credential {number[1]} of gast revoked.\n", "")
    assert status_of(practice, "gast", password) == 401
    assert status_of(practice, "gast", PASSWORD) == 207


def test_a_token_is_shown_once_and_signs_in_alone(practice: SqlDatabase) -> None:
    given = command("account", "token", "gast", "--label", "Skript", database=practice)
    assert given.code == 0
    (token,) = given.out.splitlines()
    with a_client(practice) as client:
        client.auth = None
        headers = {"Authorization": f"Bearer {token}", "Depth": "0"}
        assert client.request("PROPFIND", HOME + "dr-mueller/", headers=headers).status_code == 207
        assert client.request("PROPFIND", HOME + "dr-schmidt/", headers=headers).status_code != 207
        headers["Authorization"] += "x"
        assert client.request("PROPFIND", HOME + "dr-mueller/", headers=headers).status_code == 401
    assert token not in str(everything(practice))


def test_an_account_without_a_password_has_none(practice: SqlDatabase) -> None:
    ran = command("account", "add", "neu", "--role", "staff", "--no-password", database=practice)
    assert ran.code == 0
    assert status_of(practice, "neu", "") == 401
    assert status_of(practice, "neu", PASSWORD) == 401
    given = command("account", "app-password", "neu", "--label", "PC", database=practice)
    assert status_of(practice, "neu", given.out.strip()) == 207


def test_a_grant_is_given_everywhere_or_in_one_calendar_and_taken_away(
    practice: SqlDatabase,
) -> None:
    def granted(calendar: str, level: str) -> set[str]:
        ran = command("account", "grant", "gast", calendar, level, database=practice)
        assert ran == (0, f"gast now has: {calendar}={level}.\n", "")
        return home(practice, "gast", PASSWORD)

    # The main calendar shows what may be read of the others.
    assert granted("dr-schmidt", "read") == {"dr-mueller", "dr-schmidt", "praxis"}
    assert granted("dr-mueller", "none") == {"dr-schmidt", "praxis"}
    assert granted("all", "read") == {"dr-mueller", "dr-schmidt", "praxis"}
    listed = command("account", "list", database=practice).out
    row = next(line for line in listed.splitlines() if " gast " in line)
    assert re.search(r"reader .* all=read, dr-schmidt=read .* active", row), listed
    assert granted("all", "none") == {"dr-schmidt", "praxis"}
    assert granted("dr-schmidt", "none") == set()


def test_a_disabled_account_is_out_from_the_next_request_on(practice: SqlDatabase) -> None:
    with a_client(practice, "gast") as client:
        assert client.request("PROPFIND", HOME).status_code == 207
        ran = command("account", "disable", "gast", database=practice)
        assert ran == (0, "gast is disabled.\n", "")
        assert client.request("PROPFIND", HOME).status_code == 401
        listed = command("account", "list", database=practice).out
        assert re.search(r" gast .* disabled ", listed)
        assert command("account", "enable", "gast", database=practice).out == "gast is enabled.\n"
        assert client.request("PROPFIND", HOME).status_code == 207
