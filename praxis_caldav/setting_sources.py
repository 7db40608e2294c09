"""Where settings come from: a file, the environment, secrets in files, the command line.

Every fault of every source is reported at once, each with its origin; values are never repeated,
because one of them may be a password.
"""

from __future__ import annotations

import os
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import ValidationError

from praxis_caldav.setting_values import did_you_mean
from praxis_caldav.settings import CONFIG_VARIABLE, FIELDS, PREFIX, SECTIONS, Settings

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pydantic_core import ErrorDetails

__all__ = ["SettingsError", "load", "variable"]

_WHOLE_NUMBER = "must be a whole number"
#: What pydantic's words for a wrong type mean to a person.
_EXPECTED = {
    "int_type": _WHOLE_NUMBER,
    "int_parsing": _WHOLE_NUMBER,
    "int_from_float": _WHOLE_NUMBER,
    "string_type": "must be text",
    "string_too_short": "must not be empty",
    "list_type": "must be a list (in the environment: a, b)",
    "dict_type": "must be a table (in the environment: a=b, c=d)",
}


class SettingsError(Exception):
    """Some settings cannot be used; `faults` are all of them, a line for a person each."""

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        count = "a fault" if len(self.faults) == 1 else f"{len(self.faults)} faults"
        super().__init__("\n  ".join([f"The settings have {count}:", *self.faults]))


def variable(setting: str) -> str:
    """Return the name of the environment variable for `setting` (`server.port`)."""
    return PREFIX + setting.replace(".", "__").upper()


def load(
    config: Path | None = None,
    environ: Mapping[str, str] | None = None,
    overrides: Mapping[str, object] | None = None,
) -> Settings:
    """Read the settings from `config` (or the file the environment names) and all other sources.

    `overrides` are keyed by full name (`{"server.port": 8080}`); None there means not given.
    Raises SettingsError with all faults.
    """
    environ = os.environ if environ is None else environ
    given = _Given()
    path = config or environ.get(CONFIG_VARIABLE)
    if path:
        given.add_file(Path(path))
    given.add_environment(environ)
    given.add_overrides(overrides or {})
    return given.settings()


class _Given:
    """What the sources gave so far, from where, and what was wrong with it."""

    def __init__(self) -> None:
        self._values: dict[str, dict[str, object]] = {}
        self._origins: dict[str, str] = {}
        self._faults: list[str] = []

    def settings(self) -> Settings:
        """Return the settings, or raise all faults."""
        settings = Settings()
        try:
            settings = Settings.model_validate(self._values)
        except ValidationError as error:
            details = error.errors(include_url=False, include_input=False)
            self._faults += [self._describe(detail) for detail in details]
        if self._faults:
            raise SettingsError(self._faults)
        return settings

    def add_file(self, path: Path) -> None:
        try:
            # Windows editors put a byte order mark before the text, which tomllib refuses.
            tables = tomllib.loads(path.read_text("utf-8-sig"))
        except OSError as error:
            self._faults.append(f"{path}: cannot be read ({error.strerror})")
            return
        except ValueError as error:
            reason = error if isinstance(error, tomllib.TOMLDecodeError) else "it is not UTF-8"
            self._faults.append(f"{path}: must be a TOML file ({reason})")
            return
        for name, table in tables.items():
            if name not in SECTIONS:
                self._unknown(f"[{name}]", str(path), [f"[{known}]" for known in SECTIONS])
            elif not isinstance(table, dict):
                self._faults.append(f"{name} ({path}): must be a table, [{name}]")
            else:
                for key, value in table.items():
                    self._put(f"{name}.{key}", value, str(path))

    def add_environment(self, environ: Mapping[str, str]) -> None:
        known = {variable(setting): setting for setting in FIELDS}
        files = {f"{name}_FILE": name for name in known}
        for name in sorted(environ):
            if name in known:
                origin = f"environment variable {name}"
                self._put(known[name], _parsed(known[name], environ[name]), origin)
            elif name in files and files[name] in environ:
                self._faults.append(f"{name}: {files[name]} is given too; give one of them")
            elif name in files:
                self._put_secret(known[files[name]], name, Path(environ[name]))
            elif name.startswith(PREFIX) and name != CONFIG_VARIABLE:
                self._unknown(name, "environment", [*known, *files, CONFIG_VARIABLE])

    def add_overrides(self, overrides: Mapping[str, object]) -> None:
        for setting, value in overrides.items():
            if value is not None:
                text = os.fspath(value) if isinstance(value, Path) else value
                parsed = _parsed(setting, text) if isinstance(text, str) else text
                self._put(setting, parsed, "command line")

    def _put_secret(self, setting: str, name: str, path: Path) -> None:
        origin = f"file {path}, named by {name}"
        try:
            text = path.read_text("utf-8-sig").strip()
        except (OSError, UnicodeDecodeError) as error:
            reason = getattr(error, "strerror", None) or "it is not UTF-8"
            self._faults.append(f"{setting} ({origin}): cannot be read ({reason})")
        else:
            self._put(setting, _parsed(setting, text), origin)

    def _put(self, setting: str, value: object, origin: str) -> None:
        if setting not in FIELDS:
            self._unknown(setting, origin, FIELDS)
            return
        section, _, key = setting.partition(".")
        self._values.setdefault(section, {})[key] = value
        self._origins[setting] = origin

    def _unknown(self, name: str, origin: str, known: Iterable[str]) -> None:
        self._faults.append(f"{name} ({origin}): no such setting{did_you_mean(name, known)}")

    def _describe(self, error: ErrorDetails) -> str:
        place = [str(part) for part in error["loc"] if part != "[key]"]
        origin = self._origins.get(".".join(place[:2]), "not given")
        cause = error.get("ctx", {}).get("error")
        expected = _EXPECTED.get(error["type"], error["msg"].replace("Input should", "must", 1))
        return f"{'.'.join(place)} ({origin}): {cause or expected}"


def _parsed(setting: str, text: str) -> object:
    """Read the text of a list (`a, b`) or table (`a=b, c=d`); leave the rest to pydantic."""
    default = FIELDS[setting].default if setting in FIELDS else None
    parts = [part.strip() for part in text.split(",") if part.strip()]
    if isinstance(default, list):
        return parts
    if isinstance(default, dict) and all("=" in part for part in parts):
        pairs = [part.split("=", 1) for part in parts]
        return {key.strip(): value.strip() for key, value in pairs}
    return text
