"""Who did what with patients, appointments, accounts and settings: the acts, and their seals.

What is done to calendars is told by the one log (`practice.log`). As there, each act's seal is made
of the act and of the seal before. It is made of digests of the texts, not of the texts: these can
be erased with the patient they tell of, and the chain still holds. Not here: how acts are stored.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from dataclasses import dataclass
from datetime import UTC
from enum import StrEnum
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

__all__ = [
    "ERASED",
    "FIRST_SEAL",
    "Act",
    "ActQuestion",
    "Kind",
    "content_of",
    "digest_of",
    "faults",
    "sealed",
    "stored",
]

FIRST_SEAL = bytes(32)
#: The action of the act that says that others of the same thing were erased.
ERASED = "erased"
_NOTHING = ""


class Kind(StrEnum):
    """What an act was done to."""

    PATIENT = "patient"
    APPOINTMENT = "appointment"
    ACCOUNT = "account"
    FEED = "feed"
    IMPORT = "import"
    DOCTOR = "doctor"
    ROOM = "room"
    TYPE = "type"
    CATEGORY = "category"
    EXCEPTION = "exception"
    RULES = "rules"
    LETTER = "letter"
    CONFLICT = "conflict"
    WEBHOOK = "webhook"
    TASK = "task"
    CHANGE = "change"
    #: Another act, which was taken back.
    ACT = "act"
    #: What a row says that somebody has tampered with, or that a later version wrote.
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Act:
    """One act: `action` is a verb in the past participle, `of` the id of what it was done to.

    `before` and `after` are JSON texts: None where there was nothing, or where they were erased;
    then the digest is not empty.
    """

    number: int
    time: datetime
    actor: str
    action: str
    kind: Kind
    of: str
    before: str | None
    after: str | None
    before_digest: str
    after_digest: str
    seal: bytes = b""

    @property
    def is_erased(self) -> bool:
        """Tell whether what it tells was erased."""
        return any(
            text is None and digest
            for text, digest in ((self.before, self.before_digest), (self.after, self.after_digest))
        )


@dataclass(frozen=True, slots=True)
class ActQuestion:
    """Which acts are wanted; what is None or empty asks nothing.

    `first` and `last` are numbers, both included; `since` is included and `before` is not.
    """

    first: int | None = None
    last: int | None = None
    actor: str = ""
    action: str = ""
    kind: Kind | None = None
    of: str = ""
    since: datetime | None = None
    before: datetime | None = None


def stored(told: Mapping[str, Any] | None) -> str | None:
    """Return what an act tells as it is kept.

    With a random word in it: without that, whoever has the digest of an erased text could try
    names until one fits.
    """
    if told is None:
        return None
    salted = {**told, "_": secrets.token_hex(16)}
    return json.dumps(salted, ensure_ascii=False, sort_keys=True, default=str)


def content_of(text: str | None) -> dict[str, Any] | None:
    """Return what an act tells, without the word that only makes its digest hard to guess.

    Of a text that was tampered with, which `verify` tells, that is nothing: {}.
    """
    if text is None:
        return None
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return {name: found[name] for name in found if name != "_"} if isinstance(found, dict) else {}


def digest_of(text: str | None) -> str:
    """Return the digest of what an act tells; empty where there was nothing."""
    if text is None:
        return _NOTHING
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def sealed(previous: bytes, act: Act) -> bytes:
    """Return the seal of an act that follows the one sealed `previous`."""
    digest = hashlib.sha256(previous)
    for value in (
        act.number,
        act.time.astimezone(UTC).isoformat(),  # as it is read again
        act.actor,
        act.action,
        act.kind,
        act.of,
        act.before_digest,
        act.after_digest,
    ):
        part = str(value).encode("utf-8", "surrogatepass")
        digest.update(len(part).to_bytes(8) + part)
    return digest.digest()


def faults(previous: bytes, act: Act) -> list[str]:
    """Return what is wrong with an act that follows the one sealed `previous`."""
    found = []
    if act.seal != sealed(previous, act):
        found.append(f"The seal of act {act.number} is broken.")
    told = ((act.before, act.before_digest), (act.after, act.after_digest))
    if any(text is not None and digest_of(text) != digest for text, digest in told):
        found.append(f"Act {act.number} tells something else than it told when it was sealed.")
    return found
