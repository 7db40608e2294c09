"""The cookie of whoever signed in to the pages, and how a page proves that it is ours.

A browser sends the cookie along whoever made it ask. So what changes anything must carry a word
that only our own pages know, and must not come from elsewhere by the browser's own account.
"""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from admin_api.problems import Refusal
from practice.use_cases.sessions import proof_of

if TYPE_CHECKING:
    from starlette.requests import Request

__all__ = [
    "ATTEMPT",
    "COOKIE",
    "LANGUAGES",
    "asked_language_of",
    "attempting",
    "choosing",
    "forgetting",
    "language_of",
    "refuse_foreign",
    "refuse_forged",
    "remembering",
    "session_of",
]

#: Browsers take a cookie of this prefix only over TLS (or from this machine), for this host alone.
COOKIE = "__Host-session"
_KEPT = "Path=/; Secure; HttpOnly; SameSite=Strict"
#: What a browser keeps of an attempt to sign in elsewhere. Whoever comes back from there comes from
#: another website, so that a Strict cookie would be left out just when it is needed; Lax ones go
#: along when a link is followed, and with nothing else that others make a browser send.
ATTEMPT = "__Host-attempt"
_COMING_BACK = "Path=/; Secure; HttpOnly; SameSite=Lax"
#: The first is that of who has not chosen.
LANGUAGES = ("de", "en")
_LANGUAGE = "sprache"
_SAFE = frozenset({"GET", "HEAD", "OPTIONS"})


def session_of(request: Request) -> str:
    """Return the secret that a request's cookie has; empty if it has none."""
    return request.cookies.get(COOKIE, "")[:200]


def remembering(secret: str) -> dict[str, str]:
    """Return the header by which a browser keeps a session until it is closed."""
    return {"Set-Cookie": f"{COOKIE}={secret}; {_KEPT}"}


def forgetting() -> dict[str, str]:
    """Return the header by which a browser forgets a session."""
    return {"Set-Cookie": f"{COOKIE}=; Max-Age=0; {_KEPT}"}


def attempting(kept: str, seconds: int) -> str:
    """Return what has a browser keep an attempt for so long; for no time, it forgets it."""
    return f"{ATTEMPT}={kept}; Max-Age={seconds}; {_COMING_BACK}"


def language_of(request: Request) -> str:
    """Return the language that somebody has chosen for the pages."""
    told = request.cookies.get(_LANGUAGE, "")
    return told if told in LANGUAGES else LANGUAGES[0]


def asked_language_of(request: Request) -> str:
    """Return the language that a program asks for first (RFC 9110 12.5.4); English unless German.

    Pages ask for the one that they are in, which need not be that of the cookie.
    """
    first = request.headers.get("accept-language", "").partition(",")[0]
    return "de" if first.partition(";")[0].strip().lower().partition("-")[0] == "de" else "en"


def choosing(language: str) -> dict[str, str]:
    """Return the header by which a browser remembers a language for a year."""
    return {"Set-Cookie": f"{_LANGUAGE}={language}; Path=/; Max-Age=31536000; SameSite=Lax"}


def refuse_forged(request: Request, secret: str) -> None:
    """Raise Refusal for a change that does not come from a page of this session."""
    if request.method in _SAFE:
        return
    told = request.headers.get("x-csrf-token", "")
    right = hmac.compare_digest(told.encode("utf-8", "replace"), proof_of(secret).encode())
    if not right or not _is_own(request):
        raise Refusal(403, "This does not come from a page of this server.")


def refuse_foreign(request: Request) -> None:
    """Raise Refusal for what a browser says to come from another website."""
    if request.headers.get("sec-fetch-site", "same-origin") != "none" and not _is_own(request):
        raise Refusal(403, "This does not come from a page of this server.")


def _is_own(request: Request) -> bool:
    """Tell whether the browser says that the request comes from a page of this host."""
    site = request.headers.get("sec-fetch-site", "same-origin")
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        return False
    return site == "same-origin"
