"""What the guide to the API says is tried: every command of it, in its order, on a new practice.

The commands are curl's; they are read here, since not every machine has it.
"""

from __future__ import annotations

import re
import shlex
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

from practice.schedule.holidays import closed_days
from tests.building import PASSWORD, a_practice
from tests.conftest import a_database
from tests.servers import RunningServer

if TYPE_CHECKING:
    from collections.abc import Iterator

GUIDE = Path(__file__).parent.parent / "docs" / "api.md"
HOST = "https://kalender.example.org"
_FILE = re.compile(r"`([\w.-]+\.csv)`:\n\n```\n(.*?)^```", re.MULTILINE | re.DOTALL)
#: A command, the status that its answer is said to have, and what is used of it further down.
_STEP = re.compile(r"^```sh\n(.*?)^```\n\n→ `(\d{3})`([^\n]*)", re.MULTILINE | re.DOTALL)
_USED = re.compile(r"`\$([A-Z]+)` is its `([\w.]+)`")


@pytest.fixture(scope="module")
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    """A practice as it is after the set-up."""
    with a_database("sqlite", request, tmp_path_factory.mktemp("guide")) as made:
        a_practice(made)
        url = made.engine.url.render_as_string(hide_password=False)
        with RunningServer(url) as running:
            yield running


class Reader:
    """Somebody who does what the guide says."""

    def __init__(self, server: str, text: str) -> None:
        self._server = server
        self._files = dict(_FILE.findall(text))
        self._known: dict[str, str] = {}

    def do(self, command: str, used: str) -> httpx.Response:
        """Do what one block says, and note what is used of the answer."""
        for name, value in self._known.items():
            command = command.replace(f"${name}", value)
        program, *words = shlex.split(command.replace("\\\n", " "))
        assert program == "curl", command
        answer = self._sent(words)
        for name, place in _USED.findall(used):
            value = answer.json()
            for key in place.split("."):
                value = value[int(key)] if key.isdigit() else value[key]
            self._known[name] = str(value)
        return answer

    def _sent(self, words: list[str]) -> httpx.Response:
        method, headers, content, auth, url = "", {}, None, None, ""
        while words:
            word = words.pop(0)
            if word == "-X":
                method = words.pop(0)
            elif word == "-u":
                auth = (words.pop(0), PASSWORD)
            elif word == "-H":
                name, _, value = words.pop(0).partition(": ")
                headers[name] = value
            elif word == "--json":
                content = words.pop(0).encode()
                headers["Content-Type"] = "application/json"
            elif word == "--data-binary":
                content = self._files[words.pop(0).removeprefix("@")].encode()
            else:
                assert word.startswith(HOST), word
                url = self._server + word.removeprefix(HOST)
        method = method or ("GET" if content is None else "POST")
        return httpx.request(method, url, headers=headers, content=content, auth=auth, timeout=30)


def a_working_day() -> str:
    """Return a Wednesday soon, which is no holiday: the guide's is some day over."""
    day = datetime.now(UTC).date() + timedelta(days=3)
    while day.weekday() != 2 or day in closed_days("NI", day.year):
        day += timedelta(days=1)
    return day.isoformat()


def test_every_command_of_the_guide_answers_as_it_says(served: RunningServer) -> None:
    text = GUIDE.read_text("utf-8").replace("2027-03-03", a_working_day())
    steps = _STEP.findall(text)
    assert len(steps) == text.count("```sh\n"), "a command without an answer"
    assert len(steps) > 20
    reader = Reader(served.url, text)
    for command, said, used in steps:
        answer = reader.do(command, used)
        assert answer.status_code == int(said), f"{command}\n{answer.text[:2000]}"
