"""The API is what it describes: nothing that is sent brings it down, and nothing is answered that
is not described. Checked by schemathesis over a served practice, on both databases.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.building import PASSWORD, a_practice
from tests.conftest import BACKENDS, a_database
from tests.servers import RunningServer

if TYPE_CHECKING:
    from collections.abc import Iterator

_COMMAND = Path(__file__).with_name("schemathesis_run.py")
_SETTINGS = Path(__file__).with_name("schemathesis.toml")
#: Many requests of one account are what is tried here.
OPTIONS = {
    "PRAXIS_CALDAV_API__PER_MINUTE": "1000000",
    "PRAXIS_CALDAV_API__VISITORS_PER_MINUTE": "1000000",
    "PRAXIS_CALDAV_ACCOUNTS__FAILURES_PER_ACCOUNT": "1000000",
    "PRAXIS_CALDAV_ACCOUNTS__FAILURES_PER_NETWORK": "1000000",
}


@pytest.fixture(scope="module", params=BACKENDS)
def served(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    """A served practice that counts no requests."""
    with a_database(request.param, request, tmp_path_factory.mktemp("api")) as made:
        a_practice(made)
        url = made.engine.url.render_as_string(hide_password=False)
        with RunningServer(url, options=OPTIONS, forked=True) as running:
            yield running


def checked(server: RunningServer, account: str, folder: Path, *options: str) -> tuple[int, str]:
    """Have an account try every address; return the exit code, and what was found.

    In a folder of its own, where what is remembered of examples may stand.
    """
    command = [
        *(sys.executable, str(_COMMAND), "--config-file", str(_SETTINGS)),
        *("run", f"{server.url}/api/openapi.json"),
        *("--auth", f"{account}:{PASSWORD}", "--continue-on-failure", "--mode", "all"),
        *("--checks", "all", "--no-color", "--warnings", "off"),
        *options,
    ]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=3000, check=False, cwd=folder
    )
    return done.returncode, done.stdout + done.stderr


def test_whatever_is_sent_is_answered_as_described(served: RunningServer, tmp_path: Path) -> None:
    few = ["--max-examples", "3", "--generation-deterministic"]
    # Each way to make cases once, short of the slow run. Those made of a form's bounds end at the
    # form, whatever database is behind it.
    ways = "fuzzing,stateful" if served.database_url.startswith("postgresql") else "coverage"
    few += ["--phases", f"examples,{ways}"]
    code, told = checked(served, "admin", tmp_path, *few)
    assert code == 0, told[-20_000:]


@pytest.mark.slow
@pytest.mark.parametrize("account", ["admin", "empfang", "mueller", "buchung", "gast"])
def test_whatever_anybody_sends_is_answered_as_described(
    served: RunningServer, account: str, tmp_path: Path
) -> None:
    code, told = checked(served, account, tmp_path, "--max-examples", "300")
    assert code == 0, told[-20_000:]
