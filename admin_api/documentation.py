"""The description of the API for programs and for people: one JSON document, one page.

The page has no script: it must work where none is allowed, and needs nothing from elsewhere.
"""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, select_autoescape
from markupsafe import Markup
from starlette.responses import Response
from starlette.routing import Route

from admin_api.openapi import description
from admin_api.problems import KINDS, MEDIA_TYPE

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.requests import Request

    from admin_api.endpoint import Endpoint

__all__ = ["documentation"]

_HEADERS = {
    "Cache-Control": "no-cache",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def documentation(endpoints: Sequence[Endpoint], version: str) -> list[Route]:
    """Return the routes /api/openapi.json and /api/docs; each is made when first asked for."""

    @cache
    def described() -> dict[str, Any]:
        return description(endpoints, version)

    @cache
    def page() -> str:
        folder = FileSystemLoader(Path(__file__).with_name("templates"))
        jinja = Environment(loader=folder, autoescape=select_autoescape())
        jinja.filters |= {"shape": _shape, "coded": _coded, "is_problem": _is_problem}
        return jinja.get_template("documentation.html").render(api=described(), kinds=_kinds())

    async def answer_json(request: Request) -> Response:
        del request
        content = json.dumps(described(), ensure_ascii=False)
        return Response(content, media_type="application/json", headers=_HEADERS)

    async def answer_page(request: Request) -> Response:
        del request
        return Response(page(), media_type="text/html", headers=_HEADERS)

    return [Route("/api/openapi.json", answer_json), Route("/api/docs", answer_page)]


def _kinds() -> list[tuple[str, int, str]]:
    """Return the kinds of problems: name, status, title."""
    told = [(kind.slug, kind.status, kind.title) for kind in KINDS]
    return sorted(dict.fromkeys(told), key=lambda kind: (kind[1], kind[0]))


def _coded(text: str) -> Markup:
    """Return a text with what stands between backticks as code."""
    parts = text.split("`")
    return Markup("").join(
        Markup("<code>{}</code>").format(part) if at % 2 else part for at, part in enumerate(parts)
    )


def _is_problem(answer: dict[str, Any]) -> bool:
    return MEDIA_TYPE in answer.get("content", {})


def _shape(schema: dict[str, Any]) -> str:
    """Return a schema in a few words."""
    if "$ref" in schema:
        return str(schema["$ref"]).rpartition("/")[2]
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(_shape(one) for one in schema["anyOf"]))
    if "enum" in schema:
        return ", ".join(repr(one) for one in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_shape(schema.get('items', {}))}"
    told = str(schema.get("format") or schema.get("type") or "anything")
    bounds = [
        f"{word} {schema[key]}"
        for key, word in (("minimum", "from"), ("maximum", "to"), ("maxLength", "up to"))
        if key in schema
    ]
    return f"{told} ({', '.join(bounds)})" if bounds else told
