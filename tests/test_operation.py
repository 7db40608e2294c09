"""Health, readiness, metrics and the request log, asked as a server asks them."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import os
import re
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from prometheus_client import REGISTRY
from starlette.applications import Starlette
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Mount, Route

from praxis_caldav.logs import JsonFormatter
from praxis_caldav.operation import RequestLog, routes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from starlette.requests import Request
    from starlette.types import ASGIApp, Receive, Scope, Send

    Lines = Callable[[], list[dict[str, Any]]]

PATIENT = "Mustermann"


@pytest.fixture
def output() -> Iterator[io.StringIO]:
    """Return what the log gets from us."""
    stream = io.StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(JsonFormatter())
    logger = logging.getLogger("praxis_caldav")
    level = logger.level
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    yield stream
    logger.removeHandler(handler)
    logger.setLevel(level)


@pytest.fixture
def lines(output: io.StringIO) -> Lines:
    """Return a function that returns the lines logged so far."""
    return lambda: [json.loads(line) for line in output.getvalue().splitlines()]


def ask(app: ASGIApp, path: str, method: str = "GET", **options: Any) -> httpx.Response:
    """Send one request to `app`."""

    async def main() -> httpx.Response:
        transport = httpx.ASGITransport(app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            return await client.request(method, path, **options)

    return asyncio.run(main())


def an_app(
    *, status: int = 200, body: str = "", error: Exception | None = None, account: object = None
) -> ASGIApp:
    """Return an app that answers everything in one way, behind the request log."""

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if account is not None:
            scope["state"]["account"] = account
        scope["path"] = "/rewritten"
        if error:
            raise error
        await Response(body, status)(scope, receive, send)

    return RequestLog(app)


def served(ready: Callable[[], bool] = lambda: True, **options: Any) -> ASGIApp:
    """Return an app with the three routes."""
    return Starlette(routes=routes(ready, **options))


def count(name: str, **labels: str) -> float:
    """Return a metric's value."""
    return REGISTRY.get_sample_value(name, labels) or 0.0


# Health and readiness


def test_a_living_process_says_so_whatever_the_database_does() -> None:
    answer = ask(served(lambda: False), "/healthz")
    assert (answer.status_code, answer.text) == (200, "ok")


def test_a_server_whose_database_answers_is_ready() -> None:
    answer = ask(served(), "/readyz")
    assert (answer.status_code, answer.json()) == (200, {"ready": True})


def test_a_server_whose_database_says_no_is_not_ready() -> None:
    answer = ask(served(lambda: False), "/readyz")
    assert (answer.status_code, answer.json()) == (503, {"ready": False})
    assert answer.headers["retry-after"] == "5"


def test_a_failing_database_is_not_ready_and_its_message_is_not_logged(
    output: io.StringIO,
) -> None:
    def fails() -> bool:
        raise OSError(f"row of {PATIENT}")

    assert ask(served(fails), "/readyz").status_code == 503
    assert "OSError" in output.getvalue()
    assert PATIENT not in output.getvalue()


def test_a_hanging_database_is_asked_once_and_not_waited_for() -> None:
    asked, release = [], threading.Event()

    def hangs() -> bool:
        asked.append(True)
        return release.wait(10)

    app = served(hangs, seconds=0.05)

    async def several() -> list[int]:
        transport = httpx.ASGITransport(app)
        async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
            answers = [await client.get("/readyz") for _ in range(3)]
            release.set()
            answers.append(await client.get("/readyz"))
        return [answer.status_code for answer in answers]

    begin = time.monotonic()
    assert asyncio.run(several()) == [503, 503, 503, 200]
    assert time.monotonic() - begin < 5
    assert len(asked) in {1, 2}  # two, if the first answer came before the last request


# Metrics


def test_requests_are_counted_by_method_and_kind_of_status() -> None:
    before = count("praxis_requests_total", method="REPORT", status="2xx")
    timed = count("praxis_request_seconds_count", method="REPORT")
    ask(an_app(status=207), "/caldav/calendars/praxis/", "REPORT")
    assert count("praxis_requests_total", method="REPORT", status="2xx") == before + 1
    assert count("praxis_request_seconds_count", method="REPORT") == timed + 1
    assert count("praxis_requests_in_flight") == 0


def test_a_request_that_fails_is_counted_and_no_longer_in_flight() -> None:
    before = count("praxis_requests_total", method="GET", status="5xx")
    ask(an_app(error=ValueError()), "/")
    assert count("praxis_requests_total", method="GET", status="5xx") == before + 1
    assert count("praxis_requests_in_flight") == 0


