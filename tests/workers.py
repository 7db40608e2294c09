"""The worker processes of a running server, each spoken to on a connection of its own (Linux)."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx

from tests.servers import RunningServer

__all__ = ["connections", "worker_pids"]


def worker_pids(server: RunningServer) -> list[int]:
    """Return the processes that answer requests; a server without workers answers itself."""
    assert server.process is not None
    return _workers_of(server.process.pid) or [server.process.pid]


def _workers_of(parent: int) -> list[int]:
    return sorted(
        int(folder.name)
        for folder in Path("/proc").iterdir()
        if folder.name.isdigit() and _is_worker(folder, parent)
    )


def _is_worker(folder: Path, parent: int) -> bool:
    try:
        # "PID (NAME) STATE PPID ...", and a name may hold anything
        ppid = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        told = (folder / "cmdline").read_bytes()  # beside the one that keeps track of resources
        return ppid == parent and (b"spawn_main" in told or b"forkserver" in told)
    except (FileNotFoundError, ProcessLookupError):
        return False


@contextmanager
def connections(server: RunningServer) -> Iterator[list[httpx.Client]]:
    """Give one client for each worker, with a connection that this worker has accepted."""
    pids = worker_pids(server)
    with ExitStack() as stack:
        clients = []
        for pid in pids:
            client = stack.enter_context(server.client(None))
            with _stopped([other for other in pids if other != pid]):
                assert client.get("/healthz").status_code == 200
            clients.append(client)
        yield clients


@contextmanager
def _stopped(pids: list[int]) -> Iterator[None]:
    """Stop processes for a moment, so that only the others can accept a connection."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)
