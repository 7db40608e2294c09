"""Write the example configuration from the settings: `python -m praxis_caldav.example_config`.

It is written into `config/` or to the path given. Not a template with texts of its own: names,
defaults and comments are those of `settings`.
"""

from __future__ import annotations

import json
import sys
import textwrap
from pathlib import Path
from typing import TYPE_CHECKING

from praxis_caldav.setting_sources import variable
from praxis_caldav.settings import CONFIG_VARIABLE, SECTIONS

if TYPE_CHECKING:
    from praxis_caldav.settings import Section

__all__ = ["EXAMPLE", "example"]

EXAMPLE = Path(__file__).parents[1] / "config" / "praxis-caldav.example.toml"

_HEAD = f"""\
Settings of praxis-caldav. Every setting is here with its default; to change one, remove the # \
before its name.

The program reads the file given with --config or in the environment variable {CONFIG_VARIABLE}. \
The environment wins over the file: server.port is also {variable("server.port")}, and \
{variable("database.url")}_FILE names a file to read the setting from, as secrets should be. Lists \
are written there as a, b and tables as a=b, c=d. The command line wins over everything.

Written by python -m praxis_caldav.example_config: change the descriptions in settings.py."""


def example() -> str:
    """Return the text of the example configuration."""
    sections = [_section(name, section) for name, section in SECTIONS.items()]
    return "\n\n".join([_comment(_HEAD), *sections]) + "\n"


def _section(name: str, section: type[Section]) -> str:
    parts = [f"{_comment(section.__doc__ or '')}\n[{name}]"]
    for key, field in section.model_fields.items():
        parts.append(f"{_comment(field.description or '')}\n#{key} = {_toml(field.default)}")
    return "\n\n".join(parts)


def _comment(text: str) -> str:
    paragraphs = [
        textwrap.fill(
            paragraph, 100, initial_indent="# ", subsequent_indent="# ", break_on_hyphens=False
        )
        for paragraph in text.split("\n\n")
    ]
    return "\n#\n".join(paragraphs)


def _toml(value: object) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key} = {_toml(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_toml(item) for item in value) + "]"
    # A JSON string is a TOML string too.
    return json.dumps("" if value is None else value, ensure_ascii=False)


if __name__ == "__main__":
    (Path(sys.argv[1]) if sys.argv[1:] else EXAMPLE).write_text(example(), "utf-8")
