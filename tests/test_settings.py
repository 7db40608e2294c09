"""The settings: where they come from, which of them wins, and what is said when they are wrong."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from typing import TYPE_CHECKING

import pytest
from pydantic import ValidationError

from praxis_caldav import example_config
from praxis_caldav.setting_sources import SettingsError, load, variable
from praxis_caldav.settings import FIELDS, SECTIONS, Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    WriteFile = Callable[[str], Path]

MARKER = "geheim-4711"


@pytest.fixture
def config(tmp_path: Path) -> WriteFile:
    """Return a function that writes a TOML file."""

    def write(text: str) -> Path:
        path = tmp_path / "praxis-caldav.toml"
        path.write_text(text, "utf-8")
        return path

    return write


def faults(
    config: Path | None = None,
    environ: Mapping[str, str] | None = None,
    overrides: Mapping[str, object] | None = None,
) -> tuple[str, ...]:
    """Return what is wrong with these settings."""
    with pytest.raises(SettingsError) as caught:
        load(config, environ or {}, overrides)
    return caught.value.faults


def only_fault(environ: Mapping[str, str]) -> str:
    """Return the one thing that is wrong with these variables."""
    (fault,) = faults(environ=environ)
    return fault


# The example


def active_example() -> str:
    """Return the example with every setting switched on."""
    return re.sub(r"^#(?=\S)", "", example_config.EXAMPLE.read_text("utf-8"), flags=re.MULTILINE)


def test_the_example_is_what_the_generator_writes() -> None:
    assert example_config.EXAMPLE.read_text("utf-8") == example_config.example()


def test_the_example_names_every_setting_and_no_other() -> None:
    tables = tomllib.loads(active_example())
    assert [f"{name}.{key}" for name, table in tables.items() for key in table] == list(FIELDS)


def test_the_example_holds_the_defaults(config: WriteFile) -> None:
    assert load(config(active_example()), {}) == Settings()


def test_the_example_as_it_is_changes_nothing() -> None:
    assert load(example_config.EXAMPLE, {}) == Settings()


def test_the_example_explains_every_setting() -> None:
    blocks = example_config.EXAMPLE.read_text("utf-8").split("\n\n")
    lines = [block.splitlines() for block in blocks if "\n#" in block and "\n[" not in block]
    explained = {
        last.partition(" =")[0]: " ".join(line.removeprefix("# ") for line in comments)
        for *comments, last in lines[1:]
    }
    assert all(field.description for field in FIELDS.values())
    assert explained == {
        f"#{setting.partition('.')[2]}": field.description for setting, field in FIELDS.items()
    }


def test_the_generator_writes_the_example(tmp_path: Path) -> None:
    path = tmp_path / "example.toml"
    command = [sys.executable, "-m", "praxis_caldav.example_config", str(path)]
    subprocess.run(command, check=True)
    assert path.read_text("utf-8") == example_config.example()


# Sources


def test_without_any_source_the_defaults_hold() -> None:
    assert load(environ={}) == Settings()


def test_every_default_would_be_accepted_if_it_were_given() -> None:
    given = {
        name: section().model_dump(exclude_none=True, mode="json")
        for name, section in SECTIONS.items()
    }
    assert Settings.model_validate(given) == Settings()


def test_later_sources_win(config: WriteFile, tmp_path: Path) -> None:
    path = config("[server]\nport = 1\nthreads = 1\nworkers = 1\nhost = 'file'")
    secret = tmp_path / "host"
    secret.write_text("secret\n")
    environ = {
        "PRAXIS_CALDAV_SERVER__THREADS": "2",
        "PRAXIS_CALDAV_SERVER__WORKERS": "2",
        "PRAXIS_CALDAV_SERVER__HOST_FILE": str(secret),
    }
    server = load(path, environ, {"server.workers": 3}).server
    assert (server.port, server.threads, server.workers, server.host) == (1, 2, 3, "secret")
    assert server.shutdown_seconds == Settings().server.shutdown_seconds


def test_the_environment_can_name_the_file(config: WriteFile) -> None:
    path = config("[server]\nport = 8080")
    assert load(environ={"PRAXIS_CALDAV_CONFIG": str(path)}).server.port == 8080


def test_the_command_line_names_another_file_than_the_environment(config: WriteFile) -> None:
    path = config("[server]\nport = 8080")
    assert load(path, {"PRAXIS_CALDAV_CONFIG": "/nowhere"}).server.port == 8080


def test_an_option_that_was_not_given_overrides_nothing() -> None:
    environ = {"PRAXIS_CALDAV_SERVER__PORT": "8080"}
    assert load(None, environ, {"server.port": None}).server.port == 8080


def test_a_path_from_the_command_line_is_a_database(tmp_path: Path) -> None:
    settings = load(environ={}, overrides={"database.url": tmp_path / "a.db"})
    assert settings.database.url == f"sqlite:///{tmp_path}/a.db"


def test_lists_and_tables_can_come_from_the_environment() -> None:
    settings = load(
        environ={
            "PRAXIS_CALDAV_SERVER__TRUSTED_PROXIES": "10.0.0.0/8, ::1",
            "PRAXIS_CALDAV_CALDAV__ALIASES": "alle=praxis, haupt=praxis",
        }
    )
    assert settings.server.trusted_proxies == ["10.0.0.0/8", "::1"]
    assert settings.caldav.aliases == {"alle": "praxis", "haupt": "praxis"}


def test_an_empty_variable_empties_a_list() -> None:
    settings = load(environ={"PRAXIS_CALDAV_SERVER__TRUSTED_PROXIES": ""})
    assert settings.server.trusted_proxies == []


def test_other_variables_are_none_of_our_business() -> None:
    assert load(environ={"PATH": "/bin", "PRAXIS_NAME": "x"}) == Settings()


def test_the_real_environment_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PRAXIS_CALDAV_PRACTICE__NAME", "Praxis Dr. Beispiel")
    assert load().practice.name == "Praxis Dr. Beispiel"


def test_a_file_from_a_windows_editor_is_read(tmp_path: Path) -> None:
    path = tmp_path / "windows.toml"
    path.write_bytes(b"\xef\xbb\xbf[practice]\r\nname = 'M\xc3\xbcller'\r\n")
    assert load(path, {}).practice.name == "Müller"


#: Tables of tables, which only a file can say.
TABLES = {"booking.sources", "software.interface"}


@pytest.mark.parametrize("setting", FIELDS)
def test_every_setting_has_a_variable_and_a_secret_file(setting: str, tmp_path: Path) -> None:
    section, _, key = setting.partition(".")
    default = getattr(getattr(Settings(), section), key)
    origins = setting == "api.origins"
    texts: dict[type, str] = {list: "https://a.example" if origins else "127.0.0.1", dict: "a=red"}
    text = "" if setting in TABLES else texts.get(type(default))
    secret = tmp_path / "secret"
    told = text if text is not None else "" if default is None else default
    secret.write_text(f"{told}\n")
    plain = load(environ={variable(setting): secret.read_text().strip("\n")})
    from_file = load(environ={f"{variable(setting)}_FILE": str(secret)})
    if setting != "appointments.tentative_prefix":  # its space at the end is stripped
        assert plain == from_file
    if not text:
        assert plain == Settings()


# Faults


def test_all_faults_are_told_at_once_with_their_origin(config: WriteFile) -> None:
    path = config(
        """
        [server]
        port = 70000
        tls_cert = "/nowhere/cert.pem"
        prot = 1
        [databse]
        [logging]
        level = "loud"
        [appointments]
        colors = {FOLLOWUP = "greeen"}
        """
    )
    environ = {
        "PRAXIS_CALDAV_PRACTICE__ZONE": "Europe/Berln",
        "PRAXIS_CALDAV_SERVER_HOST": "x",
        "PRAXIS_CALDAV_DATABASE__URL_FILE": "/nowhere/url",
    }
    assert set(faults(path, environ, {"server.wokers": 2, "server.threads": "many"})) == {
        f"server.port ({path}): must be less than or equal to 65535",
        f"server.tls_cert ({path}): must be an existing file (No such file or directory)",
        f"server.prot ({path}): no such setting; did you mean server.port?",
        f"[databse] ({path}): no such setting; did you mean [database]?",
        f"logging.level ({path}): must be 'debug', 'info', 'warning' or 'error'",
        f"appointments.colors.FOLLOWUP ({path}): must be a CSS3 colour name; did you mean green?",
        "practice.zone (environment variable PRAXIS_CALDAV_PRACTICE__ZONE): must be the IANA name "
        "of a time zone, such as Europe/Berlin",
        "PRAXIS_CALDAV_SERVER_HOST (environment): no such setting; did you mean "
        "PRAXIS_CALDAV_SERVER__HOST?",
        "database.url (file /nowhere/url, named by PRAXIS_CALDAV_DATABASE__URL_FILE): cannot be "
        "read (No such file or directory)",
        "server.wokers (command line): no such setting; did you mean server.workers?",
        "server.threads (command line): must be a whole number",
    }


def test_the_faults_are_a_text_for_a_person() -> None:
    with pytest.raises(SettingsError) as caught:
        load(environ={"PRAXIS_CALDAV_SERVER__PORT": "x", "PRAXIS_CALDAV_SERVER__HOST": ""})
    assert str(caught.value).splitlines() == [
        "The settings have 2 faults:",
        "  server.host (environment variable PRAXIS_CALDAV_SERVER__HOST): must not be empty",
        "  server.port (environment variable PRAXIS_CALDAV_SERVER__PORT): must be a whole number",
    ]


def test_a_provider_without_an_audience_is_a_fault() -> None:
    assert only_fault({"PRAXIS_CALDAV_OIDC__ISSUER": "https://login.example.org"}) == (
        "oidc.audience (not given): must be given if there is an issuer, or its every token would"
        " do"
    )


def test_a_secret_given_twice_is_a_fault(tmp_path: Path) -> None:
    secret = tmp_path / "url"
    secret.write_text("praxis.db")
    environ = {
        "PRAXIS_CALDAV_DATABASE__URL": "praxis.db",
        "PRAXIS_CALDAV_DATABASE__URL_FILE": str(secret),
    }
    assert only_fault(environ) == (
        "PRAXIS_CALDAV_DATABASE__URL_FILE: PRAXIS_CALDAV_DATABASE__URL is given too; give one of "
        "them"
    )


@pytest.mark.parametrize(
    "url",
    [
        f"mysql://u:{MARKER}@h/db",
        f"postgresql://u:{MARKER}/x@h:port/db",
        f"postgresql://u:{MARKER}@[h/db",
        f"postgresql://u:{MARKER}\n@h/db",
    ],
)
def test_no_fault_repeats_a_secret(url: str, tmp_path: Path, config: WriteFile) -> None:
    secret = tmp_path / "url"
    secret.write_text(url)
    with pytest.raises(SettingsError) as caught:
        load(environ={"PRAXIS_CALDAV_DATABASE__URL_FILE": str(secret)})
    assert MARKER not in str(caught.value)
    assert caught.value.__cause__ is caught.value.__context__ is None


def test_the_settings_in_print_do_not_show_the_password_of_the_database() -> None:
    settings = load(environ={"PRAXIS_CALDAV_DATABASE__URL": f"postgresql://u:{MARKER}@h/db"})
    assert MARKER in settings.database.url
    assert MARKER not in repr(settings)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[server", "must be a TOML file ("),
        ("server = 1", "must be a table, [server]"),
        ("port = 1", "[port] ("),
        ("[server]\nport = true", "must not be true or false"),
        ("[server]\nport = 1.5", "must be a whole number"),
        ("[server]\nhost = 1", "must be text"),
        ("[server]\ntrusted_proxies = '127.0.0.1'", "must be a list"),
        ("[caldav]\naliases = ['a']", "must be a table"),
        ("[practice]\nname = 'a\\nb'", ""),
        ('[practice]\nname = "a\\nb"', "must be one line of text"),
    ],
)
def test_a_file_of_the_wrong_shape_is_a_fault(text: str, expected: str, config: WriteFile) -> None:
    if not expected:
        assert load(config(text), {}).practice.name == "a\\nb"
        return
    (fault,) = faults(config(text))
    assert expected in fault


def test_a_file_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    assert faults(tmp_path / "a.toml") == (
        f"{tmp_path}/a.toml: cannot be read (No such file or directory)",
    )


def test_a_file_that_is_not_utf_8_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "latin.toml"
    path.write_bytes("[practice]\nname = 'Müller'".encode("latin-1"))
    assert faults(path) == (f"{path}: must be a TOML file (it is not UTF-8)",)


def test_a_certificate_without_its_key_is_a_fault_even_beside_another(tmp_path: Path) -> None:
    certificate = tmp_path / "cert.pem"
    certificate.touch()
    environ = {
        "PRAXIS_CALDAV_SERVER__TLS_CERT": str(certificate),
        "PRAXIS_CALDAV_SERVER__PORT": "x",
    }
    _, fault = faults(environ=environ)
    assert fault == (
        "server.tls_key (not given): tls_cert and tls_key must be given both or not at all"
    )
    environ |= {
        "PRAXIS_CALDAV_SERVER__TLS_KEY": str(certificate),
        "PRAXIS_CALDAV_SERVER__PORT": "1",
    }
    assert load(environ=environ).server.tls_key == certificate


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PRACTICE__EMAIL", "praxis"),
        ("PRACTICE__ZONE", "../etc/passwd"),
        ("PRACTICE__ZONE", "Europe"),
        ("PRACTICE__UID_DOMAIN", "a b"),
        ("DATABASE__URL", ""),
        ("DATABASE__URL", "sqlite://"),
        ("DATABASE__URL", "sqlite:///"),
        ("SERVER__PUBLIC_URL", "kalender.example.org"),
        ("SERVER__PUBLIC_URL", "http://kalender.example.org"),
        ("SERVER__PUBLIC_URL", "https://kalender.example.org/caldav/"),
        ("SERVER__PUBLIC_URL", "https://kalender.example.org:port"),
        ("SERVER__TRUSTED_PROXIES", "*"),
        ("SERVER__TRUSTED_PROXIES", "10.0.0.1/8"),
        ("CALDAV__MAIN_CALENDAR", "Praxis"),
        ("CALDAV__ALIASES", "-a=praxis"),
        ("CALDAV__ALIASES", "praxis=dr-mueller"),
        ("CALDAV__ALIASES", "a=b, b=praxis"),
        ("CALDAV__ALIASES", "a"),
        ("CALDAV__REALM", 'say "hello"'),
        ("CALDAV__MAX_REQUEST_BYTES", "20000"),
        ("ACCOUNTS__MINIMUM_PASSWORD_LENGTH", "1"),
        ("APPOINTMENTS__COLORS", "A=#ff0000"),
        ("LOGGING__FORMAT", "xml"),
        ("OIDC__ISSUER", "login.example.org"),
        ("OIDC__ISSUER", "http://login.example.org"),
        ("OIDC__ISSUER", "http://127.0.0.1.example.org"),
        ("OIDC__ISSUER", "https://user:password@login.example.org"),
        ("OIDC__ISSUER", "https://login.example.org/?realm=praxis"),
        ("OIDC__ISSUER", "https://[login.example.org"),
        ("OIDC__CLAIM", ""),
        ("OIDC__MATCH", "sub"),
        ("OIDC__REQUIRED_SCOPE", "caldav calendar"),
        ("OIDC__REQUIRED_SCOPE", 'cal"dav'),
        ("OIDC__REQUIRED_CLAIMS", "groups"),
        ("OIDC__SKEW_SECONDS", "3600"),
        ("OIDC__KEYS_SECONDS", "0"),
    ],
)
def test_a_value_that_would_fail_later_fails_now(name: str, value: str) -> None:
    assert f"environment variable PRAXIS_CALDAV_{name})" in only_fault(
        {f"PRAXIS_CALDAV_{name}": value}
    )


# What becomes of values


@pytest.mark.parametrize(
    ("given", "url"),
    [
        ("praxis.db", "sqlite:///praxis.db"),
        ("/var/lib/praxis.db", "sqlite:////var/lib/praxis.db"),
        ("sqlite:///praxis.db", "sqlite:///praxis.db"),
        ("postgresql://u:p@h/db", "postgresql+psycopg://u:p@h/db"),
        ("postgres://u:p@h/db", "postgresql+psycopg://u:p@h/db"),
        ("postgresql+psycopg://u:p@h/db", "postgresql+psycopg://u:p@h/db"),
        ("postgresql:///db?host=/run/postgresql", "postgresql+psycopg:///db?host=/run/postgresql"),
    ],
)
def test_a_database_can_be_named_in_several_ways(given: str, url: str) -> None:
    assert load(environ={"PRAXIS_CALDAV_DATABASE__URL": given}).database.url == url


def test_small_differences_of_writing_do_not_matter() -> None:
    settings = load(
        environ={
            "PRAXIS_CALDAV_SERVER__PUBLIC_URL": "https://kalender.example.org/",
            "PRAXIS_CALDAV_LOGGING__LEVEL": "INFO",
            "PRAXIS_CALDAV_APPOINTMENTS__COLORS": "A=SteelBlue",
            "PRAXIS_CALDAV_SERVER__TLS_CERT": "",
        }
    )
    assert settings.server.public_url == "https://kalender.example.org"
    assert settings.logging.level == "info"
    assert settings.appointments.colors == {"A": "steelblue"}
    assert settings.server.tls_cert is None


def test_the_alias_of_the_main_calendar_can_be_taken_away() -> None:
    assert load(environ={"PRAXIS_CALDAV_CALDAV__ALIASES": ""}).caldav.aliases == {}


def test_settings_do_not_change_after_the_start() -> None:
    with pytest.raises(ValidationError):
        Settings().server.port = 1  # type: ignore[misc]
