"""What the guide to the API says is tried: every command of it, in its order, on a new practice, by
bash and curl as somebody pastes it, and with the real clock.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.building import PASSWORD, a_practice
from tests.conftest import a_database
from tests.servers import RunningServer

if TYPE_CHECKING:
    from collections.abc import Iterator

GUIDE = Path(__file__).parent.parent / "docs" / "api.md"
HOST = "https://kalender.example.org"
_FILE = re.compile(r"`([\w.-]+\.csv)`:\n\n```\n(.*?)^```", re.MULTILINE | re.DOTALL)
#: A command, the status that its answer is said to have, and what is said of it.
_STEP = re.compile(
    r"^```sh\n(curl .*?)^```\n\n→ `(\d{3})`(.*?)(?=^```|\Z)", re.MULTILINE | re.DOTALL
)
_SETS = re.compile(r"^```sh\n(FROM=.*?)^```", re.MULTILINE | re.DOTALL)
#: The lines of an answer that is shown, shortened; and the names in it.
_SHOWN = re.compile(r"^ {4}.*", re.MULTILINE)
_NAMES = re.compile(r'"(\w+)":')
_USED = re.compile(r"`\$([A-Z]+)` is its `([\w.]+)`")


@pytest.fixture(scope="module")
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    """A practice as it is after the set-up."""
    with a_database("sqlite", request, tmp_path_factory.mktemp("guide")) as made:
        a_practice(made)
        url = made.engine.url.render_as_string(hide_password=False)
        with RunningServer(url, forked=True) as running:
            yield running


class Reader:
    """Somebody who does what the guide says."""

    def __init__(self, server: str, text: str, folder: Path) -> None:
        self._server = server
        self._folder = folder
        self._sets = "".join(_SETS.findall(text))
        self._known: dict[str, str] = {}
        for name, content in _FILE.findall(text):
            (folder / name).write_text(content, "utf-8")
        (folder / ".curlrc").write_text('silent\nwrite-out = "\\n%{http_code}"\n', "utf-8")

    def do(self, command: str, used: str) -> tuple[int, str]:
        """Do what one block says, and note what is used of the answer; return status and answer."""
        pasted = command.replace(HOST, self._server)
        pasted = pasted.replace("-u admin ", f"-u 'admin:{PASSWORD}' ")
        set_before = "".join(f"{name}='{value}'\n" for name, value in self._known.items())
        done = subprocess.run(
            ["bash", "-euc", f"{self._sets}{set_before}{pasted}"],
            cwd=self._folder,
            env={**os.environ, "CURL_HOME": str(self._folder), "HOME": str(self._folder)},
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stderr}"
        body, _, status = done.stdout.rpartition("\n")
        for name, place in _USED.findall(used):
            value: Any = json.loads(body)
            for key in place.split("."):
                value = value[int(key)] if key.isdigit() else value[key]
            self._known[name] = str(value)
        return int(status), body


def test_every_command_of_the_guide_can_be_pasted_and_answers_as_it_says(
    served: RunningServer, tmp_path: Path
) -> None:
    text = GUIDE.read_text("utf-8")
    steps = _STEP.findall(text)
    assert len(steps) == text.count("```sh\n") - 1, "a command without an answer"
    assert len(steps) > 30
    reader = Reader(served.url, text, tmp_path)
    for command, said, used in steps:
        status, body = reader.do(command, used)
        deadline = time.monotonic() + 20
        while '"state":"reading"' in body and status == 200 and time.monotonic() < deadline:
            status, body = reader.do(command, used)  # the guide has one wait for it
        assert status == int(said), f"{command}\n{body[:2000]}"
        shown = "\n".join(_SHOWN.findall(used))
        assert [name for name in _NAMES.findall(shown) if f'"{name}"' not in body] == [], command
