"""The identity provider over OpenID Connect: tokens judged, keys fetched and kept, people sent
there with a browser.

The only importer of `joserfc`. Not here: who may do what, which is decided by the accounts. See
docs/decisions/0007 and 0019.
"""

from __future__ import annotations

from praxis_caldav.oidc.code_flow import CodeFlow, RelyingParty
from praxis_caldav.oidc.fetching import Discovered, FetchError, fetch
from praxis_caldav.oidc.provider import OidcProvider
from praxis_caldav.oidc.tokens import Expected, Untrue, identify, opened, verify

__all__ = [
    "CodeFlow",
    "Discovered",
    "Expected",
    "FetchError",
    "OidcProvider",
    "RelyingParty",
    "Untrue",
    "fetch",
    "identify",
    "opened",
    "verify",
]
