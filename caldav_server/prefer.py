"""What a client would rather have: the Prefer header (RFC 7240, RFC 8144) and its forerunner Brief.

Not here: the answers themselves; each method asks what it can follow.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

__all__ = ["VARY", "Preferences", "preferences"]

#: What answers depend on beside the address and the account.
VARY = "Accept-Encoding, Brief, CalDAV-Timezones, Prefer"
#: token [ "=" word ] [ ";" parameters ]; clients send three at most.
_PREFERENCE = re.compile(r'\s*([A-Za-z0-9!#$%&\'*+.^_`|~-]+)(?:\s*=\s*"?([^",;]*)"?)?[^,]*')
LONGEST = 1000


@dataclass(frozen=True, slots=True)
class Preferences:
    """What was asked for; `representation` and `minimal` exclude each other."""

    minimal: bool = False
    representation: bool = False
    noroot: bool = False

    def applied(self, *names: str) -> dict[str, str]:
        """Return the header that tells which of "return" and "depth-noroot" were followed."""
        told = []
        if "return" in names and (self.minimal or self.representation):
            told.append("return=" + ("minimal" if self.minimal else "representation"))
        if "depth-noroot" in names and self.noroot:
            told.append("depth-noroot")
        return {"Preference-Applied": ", ".join(told)} if told else {}


def preferences(environ: Mapping[str, str]) -> Preferences:
    """Read the headers; what is not understood is passed over, and of two the first counts."""
    told: dict[str, str] = {}
    for found in _PREFERENCE.finditer(environ.get("HTTP_PREFER", "")[:LONGEST]):
        told.setdefault(found[1].lower(), (found[2] or "").strip().lower())
    wanted = told.get("return", "")
    if not wanted and ("return-minimal" in told or _brief(environ)):
        wanted = "minimal"  # as it was called before there was a standard
    return Preferences(wanted == "minimal", wanted == "representation", "depth-noroot" in told)


def _brief(environ: Mapping[str, str]) -> bool:
    return environ.get("HTTP_BRIEF", "").strip().lower() == "t"
