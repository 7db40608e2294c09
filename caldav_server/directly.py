"""Ordinary requests, handed to their methods without Radicale in between.

Radicale takes a request apart, asks its plugins who it is from, looks up `do_<METHOD>`, and makes
status line and headers of the answer. For a request of an account that has signed in, to a path
in which nothing has to be put right, that comes to the same as calling the method. Saves 0.05 to
0.08 ms of the processor's time: a fifth of what a GET takes.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from radicale import httputils

from caldav_server.addresses import MOUNT

if TYPE_CHECKING:
    from radicale.app import Application

    from practice.access import Account

__all__ = ["handed", "is_ordinary"]

#: Off, everything goes through Radicale. It comes to the same.
DIRECTLY = True
#: A segment that means itself: no dots that lead elsewhere or to what is hidden.
_SEGMENT = re.compile(r"[A-Za-z0-9_~-][A-Za-z0-9._~-]*")
_PATH = re.compile(rf"(?:/{_SEGMENT.pattern})*/?")


def is_ordinary(application: Application, environ: dict[str, Any], account: Account) -> bool:
    """Tell whether Radicale would do nothing with a request but hand it on."""
    return (
        DIRECTLY
        and _SEGMENT.fullmatch(account.name) is not None
        and _PATH.fullmatch(environ["PATH_INFO"]) is not None
        and hasattr(application, f"do_{environ['REQUEST_METHOD']}")
    )


def handed(
    application: Application, environ: dict[str, Any], account: Account
) -> tuple[int, list[tuple[str, str]], bytes]:
    """Have an ordinary request answered by its method; returns status, headers and body."""
    method = getattr(application, f"do_{environ['REQUEST_METHOD']}")
    path = environ["PATH_INFO"]
    try:
        status, headers, body, _ = method(environ, MOUNT, path, account.name, set(), {})
    except Exception:  # noqa: BLE001 - the method has logged it; what Radicale says then
        status, headers, body, _ = httputils.INTERNAL_SERVER_ERROR
    told = dict(headers)
    if isinstance(body, str):
        told["Content-Type"] += "; charset=utf-8"
        body = body.encode()
    return status, list(told.items()), body or b""
