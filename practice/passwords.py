"""Passwords and tokens: made, hashed, verified. The only importer of `passlib` (libpass).

People's passwords are hashed with argon2id, which is slow on purpose (at least 19 MiB,
two passes). App passwords and tokens are 130 random bits of our own making: nobody can guess
them, so a plain SHA-256 keeps them as safe and costs nothing per request.

Sources: RFC 9106, NIST SP 800-63B 5.1.1.
"""

from __future__ import annotations

import hashlib
import secrets
import threading
from functools import lru_cache

from passlib.hash import argon2

from practice.errors import InvalidPassword

__all__ = ["check_strength", "digest", "hash_password", "is_outdated", "new_secret", "verify"]

# Loaded now, since the library's lazy loading fails a `verify` that was looked up before it, as the
# first one of a process for an unknown name, or two threads that verify first together.
argon2.set_backend()
_HASHER = argon2.using(type="ID", memory_cost=19_456, rounds=2, parallelism=1)
#: Each verification takes 19 MiB and a core: more at once would only starve the requests.
_AT_ONCE = threading.BoundedSemaphore(4)
_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that looks like something else
LONGEST = 1024


def check_strength(password: str, minimum: int) -> None:
    """Raise InvalidPassword unless it has between `minimum` and 1024 characters, none NUL."""
    if not minimum <= len(password) <= LONGEST or "\0" in password:
        raise InvalidPassword(f"A password has {minimum} to {LONGEST} characters and no NUL.")


def hash_password(password: str) -> str:
    """Return the argon2id hash of a person's password, salt and parameters in it."""
    with _AT_ONCE:
        return str(_HASHER.hash(password))


def verify(password: str, hashed: str | None) -> bool:
    """Tell whether the password is the hashed one.

    None stands for an unknown account: the same work is done, so that the time taken does not
    tell which names exist.
    """
    if len(password) > LONGEST or "\0" in password:
        return False
    with _AT_ONCE:
        right = bool(_HASHER.verify(password, hashed or _nobody()))
    return right and hashed is not None


def is_outdated(hashed: str) -> bool:
    """Tell whether the hash was made with weaker parameters than today's."""
    return bool(_HASHER.needs_update(hashed))


def new_secret() -> str:
    """Return a new app password or token of 130 bits, in groups that can be typed."""
    letters = "".join(secrets.choice(_ALPHABET) for _ in range(28))
    return "-".join(letters[n : n + 7] for n in range(0, 28, 7))


def digest(secret: str) -> str:
    """Return what is stored of an app password or token."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()


@lru_cache(maxsize=1)
def _nobody() -> str:
    return str(_HASHER.hash(secrets.token_hex(16)))
