"""Getting suites from the package indexes, by their ordinary clients, into a folder of our own.

Each suite has its own environment, so that what it needs never changes what we are tested with.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from pathlib import Path

__all__ = ["VERSIONS", "Missing", "installed_node", "installed_python", "program", "run", "source"]

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".conformance"

#: What is fetched. caldav and vdirsyncer are those of constraints.txt (a test holds them to it).
VERSIONS = {
    "caldav": "3.6.0",
    "caldav-server-tester": "1.7.0",
    "vdirsyncer": "0.21.0",
    "webdav-tck": "2026.1.1",
    "tsdav": "2.3.4",
    "ts-caldav": "0.3.7",
}
_PATIENCE = 900.0
_PIP = ("-m", "pip", "--disable-pip-version-check", "-qq")


class Missing(Exception):
    """A suite cannot be had here; the text says why, and what would help."""


def run(
    command: Sequence[str | Path],
    *,
    folder: Path,
    env: dict[str, str] | None = None,
    patience: float = _PATIENCE,
) -> str:
    """Run a program to its end or the end of patience (seconds); return what it printed."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=folder,
        env={**os.environ, **(env or {})},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        timeout=patience,
        check=False,
    )
    return done.stdout


def installed_python(name: str, *requirements: str) -> Path:
    """Return the Python of an environment that has the requirements, made at the first time."""
    folder = CACHE / f"env-{name}"
    note, python = folder / "has", folder / "bin" / "python"
    wanted = "\n".join(requirements)
    if not note.exists() or note.read_text() != wanted:
        _must([sys.executable, "-m", "venv", "--clear", folder])
        _must([python, *_PIP, "install", "-c", ROOT / "constraints.txt", *requirements])
        note.write_text(wanted)
    return python


def source(name: str) -> Path:
    """Return the unpacked source distribution of a package, which has its tests."""
    version = VERSIONS[name]
    folder = CACHE / "sources" / f"{name}-{version}"
    if not folder.exists():
        archives = CACHE / "archives"
        only = ("--no-deps", "--no-binary", name, "-d", archives)
        _must([sys.executable, *_PIP, "download", *only, f"{name}=={version}"])
        (archive,) = archives.glob(f"{name.replace('-', '_')}-{version}.tar.gz")
        with tarfile.open(archive) as packed:
            packed.extractall(folder.parent, filter="data")
    return folder


def installed_node(*names: str) -> Path:
    """Return a folder whose node_modules has the packages."""
    program("npm", "install Node.js, for example `apt install npm`")
    folder = CACHE / "node"
    note = folder / "has"
    wanted = [f"{name}@{VERSIONS[name]}" for name in names]
    if not note.exists() or note.read_text() != "\n".join(wanted):
        folder.mkdir(parents=True, exist_ok=True)
        _must(["npm", "install", "--prefix", folder, "--no-save", "--ignore-scripts", *wanted])
        note.write_text("\n".join(wanted))
    return folder


def program(name: str, advice: str, *, debian: str = "") -> Path:
    """Return the path of a program, installed as a Debian package if we are allowed to."""
    found = shutil.which(name)
    if found is None and debian and os.geteuid() == 0 and shutil.which("apt-get"):
        for command in (["update"], ["install", "-y", "--no-install-recommends", debian]):
            run(["apt-get", "-qq", *command], folder=ROOT)
        found = shutil.which(name)
    if found is None:
        raise Missing(f"{name} is not here: {advice}")
    return Path(found)


def _must(command: Sequence[str | Path]) -> None:
    CACHE.mkdir(exist_ok=True)
    told = [str(part) for part in command]
    done = subprocess.run(
        told, cwd=CACHE, capture_output=True, text=True, timeout=_PATIENCE, check=False
    )
    if done.returncode != 0:
        last = (done.stderr or done.stdout).strip().splitlines()[-3:]
        raise Missing(f"`{' '.join(told[:5])} ...` failed: {' / '.join(last)}")
