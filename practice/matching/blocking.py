"""Which records are worth comparing: those that share a key. Not: how alike they are.

Keys are the birth date, how first and last name sound, telephone, e-mail address and the numbers.
No block is larger than `MOST`: one that would be is divided by what else its records have, and
only the beginning is kept of what cannot be divided further, where all look the same anyway.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from practice.matching.sounds import sound

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from practice.matching.traits import Traits

__all__ = ["MOST", "Index", "Keys"]

#: Records in a block.
MOST = 30


class Keys:
    """Makes keys; remembers how words sound. `weak` ones say less than the others together."""

    def __init__(self) -> None:
        self._sounds: dict[str, str] = {}
        self._of_names: dict[tuple[tuple[str, ...], tuple[str, ...]], list[str]] = {}

    def strong(self, traits: Traits) -> Iterator[str]:
        """Yield the keys that are worth comparing whatever else differs."""
        for kind, value in (
            ("number", traits.number),
            ("booking", traits.booking_id),
            ("phone", traits.phone),
            ("email", traits.email),
            ("insured", traits.insurance_number),
        ):
            if value:
                yield f"{kind}:{value}"

    def weak(self, traits: Traits) -> Iterator[str]:
        """Yield the keys of birth date and name: without more, one of them is nothing."""
        if traits.birth is not None:
            yield f"born:{traits.birth.digits}"
        names = traits.last.parts, traits.first.parts
        if names not in self._of_names:
            self._of_names[names] = sorted(self._names(*names))
        yield from self._of_names[names]

    def finer(self, traits: Traits) -> Iterator[str]:
        """Yield by what a block that is too large is divided."""
        if traits.birth is not None:
            yield f"year:{traits.birth.digits[:4]}"
            yield f"day:{traits.birth.digits[4:]}"
        for part in {*traits.first.parts[:2], *traits.last.parts[:2]}:
            yield f"sound:{self._sound(part)}"
        if traits.birth is None:
            yield f"name:{' '.join(traits.name.words)}"

    def finest(self, traits: Traits) -> str:
        """Return the key under which only those are found that agree in everything."""
        born = traits.birth.digits if traits.birth is not None else ""
        return f"all:{' '.join(traits.name.words)}|{born}"

    def _names(self, lasts: tuple[str, ...], firsts: tuple[str, ...]) -> set[str]:
        lasts, firsts = lasts[:3], firsts[:2]
        if not firsts:
            lasts, firsts = lasts[:1], lasts[1:]
        heard = {self._sound(part) for part in lasts}
        others = {self._sound(part) for part in firsts}
        # Sorted: first and last name change places.
        pairs = {tuple(sorted((one, other))) for one in heard for other in others if one and other}
        return {f"name:{one} {other}" for one, other in pairs}

    def _sound(self, word: str) -> str:
        if (found := self._sounds.get(word)) is None:
            found = self._sounds[word] = sound(word)
        return found


class Index:
    """Records by their keys."""

    def __init__(self, all_traits: Sequence[Traits], keys: Keys) -> None:
        self._keys = keys
        self._blocks: dict[str, list[int]] = {}
        self._divided: set[str] = set()
        for at, traits in enumerate(all_traits):
            for key in (*keys.strong(traits), *keys.weak(traits), keys.finest(traits)):
                self._blocks.setdefault(key, []).append(at)
        self._bound(all_traits)

    def _bound(self, all_traits: Sequence[Traits]) -> None:
        for key in [key for key, block in self._blocks.items() if len(block) > MOST]:
            block = self._blocks.pop(key)
            if key.startswith("all:"):
                self._blocks[key] = block[:MOST]
                continue
            self._divided.add(key)
            for at in block:
                for finer in self._keys.finer(all_traits[at]):
                    part = self._blocks.setdefault(f"{key} {finer}", [])
                    if len(part) < MOST:
                        part.append(at)

    def candidates(self, traits: Traits) -> tuple[set[int], set[int]]:
        """Return the positions under strong keys, and those under weak keys alone."""
        strong: set[int] = set()
        weak: set[int] = set(self._blocks.get(self._keys.finest(traits), ()))
        for key in self._keys.strong(traits):
            strong.update(self._under(key, traits))
        for key in self._keys.weak(traits):
            weak.update(self._under(key, traits))
        return strong, weak - strong

    def largest(self) -> int:
        """Return the size of the largest block."""
        return max(map(len, self._blocks.values()), default=0)

    def _under(self, key: str, traits: Traits) -> Iterator[int]:
        if key not in self._divided:
            yield from self._blocks.get(key, ())
            return
        for finer in self._keys.finer(traits):
            yield from self._blocks.get(f"{key} {finer}", ())