def test_a_running_request_is_in_flight() -> None:
    seen = []

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        seen.append(count("praxis_requests_in_flight"))
        await Response()(scope, receive, send)

    ask(RequestLog(app), "/")
    assert seen == [1]


def test_the_metrics_are_served_in_the_format_asked_for() -> None:
    ask(an_app(), "/")
    plain = ask(served(), "/metrics")
    assert "praxis_requests_total{" in plain.text
    assert plain.headers["content-type"].startswith("text/plain")
    modern = ask(served(), "/metrics", headers={"accept": "application/openmetrics-text"})
    assert modern.text.endswith("# EOF\n")


def test_several_processes_are_counted_together(tmp_path: Path) -> None:
    program = """if True:
        from tests.test_operation import an_app, ask, served
        ask(an_app(), "/")
        print(ask(served(), "/metrics").text)
    """
    environ = os.environ | {"PROMETHEUS_MULTIPROC_DIR": str(tmp_path)}
    for processes in (1, 2):
        done = subprocess.run(
            [sys.executable, "-c", program], env=environ, check=True, capture_output=True, text=True
        )
        line = f'praxis_requests_total{{method="GET",status="2xx"}} {processes}.0'
        assert line in done.stdout.splitlines()


# The request log


def test_each_request_is_one_line(lines: Lines) -> None:
    ask(an_app(status=201, body="four", account="dr.mueller"), "/caldav/calendars/dr-a/", "PUT")
    (line,) = lines()
    assert line.pop("ms") >= 0
    assert re.fullmatch("[0-9a-f]{16}", line.pop("request"))
    del line["time"]
    assert line == {
        "level": "info",
        "logger": "praxis_caldav.operation",
        "event": "request",
        "method": "PUT",
        "route": "/caldav/calendars/{calendar}",
        "calendar": "dr-a",
        "status": 201,
        "bytes": 4,
        "account": "dr.mueller",
    }


def test_the_answer_names_the_request_as_the_log_does(lines: Lines) -> None:
    answers = [ask(an_app(), "/"), ask(an_app(), "/")]
    ids = [answer.headers["x-request-id"] for answer in answers]
    assert ids == [line["request"] for line in lines()]
    assert ids[0] != ids[1]


def test_an_id_from_outside_is_not_believed(lines: Lines) -> None:
    ask(an_app(), "/", headers={"x-request-id": PATIENT})
    assert PATIENT not in str(lines())


@pytest.mark.parametrize(
    ("path", "route", "calendar"),
    [
        ("/", "/", None),
        ("/healthy", "other", None),
        ("/healthz/x", "other", None),
        ("/Mustermann", "other", None),
        ("/Mustermann/caldav/calendars/praxis/", "other", None),
        ("/.well-known/caldav", "/.well-known/caldav", None),
        ("/.well-known/Mustermann", "other", None),
        ("/caldav", "/caldav", None),
        ("/caldav/", "/caldav", None),
        ("/caldav/Mustermann/", "/caldav/{user}", None),
        ("/caldav/user/Mustermann/x", "/caldav/{user}/{object}", None),
        ("/caldav/calendars/", "/caldav/calendars", None),
        ("/caldav/calendars/dr-a", "/caldav/calendars/{calendar}", "dr-a"),
        ("/caldav/calendars/Mustermann/", "/caldav/calendars/{calendar}", None),
        ("/caldav/calendars/Mustermann.ics", "/caldav/calendars/{calendar}", None),
        ("/caldav/calendars/dr-a%0A/", "/caldav/calendars/{calendar}", None),
        ("/caldav/calendars/" + "a" * 65, "/caldav/calendars/{calendar}", None),
        ("/caldav/calendars/dr-a/Mustermann", "/caldav/calendars/{calendar}/{object}", "dr-a"),
        ("/caldav/calendars/dr-a/M/Mustermann", "/caldav/calendars/{calendar}/{object}", "dr-a"),
        ("/caldav//calendars//dr-a//Mustermann", "/caldav/calendars/{calendar}/{object}", "dr-a"),
        ("/caldav/calendars/x/dr-a~Mustermann", "/caldav/calendars/{calendar}/{object}", "x"),
        ("/caldav%2Fcalendars/dr-a/Mustermann", "/caldav/calendars/{calendar}/{object}", "dr-a"),
        ("/caldav/calendars/dr-a/%4Dustermann", "/caldav/calendars/{calendar}/{object}", "dr-a"),
        ("/feeds/Mustermann.ics", "/feeds/{token}", None),
        ("/api/patients/Mustermann", "/api", None),
        ("/admin/Mustermann", "/admin", None),
        ("/termine/Mustermann", "/termine", None),
    ],
)
def test_of_the_path_only_our_own_words_are_logged(
    path: str, route: str, calendar: str | None, lines: Lines
) -> None:
    ask(an_app(), f"{path}?name=Mustermann")
    (line,) = lines()
    assert (line["route"], line.get("calendar")) == (route, calendar)
    assert PATIENT not in str(line)
    assert "ustermann" not in str(line)


