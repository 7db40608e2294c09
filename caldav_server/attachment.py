"""Content-Disposition: what a calendar is called as a file. Not here: what is in it."""

from __future__ import annotations

import re
from urllib.parse import quote

__all__ = ["attachment"]

#: What may not stand between the quotes, or is read there in more than one way (RFC 6266 D).
_ELSEWHERE = re.compile(r'[^ -~]|["%\\]')


def attachment(name: str) -> str:
    """Return the header's value for a file, whatever its calendar is called (RFC 6266 4.3)."""
    bare = _ELSEWHERE.sub("_", name)
    more = "" if bare == name else f"; filename*=UTF-8''{quote(name, safe='')}"
    return f'attachment; filename="{bare}"{more}'
