"""The command line: `praxis-caldav COMMAND`. Each command lives in `praxis_caldav.commands`."""

from __future__ import annotations

import sys
from importlib import import_module

import click

from practice.errors import PracticeError
from praxis_caldav import __version__
from praxis_caldav.setting_sources import SettingsError

__all__ = ["cli", "main"]

#: Which module of `praxis_caldav.commands` has a command, in the order of the help.
_HOMES = {
    "init": "server",
    "serve": "server",
    "demo": "demo",
    "doctor": "house",
    "room": "house",
    "account": "accounts",
    "oidc": "oidc",
    "patient": "patient_lists",  # which adds its own to those of `patients`
    "feed": "feeds",
    "import-bookings": "data",
    "verify": "data",
    "sync": "sync",
    "work": "sync",
    "export": "export",
    "history": "history",
    "undo": "history",
    "purge": "purge",
}


class _Commands(click.Group):
    """The commands, each loaded when it is asked for: a server starts without all the others."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        return list(_HOMES)

    def get_command(
        self,
        ctx: click.Context,  # noqa: ARG002
        cmd_name: str,
    ) -> click.Command | None:
        home = _HOMES.get(cmd_name)
        if home is None:
            return None
        commands: tuple[click.Command, ...]
        commands = import_module(f"praxis_caldav.commands.{home}").commands
        return next(command for command in commands if command.name == cmd_name)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="praxis-caldav")
def cli() -> None:
    """CalDAV server for medical practices.

    Start with `praxis-caldav demo`, or with `init`, `doctor add`, `account add` and `serve`.
    """


def main() -> None:
    """Run a command; errors that a person can mend are told in a sentence and exit with 1."""
    try:
        cli(standalone_mode=True)
    except (PracticeError, SettingsError) as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
