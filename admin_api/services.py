"""What the API needs that is neither the practice nor its own: given to it by the program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from practice.imports import Import
    from practice.ports import UnitOfWork
    from practice.profile import Profile
    from practice.use_cases.sign_in import Admitted, Insufficient, Refused, Throttled

__all__ = ["Admission", "Lists", "Services"]


class Admission(Protocol):
    """Tells who is asking, by the head of a request alone."""

    async def admit(
        self, authorization: bytes, network: str
    ) -> Admitted | Refused | Throttled | Insufficient:
        """Judge an Authorization header that came from a network.

        Raises IdentityProviderUnavailable for a token that cannot be judged now.
        """


class Lists(Protocol):
    """Reads patient lists, in the background."""

    def begin_file(
        self, uow: UnitOfWork, name: str, content: bytes, choice: Mapping[str, str]
    ) -> Import:
        """Begin to read a file; its plan is made once the unit of work is over. `choice` maps
        fields to columns, where a person says so. Raises Unavailable if enough are being read.
        """

    def begin_source(self, uow: UnitOfWork, name: str) -> Import:
        """Begin to ask a booking tool for its patients. Raises NotFound, Invalid, Unavailable."""

    def seen(self, import_id: int) -> Import | None:
        """Return how an import is now, in a unit of work of its own; None if it is gone."""

    def sentence(self, doubt: str) -> str:
        """Return what a doubt about a row means, in English."""


@dataclass(frozen=True, slots=True)
class Services:
    """What resources ask for beside the unit of work."""

    profile: Profile
    version: str
    minimum_password_length: int = 12
    lists: Lists | None = None
