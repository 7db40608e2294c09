"""The public keys that a provider publishes as a JWK Set (RFC 7517). Not here: fetching them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from joserfc.errors import JoseError
from joserfc.jwk import ECKey, Key, OKPKey, RSAKey, import_key

__all__ = ["ALGORITHMS", "PublicKey", "find", "usable_keys"]

#: Signature algorithms (RFC 7518 3.1, RFC 9864) by key type and curve. None with a shared secret:
#: it would make of every public key a secret that everybody knows (RFC 8725 2.1).
_FITTING = {
    "RSA": ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    "P-256": ("ES256",),
    "P-384": ("ES384",),
    "P-521": ("ES512",),
    "Ed25519": ("Ed25519",),
}
ALGORITHMS = tuple(name for names in _FITTING.values() for name in names)
#: A provider has a handful; each costs a little time to look at.
MOST_KEYS = 100
#: Base64 characters of the modulus of an RSA key of 2048 bits, and of one of 8192.
_MODULUS = range(342, 1367)
_PUBLIC = ("kty", "n", "e", "crv", "x", "y")


@dataclass(frozen=True, slots=True)
class PublicKey:
    """One key; `kid` is empty if it has no name."""

    kid: str
    algorithms: tuple[str, ...]
    key: Key


def usable_keys(document: Mapping[str, Any]) -> list[PublicKey]:
    """Return the keys of a JWK Set that can verify signatures; others are left out (RFC 7517 5).

    At most the first 100 are looked at.
    """
    listed = document.get("keys")
    if not isinstance(listed, list):
        return []
    made = (_public_key(jwk) for jwk in listed[:MOST_KEYS] if isinstance(jwk, dict))
    return [key for key in made if key is not None]


def find(keys: Sequence[PublicKey], kid: str, algorithm: str) -> PublicKey | None:
    """Return the key of that name for an algorithm, else the only one that may be meant."""
    fitting = [key for key in keys if algorithm in key.algorithms]
    named = [key for key in fitting if kid and key.kid == kid]
    meant = named or [key for key in fitting if not (kid and key.kid)]
    return meant[0] if named or len(meant) == 1 else None


def _public_key(jwk: dict[str, Any]) -> PublicKey | None:
    if jwk.get("use", "sig") != "sig" or not isinstance(jwk.get("kid", ""), str):
        return None
    if jwk.get("kty") == "RSA" and len(str(jwk.get("n"))) not in _MODULUS:
        return None
    # Nothing but the public part: what else stands there is neither needed nor believed.
    parts = {name: jwk[name] for name in _PUBLIC if isinstance(jwk.get(name), str)}
    try:
        key = import_key(parts)
        if not isinstance(key, RSAKey | ECKey | OKPKey):
            return None
        _ = key.public_key  # made when first asked for, and not every point is on its curve
    except (JoseError, ValueError, TypeError, KeyError):
        return None
    fitting = _FITTING.get("RSA" if isinstance(key, RSAKey) else str(parts.get("crv")), ())
    if "alg" in jwk:
        fitting = tuple(name for name in fitting if name == jwk["alg"])
    return PublicKey(jwk.get("kid", ""), fitting, key) if fitting else None
