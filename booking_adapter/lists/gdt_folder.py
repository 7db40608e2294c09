"""The folder in which practice software and this server leave GDT files for each other.

Not here: what is in the files (`gdt_reading`, `gdt_writing`), nor when the folder is looked at.
Whoever finds a file takes it away: one that is still there has not been read yet.
"""

from __future__ import annotations

import os
import re
import secrets
import stat
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from booking_adapter.failures import Failed
from booking_adapter.lists.reading import LARGEST

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

__all__ = ["Found", "archive", "discard", "put", "put_counted", "resting"]

_COUNTED = 1_000  # .000 to .999
_GDT_NAME = re.compile(r"[^.~].*\.(?:gdt|\d{3})", re.IGNORECASE | re.ASCII)


@dataclass(frozen=True, slots=True)
class Found:
    """A file that was read, and how it was: one that has changed since then is another one."""

    path: Path
    content: bytes
    changed: int  # nanoseconds
    size: int


def put(folder: Path, stem: str, content: bytes) -> Path:
    """Write `<stem>.GDT`, whole or not at all, and return where it is.

    Raises Failed if the last one of this name has not been fetched yet, or the folder cannot be
    written; both may be tried again.
    """
    return _put(folder, [f"{stem}.GDT"], content)


def put_counted(folder: Path, stem: str, content: bytes) -> Path:
    """Write `<stem>.000`, or the first number that is free. See `put`."""
    return _put(folder, [f"{stem}.{number:03}" for number in range(_COUNTED)], content)


def resting(folder: Path, now: datetime, quiet: float = 5.0) -> Iterator[Found]:
    """Yield files that have not changed for some seconds, by name, each with its content.

    Files that go while one looks, that are too large or that cannot be read are left for the
    next time. Raises Failed if the folder cannot be listed.
    """
    try:
        names = sorted(os.listdir(folder))
    except OSError as error:
        raise Failed(f"the folder cannot be read: {type(error).__name__}") from None
    for name in names:
        if _GDT_NAME.fullmatch(name) and (found := _read(folder / name, now.timestamp() - quiet)):
            yield found


def archive(found: Found, into: Path, now: datetime) -> bool:
    """Move a file away once it was taken over; False if it has changed since it was read.

    The archive is on the same disk. Nothing in it is replaced. Raises Failed.
    """
    target = into / f"{now:%Y%m%d-%H%M%S}-{secrets.token_hex(4)}-{found.path.name}"
    return _away(found, target)


def discard(found: Found) -> bool:
    """Delete a file once it was taken over; False if it has changed since. Raises Failed."""
    return _away(found, None)


def _put(folder: Path, names: list[str], content: bytes) -> Path:
    # Dotted and of another ending: nobody who waits for GDT files takes it for one.
    temporary = folder / f".{secrets.token_hex(8)}.tmp"
    try:
        _write(temporary, content)
        for name in names:
            if _named(temporary, folder / name):
                _flush(folder)
                return folder / name
    except OSError as error:
        raise Failed(f"the folder cannot be written: {type(error).__name__}") from None
    finally:
        with suppress(OSError):
            temporary.unlink(missing_ok=True)
    raise Failed("the practice's software has not fetched the last file yet")


def _write(path: Path, content: bytes) -> None:
    with path.open("xb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _named(temporary: Path, target: Path) -> bool:
    """Give a file its name at once, unless there is one of that name."""
    try:
        os.link(temporary, target)
    except FileExistsError:
        return False
    except OSError:  # Windows shares have no second names
        if target.exists():
            return False
        temporary.rename(target)
    return True


def _flush(folder: Path) -> None:
    """Make a new name outlive a loss of power, where folders can be flushed."""
    with suppress(OSError):
        number = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(number)
        finally:
            os.close(number)


def _read(path: Path, latest: float) -> Found | None:
    try:
        before = path.lstat()
        # Also by when the system touched it: a copy has the time of what it is copied from.
        last = max(before.st_mtime, before.st_ctime)
        if not stat.S_ISREG(before.st_mode) or last > latest or before.st_size > LARGEST:
            return None
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError:  # gone, or still held by who writes it
        return None
    found = Found(path, content, before.st_mtime_ns, before.st_size)
    return found if _is_same(found) and len(content) == before.st_size else None


def _is_same(found: Found) -> bool:
    try:
        state = found.path.lstat()
    except OSError:
        return False
    return (state.st_mtime_ns, state.st_size) == (found.changed, found.size)


def _away(found: Found, target: Path | None) -> bool:
    if not _is_same(found):
        return False
    try:
        if target is None:
            found.path.unlink()
        else:
            target.parent.mkdir(parents=True, exist_ok=True)
            found.path.rename(target)
    except OSError as error:
        raise Failed(f"the file cannot be taken away: {type(error).__name__}") from None
    return True