def test_words_a_client_invents_are_neither_logged_nor_counted(lines: Lines) -> None:
    ask(an_app(), "/", PATIENT.upper())
    (line,) = lines()
    assert line["method"] == "other"
    assert PATIENT.upper() not in str(line)
    assert PATIENT.upper() not in ask(served(), "/metrics").text


def test_an_exception_is_an_error_line_without_its_message(output: io.StringIO) -> None:
    path = f"/caldav/calendars/dr-a/{PATIENT}.ics"
    ask(an_app(error=ValueError(f"no room for {PATIENT}")), path, "PUT")
    line = json.loads(output.getvalue())
    assert (line["level"], line["status"], line["failed"]) == ("error", 500, True)
    assert PATIENT not in output.getvalue()


def test_an_app_that_answers_nothing_failed(lines: Lines) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        return None

    async def main() -> None:
        scope = {"type": "http", "method": "GET", "path": "/"}
        await RequestLog(app)(scope, receive=None, send=None)  # type: ignore[arg-type]

    asyncio.run(main())
    assert lines()[0]["failed"] is True


def test_an_account_that_is_no_name_is_not_logged(lines: Lines) -> None:
    ask(an_app(account={"name": PATIENT}), "/")
    assert "account" not in lines()[0]


def test_probes_are_logged_only_when_they_fail(lines: Lines) -> None:
    app = RequestLog(served(lambda: False))
    for path in ("/healthz", "/metrics", "/readyz"):
        ask(app, path)
    (line,) = lines()
    assert (line["route"], line["level"]) == ("/readyz", "warning")


def test_an_endpoint_behind_starlette_can_name_the_account_and_read_the_id(lines: Lines) -> None:
    async def endpoint(request: Request) -> Response:
        request.state.account = "anna"
        return PlainTextResponse("done")

    app = Starlette(routes=[Mount("/api", routes=[Route("/x", endpoint)])])
    ask(RequestLog(app), "/api/x")
    (line,) = lines()
    assert (line["route"], line["account"], line["bytes"]) == ("/api", "anna", 4)


def test_a_failed_start_is_logged_without_its_message(output: io.StringIO) -> None:
    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        raise ValueError(PATIENT)

    async def main() -> None:
        await RequestLog(app)({"type": "lifespan"}, None, None)  # type: ignore[arg-type]

    with pytest.raises(ValueError, match=PATIENT):
        asyncio.run(main())
    assert "ValueError" in output.getvalue()
    assert PATIENT not in output.getvalue()


SERVER = """if True:
    import asyncio, socket, sys, httpx, uvicorn
    from praxis_caldav.logs import set_up
    from praxis_caldav.operation import RequestLog
    from starlette.applications import Starlette
    from starlette.routing import Route

    def fails(request):
        raise ValueError("no room for Mustermann")

    async def main():
        set_up("debug", sys.argv[1])
        app = Starlette(routes=[Route("/caldav/{path:path}", fails, methods=["PUT"])])
        config = uvicorn.Config(RequestLog(app), log_config=None, log_level=None)
        listener = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve([listener]))
        address = f"http://127.0.0.1:{listener.getsockname()[1]}"
        async with httpx.AsyncClient() as client:
            path = "/caldav/calendars/dr-a/Mustermann.ics?name=Mustermann"
            print((await client.put(address + path)).headers["x-request-id"])
        server.should_exit = True
        await serving

    asyncio.run(main())
"""


@pytest.mark.parametrize("format", ["json", "text"])
def test_a_running_server_writes_nothing_of_a_patient(format: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", SERVER, format], check=True, capture_output=True, text=True
    )
    assert PATIENT not in done.stderr
    request, exception = (line for line in done.stderr.splitlines() if done.stdout.strip() in line)
    assert "/caldav/calendars/{calendar}/{object}" in request
    assert "Exception in ASGI application" in exception
    assert "ValueError" in done.stderr
