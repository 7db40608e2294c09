"""What all settings have in common when they are changed: what is there, and the act that is noted.

Not here: the settings themselves (`offers`, `doctors_and_rooms`).
"""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from practice.acts import Kind
from practice.errors import OfferNotFound

if TYPE_CHECKING:
    from collections.abc import Mapping

    from practice.ports import UnitOfWork

__all__ = ["note_act", "there"]


def there(row_id: int, known: Mapping[int, Any]) -> Any:
    """Return what is stored under an id, None for a new one; raises OfferNotFound."""
    if row_id and row_id not in known:
        raise OfferNotFound("There is nothing with this number.")
    return known.get(row_id)


def note_act(uow: UnitOfWork, kind: Kind, of: object, before: Any, after: Any) -> None:
    """Note what was made, changed or removed; what is the same is no act."""
    if before == after:
        return
    action = "made" if before is None else "removed" if after is None else "changed"
    told = [None if one is None else asdict(one) for one in (before, after)]
    uow.acts.note(action, kind, of, *told)
