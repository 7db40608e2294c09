"""What a page is: declared once, like an address of the API, and answered by the same door.

Not here: what a page shows (a module of `admin_api.pages` for each), nor how it looks (its
template). What pages change, they change by the API.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlencode

from admin_api.answering import response_of
from admin_api.cookies import LANGUAGES, language_of
from admin_api.door import Api
from admin_api.endpoint import Answer, Call, Endpoint, Nothing
from admin_api.pages.rendering import rendered, texts_of
from admin_api.problems import headers_of, problem_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic import BaseModel
    from starlette.requests import Request
    from starlette.responses import Response

    from admin_api.problems import Refusal
    from practice.errors import PracticeError
    from practice.scopes import Scope

__all__ = ["Page", "Pages", "as_sent", "endpoint_of", "own_address", "shown"]

_SIGN_IN, _PATIENTS_SIGN_IN = "/anmelden", "/termine/anmelden"
_OWN = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
_OWN += " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors"


@dataclass(frozen=True, slots=True)
class Page:
    """One page: `show` returns what its template is filled with, or an Answer of its own.

    Who may see it has `scope`; without one, whoever signed in; anybody where it is `open`; where
    it is `of_patient`, a patient who signed in. `framed` allows the websites of the settings to
    show it within theirs.
    """

    path: str
    template: str
    show: Callable[[Call[Any, Any]], Mapping[str, object] | Answer]
    scope: Scope | None = None
    query: type[BaseModel] = Nothing
    open: bool = False
    of_patient: bool = False
    framed: bool = False


def endpoint_of(page: Page) -> Endpoint:
    """Return the address of a page."""

    def answer(call: Call[Any, Any]) -> Answer:
        told = page.show(call)
        if isinstance(told, Answer):
            return told
        headers = _headers(call.services.origins if page.framed else None)
        return shown(page.template, call, told, headers=headers)

    return Endpoint(
        "GET",
        page.path,
        answer,
        page.template,
        page.scope,
        query=page.query,
        open=page.open,
        of_patient=page.of_patient,
        files=("text/html",),
        framed=page.framed,
    )


def shown(
    template: str,
    call: Call[Any, Any],
    told: Mapping[str, object],
    *,
    status: int | None = None,
    headers: Mapping[str, str] | None = None,
    cookies: tuple[str, ...] = (),
) -> Answer:
    """Return a template, filled in, as it is answered."""
    content = rendered(template, call, told).encode()
    heads = {**_headers(None), **(headers or {})}
    return Answer(status=status, headers=heads, content=content, media_type=_HTML, cookies=cookies)


def as_sent(call: Call[Any, Any], told: BaseModel) -> dict[str, Any]:
    """Return an answer of the API as a script gets it, to go along with a page."""
    return told.model_dump(mode="json", context=call.services.profile.zone)


def own_address(told: str, other: str) -> str:
    """Return an address that a request tells if it is one of this server, else the other."""
    is_own = told.startswith("/") and told[1:2] not in {"/", "\\"} and told.isprintable()
    return told if is_own else other


_HTML = "text/html; charset=utf-8"


def _headers(origins: Sequence[str] | None) -> dict[str, str]:
    """Return the heads of a page that these websites may show within theirs; None: none may."""
    frames = ["'none'"] if origins is None else ["'self'", *origins]
    return {"Content-Security-Policy": f"{_OWN} {' '.join(frames)}", "Vary": "Cookie"}


def _of_refusal(
    request: Request, error: PracticeError | Refusal, practice: str, *, framed: bool
) -> dict[str, object]:
    """Return what the page of a refusal is filled with; within a website, it leads on in there."""
    asked = request.query_params
    language = asked.get("sprache", "") if framed else ""
    language = language if language in LANGUAGES else language_of(request)
    embedded = framed and asked.get("eingebettet") == "1"
    kept = {"eingebettet": "1", "sprache": language} if embedded else {}
    return {
        "problem": problem_of(error, language),
        "practice": practice,
        "language": language,
        "t": texts_of("error", language),
        "c": texts_of("common", language),
        "embedded": embedded,
        "again": request.url.path + (f"?{request.url.query}" if request.url.query else ""),
        "home": f"{request.url.path}?{urlencode(kept)}" if embedded else "/",
    }


class Pages(Api):
    """The pages. Close it to give the threads back."""

    rest = ("/{rest:rest}",)

    def refused(self, request: Request, error: PracticeError | Refusal) -> Response:
        """Return the page that tells of an error; who has to sign in is led to where to do it."""
        problem = problem_of(error)
        if problem.status == 401 and request.method in {"GET", "HEAD"}:
            asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            door = _PATIENTS_SIGN_IN if asked.startswith("/termine") else _SIGN_IN
            there = Answer(status=303, headers={"Location": f"{door}?zu={quote(asked, safe='/')}"})
            return response_of(there, request.method, None)
        framed = any(one.framed and one.path == request.url.path for one in self._endpoints)
        told = _of_refusal(request, error, self._services.profile.name, framed=framed)
        content = rendered("error.html", None, told, request=request).encode()
        headers = {**_headers(self._services.origins if framed else None), **headers_of(error)}
        page = Answer(status=problem.status, content=content, media_type=_HTML, headers=headers)
        return response_of(page, request.method, None)
