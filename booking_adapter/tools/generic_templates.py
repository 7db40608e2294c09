"""Addresses and JSON with placeholders, `{id}`, and how they are filled in.

Not here: which placeholders there are (`booking_adapter.tools.generic_mapping`).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import quote

__all__ = ["filled", "filled_address", "placeholders"]

_PLACE = re.compile(r"\{([a-z_]+)\}")


def placeholders(template: Any) -> set[str]:
    """Return the names of the placeholders in an address, or anywhere in JSON."""
    if isinstance(template, str):
        return set(_PLACE.findall(template))
    if isinstance(template, Mapping):
        template = list(template.values())
    if isinstance(template, list | tuple):
        return set[str]().union(*map(placeholders, template))
    return set()


def filled(template: Any, value: Callable[[str], str | int]) -> Any:
    """Return JSON with its placeholders filled in, each once: what is filled in has none.

    A text that is a placeholder and nothing else becomes the value, which may be a number.
    """
    if isinstance(template, str):
        whole = _PLACE.fullmatch(template)
        if whole:
            return value(whole[1])
        return _PLACE.sub(lambda found: str(value(found[1])), template)
    if isinstance(template, Mapping):
        return {name: filled(each, value) for name, each in template.items()}
    if isinstance(template, list | tuple):
        return [filled(each, value) for each in template]
    return template


def filled_address(template: str, value: Callable[[str], str | int]) -> str:
    """Return an address with its placeholders filled in; what is filled in cannot lead elsewhere,
    unless it is nothing but dots.
    """

    def quoted(found: re.Match[str]) -> str:
        return quote(str(value(found[1])), safe="", errors="replace")

    return _PLACE.sub(quoted, template)
