"""The description of the API (OpenAPI 3.1), made of the endpoints' declarations.

Assembled by `apispec`; the schemas are pydantic's own, in the dialect of OpenAPI 3.1.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from apispec import APISpec
from pydantic.json_schema import models_json_schema

from admin_api.cookies import COOKIE
from admin_api.problems import MEDIA_TYPE, Problem
from admin_api.reading import FILE_NAME
from admin_api.repeated import KEY

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pydantic import BaseModel
    from pydantic.json_schema import JsonSchemaMode

    from admin_api.endpoint import Endpoint

__all__ = ["description"]

_REFERENCE = "#/components/schemas/{model}"
_INTRODUCTION = """\
The practice's patients, appointments and settings, for administrators, a practice's website and
other programs.

Sign in with name and password (Basic) or with a token (Bearer). What a token may do is said by its
permissions. Times have an offset from UTC. Errors are problem+json (RFC 9457). A POST with an
Idempotency-Key may be sent again: it is answered as the first time, for a day. A PUT with If-Match
changes only what you have seen."""
#: Schemas of the variable parts of addresses, by kind.
_PARTS: dict[str, dict[str, Any]] = {
    "id": {"type": "integer", "minimum": 1, "maximum": 10**18 - 1},
    "str": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[^/]+$"},
}


def description(endpoints: Sequence[Endpoint], version: str) -> dict[str, Any]:
    """Return the description of endpoints as JSON has it."""
    spec = APISpec(
        title="praxis-caldav",
        version=version,
        openapi_version="3.1.0",
        info={"description": _INTRODUCTION},
    )
    names = _schemas(spec, endpoints)
    schemes = spec.components
    schemes.security_scheme("password", {"type": "http", "scheme": "basic"})
    schemes.security_scheme("token", {"type": "http", "scheme": "bearer"})
    cookie = {"type": "apiKey", "in": "cookie", "name": COOKIE}
    schemes.security_scheme("patient", cookie)
    for endpoint in endpoints:
        operation = _operation(endpoint, names)
        spec.path(path=endpoint.public_path, operations={endpoint.method.lower(): operation})
    for tag in dict.fromkeys(endpoint.tag for endpoint in endpoints):
        spec.tag({"name": tag})
    return spec.to_dict()


def _schemas(spec: APISpec, endpoints: Sequence[Endpoint]) -> dict[type[BaseModel], str]:
    """Describe all forms and answers; return what each is called."""
    sent = {e.body for e in endpoints if e.body is not None} | {e.query for e in endpoints}
    told = {e.answer for e in endpoints if e.answer is not None} | {Problem}
    wanted = sorted(sent | told, key=lambda model: model.__qualname__)
    keys: list[tuple[type[BaseModel], JsonSchemaMode]] = [
        (model, "validation" if model in sent else "serialization") for model in wanted
    ]
    found, defined = models_json_schema(keys, ref_template=_REFERENCE)
    for name, schema in sorted(defined.get("$defs", {}).items()):
        spec.components.schema(name, schema)
    # Not by their names: two resources may have one of the same.
    return {key[0]: found[key]["$ref"].rpartition("/")[2] for key in keys}


def _operation(endpoint: Endpoint, names: dict[type[BaseModel], str]) -> dict[str, Any]:
    needs = (f"Permission: `{endpoint.scope}`.",) if endpoint.scope else ()
    operation: dict[str, Any] = {
        "operationId": endpoint.name,
        "summary": endpoint.summary,
        "description": " ".join((*needs, endpoint.text)).strip(),
        "tags": [endpoint.tag],
        "parameters": list(_parameters(endpoint)),
        "responses": {**_success(endpoint, names), **_problems(endpoint)},
        "security": _security(endpoint),
    }
    if endpoint.uploads:
        file = {"schema": {"type": "string", "format": "binary"}}
        content = dict.fromkeys(endpoint.uploads, file)
        operation["requestBody"] = {"required": True, "content": content}
    elif endpoint.body is not None:
        schema = {"$ref": _REFERENCE.format(model=names[endpoint.body])}
        content = {"application/json": {"schema": schema}}
        operation["requestBody"] = {"required": endpoint.needs_body, "content": content}
    return operation


def _security(endpoint: Endpoint) -> list[dict[str, list[str]]]:
    if endpoint.of_patient:
        return [{"patient": []}]
    return [{}] if endpoint.open else [{"password": []}, {"token": []}]


def _parameters(endpoint: Endpoint) -> Iterator[dict[str, Any]]:
    for name, kind in endpoint.parts:
        yield {"name": name, "in": "path", "required": True, "schema": _PARTS[kind]}
    query = endpoint.query.model_json_schema(ref_template=_REFERENCE)
    required = query.get("required", ())
    for name, schema in query.get("properties", {}).items():
        yield {"name": name, "in": "query", "required": name in required, "schema": schema}
    for name, text, pattern in _headers(endpoint):
        told = {"name": name, "in": "header", "required": False, "description": text}
        yield told | {"schema": {"type": "string", "pattern": pattern}}


def _headers(endpoint: Endpoint) -> Iterator[tuple[str, str, str]]:
    """Yield the headers that mean something: name, what for, and what they look like."""
    if endpoint.current is not None:
        text = "The ETag of what you have seen; anything else is not changed."
        yield "If-Match", text, r'^(\*|"[0-9a-f]{40}")$'
    if endpoint.may_be_repeated:
        text = "Your own name for this request, to send it again safely."
        yield "Idempotency-Key", text, KEY
    if endpoint.uploads:
        yield "X-File-Name", "What the file is called, percent-encoded.", FILE_NAME


def _success(endpoint: Endpoint, names: dict[type[BaseModel], str]) -> dict[str, Any]:
    status = endpoint.succeeds_with
    told: dict[str, Any] = {"description": HTTPStatus(status).phrase}
    # What a stream of events is, OpenAPI 3.1 cannot say.
    content: dict[str, Any] = {
        name: {} if name == "text/event-stream" else {"schema": {"type": "string"}}
        for name in endpoint.files
    }
    if endpoint.answer is not None:
        schema = {"$ref": _REFERENCE.format(model=names[endpoint.answer])}
        content["application/json"] = {"schema": schema}
    if content:
        told["content"] = content
    return {str(status): told}


def _problems(endpoint: Endpoint) -> dict[str, Any]:
    statuses = {400, 408, 413, 415, 422, 429, 503, *endpoint.problems}
    statuses |= set() if endpoint.open and endpoint.scope is None else {403}
    statuses |= {401}
    statuses |= {404} if endpoint.parts else set()
    statuses |= {507} if endpoint.changes else set()
    statuses |= {412} if endpoint.current is not None else set()
    statuses |= {409} if endpoint.secret and endpoint.method == "POST" else set()
    schema = {"$ref": _REFERENCE.format(model="Problem")}
    return {
        str(status): {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": schema}},
        }
        for status in sorted(statuses)
    }
