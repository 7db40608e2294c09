"""`praxis-caldav serve` as a process: its start, its end, its log, and a database that goes."""

from __future__ import annotations

import ipaddress
import json
import os
import re
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from http.client import HTTPResponse
from pathlib import Path

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)

from practice.database import SqlDatabase
from tests.building import PASSWORD, a_practice, an_event
from tests.conftest import BACKENDS, a_served_practice
from tests.dav import HOME, put
from tests.postgres import PostgresServer
from tests.servers import RunningServer, free_port
from tests.workers import connections

CALENDAR = f"{HOME}dr-mueller/"
SOON = 20.0

Served = tuple[str, int]


def wait_until(happened: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + SOON
    while not happened():
        assert time.monotonic() < deadline, f"not in time: {what}"
        time.sleep(0.02)


@pytest.fixture(scope="module", params=BACKENDS)
def server(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[RunningServer]:
    """A served practice, started as the practice would."""
    with a_served_practice(request, tmp_path_factory, forked=False) as running:
        yield running


@pytest.fixture
def served(practice: SqlDatabase) -> Served:
    """The URL of a practice's database, and the number of workers to serve it with."""
    url = practice.engine.url.render_as_string(hide_password=False)
    return url, 2 if practice.dialect == "postgresql" else 1


# --- The end ------------------------------------------------------------------------------------


def test_at_sigterm_a_request_still_being_sent_is_answered_and_new_ones_are_refused(
    served: Served,
) -> None:
    url, workers = served
    body = an_event("letzter-termin").encode()
    with RunningServer(url, workers=workers) as server, server.client() as idle:
        assert server.process is not None
        assert idle.request("PROPFIND", CALENDAR, headers={"Depth": "0"}).status_code == 207
        with socket.create_connection(("127.0.0.1", server.port), timeout=SOON) as connection:
            connection.sendall(_head(idle, len(body)) + body[:100])
            wait_until(lambda: _in_flight(server) == 2, "the request and the one that asks")
            server.process.terminate()
            wait_until(lambda: _refused(server.port), "new connections are refused")
            assert server.process.poll() is None
            connection.sendall(body[100:])
            with closing(HTTPResponse(connection)) as response:
                response.begin()
                assert response.status == 201
        assert server.process.wait(SOON) == 0
    with RunningServer(url, workers=workers) as again, again.client() as client:
        assert client.get(CALENDAR + "letzter.ics").content == body


def _head(client: httpx.Client, length: int) -> bytes:
    """Return a PUT's head, signed in as `client` is."""
    assert client.auth is not None
    request = next(client.auth.auth_flow(httpx.Request("PUT", client.base_url)))
    lines = (
        f"PUT {CALENDAR}letzter.ics HTTP/1.1",
        "Host: localhost",
        f"Authorization: {request.headers['Authorization']}",
        "Content-Type: text/calendar",
        f"Content-Length: {length}",
    )
    return "\r\n".join((*lines, "", "")).encode()


def _in_flight(server: RunningServer) -> float:
    with server.client(None) as client:
        return _metric(client, "praxis_requests_in_flight")


def _refused(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return True
    return False


def test_a_server_without_work_ends_at_once_and_leaves_no_folder_behind(
    served: Served, tmp_path: Path
) -> None:
    url, workers = served
    folder = tmp_path / "temporary"
    folder.mkdir()
    with RunningServer(url, workers=workers, options={"TMPDIR": str(folder)}) as server:
        assert server.process is not None
        with server.client() as client:
            assert client.get("/metrics").status_code == 200
            server.process.terminate()
            assert server.process.wait(SOON) == 0
    assert list(folder.iterdir()) == []


def test_a_calendar_that_is_open_on_a_page_does_not_keep_the_server_from_ending(
    served: Served,
) -> None:
    url, workers = served
    patient = {"PRAXIS_CALDAV_SERVER__SHUTDOWN_SECONDS": "120"}
    with (
        RunningServer(url, workers=workers, options=patient) as server,
        server.client("admin") as client,
    ):
        assert server.process is not None
        with client.stream("GET", "/api/booking/events") as news:
            lines = news.iter_lines()  # kept: without it, the client would hang up
            assert next(lines) == "event: change"
            server.process.terminate()
            assert server.process.wait(SOON) == 0


# --- What watches it ----------------------------------------------------------------------------


def _metric(client: httpx.Client, name: str) -> float:
    found = re.search(rf"^{re.escape(name)} (\S+)$", client.get("/metrics").text, re.MULTILINE)
    return float(found[1]) if found else 0.0


def test_the_requests_of_all_processes_are_counted_together(server: RunningServer) -> None:
    name = 'praxis_requests_total{method="OPTIONS",status="2xx"}'
    with connections(server) as workers:
        before = _metric(workers[0], name)
        for client in workers:
            for _ in range(3):
                assert client.options("/caldav/").status_code == 200
        wanted = [3 * len(workers)] * len(workers)
        deadline = time.monotonic() + SOON
        # A request is counted once its answer is out, which is when the client goes on.
        while (counts := [_metric(c, name) - before for c in workers]) != wanted:
            assert time.monotonic() < deadline, counts


def test_health_and_readiness_are_told_without_a_log_in(server: RunningServer) -> None:
    with server.client(None) as client:
        health, ready = client.get("/healthz"), client.get("/readyz")
    assert (health.status_code, health.text) == (200, "ok")
    assert (ready.status_code, ready.json()) == (200, {"ready": True})


# --- An outage ----------------------------------------------------------------------------------


@contextmanager
def a_practice_on(postgres: PostgresServer) -> Iterator[str]:
    url = postgres.new_database()
    with closing(SqlDatabase(url)) as database:
        database.upgrade()
        a_practice(database)
    yield url


def test_while_postgresql_is_stopped_clients_are_told_to_come_back_and_then_served_again() -> None:
    text = an_event()
    with (
        PostgresServer() as postgres,
        a_practice_on(postgres) as url,
        RunningServer(url, workers=2) as server,
        connections(server) as workers,
    ):
        for client in workers:
            client.auth = httpx.BasicAuth("empfang", PASSWORD)
            assert client.request("PROPFIND", CALENDAR, headers={"Depth": "0"}).status_code == 207
        postgres.stop()
        for client in workers:
            ready = client.get("/readyz")
            assert (ready.status_code, ready.json()) == (503, {"ready": False})
            assert ready.headers["retry-after"].isdigit()
            assert client.get("/healthz").status_code == 200
            refusals = (
                client.request("PROPFIND", CALENDAR, headers={"Depth": "0"}),
                client.get(CALENDAR + "termin.ics"),
                put(client, CALENDAR, "termin.ics", text),
                client.request("PROPFIND", CALENDAR, auth=("unbekannt", "noch nie gesehen")),
            )
            assert [refusal.status_code for refusal in refusals] == [503] * 4
            assert all(refusal.headers["retry-after"].isdigit() for refusal in refusals)
        postgres.start()
        for client in workers:
            wait_until(lambda c=client: c.get("/readyz").status_code == 200, "ready again")  # type: ignore[misc]
            answer = client.get(CALENDAR + "termin.ics")
            assert answer.status_code == 404  # and not 503: what was refused left nothing behind
        assert put(workers[0], CALENDAR, "termin.ics", text).status_code == 201
        assert workers[-1].get(CALENDAR + "termin.ics").text == text
        assert server.process is not None
        assert server.process.poll() is None
        assert PASSWORD not in server.log()
        assert json.loads(server.log().splitlines()[0])


# --- The log ------------------------------------------------------------------------------------

#: Words that stand where clients put patients' names.
MARKERS = {
    "summary": "Zwetschge",
    "name": "Holunder",
    "query": "Schlehdorn",
    "password": "Wacholder",
    "user": "mirabelle",
    "uid": "Berberitze",
    "header": "Kornelkirsche",
    "xml": "Vogelbeere",
    "calendar": "hagebutte",
}


def test_no_line_of_the_log_tells_of_a_patient_or_a_password(served: Served) -> None:
    url, workers = served
    options = {"PRAXIS_CALDAV_LOGGING__LEVEL": "debug"}
    with (
        RunningServer(url, workers=workers, options=options) as server,
        server.client() as client,
        server.client(None) as stranger,
    ):
        statuses = [answer.status_code for answer in (*_visits(client), *_strange_visits(stranger))]
        assert {200, 201, 204, 207, 400, 401, 403, 404, 412} <= set(statuses)
        assert not [status for status in statuses if status >= 500]
        with socket.create_connection(("127.0.0.1", server.port), timeout=SOON) as connection:
            connection.sendall(b"%b no HTTP\r\n\r\n" % MARKERS["name"].encode())
            connection.recv(1000)
        server.stop()
        log = server.log()
    lines = [json.loads(line) for line in log.splitlines()]
    assert all({"time", "level", "logger", "event"} <= set(line) for line in lines)
    # uvicorn itself refuses the method that no parser of HTTP knows
    assert sum(line["event"] == "request" for line in lines) >= len(statuses) - 1
    told = [word for word in (*MARKERS.values(), PASSWORD) if word.lower() in log.lower()]
    assert told == []


def _visits(client: httpx.Client) -> Iterator[httpx.Response]:
    """Send requests of the signed in, right and wrong ones, with the words everywhere."""
    summary = "SUMMARY:" + MARKERS["summary"]
    times = ("20261123T100000", "20261123T103000")
    text = an_event(MARKERS["uid"], *times, summary)
    name = MARKERS["name"] + ".ics"
    path = CALENDAR + name
    yield put(client, CALENDAR, name, text)
    yield client.get(path, params={"name": MARKERS["query"]})
    yield client.get(path, headers={"If-None-Match": f'"{MARKERS["header"]}"'})
    yield put(client, CALENDAR, name, text, If_Match=f'"{MARKERS["header"]}"')
    yield put(client, CALENDAR, "zwei-" + name, text)
    yield put(client, CALENDAR, name, MARKERS["summary"])
    yield put(client, CALENDAR, name, text.replace("T100000", "T99" + MARKERS["summary"]))
    yield put(client, CALENDAR, name, an_event(MARKERS["uid"], *times, summary, "RRULE:FREQ=X"))
    yield client.request("PROPFIND", CALENDAR, headers={"Depth": "1"})
    for body in (f"<{MARKERS['xml']}/>", f"<{MARKERS['xml']}", f"<!DOCTYPE {MARKERS['xml']}><x/>"):
        yield client.request("REPORT", CALENDAR, content=body)
    yield client.request("MOVE", path, headers={"Destination": f"/{MARKERS['header']}"})
    yield client.request(MARKERS["xml"].upper(), path)
    for address in (MARKERS["name"], f"feeds/{MARKERS['name']}.ics", f"caldav/{MARKERS['name']}/"):
        yield client.get(f"/{address}", params={"name": MARKERS["query"]})
    yield client.get(f"{HOME}{MARKERS['calendar']}/{name}")
    yield client.request("MKCALENDAR", f"{HOME}{MARKERS['calendar'].upper()}/")
    yield client.get(CALENDAR + "%ff" + MARKERS["name"])
    yield client.delete(path)


def _strange_visits(client: httpx.Client) -> Iterator[httpx.Response]:
    """Send requests that nobody has signed, or not rightly."""
    secret = MARKERS["password"] * 2
    for auth in (("empfang", secret), (MARKERS["user"], secret)):
        yield client.request("PROPFIND", CALENDAR, auth=auth)
    yield client.request("PROPFIND", CALENDAR, headers={"Authorization": f"Bearer {secret}"})
    yield client.request("PROPFIND", CALENDAR, headers={"Authorization": f"Basic {secret}"})
    yield client.put(CALENDAR + MARKERS["name"], content=MARKERS["summary"])


# --- The start ----------------------------------------------------------------------------------


def serve(*options: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a `serve` that is not expected to get far."""
    kept = {name: value for name, value in os.environ.items() if "PRAXIS_CALDAV" not in name}
    return subprocess.run(
        [sys.executable, "-m", "praxis_caldav.main", "serve", *options],
        env=kept | environ,
        check=False,
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_database_that_was_never_set_up_is_told_with_what_to_do(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    empty = postgres.new_database()
    for url in (str(tmp_path / "praxis.db"), empty):
        done = serve("--database", url, "--port", str(free_port()))
        assert done.returncode == 1
        assert "praxis-caldav init" in done.stderr
        assert "Traceback" not in done.stderr
    postgres.drop_database(empty)


def test_a_database_that_does_not_answer_is_told_without_its_password() -> None:
    url = f"postgresql://praxis:{MARKERS['password']}@127.0.0.1:{free_port()}/praxis"
    done = serve("--database", url, "--port", str(free_port()))
    assert done.returncode == 1
    assert "does not answer" in done.stderr
    assert "Traceback" not in done.stderr
    assert MARKERS["password"] not in done.stdout + done.stderr


def test_a_port_that_is_taken_is_told(served: Served) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        done = serve("--database", served[0], "--port", port)
    assert done.returncode == 1
    assert f"port {port}" in done.stderr
    assert "Traceback" not in done.stderr


def test_all_faults_of_the_settings_are_told_at_once_and_none_of_the_values(tmp_path: Path) -> None:
    config = tmp_path / "praxis.toml"
    config.write_text(
        '[practice]\nemail = "Wacholder"\nzone = "Holunder/Berlin"\n[server]\nprot = 5232\n'
    )
    done = serve(
        *("--config", str(config), "--port", "99999", "--tls-cert", str(config)),
        PRAXIS_CALDAV_DATABASE__URL="mysql://praxis:Wacholder@localhost/praxis",
        PRAXIS_CALDAV_ACCOUNTS__FAILURES_PER_ACCOUNT="Schlehdorn",
    )
    assert done.returncode == 1
    faults = done.stderr.splitlines()[1:]
    assert "The settings have 7 faults" in done.stderr
    for name in (
        "practice.email",
        "practice.zone",
        "server.prot",
        "server.port",
        "server.tls_key",
        "database.url",
        "accounts.failures_per_account",
    ):
        assert len([fault for fault in faults if fault.strip().startswith(name)]) == 1
    assert not [word for word in MARKERS.values() if word in done.stderr]
    assert "Traceback" not in done.stderr


def a_certificate(folder: Path, password: bytes = b"") -> tuple[Path, Path]:
    """Make a certificate for this machine and its key, locked if there is a password."""
    secret = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    here = x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))])
    made = (
        x509.CertificateBuilder(name, name, secret.public_key(), x509.random_serial_number())
        .not_valid_before(datetime.now(UTC) - timedelta(hours=1))
        .not_valid_after(datetime.now(UTC) + timedelta(days=1))
        .add_extension(here, critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(secret, hashes.SHA256())
    )
    lock = BestAvailableEncryption(password) if password else NoEncryption()
    cert, key = folder / "cert.pem", folder / "key.pem"
    cert.write_bytes(made.public_bytes(Encoding.PEM))
    key.write_bytes(secret.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, lock))
    return cert, key


def test_a_certificate_that_cannot_be_used_is_told(served: Served, tmp_path: Path) -> None:
    cert, _ = a_certificate(tmp_path)
    locked = tmp_path / "locked"
    locked.mkdir()
    for bad_cert, bad_key in (
        (cert, cert),  # no key in it
        a_certificate(locked, b"geheim"),
    ):
        files = ("--tls-cert", str(bad_cert), "--tls-key", str(bad_key))
        done = serve(*("--database", served[0], "--port", str(free_port())), *files)
        assert done.returncode == 1
        assert "Cannot use the certificate" in done.stderr
        assert "Traceback" not in done.stderr


def test_with_a_certificate_it_speaks_tls_and_nothing_else(served: Served, tmp_path: Path) -> None:
    cert, key = a_certificate(tmp_path)
    url, workers = served
    port = free_port()
    options = ("--tls-cert", cert, "--tls-key", key, "--workers", str(workers))
    with _serving("--database", url, "--port", str(port), *options) as process:
        trusted = ssl.create_default_context(cafile=str(cert))
        with httpx.Client(base_url=f"https://127.0.0.1:{port}", verify=trusted) as client:
            wait_until(lambda: _answers(client), "the server answers")
            client.auth = httpx.BasicAuth("empfang", PASSWORD)
            assert put(client, CALENDAR, "termin.ics", an_event()).status_code == 201
            assert client.get(CALENDAR + "termin.ics").text == an_event()
        with pytest.raises(httpx.TransportError):
            httpx.get(f"http://127.0.0.1:{port}/healthz")
        assert process.poll() is None


def _answers(client: httpx.Client) -> bool:
    try:
        return client.get("/readyz").status_code == 200
    except httpx.ConnectError:
        return False


@contextmanager
def _serving(*options: str | Path) -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen(
        [sys.executable, "-m", "praxis_caldav.main", "serve", *options],
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.terminate()
        process.wait(SOON)
