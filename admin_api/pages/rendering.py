"""Templates filled in: in the language of whoever reads them, times as the practice's clock has
them, and nothing that anybody wrote taken for markup.
"""

from __future__ import annotations

import tomllib
from datetime import date, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from babel.dates import format_date, format_time, format_timedelta
from jinja2 import Environment, FileSystemLoader, StrictUndefined, pass_context
from markupsafe import Markup

from admin_api.cookies import LANGUAGES, language_of
from admin_api.pages.assets import address_of
from practice.scopes import Scope
from practice.use_cases.sessions import proof_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jinja2.runtime import Context
    from starlette.requests import Request

    from admin_api.endpoint import Call

__all__ = ["rendered", "texts_of", "unturned"]

_HERE = Path(__file__).parent
_MINUTE = 60
_LOCALES = {"de": "de_DE", "en": "en_GB"}
_TURNS = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)))
#: The places of the staff: address, name of the text, and what one has to be allowed for it.
_PLACES = (
    ("/admin", "overview", Scope.DASHBOARD),
    ("/admin/kalender", "calendar", Scope.VIEW_CALENDAR),
    ("/admin/patienten", "patients", Scope.READ_PATIENTS),
    ("/admin/import", "imports", Scope.IMPORTS),
    ("/admin/einstellungen", "settings", Scope.SETTINGS),
)


@cache
def texts_of(name: str, language: str) -> Mapping[str, Any]:
    """Return the texts of a page (texts/NAME.toml) in a language."""
    told = tomllib.loads((_HERE / "texts" / f"{name}.toml").read_text("utf-8"))
    texts: Mapping[str, Any] = told[language]
    return texts


def unturned(text: str) -> str:
    """Return a text without what turns the letters after it; right-to-left names stay so."""
    return text.translate(_TURNS)


def rendered(
    template: str,
    call: Call[Any, Any] | None,
    told: Mapping[str, object],
    *,
    request: Request | None = None,
) -> str:
    """Return a page: its template with what is told, and with what every page has."""
    language = call.language if call else language_of(request) if request else LANGUAGES[0]
    path = call.address if call else request.url.path if request else "/"
    scopes: frozenset[Scope] = call.scopes if call else frozenset()
    every = {
        "t": texts_of(template.removesuffix(".html"), language),
        "c": texts_of("common", language),
        "language": language,
        "path": path,
        "places": [(at, name) for at, name, scope in _PLACES if scope in scopes],
        "scopes": {str(scope) for scope in scopes},
        "account": call.account if call else None,
        "is_patient": bool(call and call.patient_id),
        "csrf": proof_of(call.session) if call and call.session else "",
        "who": _who(call) if call else "",
        "practice": call.services.profile.name if call else "",
        "zone": call.services.profile.zone if call else None,
        "now": call.now if call else None,
    }
    return _templates().get_template(template).render({**every, **told})


def _who(call: Call[Any, Any]) -> str:
    """Return by what a page knows its reader again; "" for nobody."""
    if call.patient_id is not None:
        return f"patient {call.patient_id}"
    return f"account {call.account.id}" if call.account else ""


@cache
def _templates() -> Environment:
    jinja = Environment(
        loader=FileSystemLoader(_HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    # Fields in the order of the API: a script compares what it was told with what it is told now.
    jinja.policies["json.dumps_kwargs"] = {"sort_keys": False}
    jinja.globals["asset"] = address_of
    jinja.globals["icon"] = _icon
    jinja.filters |= {"day": _day, "short_day": _short_day, "time": _time, "moment": _moment}
    jinja.filters |= {"ago": _ago, "iso_day": _iso_day, "hour": _hour}
    return jinja


@cache
def _icon(name: str) -> Markup:
    """Return a picture of icons.svg; it says nothing that the words beside it do not."""
    return Markup(
        '<svg class="icon" aria-hidden="true" focusable="false"><use href="{}#{}"></use></svg>'
    ).format(address_of("icons.svg"), name)


def _locale(context: Context) -> str:
    return _LOCALES[context["language"]]


def _local(context: Context, moment: datetime) -> datetime:
    return moment.astimezone(context["zone"])


@pass_context
def _day(context: Context, day: date) -> str:
    """Return a day, of the practice's clock, with its weekday: Mo., 23. Nov. 2026."""
    return format_date(
        _of_day(context, day),
        "EEE, d. MMM y" if _is_german(context) else "EEE d MMM y",
        locale=_locale(context),
    )


@pass_context
def _short_day(context: Context, day: date) -> str:
    """Return a day as numbers: 23.11.2026, or 23/11/2026."""
    return format_date(
        _of_day(context, day),
        "dd.MM.y" if _is_german(context) else "dd/MM/y",
        locale=_locale(context),
    )


@pass_context
def _time(context: Context, moment: datetime) -> str:
    """Return a time of the practice's clock: 14:30."""
    return format_time(_local(context, moment), "HH:mm", locale=_locale(context))


@pass_context
def _moment(context: Context, moment: datetime) -> str:
    """Return day and time: Mo., 23. Nov. 2026, 14:30."""
    return f"{_day(context, moment)}, {_time(context, moment)}"


@pass_context
def _hour(context: Context, moment: datetime) -> str:
    """Return day and hour of what is known to the hour: Mo., 23. Nov. 2026, gegen 14 Uhr."""
    day, hour = _day(context, moment), _local(context, moment).hour
    return str(context["c"]["at_hour"]).format(day=day, hour=hour)


@pass_context
def _iso_day(context: Context, moment: datetime) -> str:
    """Return the day of the practice's clock as addresses have it: 2026-11-23."""
    return _local(context, moment).date().isoformat()


@pass_context
def _ago(context: Context, moment: datetime) -> str:
    """Return how long ago something was: vor 3 Minuten."""
    past = context["now"] - moment
    if past.total_seconds() < _MINUTE:
        return str(context["c"]["just_now"])
    return format_timedelta(-past, add_direction=True, locale=_locale(context))


def _of_day(context: Context, day: date) -> date:
    return _local(context, day).date() if isinstance(day, datetime) else day


def _is_german(context: Context) -> bool:
    return bool(context["language"] == "de")
