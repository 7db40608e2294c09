"""The folder that the workers of one server count into; not what is counted.

A server that is killed cannot remove it, so the next one does. The kernel knows whose server is
alive: it holds a lock on its folder, and no process outlives its locks.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["counting_folder"]

_PREFIX = "praxis-metrics-"


@contextmanager
def counting_folder() -> Iterator[Path]:
    """Make a folder, and remove it at the end; those of servers that were killed go at once."""
    for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        with suppress(OSError):  # another account's, or removed by another server just now
            _remove_if_left(left)
    while True:
        folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
        with suppress(OSError):  # another server took it for one that was left
            descriptor = _locked(folder)
            if folder.exists():
                break
            os.close(descriptor)
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        os.close(descriptor)


def _remove_if_left(folder: Path) -> None:
    descriptor = _locked(folder)
    try:
        shutil.rmtree(folder, ignore_errors=True)
    finally:
        os.close(descriptor)


def _locked(folder: Path) -> int:
    """Return a descriptor that holds the folder's lock; raises OSError if another has it."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
