"""The command line: `praxis-caldav COMMAND`. Each command lives in `praxis_caldav.commands`."""

from __future__ import annotations

import sys

import click

from practice.errors import PracticeError
from praxis_caldav import __version__
from praxis_caldav.commands import (
    data,
    export,
    feeds,
    history,
    oidc,
    patient_lists,
    patients,
    people,
    purge,
    server,
    sync,
)
from praxis_caldav.commands.demo import demo
from praxis_caldav.setting_sources import SettingsError

__all__ = ["cli", "main"]


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="praxis-caldav")
def cli() -> None:
    """CalDAV server for medical practices.

    Start with `praxis-caldav demo`, or with `init`, `doctor add`, `account add` and `serve`.
    """


for command in (
    *server.commands,
    demo,
    *people.commands,
    *oidc.commands,
    *patients.commands,
    *feeds.commands,
    *data.commands,
    *sync.commands,
    *export.commands,
    *history.commands,
    *purge.commands,
):
    cli.add_command(command)
for one in patient_lists.commands:
    patients.patient.add_command(one)


def main() -> None:
    """Run a command; errors that a person can mend are told in a sentence and exit with 1."""
    try:
        cli(standalone_mode=True)
    except (PracticeError, SettingsError) as error:
        click.echo(f"Error: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
