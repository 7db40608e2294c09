"""Times as they go out: with the offset of the practice's zone, whatever zone they were kept in.

Not here: which zone (the door tells it, as the context in which an answer is serialised).
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import SerializationInfo
from pydantic_core import core_schema

__all__ = ["show_in_zone"]


#: What has times, or may have: its kind, and how it goes on to be described.
_DESCRIBED = {"datetime": core_schema.datetime_schema(), "any": core_schema.any_schema()}


def show_in_zone(part: Any) -> None:
    """Have every time in a part of a model's schema go out so; it is described as before."""
    if isinstance(part, dict):
        kind = part.get("type")  # or a field of that name
        if isinstance(kind, str) and kind in _DESCRIBED:
            part["serialization"] = core_schema.plain_serializer_function_ser_schema(
                _in_zone, info_arg=True, return_schema=_DESCRIBED[kind], when_used="json"
            )
            return
        part = [inner for name, inner in part.items() if name != "metadata"]
    if isinstance(part, list):
        for inner in part:
            show_in_zone(inner)


def _in_zone(value: Any, info: SerializationInfo) -> Any:
    if info.context is None:
        return value
    if isinstance(value, datetime):
        return value.astimezone(info.context)
    if isinstance(value, dict):
        return {name: _in_zone(inner, info) for name, inner in value.items()}
    return [_in_zone(inner, info) for inner in value] if isinstance(value, list) else value
