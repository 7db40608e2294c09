"""The figures of the overview as plots, each with the same figures in words for its table."""

from __future__ import annotations

from typing import TYPE_CHECKING

from babel.dates import format_date
from babel.numbers import format_percent

from admin_api.pages.plots import columns, rows

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from practice.accounts import Doctor
    from practice.overview import Overview

__all__ = ["figures"]

_LOCALES = {"de": "de_DE", "en": "en_GB"}
_HUNDRED = 100


def figures(found: Overview, doctors: Mapping[int, Doctor], language: str) -> dict[str, object]:
    """Return the plots of weeks, no-shows and load, and what their tables say; None is a plot of
    nothing.
    """
    locale = _LOCALES[language]
    return {**_weeks(found), **_months(found, locale), **_load(found, doctors, locale)}


def _weeks(found: Overview) -> dict[str, object]:
    weeks = [(one.monday, _number(one.monday), one.appointments) for one in found.weeks]
    plot = columns(
        [float(count) for *_, count in weeks],
        [str(number) for _, number, _ in weeks],
        [str(count) for *_, count in weeks],
    )
    return {"weeks": weeks, "weeks_plot": plot if any(count for *_, count in weeks) else None}


def _months(found: Overview, locale: str) -> dict[str, object]:
    told = [_rate(one.rate, locale) for one in found.no_shows]
    plot = columns(
        [None if one.rate is None else one.rate * _HUNDRED for one in found.no_shows],
        [format_date(one.first, "LLL", locale)[:3] for one in found.no_shows],
        told,
        " %",
    )
    months = [
        (format_date(one.first, "LLLL y", locale), one.appointments, one.no_shows, rate)
        for one, rate in zip(found.no_shows, told, strict=True)
    ]
    return {
        "months": months,
        "months_plot": plot if any(one.no_shows for one in found.no_shows) else None,
        "has_months": any(one.appointments for one in found.no_shows),
    }


def _load(found: Overview, doctors: Mapping[int, Doctor], locale: str) -> dict[str, object]:
    mondays = sorted({one.monday for one in found.load})
    rates = {(one.doctor_id, one.monday): one.rate for one in found.load}
    this_week = found.weeks[-1].monday
    now = [(doctor.name, rates.get((doctor.id, this_week))) for doctor in doctors.values()]
    plot = rows(
        [rate for _, rate in now],
        [name for name, _ in now],
        [_rate(rate, locale) for _, rate in now],
    )
    table = [
        (doctor.name, [_rate(rates.get((doctor.id, monday)), locale) for monday in mondays])
        for doctor in doctors.values()
    ]
    return {
        "load_weeks": [(monday, _number(monday)) for monday in mondays],
        "load": table,
        "load_plot": plot if now else None,
    }


def _number(monday: date) -> int:
    return monday.isocalendar().week


def _rate(rate: float | None, locale: str) -> str:
    return "–" if rate is None else str(format_percent(rate, locale=locale))
