"""The identity provider over OpenID Connect: tokens judged, keys fetched and kept.

The only importer of `joserfc`. Not here: signing people in with a browser. Clients bring their
tokens; who may do what is decided by the accounts. See docs/decisions/0007.
"""

from __future__ import annotations

from praxis_caldav.oidc.fetching import Discovered, FetchError, fetch
from praxis_caldav.oidc.provider import OidcProvider
from praxis_caldav.oidc.tokens import Expected, Untrue, identify, opened, verify

__all__ = [
    "Discovered",
    "Expected",
    "FetchError",
    "OidcProvider",
    "Untrue",
    "fetch",
    "identify",
    "opened",
    "verify",
]
