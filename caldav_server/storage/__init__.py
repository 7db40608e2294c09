"""Radicale's storage plugin: what Radicale still asks for before it calls our methods.

That is the principal of the account that has signed in. Nothing is read or written through here
(see `caldav_server.radicale_methods` and docs/decisions/0006).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from radicale import storage

from caldav_server.scope import current

if TYPE_CHECKING:
    from radicale import types

__all__ = ["Storage"]


class Storage(storage.BaseStorage):
    """The plugin; give Radicale the class as its storage type."""

    _supports_unicode = True
    _supports_trailing_whitespace = True
    _supports_problematic_chars = True

    def discover(self, path: str, *_: Any, **__: Any) -> Iterator[types.CollectionOrItem]:
        """Yield the principal of whoever has signed in, so that Radicale does not make one."""
        account = current().account
        if account is not None and path.strip("/") == account.name:
            yield _Principal(account.name)

    @contextmanager
    def acquire_lock(self, mode: str, *_: Any, **__: Any) -> Iterator[None]:
        """Do nothing to read, and refuse to write: our methods have transactions of their own."""
        if mode != "r":
            raise RuntimeError("Radicale is not to write.")
        yield


class _Principal(storage.BaseCollection):
    """Something at the address of an account."""

    def __init__(self, path: str) -> None:
        self._path = path

    @property
    def path(self) -> str:
        """The path without slashes around it."""
        return self._path
