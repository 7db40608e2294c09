"""Settings: types of appointments, categories, the rules of booking."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from admin_api.pages.page import Page
from admin_api.pages.settings import HOME, framed, version_of
from admin_api.pages.settings_house import WhichOne
from admin_api.resources.offers import CategoryShown, list_types
from admin_api.resources.opening import read_rules
from practice.details import Category
from practice.errors import OfferNotFound
from practice.scopes import Scope
from practice.use_cases.offered import the_category

if TYPE_CHECKING:
    from admin_api.endpoint import Call

__all__ = ["PAGES"]

#: Names of colours in CSS3 that can be told apart on white and on black.
COLORS = (
    "steelblue",
    "royalblue",
    "teal",
    "mediumseagreen",
    "olivedrab",
    "goldenrod",
    "darkorange",
    "tomato",
    "crimson",
    "orchid",
    "mediumpurple",
    "slategray",
)


def show_types(call: Call[Any, Any]) -> dict[str, object]:
    """Return the types, and the one that is changed."""
    house = call.uow.house
    types, doctors = list_types(call).items, house.doctors()
    told: dict[str, object] = {
        "types": [one for one in types if one.active],
        "retired": [one for one in types if not one.active],
        "categories": house.categories(),
        "doctors": doctors,
        "doctor_names": {one.slug: one.name for one in doctors},
        "rooms": house.rooms(),
        "colors": COLORS,
    }
    if nr := call.query.nr:
        found = next((one for one in types if nr == str(one.id)), None)
        if nr != "neu" and found is None:
            raise OfferNotFound("There is no such appointment type.")
        told |= {"type": found, "etag": version_of(call, found) if found else ""}
    return framed(call, "terminarten", told)


def show_categories(call: Call[WhichOne, Any]) -> dict[str, object]:
    """Return the categories, and the one that is changed."""
    told: dict[str, object] = {"categories": call.uow.house.categories(), "colors": COLORS}
    if nr := call.query.nr:
        category = Category("", "", "")
        if nr != "neu":
            category = the_category(call.uow, int(nr))
            told["etag"] = version_of(call, CategoryShown.model_validate(category))
        told["category"] = category
    return framed(call, "kategorien", told)


def show_rules(call: Call[Any, Any]) -> dict[str, object]:
    """Return the rules of booking."""
    rules = read_rules(call)
    return framed(call, "regeln", {"rules": rules, "etag": version_of(call, rules)})


_S, _HTML = Scope.SETTINGS, "settings_offers.html"
PAGES = (
    Page(f"{HOME}/terminarten", _HTML, show_types, _S, query=WhichOne),
    Page(f"{HOME}/kategorien", _HTML, show_categories, _S, query=WhichOne),
    Page(f"{HOME}/regeln", _HTML, show_rules, _S),
)
