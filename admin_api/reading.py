"""Reading a request: its body within limits, its query and its JSON as forms."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from typing import TYPE_CHECKING
from urllib.parse import unquote

from pydantic import BaseModel, ValidationError

from admin_api.endpoint import Endpoint, Upload
from admin_api.field_words import in_words
from admin_api.problems import FieldFault, Refusal

if TYPE_CHECKING:
    from starlette.requests import Request

__all__ = ["FILE_NAME", "LARGEST_FORM", "LARGEST_UPLOAD", "body_of", "form_of", "query_of"]

#: What the name of a file looks like in a header.
FILE_NAME = "^[!-~]{0,255}$"
#: Octets.
LARGEST_FORM, LARGEST_UPLOAD = 1_000_000, 25_000_000
#: Seconds in which a body has to be there; a file of 25 MB may come over a slow line.
_FORM_SECONDS, _UPLOAD_SECONDS = 15.0, 120.0
#: Faults told at once.
_MOST_FAULTS = 50


async def body_of(request: Request, endpoint: Endpoint) -> bytes:
    """Return the body of a request; raises Refusal if it is too large or too slow, or packed."""
    coding = request.headers.get("content-encoding", "identity").strip().lower()
    if coding not in {"", "identity"}:
        sentence = "Bodies are taken as they are, not compressed."
        raise Refusal(415, sentence, headers={"Accept-Encoding": "identity"})
    largest = LARGEST_UPLOAD if endpoint.uploads else LARGEST_FORM
    seconds = _UPLOAD_SECONDS if endpoint.uploads else _FORM_SECONDS
    body = bytearray()
    try:
        async with asyncio.timeout(seconds):
            async for chunk in request.stream():
                body += chunk
                if len(body) > largest:
                    raise Refusal(413, f"The body has more than {largest:,} bytes.")
    except TimeoutError:
        raise Refusal(408, "The body did not come in time.") from None
    return bytes(body)


def form_of(request: Request, endpoint: Endpoint, body: bytes) -> BaseModel | Upload | None:
    """Return what a body says, as the endpoint wants it."""
    told = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if endpoint.uploads:
        if told not in endpoint.uploads:
            raise Refusal(415, f"Send {' or '.join(endpoint.uploads)}.", headers=_accepts(endpoint))
        return Upload(_name_of(request), told, body)
    if endpoint.body is None or (endpoint.method == "DELETE" and not body):
        return None  # RFC 9110 9.3.5: many clients have no way to send a body with DELETE
    if not body and not endpoint.needs_body:
        return endpoint.body()
    if told != "application/json":
        sentence = "Send application/json, with a header Content-Type that says so."
        raise Refusal(415, sentence, headers=_accepts(endpoint))
    try:
        return endpoint.body.model_validate_json(body)
    except ValidationError as error:
        raise _refused(error, "#", endpoint.body) from None


def query_of(request: Request, form: type[BaseModel]) -> BaseModel:
    """Return what a query says; of a parameter that is told twice nobody knows which is meant."""
    pairs = request.query_params.multi_items()
    told = Counter(name for name, _ in pairs)
    twice = [name for name, times in told.items() if times > 1]
    if twice:
        detail = "This is told twice."
        faults = [FieldFault(pointer=f"?{name[:64]}", detail=detail) for name in twice]
        raise Refusal(422, "A parameter is told twice.", faults=faults[:_MOST_FAULTS])
    try:
        return form.model_validate_strings(dict(pairs))
    except ValidationError as error:
        raise _refused(error, "?", form) from None


def _refused(error: ValidationError, start: str, form: type[BaseModel]) -> Refusal:
    """Return what is wrong, without repeating what was sent: it may be of a patient."""
    told = error.errors(include_url=False, include_input=False)
    if any(one["type"] == "json_invalid" for one in told):
        return Refusal(400, "The body is no JSON.")
    faults = [
        FieldFault(pointer=_pointer(start, one["loc"]), detail=in_words(one, form)) for one in told
    ]
    names = ", ".join(dict.fromkeys(fault.pointer for fault in faults[:5]))
    sentence = f"What was sent does not fit: {names}."
    return Refusal(422, sentence, faults=faults[:_MOST_FAULTS])


def _pointer(start: str, place: tuple[int | str, ...]) -> str:
    # Names that nobody asked for are the client's own words, and may be anything.
    parts = [str(part)[:64].replace("~", "~0").replace("/", "~1") for part in place]
    return start + "/".join(parts) if start == "?" else "".join(f"/{part}" for part in parts) or "/"


def _accepts(endpoint: Endpoint) -> dict[str, str]:
    # RFC 9110 15.5.16 has Accept in answers to say what would have been taken.
    return {"Accept": ", ".join(endpoint.uploads or ("application/json",))}


def _name_of(request: Request) -> str:
    """Return what the client calls the file; from a header, since the body is the file itself."""
    told = request.headers.get("x-file-name", "")
    if not re.fullmatch(FILE_NAME.strip("^$"), told):
        raise Refusal(400, "X-File-Name has up to 255 characters, percent-encoded.")
    return unquote(told)
