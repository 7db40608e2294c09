"""The README says what is there: its columns, commands, settings and links.

Not here: whether what it says about programs of others is still true.
"""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from booking_adapter.tools.csv_columns import COLUMNS
from practice.access import Role
from praxis_caldav.main import cli
from praxis_caldav.setting_sources import variable
from praxis_caldav.settings import CONFIG_VARIABLE, FIELDS, PREFIX, SECTIONS
from tests.test_commands import below

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]
PAGES += sorted((ROOT / "docs").rglob("*.md"))
PROGRAM = "praxis-caldav"

_FENCED = re.compile(r"^```\w*\n(.*?)^```", re.MULTILINE | re.DOTALL)
_INDENTED = re.compile(r"(?:^    .*\n)+", re.MULTILINE)
_INLINE = re.compile(r"`([^`\n]+)`")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")


def blocks(text: str) -> list[str]:
    """Return the code blocks, fenced or indented."""
    return [*_FENCED.findall(text), *_INDENTED.findall(_FENCED.sub("", text))]


def shell_lines(text: str) -> Iterator[str]:
    """Yield the lines of code blocks and what stands in backquotes, continued lines joined."""
    for block in blocks(text):
        yield from block.replace("\\\n", " ").splitlines()
    yield from _INLINE.findall(_FENCED.sub("", text))


def commands() -> list[list[str]]:
    """Return the arguments of every call of our program."""
    found = []
    for line in shell_lines(README):
        if line.strip().startswith((PROGRAM, "docker run")):
            words = shlex.split(line, comments=True)
            found.append(words[words.index(PROGRAM) + 1 :])
    return [list(words) for words in dict.fromkeys(map(tuple, found)) if words]


def options(command: click.Command) -> set[str]:
    """Return the options of a command and of all below it."""
    own = {name for parameter in command.params for name in parameter.opts}
    those = below(command).values() if isinstance(command, click.Group) else ()
    return own.union(*map(options, those))


def resolve(words: list[str]) -> tuple[click.Command, list[str]]:
    """Return the command that the first words name, and the words after them."""
    command: click.Command = cli
    while isinstance(command, click.Group) and words and not words[0].startswith("-"):
        assert words[0] in below(command), f"there is no command {words[0]!r}"
        command, words = below(command)[words[0]], words[1:]
    return command, words


def slug_of(heading: str) -> str:
    """Return what a heading is called in links, as GitHub does it."""
    return re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")


def headings(text: str) -> set[str]:
    """Return what links may point to within a page."""
    bare = _FENCED.sub("", text)
    return {slug_of(heading) for heading in re.findall(r"^#+ (.*)$", bare, re.MULTILINE)}


def table_below(header: str) -> list[str]:
    """Return the rows of the README's table with this header."""
    lines = README.splitlines()
    start = lines.index(header) + 2
    end = next(n for n in range(start, len(lines)) if not lines[n].startswith("|"))
    return lines[start:end]


def test_the_table_of_columns_is_that_of_the_importer() -> None:
    assert table_below("| column | what it holds | other headers understood |") == [
        f"| `{column.name}` | {column.description} | {', '.join(column.synonyms)} |"
        for column in COLUMNS
    ]


def test_the_table_of_roles_names_every_role() -> None:
    rows = table_below("| role | for | without a grant | with a grant |")

    assert [row.split("`")[1] for row in rows] == [str(role) for role in Role]


def test_the_readme_shows_every_command_of_the_program() -> None:
    shown = {command.name for command, _ in map(resolve, commands())}

    assert shown >= {"init", "serve", "import-bookings", "export", "verify", "app-password"}
    assert len(commands()) > 20


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_every_command_in_the_readme_exists_with_its_options(words: list[str]) -> None:
    command, rest = resolve(words)
    if isinstance(command, click.Group) or not rest:
        return  # named in a sentence
    # Below the program, as it is called: a command keeps the first help option it is asked for.
    context = click.Context(command, parent=click.Context(cli, **cli.context_settings))

    given, left_over, _ = command.make_parser(context).parse_args(list(rest))

    assert not left_over
    for parameter in command.params:
        value = given.get(str(parameter.name))
        assert value is not None or not parameter.required, f"{parameter.name} is missing"
        if value is not None and isinstance(parameter.type, click.Choice):
            parameter.type.convert(value, parameter, context)


def test_every_option_that_stands_alone_exists() -> None:
    alone = {word for line in shell_lines(README) if line.startswith("--") for word in line.split()}
    known = options(cli) | {"--help"}

    assert {word for word in alone if word.startswith("--")} <= known


def test_every_make_target_in_the_readme_exists() -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    shown = {
        found[1] for line in shell_lines(README) if (found := re.match(r"\s*make ([a-z-]+)", line))
    }

    assert {"run", "test"} <= shown <= targets


def test_every_setting_in_the_readme_exists() -> None:
    sections = "|".join(SECTIONS)
    named = set(re.findall(rf"`((?:{sections})\.[a-z_]+)", README))
    variables = set(re.findall(rf"{PREFIX}[A-Z_]+", README))

    assert named
    assert named <= set(FIELDS)
    assert variables <= {
        CONFIG_VARIABLE,
        *(variable(f) + end for f in FIELDS for end in ("", "_FILE")),
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_within_the_project_leads_somewhere(page: Path) -> None:
    text = page.read_text("utf-8")
    for link in _LINK.findall(text):
        if re.match("[a-z]+:", link):
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        assert target.exists(), f"{link} leads nowhere"
        assert target.resolve().is_relative_to(ROOT), f"{link} leads out of the project"
        if anchor:
            assert anchor in headings(target.read_text("utf-8")), f"{link}: no such heading"
