"""The public holidays of the German Bundesländer.

Not here: school holidays, and days that only some places of a Land keep; for those a practice
enters an exception (`HoursException`).
"""

from __future__ import annotations

from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING

from practice.errors import Invalid

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import date

    from practice.schedule.records import BookingRules

__all__ = ["LANDS", "closed_days", "holidays_between"]

#: The codes of the Bundesländer (ISO 3166-2:DE).
LANDS = (
    *("BB", "BE", "BW", "BY", "HB", "HE", "HH", "MV"),
    *("NI", "NW", "RP", "SH", "SL", "SN", "ST", "TH"),
)


@lru_cache(maxsize=256)
def closed_days(land: str, year: int) -> Mapping[date, str]:
    """Return the public holidays of a year with their German names, in order.

    `land` is a code such as "NI", or empty for the holidays that all have in common. Raises
    Invalid for any other. Only the years 1991 to 2100 have any.
    """
    if land and land not in LANDS:
        raise Invalid(f"'{land}' is no Bundesland; there are {', '.join(LANDS)}.")
    # It loads the calendars of all countries, which nobody needs who only serves appointments.
    from holidays import country_holidays  # noqa: PLC0415

    # The language is named, or the process's environment would choose it.
    found = country_holidays("DE", subdiv=land or None, years=year, language="de")
    return MappingProxyType(dict(sorted(found.items())))


def holidays_between(rules: BookingRules, day_from: date, day_until: date) -> Mapping[date, str]:
    """Return the holidays on which the practice is closed, from `day_from` to before `day_until`.

    Empty if it does not close on holidays. Raises Invalid for an unknown Land.
    """
    if not rules.holidays_closed:
        return {}
    return {
        day: name
        for year in range(day_from.year, day_until.year + 1)
        for day, name in closed_days(rules.land, year).items()
        if day_from <= day < day_until
    }
