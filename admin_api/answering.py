"""Answers as they go out: their heads, their ETags, and what tells that something went wrong."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.responses import Response

from admin_api.endpoint import Answer
from admin_api.problems import MEDIA_TYPE, Problem, Refusal, headers_of, problem_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from zoneinfo import ZoneInfo

    from pydantic import BaseModel

    from admin_api.endpoint import Endpoint
    from practice.answers import GivenAnswer
    from practice.errors import PracticeError

__all__ = [
    "HEADERS",
    "again",
    "content_of",
    "etag_of",
    "made_of",
    "refused",
    "response_of",
]

#: Nothing of an answer is kept by anybody, framed, or taken for something else.
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def etag_of(content: bytes) -> str:
    """Return the strong, quoted ETag of what is answered."""
    return f'"{hashlib.sha256(content).hexdigest()[:40]}"'


def content_of(body: BaseModel, zone: ZoneInfo) -> bytes:
    """Return what is answered as it goes out, its times with the offset of a zone."""
    return body.model_dump_json(exclude_none=False, context=zone).encode()


def made_of(endpoint: Endpoint, told: BaseModel | Answer | None, zone: ZoneInfo) -> Answer:
    """Return what an endpoint told as it goes out, its body as content."""
    answer = told if isinstance(told, Answer) else Answer(told)
    status = answer.status or endpoint.succeeds_with
    content = content_of(answer.body, zone) if answer.body is not None else answer.content
    return replace(answer, status=status, content=content)


def again(given: GivenAnswer, endpoint: Endpoint, fingerprint: str) -> Response:
    if given.fingerprint != fingerprint:
        raise Refusal(422, "Another request was sent under this Idempotency-Key.")
    if endpoint.secret:
        return refused(Refusal(409, "This was done already; its secret is shown only once."))
    return _sent(given.status, given.body, {**HEADERS, **given.headers})


def response_of(made: Answer, method: str, if_none_match: str | None) -> Response:
    headers = {**HEADERS, **made.headers}
    content = made.content or b""
    if made.status == HTTPStatus.OK and method in {"GET", "PUT"}:
        tag = headers["ETag"] = etag_of(content)
        if method == "GET" and if_none_match and tag in if_none_match.split(", "):
            return _sent(304, b"", headers)
    if made.status != HTTPStatus.NO_CONTENT:
        headers["Content-Type"] = made.media_type
    response = _sent(made.status or 200, content, headers)
    for cookie in made.cookies:
        response.headers.append("Set-Cookie", cookie)
    return response


def _sent(status: int, content: bytes, headers: Mapping[str, str]) -> Response:
    return Response(content, status, dict(headers))


def refused(error: PracticeError | Refusal, language: str = "en") -> Response:
    """Return the answer that tells of an error, in a language."""
    headers = {**headers_of(error), "Content-Language": language}
    return _told(problem_of(error, language), headers)


def _told(problem: Problem, headers: Mapping[str, str]) -> Response:
    content = json.dumps(problem.model_dump(exclude_none=True)).encode()
    return _sent(problem.status, content, {**HEADERS, **headers, "Content-Type": MEDIA_TYPE})
