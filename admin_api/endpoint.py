"""What an address of the API is: declared once, for its route and its description alike.

Not here: how a request is answered (`admin_api.door`), nor what it does (`admin_api.resources`,
and `practice` behind them).
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from pydantic import BaseModel, ConfigDict

from admin_api.zoned import show_in_zone
from practice.errors import NotAllowed
from practice.sessions import Way
from practice.use_cases.giving import Giver

if TYPE_CHECKING:
    from datetime import datetime

    from pydantic import GetCoreSchemaHandler
    from pydantic_core.core_schema import CoreSchema

    from admin_api.services import Services
    from practice.access import Account, Actor
    from practice.ports import UnitOfWork
    from practice.scopes import Scope

__all__ = ["Ahead", "Answer", "Asked", "Call", "Endpoint", "Form", "Nothing", "Shown", "Upload"]

_IN_PATH = re.compile(r"\{(\w+)(?::(\w+))?\}")


class Form(BaseModel):
    """What a client sends: nothing it was not asked for, and no number told as a text."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class Shown(BaseModel):
    """What is answered. Its times go out with the offset of the zone that is the context, wherever
    they come from.
    """

    model_config = ConfigDict(frozen=True, from_attributes=True)

    @classmethod
    def __get_pydantic_core_schema__(cls, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        made = handler(source)
        show_in_zone(made)
        return made


class Nothing(Form):
    """No parameters."""


@dataclass(frozen=True, slots=True)
class Upload:
    """A file that was sent; its name is what the client called it."""

    name: str
    media_type: str
    content: bytes = field(repr=False)


Asked = TypeVar("Asked", bound=BaseModel)
Sent = TypeVar("Sent")


@dataclass(frozen=True, slots=True)
class Ahead(Generic[Asked, Sent]):
    """What is known of a request before its unit of work begins; the fields are those of Call."""

    path: Mapping[str, Any]
    query: Asked
    body: Sent
    account: Account | None
    actor: Actor
    services: Services
    now: datetime
    cookies: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Call(Generic[Asked, Sent]):
    """One request, admitted and read.

    `path` has the variable parts of the address; `account` is None where nobody had to sign in.
    `network` is what guesses and holds are counted by, `session` the secret of the cookie, if that
    is how somebody signed in, `way` how else; a patient who signed in has `patient_id` and no
    account. `language` is that of pages, `address` the path that was asked for.
    """

    uow: UnitOfWork
    account: Account | None
    scopes: frozenset[Scope]
    path: Mapping[str, Any]
    query: Asked
    body: Sent
    services: Services
    network: str = ""
    session: str = field(default="", repr=False)
    patient_id: int | None = None
    language: str = "de"
    address: str = ""
    way: Way = Way.UNKNOWN

    @property
    def program(self) -> bool:
        """Tell whether somebody signed in by a token of ours, as programs do."""
        return self.way is Way.TOKEN

    @property
    def now(self) -> datetime:
        """When the request is answered."""
        return self.uow.now

    @property
    def giver(self) -> Giver:
        """What the caller may give to accounts."""
        return Giver(self.scopes, self.program)

    @property
    def caller(self) -> Account:
        """Who has signed in; raises NotAllowed if nobody had to."""
        if self.account is None:
            raise NotAllowed("Sign in for this.")
        return self.account


@dataclass(frozen=True, slots=True)
class Answer:
    """What is answered where that is more than a body: another status, headers, a file, a stream.

    `events` are sent as they come; they must not need the unit of work, which has ended by then.
    Empty ones are not sent: the next is asked for a second later. `cookies` are further headers
    Set-Cookie, of which `headers` has room for one.
    """

    body: BaseModel | None = None
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    content: bytes | None = None
    media_type: str = "application/json"
    events: Callable[[], Iterator[bytes]] | None = None
    cookies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One method of one address.

    `path` is Starlette's, with `{name:id}` for ids. Who may call it has `scope`; without one,
    whoever signed in, anybody where it is `open`, a patient where it is `of_patient`; `only` says
    of which accounts that holds whatever they were given. `answer` None is 204. `writes` is whether
    it changes anything: all it does is then one transaction. `current` returns what GET shows of
    the same address: If-Match is compared with that. Of one whose answer tells a `secret`, nothing
    is kept to be answered again. `prepare` makes of the body what `run` is given, before the unit
    of work begins: what takes long would keep others from writing. It may have units of work of its
    own, whose effect stays; of a request that was answered already it is not asked again. What
    `ahead` returns is the body where none is sent: it is awaited before, and asks others over the
    network. Who
    asks `anew` is nobody, whatever cookie comes along: a page that is come to from an e-mail is
    shown without the cookie, and could not prove to be one of its session. What is `framed`,
    websites of the settings may show within theirs, what it refuses as well.
    """

    method: str
    path: str
    run: Callable[[Call[Any, Any]], BaseModel | Answer | None]
    summary: str
    scope: Scope | None
    answer: type[BaseModel] | None = None
    query: type[BaseModel] = Nothing
    body: type[BaseModel] | None = None
    uploads: tuple[str, ...] = ()
    status: int = 200
    open: bool = False
    of_patient: bool = False
    only: Callable[[Account], bool] | None = None
    writes: bool | None = None
    current: Callable[[Call[Any, Any]], BaseModel] | None = None
    prepare: Callable[[Ahead[Any, Any]], object] | None = None
    ahead: Callable[[Ahead[Any, Any]], Awaitable[object]] | None = None
    problems: tuple[int, ...] = ()
    files: tuple[str, ...] = ()
    secret: bool = False
    anew: bool = False
    framed: bool = False
    text: str = ""

    @property
    def changes(self) -> bool:
        """Tell whether it runs in a transaction that writes."""
        return self.method != "GET" if self.writes is None else self.writes

    @property
    def needs_body(self) -> bool:
        """Tell whether there has to be a body, where any is read: one that may be all defaults
        need not be sent, nor any with DELETE (RFC 9110 9.3.5).
        """
        fields = self.body.model_fields.values() if self.body is not None else ()
        return self.method != "DELETE" and any(field.is_required() for field in fields)

    @property
    def may_be_repeated(self) -> bool:
        """Tell whether a request may carry an Idempotency-Key."""
        return self.method == "POST" and self.changes

    @property
    def succeeds_with(self) -> int:
        """The status of an answer where nothing else is said."""
        empty = self.answer is None and not self.files
        return 204 if empty and self.status == 200 else self.status

    @property
    def public_path(self) -> str:
        """The path as a description of the API has it."""
        return _IN_PATH.sub(r"{\1}", self.path)

    @property
    def parts(self) -> tuple[tuple[str, str], ...]:
        """The variable parts of the path, with their kinds."""
        return tuple((name, kind or "str") for name, kind in _IN_PATH.findall(self.path))

    @property
    def name(self) -> str:
        """What it is called among the operations: that of its function."""
        return self.run.__name__

    @property
    def tag(self) -> str:
        """The resource it belongs to: that of its module."""
        return self.run.__module__.rpartition(".")[2]
