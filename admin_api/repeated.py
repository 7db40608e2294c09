"""Requests that are sent again: by their Idempotency-Key they are answered as the first time.

Answer and effect are one transaction, so there is never one without the other. Source: the IETF's
draft "The Idempotency-Key HTTP Header Field".
"""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING

from admin_api.problems import Refusal

if TYPE_CHECKING:
    from starlette.requests import Request

__all__ = ["KEY", "fingerprint_of", "key_of"]

#: What a key looks like.
KEY = "^[!-~]([ -~]{0,253}[!-~])?$"
_KEY = re.compile(KEY.strip("^$"))


def key_of(request: Request, caller: str) -> str | None:
    """Return the digest of a request's key, which is the caller's and the address's own."""
    told = request.headers.get("idempotency-key")
    if told is None:
        return None
    if not _KEY.fullmatch(told):
        raise Refusal(400, "An Idempotency-Key has 1 to 255 visible characters.")
    return _digest(caller, request.method, request.url.path, told)


def fingerprint_of(request: Request, body: bytes) -> str:
    """Return the digest of what is asked, by which another request under the same key is told."""
    return _digest(str(request.url.query), body.hex())


def _digest(*parts: str) -> str:
    whole = hashlib.sha256()
    for part in parts:
        encoded = part.encode("utf-8", "surrogatepass")
        whole.update(len(encoded).to_bytes(8) + encoded)
    return whole.hexdigest()
