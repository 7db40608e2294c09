"""What the API needs that is neither the practice nor its own: given to it by the program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from practice.profile import Profile
    from practice.use_cases.sign_in import Admitted, Insufficient, Refused, Throttled

__all__ = ["Admission", "Services"]


class Admission(Protocol):
    """Tells who is asking, by the head of a request alone."""

    async def admit(
        self, authorization: bytes, network: str
    ) -> Admitted | Refused | Throttled | Insufficient:
        """Judge an Authorization header that came from a network.

        Raises IdentityProviderUnavailable for a token that cannot be judged now.
        """


@dataclass(frozen=True, slots=True)
class Services:
    """What resources ask for beside the unit of work.

    `public_url` is how the server is called from outside, without a slash at the end; "" if nobody
    has said it, and addresses are told as paths then.
    """

    profile: Profile
    version: str
    minimum_password_length: int = 12
    public_url: str = ""
