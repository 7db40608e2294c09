"""Setting up and serving."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import ssl
import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path

import click
import uvicorn
from uvicorn.config import STARTUP_FAILURE
from uvicorn.supervisors import Multiprocess

from practice.use_cases.house import ensure_main_calendar
from praxis_caldav import logs
from praxis_caldav.commands.context import COMMAND_LINE, connected, with_settings
from praxis_caldav.composition import open_database
from praxis_caldav.connection import Connection
from praxis_caldav.counting import counting_folder
from praxis_caldav.setting_sources import load, variable
from praxis_caldav.settings import Settings

__all__ = ["commands", "run", "set_up", "try_address"]


@click.command()
@with_settings
def init(settings: Settings) -> None:
    """Make the database, or bring it to this version.

    It is safe to run again.
    """
    set_up(settings)
    click.echo(f"Database ready; main calendar /caldav/calendars/{settings.caldav.main_calendar}/")
    click.echo("Next: praxis-caldav doctor add dr-mueller --name 'Dr. Müller'")
    click.echo("      praxis-caldav account add admin --role admin")
    click.echo("      praxis-caldav account add empfang --role staff")
    click.echo("      praxis-caldav serve")


def set_up(settings: Settings) -> None:
    """Bring the tables to this version and make the main calendar."""
    database = open_database(settings)
    try:
        database.upgrade()
        with database.begin(actor=COMMAND_LINE, now=datetime.now(UTC)) as uow:
            ensure_main_calendar(uow, settings.caldav.main_calendar, settings.practice.name)
    finally:
        database.close()


@click.command()
@click.option("--host", help="Address to listen on.")
@click.option("--port", type=int, help="Port to listen on.")
@click.option("--workers", type=int, help="Server processes.")
@click.option("--database", help="Database URL or path of a SQLite file.")
@click.option("--config", type=click.Path(path_type=Path), help="Settings file (TOML).")
@click.option("--tls-cert", help="Certificate chain (PEM).")
@click.option("--tls-key", help="Private key (PEM).")
def serve(
    host: str | None,
    port: int | None,
    workers: int | None,
    database: str | None,
    config: Path | None,
    tls_cert: str | None,
    tls_key: str | None,
) -> None:
    """Serve CalDAV until told to stop (SIGTERM or Ctrl-C).

    Requests that run are answered, new ones refused. Options go before the environment, and that
    before the settings file.
    """
    given = {
        "server.host": host,
        "server.port": port,
        "server.workers": workers,
        "database.url": database,
        "server.tls_cert": tls_cert,
        "server.tls_key": tls_key,
    }
    settings = load(config, overrides=given)
    with connected(settings):
        pass  # fail here, in a sentence, and not in every worker
    if not (files("admin_api") / "pages/static/vendor/event-calendar.min.js").is_file():
        click.echo("The calendar in the browser will not work: what it loads is missing.", err=True)
        click.echo("Fetch it: python -m admin_api.pages.fetching", err=True)
    run(settings, config, given, tell=True)


def _tell(settings: Settings) -> None:
    """Print where it is found; the log is for machines."""
    server = settings.server
    host = f"[{server.host}]" if ":" in server.host else server.host
    scheme = "https" if server.tls_cert else "http"
    base = server.public_url.rstrip("/") or f"{scheme}://{host}:{server.port}"
    click.echo(f"In the browser:        {base}/admin")
    click.echo(f"For calendar programs: {base}/caldav/")
    click.echo(f"For programs (API):    {base}/api/docs")


def run(
    settings: Settings, config: Path | None, given: Mapping[str, object], *, tell: bool = False
) -> None:
    """Run uvicorn with as many workers as set; each loads the settings from the environment.

    `tell` has the addresses printed, once it can listen there.
    """
    _hand_on(config, given)
    server = settings.server
    try_address(server.host, server.port)
    if server.tls_cert and server.tls_key:
        _try_certificate(server.tls_cert, server.tls_key)
    if tell and settings.logging.format != "json":  # whoever reads that reads nothing else
        _tell(settings)
    logs.set_up(settings.logging.level, settings.logging.format)
    uvicorn_config = _configured(settings)
    # uvicorn raises the signal again once everything is answered: an end as it should be.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with contextlib.suppress(KeyboardInterrupt):
        _run_workers(uvicorn_config) if server.workers > 1 else _run_alone(uvicorn_config)


def _configured(settings: Settings) -> uvicorn.Config:
    server = settings.server
    return uvicorn.Config(
        "praxis_caldav.composition:application",
        factory=True,
        http=Connection,
        host=server.host,
        port=server.port,
        workers=server.workers,
        ssl_certfile=server.tls_cert,
        ssl_keyfile=server.tls_key,
        proxy_headers=True,
        forwarded_allow_ips=server.trusted_proxies,
        timeout_graceful_shutdown=server.shutdown_seconds,
        # Clients poll every few minutes; longer than most proxies keep theirs.
        timeout_keep_alive=75,
        # A worker says nothing while it is being imported. Killed at that after uvicorn's five
        # seconds, as on a machine with much else to do, none would ever be ready.
        timeout_worker_healthcheck=60,
        log_config=None,
        log_level=None,
        access_log=False,
        server_header=False,
    )


def _hand_on(config: Path | None, given: Mapping[str, object]) -> None:
    """Put what the command line says into the environment, from which workers read it."""
    if config is not None:
        os.environ["PRAXIS_CALDAV_CONFIG"] = str(config.absolute())
    for name, value in given.items():
        if value is not None:
            os.environ.pop(f"{variable(name)}_FILE", None)
            os.environ[variable(name)] = str(value)


def _run_alone(config: uvicorn.Config) -> None:
    alone = uvicorn.Server(config)
    alone.run()
    if not alone.started:
        sys.exit(STARTUP_FAILURE)


def _run_workers(config: uvicorn.Config) -> None:
    with counting_folder() as folder:
        # Before prometheus_client is imported by a worker: all of them count into this folder.
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
        _Workers(config, [config.bind_socket()]).run()


class _Workers(Multiprocess):
    """The parent of the workers; it sees at once when one dies, and stops listening as they do."""

    def init_processes(self) -> None:
        super().init_processes()
        self._leave_pipes_to_workers()

    def keep_subprocess_alive(self) -> None:
        super().keep_subprocess_alive()
        self._leave_pipes_to_workers()

    def _leave_pipes_to_workers(self) -> None:
        # uvicorn keeps both ends of the pipe through which it asks a worker how it is. Of one that
        # died before it answered it would wait a whole minute to hear, and see to no other.
        for worker in self.processes:
            worker.child_conn.close()

    def terminate_all(self) -> None:
        # Else the system would go on taking connections here, which nobody answers.
        for listening in self.sockets:
            listening.close()
        super().terminate_all()


def try_address(host: str, port: int) -> None:
    """Fail in a sentence if nothing can listen there: the log withholds uvicorn's reason."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        reason = str(error.strerror).partition(" (")[0]  # the rest repeats the address
        raise click.ClickException(
            f"Cannot listen on {host}, port {port}: {reason} (--port takes another)."
        ) from error


def _try_certificate(cert: Path, key: Path) -> None:
    """Fail in a sentence if this is no certificate: workers would fail again and again."""
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(cert, key, lambda: "")
    except OSError as error:
        raise click.ClickException(
            f"Cannot use the certificate {cert} with the key {key}: both must be readable PEM"
            " files that belong together, the key without a password."
        ) from error


commands: tuple[click.Command, ...] = (init, serve)
