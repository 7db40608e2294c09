"""What a request asks of the database, counted: the application runs in this process for it.

Times differ from run to run; these figures do not.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from sqlalchemy import Engine, event
from starlette.testclient import TestClient

from benchmarks.servers.ours import NOTHING_REMEMBERED
from praxis_caldav.composition import compose
from praxis_caldav.setting_sources import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from benchmarks.client import Request

__all__ = ["Work", "counting"]

#: Statements, and the steps of SQLite's machine that they took; none of PostgreSQL's are known.
Work = tuple[int, int]


@contextmanager
def counting(url: str) -> Iterator[Callable[[Request], Work]]:
    """Serve a database; yields what tells the work of a request."""
    counts = {"statements": 0, "steps": 0}

    def say(*_: object) -> None:
        counts["statements"] += 1

    def step() -> int:
        counts["steps"] += 1
        return 0

    def connect(driver: Any, _record: object) -> None:
        if hasattr(driver, "set_progress_handler"):
            driver.set_progress_handler(step, 1)

    settings = load(None, overrides={"database.url": url, **NOTHING_REMEMBERED})
    event.listen(Engine, "before_cursor_execute", say)
    event.listen(Engine, "connect", connect)
    try:
        with TestClient(compose(settings)) as client:

            def work(request: Request) -> Work:
                counts.update(statements=0, steps=0)
                method, path, headers, body = _parts(request.wire)
                answer = client.request(method, path, headers=headers, content=body)
                request.expected.check(answer.status_code, answer.content)
                return counts["statements"], counts["steps"]

            yield work
    finally:
        event.remove(Engine, "before_cursor_execute", say)
        event.remove(Engine, "connect", connect)


def _parts(wire: bytes) -> tuple[str, str, dict[str, str], bytes]:
    head, _, body = wire.partition(b"\r\n\r\n")
    first, *lines = head.decode().split("\r\n")
    method, path, _ = first.split(" ")
    return method, path, dict(line.split(": ", 1) for line in lines), body
