"""The If header of WebDAV (RFC 4918 10.4): read whole, under limits, and held to what is there.

There are no locks, so no lock token ever matches; a sync-token is the state of a calendar
(RFC 6578 5). Not here: the conditional headers of HTTP (`caldav_server.preconditions`).
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from caldav_server.errors import BadRequest

__all__ = ["Condition", "IfHeader", "IfList", "State", "read_if"]

LONGEST = 8000
MOST_CONDITIONS = 100
#: Addresses that one header may ask about; each is looked up.
MOST_RESOURCES = 20

_PART = re.compile(
    r"\s*(?:(?P<open>\()|(?P<close>\))|(?P<negated>Not(?=[\s<\[]))"
    r'|<(?P<coded>[^<>\s]*)>|\[\s*(?P<weak>W/)?(?P<etag>"[^"]*")\s*\])',
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class State:
    """What is at an address: its strong ETag and its sync-token, empty for what it has not."""

    etag: str = ""
    token: str = ""


@dataclass(frozen=True, slots=True)
class Condition:
    """One ETag or state token; `negated` asks that it does not match."""

    value: str
    negated: bool = False
    is_etag: bool = False

    def holds(self, state: State) -> bool:
        """Tell whether it is so."""
        there = state.etag if self.is_etag else state.token
        return (bool(there) and there == self.value) != self.negated


@dataclass(frozen=True, slots=True)
class IfList:
    """Conditions that hold all together, of the resource `tag`, or ("") that of the request."""

    tag: str
    conditions: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class IfHeader:
    """Lists, of which one has to hold."""

    lists: tuple[IfList, ...]

    def holds(self, state_of: Callable[[str], State]) -> bool:
        """Tell whether it is so; `state_of` tells of an address, "" being the request's."""
        known: dict[str, State] = {}
        for one in self.lists:
            if one.tag not in known:
                known[one.tag] = state_of(one.tag)
            if all(condition.holds(known[one.tag]) for condition in one.conditions):
                return True
        return False


def read_if(text: str) -> IfHeader:
    """Read an If header; raises BadRequest for one that is none, or is too long."""
    if len(text) > LONGEST:
        raise BadRequest(f"An If header has at most {LONGEST} characters.")
    return _Reader(text).read()


class _Reader:
    """Walks the header once."""

    def __init__(self, text: str) -> None:
        self._text = text.rstrip()
        self._at = 0
        self._tags: set[str] = set()
        self._count = 0

    def read(self) -> IfHeader:
        lists: list[IfList] = []
        tag, listed_under_tag = "", True
        while self._at < len(self._text):
            part = self._next()
            if part["open"]:
                lists.append(IfList(tag, self._list()))
                listed_under_tag = True
            elif part["coded"] and listed_under_tag and (tag or not lists):
                tag, listed_under_tag = part["coded"], False
                self._tags.add(tag)
            else:
                raise _malformed()
        if not lists or not listed_under_tag or len(self._tags) > MOST_RESOURCES:
            raise _malformed()
        return IfHeader(tuple(lists))

    def _list(self) -> tuple[Condition, ...]:
        found: list[Condition] = []
        negated = False
        while True:
            part = self._next()
            if part["close"]:
                break
            if part["open"] or (part["negated"] and negated):
                raise _malformed()
            if part["negated"]:
                negated = True
                continue
            found.append(_condition(part, negated))
            negated = False
            self._count += 1
        if not found or negated or self._count > MOST_CONDITIONS:
            raise _malformed()
        return tuple(found)

    def _next(self) -> re.Match[str]:
        found = _PART.match(self._text, self._at)
        if found is None:
            raise _malformed()
        self._at = found.end()
        return found


def _condition(part: re.Match[str], negated: bool) -> Condition:
    if part["etag"] is None:
        return Condition(part["coded"] or "", negated)
    # Changes are made to what is the same byte for byte: a weak ETag matches nothing.
    return Condition((part["weak"] or "") + part["etag"], negated, is_etag=True)


def _malformed() -> BadRequest:
    return BadRequest("The If header is none of WebDAV's, or is too long.")
