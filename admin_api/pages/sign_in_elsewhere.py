"""Signing in of staff at an identity provider: there, back again, and out of there.

The provider sends people back from its own website, and browsers leave out the cookie of a session
(SameSite=Strict) as long as one address of another website leads to the next. So who has signed in
is answered with a page, and that one goes on. Not here: what the provider is asked
(`admin_api.services.Elsewhere`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import ConfigDict, Field

from admin_api.cookies import ATTEMPT, attempting, remembering
from admin_api.endpoint import Answer, Endpoint, Form
from admin_api.pages.page import own_address, shown
from admin_api.pages.sign_in import Onward
from admin_api.problems import Refusal
from practice.errors import IdentityProviderUnavailable
from practice.identity import LIFE, Attempt, Vouched, WhyNot
from practice.use_cases.sign_in_elsewhere import (
    begin_attempt,
    come_back,
    kept_of,
    sign_in_vouched,
)

if TYPE_CHECKING:
    from admin_api.endpoint import Ahead, Call, Nothing
    from admin_api.services import Elsewhere, Services

__all__ = ["BACK", "ENDPOINTS", "THERE"]

THERE = "/anmelden/extern"
BACK = f"{THERE}/zurueck"
_HOME = "/admin"
_TEMPLATE = "sign_in_elsewhere.html"
_STATUS = {WhyNot.OVER: 400, WhyNot.SETUP: 503, WhyNot.AWAY: 503}
#: Seconds after which it may be tried again; a provider that failed is left alone for ten of them.
_WAITS = {WhyNot.SETUP: "60", WhyNot.AWAY: "12"}
_Told = Annotated[str, Field(max_length=8192)]


class Returned(Form):
    """What a provider sends along. Some tell more than anybody asked them."""

    model_config = ConfigDict(extra="ignore")

    state: _Told = ""
    code: _Told = ""
    iss: _Told = ""
    error: _Told = ""


@dataclass(frozen=True, slots=True)
class _Departure:
    """Where to send the browser, and what it keeps meanwhile."""

    address: str
    attempt: Attempt


@dataclass(frozen=True, slots=True)
class _Return:
    """Who came back: whom the provider means, or why nobody is signed in."""

    told: Vouched | WhyNot
    attempt: Attempt | None


async def _depart(asked: Ahead[Onward, None]) -> _Departure | WhyNot | None:
    if asked.account is not None:
        return None
    attempt = begin_attempt(asked.now, own_address(asked.query.zu, _HOME), _HOME)
    try:
        return _Departure(await _elsewhere(asked.services).way_there(attempt), attempt)
    except IdentityProviderUnavailable:
        return WhyNot.AWAY


def sign_in_elsewhere(call: Call[Onward, _Departure | WhyNot | None]) -> Answer:
    """Send the browser to the provider; who has signed in goes on."""
    onward = own_address(call.query.zu, _HOME)
    if call.body is None:
        return Answer(status=303, headers={"Location": onward})
    if isinstance(call.body, WhyNot):
        return _told(call, call.body, onward)
    kept = attempting(kept_of(call.body.attempt), int(LIFE.total_seconds()))
    return Answer(status=303, headers={"Location": call.body.address}, cookies=(kept,))


async def _return(asked: Ahead[Returned, None]) -> _Return:
    told, elsewhere = asked.query, _elsewhere(asked.services)
    attempt = come_back(asked.cookies.get(ATTEMPT, ""), told.state, asked.now)
    if attempt is None:  # nothing that came along is worth asking about
        return _Return(WhyNot.OVER, None)
    brought = {"code": told.code, "iss": told.iss, "error": told.error}
    try:
        return _Return(await elsewhere.vouch(attempt, brought), attempt)
    except IdentityProviderUnavailable:
        return _Return(WhyNot.AWAY, attempt)


def come_back_from_elsewhere(call: Call[Returned, _Return]) -> Answer:
    """Begin a session of the account that the provider means, or say why not."""
    attempt, told = call.body.attempt, call.body.told
    if attempt is None or isinstance(told, WhyNot):
        onward = attempt.onward if attempt else _HOME
        return _told(call, told if isinstance(told, WhyNot) else WhyNot.OVER, onward)
    begun = sign_in_vouched(call.uow, attempt, told, network=call.network, session=call.session)
    if isinstance(begun, WhyNot):
        return _told(call, begun, attempt.onward)
    more = {"why": "", "onward": attempt.onward, "provider": _elsewhere(call.services).name}
    return shown(_TEMPLATE, call, more, headers=remembering(begun), cookies=(attempting("", 0),))


async def _leave(asked: Ahead[Nothing, None]) -> str | WhyNot:
    try:
        return await _elsewhere(asked.services).way_out()
    except IdentityProviderUnavailable:
        return WhyNot.AWAY


def sign_out_elsewhere(call: Call[Nothing, str | WhyNot]) -> Answer:
    """Send the browser to where one signs out of the provider, if it says where that is."""
    if isinstance(call.body, WhyNot):
        return _told(call, call.body, _HOME)
    if not call.body:
        more = {"why": "no_way_out", "onward": "", "provider": _elsewhere(call.services).name}
        return shown(_TEMPLATE, call, more)
    return Answer(status=303, headers={"Location": call.body})


def _elsewhere(services: Services) -> Elsewhere:
    if services.elsewhere is None:
        raise Refusal(404, "Nobody signs in elsewhere.")
    return services.elsewhere


def _told(call: Call[Any, Any], why: WhyNot, onward: str) -> Answer:
    """Return the page that says why nobody is signed in, and what to do. The attempt is over."""
    more = {"why": str(why), "onward": onward, "provider": _elsewhere(call.services).name}
    waits = {"Retry-After": _WAITS[why]} if why in _WAITS else {}
    status, forgotten = _STATUS.get(why, 403), attempting("", 0)
    return shown(_TEMPLATE, call, more, status=status, headers=waits, cookies=(forgotten,))


ENDPOINTS = (
    Endpoint(
        "GET",
        THERE,
        sign_in_elsewhere,
        "Sign in at the identity provider",
        None,
        query=Onward,
        open=True,
        files=("text/html",),
        ahead=_depart,
    ),
    Endpoint(
        "GET",
        BACK,
        come_back_from_elsewhere,
        "Come back from the identity provider",
        None,
        query=Returned,
        open=True,
        files=("text/html",),
        ahead=_return,
        writes=True,
    ),
    Endpoint(
        "GET",
        f"{THERE}/abmelden",
        sign_out_elsewhere,
        "Sign out of the identity provider",
        None,
        open=True,
        files=("text/html",),
        ahead=_leave,
    ),
)
