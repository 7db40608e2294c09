"""What a page is: declared once, like an address of the API, and answered by the same door.

Not here: what a page shows (a module of `admin_api.pages` for each), nor how it looks (its
template). What pages change, they change by the API.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from admin_api.answering import response_of
from admin_api.door import Api
from admin_api.endpoint import Answer, Call, Endpoint, Nothing
from admin_api.pages.rendering import rendered
from admin_api.problems import headers_of, problem_of

if TYPE_CHECKING:
    from pydantic import BaseModel
    from starlette.requests import Request
    from starlette.responses import Response

    from admin_api.problems import Refusal
    from practice.errors import PracticeError
    from practice.scopes import Scope

__all__ = ["Page", "Pages", "endpoint_of", "own_address", "shown"]

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
        return shown(page.template, call, told, headers=_headers(call, page))

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
    heads = {**_headers(None, None), **(headers or {})}
    return Answer(status=status, headers=heads, content=content, media_type=_HTML, cookies=cookies)


def own_address(told: str, other: str) -> str:
    """Return an address that a request tells if it is one of this server, else the other."""
    is_own = told.startswith("/") and told[1:2] not in {"/", "\\"} and told.isprintable()
    return told if is_own else other


_HTML = "text/html; charset=utf-8"


def _headers(call: Call[Any, Any] | None, page: Page | None) -> dict[str, str]:
    frames = ["'none'"]
    if call is not None and page is not None and page.framed:
        frames = ["'self'", *call.services.origins]
    return {"Content-Security-Policy": f"{_OWN} {' '.join(frames)}", "Vary": "Cookie"}


class Pages(Api):
    """The pages. Close it to give the threads back."""

    rest = ("/admin/{rest:rest}", "/termine/{rest:rest}", "/buchen/{rest:rest}")

    def refused(self, request: Request, error: PracticeError | Refusal) -> Response:
        """Return the page that tells of an error; who has to sign in is led to where to do it."""
        problem = problem_of(error)
        if problem.status == 401 and request.method in {"GET", "HEAD"}:
            asked = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            door = _PATIENTS_SIGN_IN if asked.startswith("/termine") else _SIGN_IN
            there = Answer(status=303, headers={"Location": f"{door}?zu={quote(asked, safe='/')}"})
            return response_of(there, request.method, None)
        told = {"problem": problem}
        content = rendered("error.html", None, told, request=request).encode()
        headers = {**_headers(None, None), **headers_of(error)}
        page = Answer(status=problem.status, content=content, media_type=_HTML, headers=headers)
        return response_of(page, request.method, None)
