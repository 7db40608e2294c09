"""What the API needs that is neither the practice nor its own: given to it by the program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from practice.patients import PatientRecord
    from practice.profile import Profile
    from practice.use_cases.sign_in import Admitted, Insufficient, Refused, Throttled

__all__ = ["Admission", "BookingLinks", "Services"]


class Admission(Protocol):
    """Tells who is asking, by the head of a request alone."""

    async def admit(
        self, authorization: bytes, network: str
    ) -> Admitted | Refused | Throttled | Insufficient:
        """Judge an Authorization header that came from a network.

        Raises IdentityProviderUnavailable for a token that cannot be judged now.
        """


class BookingLinks(Protocol):
    """Tells where patients book."""

    def link(self, source: str, record: PatientRecord) -> str | None:
        """Return the address of a booking tool's page, with what is known of a patient filled in.

        The page is that of the tool with this name, or of the first that has one if there is no
        name; None if there is none.
        """


@dataclass(frozen=True, slots=True)
class Services:
    """What resources ask for beside the unit of work."""

    profile: Profile
    version: str
    minimum_password_length: int = 12
    booking_links: BookingLinks | None = None
