"""Signed webhooks as Standard Webhooks has them, for what comes in and what goes out.

Not here: what a message says, nor whether its id was seen before.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from datetime import timedelta
from typing import TYPE_CHECKING

from booking_adapter.protocol import NotAuthentic

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

__all__ = ["WINDOW", "secret_of", "signed", "verify"]

#: How far from now the time of a message may be, before and after.
WINDOW = timedelta(minutes=5)
_ID, _TIME, _SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"
#: Visible ASCII but the dot: with it two ids, times and bodies would be signed as one text.
_AN_ID = re.compile(r"[!-\-/-~]{1,256}")
_A_TIME = re.compile(r"[0-9]{1,12}")
_PREFIX = "whsec_"
_SHORTEST = 24


def secret_of(text: str) -> bytes:
    """Return the secret of `whsec_<base64>`, or the octets of any other text.

    Raises ValueError if they are fewer than 24; its text does not repeat them.
    """
    secret = text.encode()
    if text.startswith(_PREFIX):
        try:
            secret = base64.b64decode(text.removeprefix(_PREFIX), validate=True)
        except ValueError:
            raise ValueError("what follows whsec_ is not base64") from None
    if len(secret) < _SHORTEST:
        raise ValueError(f"a secret for signatures has at least {_SHORTEST} octets")
    return secret


def verify(
    secret: bytes,
    headers: Mapping[str, str],
    body: bytes,
    now: datetime,
    *,
    window: timedelta = WINDOW,
) -> str:
    """Return the id of a signed message; names of headers are small.

    One right signature is enough, so that a sender may change its secret. Raises NotAuthentic.
    """
    message_id, told = headers.get(_ID, ""), headers.get(_TIME, "")
    if not _AN_ID.fullmatch(message_id):
        raise NotAuthentic("It has no id, or none that may be.")
    if not _A_TIME.fullmatch(told):
        raise NotAuthentic("It has no time, or none that can be read.")
    if not secret:
        raise NotAuthentic("There is no secret to verify it with.")
    due = _signature(secret, message_id, told, body)
    # As texts: other base64 may stand for the same octets. What is not ASCII is no signature.
    given = headers.get(_SIGNATURE, "").encode("ascii", "backslashreplace").split(b" ")
    if not any(hmac.compare_digest(one, due) for one in given):
        raise NotAuthentic("Its signature is not that of the secret that was agreed.")
    if abs(now.timestamp() - int(told)) > window.total_seconds():
        raise NotAuthentic("Its time is too far from now.")
    return message_id


def signed(secret: bytes, message_id: str, body: bytes, now: datetime) -> dict[str, str]:
    """Return the three headers of a message.

    Raises ValueError without a secret, and for an id that `verify` would not take.
    """
    if not secret or not _AN_ID.fullmatch(message_id):
        raise ValueError("no secret, or an id that cannot be signed")
    told = str(int(now.timestamp()))
    signature = _signature(secret, message_id, told, body)
    return {_ID: message_id, _TIME: told, _SIGNATURE: signature.decode()}


def _signature(secret: bytes, message_id: str, told: str, body: bytes) -> bytes:
    text = f"{message_id}.{told}.".encode() + body
    return b"v1," + base64.b64encode(hmac.digest(secret, text, hashlib.sha256))
