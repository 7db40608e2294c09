"""The last thing done to an answer: compressed or not, and the headers that say so.

Radicale would compress every answer; one with a strong ETag must not be, since the ETag names its
bytes (RFC 9110 8.8.3.3) and clients compare it with the one in a listing.
"""

from __future__ import annotations

import re
import zlib
from typing import TYPE_CHECKING, Any

from caldav_server.prefer import VARY

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["ACCEPT_ENCODING", "accepts_gzip", "packed"]

#: Where the header of this name is kept, so that Radicale does not see it.
ACCEPT_ENCODING = "praxis.accept_encoding"
#: Below, gzip's own bytes are more than it saves.
FEWEST_BYTES = 500
_CODING = re.compile(r"\s*([a-z0-9*_-]+)\s*(?:;\s*q\s*=\s*([01](?:\.\d*)?))?\s*", re.IGNORECASE)


def accepts_gzip(environ: Mapping[str, Any]) -> bool:
    """Tell whether the client takes gzip (RFC 9110 12.5.3)."""
    weights: dict[str, float] = {}
    for part in environ.get(ACCEPT_ENCODING, "")[:1000].split(","):
        found = _CODING.fullmatch(part)
        if found:
            weights[found[1].lower()] = float(found[2] or 1)
    return weights.get("gzip", weights.get("x-gzip", weights.get("*", 0))) > 0


def packed(
    environ: Mapping[str, Any], headers: list[tuple[str, str]], body: bytes
) -> tuple[list[tuple[str, str]], bytes]:
    """Return headers and body as they are sent."""
    told = [(name, value) for name, value in headers if name not in {"Vary", "Content-Length"}]
    told.append(("Vary", VARY))
    strong = any(name == "ETag" and value.startswith('"') for name, value in told)
    if len(body) >= FEWEST_BYTES and not strong and accepts_gzip(environ):
        compressor = zlib.compressobj(wbits=16 + zlib.MAX_WBITS)
        body = compressor.compress(body) + compressor.flush()
        told.append(("Content-Encoding", "gzip"))
    told.append(("Content-Length", str(len(body))))
    return told, body
