"""The suites: what each needs, how it is run against a server, how its results are read."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from tests.conformance.fetching import (
    VERSIONS,
    installed_node,
    installed_python,
    program,
    run,
    source,
)
from tests.conformance.house import Served
from tests.conformance.plain_files import PlainFiles
from tests.conformance.results import (
    Outcome,
    Result,
    from_json_lines,
    from_junit,
    from_litmus,
    from_webdav_tck,
)

__all__ = ["SUITES"]

DRIVERS = Path(__file__).parent / "drivers"
_PYTEST = ("-p", "no:cacheprovider", "-q", "-o", "asyncio_default_fixture_loop_scope=function")


def python_caldav(server: Served, scratch: Path) -> list[Result]:
    """Run python-caldav's own tests of a server, its compatibility check among them."""
    folder = source("caldav")
    tests = f"caldav[test]=={VERSIONS['caldav']}"
    python = installed_python("caldav", tests, _pinned("caldav-server-tester"))
    (folder / "tests" / "caldav_test_servers.yaml").write_text(
        "test-servers:\n  praxis:\n    type: external\n    enabled: true\n"
        f"    url: {server.mount}\n    username: {server.accounts[0]}\n"
        f"    password: {server.password}\n"
    )
    # Not the embedded servers, not the tests of the library itself; and its own deprecations
    # are no failures of ours.
    env = {"PYTHON_CALDAV_TEST_EMBEDDED": "0", "PYTHON_CALDAV_TEST_DOCKER": "0"}
    chosen = ("tests/test_caldav.py", "tests/test_async_integration.py", "-k", "praxis")
    return _pytest(python, folder, scratch, *chosen, "-W", "ignore::DeprecationWarning", env=env)


def caldav_server_tester(server: Served, scratch: Path) -> list[Result]:
    """Run every check of caldav-server-tester; a feature is passed when it is there in full."""
    # vobject is what one of its checks reads the answer with, though it does not ask for it.
    python = installed_python("tester", _pinned("caldav-server-tester"), "vobject")
    who = (server.mount, server.password, *server.accounts)
    return _told(run([python, DRIVERS / "server_tester.py", *who], folder=scratch))


def vdirsyncer_storage(server: Served, scratch: Path) -> list[Result]:
    """Run vdirsyncer's tests of CalDAV storages, with our server as one of its test servers."""
    folder = source("vdirsyncer")
    python = installed_python("vdirsyncer", f"vdirsyncer[test]=={VERSIONS['vdirsyncer']}")
    plugin = folder / "tests" / "storage" / "servers" / "praxis"
    plugin.mkdir(exist_ok=True)
    shutil.copy(DRIVERS / "vdirsyncer_server.py", plugin / "__init__.py")
    env = {
        "DAV_SERVER": "praxis",
        "PRAXIS_URL": server.mount,
        "PRAXIS_ACCOUNT": server.accounts[0],
        "PRAXIS_PASSWORD": server.password,
    }
    chosen = ("tests/storage/dav/test_caldav.py", "tests/storage/dav/test_main.py", "--no-cov")
    return _pytest(python, folder, scratch, *chosen, env=env)


def litmus(server: Served, scratch: Path) -> list[Result]:
    """Run litmus on a calendar, its plain files dressed as appointments."""
    tool = program("litmus", "install it, for example `apt install litmus`", debian="litmus")
    with PlainFiles(server) as files:
        who = (files.url, server.accounts[0], server.password)
        return from_litmus(run([tool, "-k", *who], folder=scratch))


def webdav_tck(server: Served, scratch: Path) -> list[Result]:
    """Run webdav-tck, litmus' younger sister, in the same way."""
    python = installed_python("webdav-tck", _pinned("webdav-tck"))
    with PlainFiles(server) as files:
        who = (files.url, server.accounts[0], server.password)
        # Not "largefile": two gigabytes are no appointment (RFC 4791 5.2.5).
        chosen = "--suites=basic,copymove,props,locks,http"
        command: list[str | Path] = [python, "-m", "webdav_tck", "--no-colour", chosen, *who]
        return from_webdav_tck(run(command, folder=scratch, env={"COLUMNS": "500"}))


def tsdav(server: Served, scratch: Path) -> list[Result]:
    """Drive tsdav, which ships no tests, through all that a calendar client does."""
    return _node("tsdav.mjs", server)


def ts_caldav(server: Served, scratch: Path) -> list[Result]:
    """Drive ts-caldav likewise."""
    return _node("ts_caldav.mjs", server)


#: By name; each takes a server and an empty folder.
SUITES: Mapping[str, Callable[[Served, Path], list[Result]]] = {
    "python-caldav": python_caldav,
    "caldav-server-tester": caldav_server_tester,
    "vdirsyncer": vdirsyncer_storage,
    "litmus": litmus,
    "webdav-tck": webdav_tck,
    "tsdav": tsdav,
    "ts-caldav": ts_caldav,
}


def _pinned(name: str) -> str:
    return f"{name}=={VERSIONS[name]}"


def _pytest(
    python: Path, folder: Path, scratch: Path, *words: str, env: dict[str, str]
) -> list[Result]:
    told = scratch / "results.xml"
    told.unlink(missing_ok=True)
    output = run(
        [python, "-m", "pytest", *_PYTEST, *words, f"--junitxml={told}"], folder=folder, env=env
    )
    return from_junit(told) if told.exists() else _failed(output)


def _node(driver: str, server: Served) -> list[Result]:
    folder = installed_node("tsdav", "ts-caldav")
    for name in (driver, "steps.mjs"):
        shutil.copy(DRIVERS / name, folder / name)  # beside the node_modules it imports from
    who = (server.mount, server.accounts[0], server.password)
    return _told(run(["node", driver, *who], folder=folder))


def _told(output: str) -> list[Result]:
    return from_json_lines(output) or _failed(output)


def _failed(output: str) -> list[Result]:
    """The suite itself did not run: that is a failure too, and not one that can be permitted."""
    last = output.strip().splitlines()[-1:] or ["it printed nothing"]
    return [Result("(the suite as a whole)", Outcome.FAILED, last[0][:200])]
