"""What pages load besides themselves: our own style and script, and what others wrote.

What others wrote is not in the repository: `admin_api.pages.fetching` fetches it, once, when the
program is set up. Nothing is fetched while it runs.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette import staticfiles

if TYPE_CHECKING:
    from os import stat_result

    from starlette.responses import Response
    from starlette.types import Scope

__all__ = ["StaticFiles", "address_of", "source_of"]

_STATIC = Path(__file__).parent / "static"


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
            f"{name} is missing. Fetch what pages need: python -m admin_api.pages.fetching"
        )
    if path.suffix == ".js" and path.parent == _STATIC:
        return f"/static/{name}"
    return f"/static/{name}?{hashlib.sha256(path.read_bytes()).hexdigest()[:12]}"


def source_of(name: str) -> str:
    """Return the text of a file."""
    return (_STATIC / name).read_text("utf-8")
