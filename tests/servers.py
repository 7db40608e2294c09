"""Real servers: the program's own `serve`, as a process, on a free port of this machine."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from types import TracebackType

import httpx

from tests.building import PASSWORD
from tests.forked import Forked
from tests.plainly import program

__all__ = ["RunningServer", "free_port"]

_DEADLINE = 30.0


def free_port() -> int:
    """Return a port nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class RunningServer:
    """Use as a context manager; `url` is the server's root without a slash.

    `forked` starts it from a process that has the program loaded: where a start is not looked at.
    """

    def __init__(
        self,
        database_url: str,
        *,
        workers: int = 1,
        options: dict[str, str] | None = None,
        forked: bool = False,
    ) -> None:
        self.database_url = database_url
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._workers = workers
        self._options = options or {}
        self._forked = forked
        descriptor, name = tempfile.mkstemp(prefix="praxis-server-", suffix=".log")
        self._log = os.fdopen(descriptor, "wb")
        self._log_path = Path(name)
        self.process: subprocess.Popen[bytes] | Forked | None = None

    def __enter__(self) -> RunningServer:
        try:
            self.start()
        except BaseException:
            self.kill()  # nobody else would end it, and its workers
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        self._log.close()
        self._log_path.unlink(missing_ok=True)

    def start(self) -> None:
        """Start the process and wait until every worker may answer."""
        words = ["serve", "--port", str(self.port), "--database", self.database_url]
        words += ["--workers", str(self._workers)]
        environment = {**os.environ, **self._options}
        # A group of its own, so that a kill reaches the workers and nobody else.
        self.process = (
            Forked(words, environment, self._log_path)
            if self._forked
            else subprocess.Popen(
                [sys.executable, "-m", program(), *words],
                stdout=self._log,
                stderr=subprocess.STDOUT,
                env=environment,
                start_new_session=True,
            )
        )
        deadline = time.monotonic() + _DEADLINE
        while time.monotonic() < deadline:
            if self.process.poll() is not None:
                raise AssertionError(f"the server ended at once:\n{self.log()}")
            try:
                # Unverified: else the system's certificates are read at every look, for nothing.
                if httpx.get(self.url + "/readyz", timeout=5, verify=False).status_code == 200:
                    return
            except httpx.TransportError:
                time.sleep(0.05)
        raise AssertionError(f"the server was not ready in time:\n{self.log()}")

    def stop(self) -> None:
        """Ask the server to end (SIGTERM), and see that it does."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(_DEADLINE)
            except subprocess.TimeoutExpired:
                self.kill()

    def kill(self) -> None:
        """End the server and its workers at once (SIGKILL)."""
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(_DEADLINE)

    def log(self) -> str:
        """Return what the server has written."""
        return self._log_path.read_text("utf-8", "replace")

    def client(self, account: str | None = "empfang", **options: object) -> httpx.Client:
        """Return an HTTP client signed in as an account (None: as nobody)."""
        auth = (account, PASSWORD) if account else None
        return httpx.Client(base_url=self.url, auth=auth, timeout=30, verify=False, **options)  # type: ignore[arg-type]
