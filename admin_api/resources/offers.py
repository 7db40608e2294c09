"""Setting the practice up: its types of appointments, and what they are grouped by."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from admin_api.endpoint import Call, Endpoint, Form, Nothing, Shown
from admin_api.shapes import Color, Line, Name, Slug
from practice.details import Category
from practice.schedule import AppointmentType
from practice.scopes import Scope
from practice.use_cases.offered import every_type, the_category, the_type
from practice.use_cases.offers import (
    bring_back_type,
    remove_category,
    retire_type,
    save_category,
    save_type,
)

__all__ = ["ENDPOINTS"]

_Minutes = Annotated[int, Field(ge=1, le=1440)]
_Buffer = Annotated[int, Field(ge=0, le=1440)]
_Slugs = Annotated[tuple[Slug, ...], Field(max_length=100)]


class TypeForm(Form):
    """A type of appointment; lengths in minutes. The short name stays."""

    slug: Slug
    name: Name
    name_en: Line = ""
    minutes: _Minutes
    min_minutes: _Minutes | None = Field(None, description="As `minutes`, if nothing is said.")
    max_minutes: _Minutes | None = Field(None, description="As `minutes`, if nothing is said.")
    buffer_before: _Buffer = 0
    buffer_after: _Buffer = 0
    online: bool = Field(False, description="Whether patients may book it.")
    needs_confirmation: bool = Field(False, description="Whether what they book is a request.")
    specialty: Line = Field("", description="One that the doctor must have; empty: any will do.")
    rooms: _Slugs = Field((), description="Rooms that will do, the best first; none: it needs none")
    doctors: _Slugs = Field((), description="Doctors who will do; none: any")
    category: Slug | None = None
    color: Color = ""
    step: _Minutes = Field(5, description="It begins every so many minutes.")


class TypeShown(Shown):
    """A type of appointment; `active` is whether it is booked still."""

    id: int
    slug: str
    name: str
    name_en: str
    minutes: int
    min_minutes: int
    max_minutes: int
    buffer_before: int
    buffer_after: int
    online: bool
    needs_confirmation: bool
    specialty: str
    rooms: list[str]
    doctors: list[str]
    category: str | None
    color: str
    step: int
    active: bool


class TypesShown(Shown):
    """All types, retired ones among them, by short name."""

    items: list[TypeShown]


class CategoryForm(Form):
    """What types are grouped by."""

    slug: Slug
    name: Name
    color: Color = ""


class CategoryShown(Shown):
    """What types are grouped by."""

    id: int
    slug: str
    name: str
    color: str


class CategoriesShown(Shown):
    """All categories, by short name."""

    items: list[CategoryShown]


def list_types(call: Call[Nothing, None]) -> TypesShown:
    """Return all types."""
    return TypesShown(items=[_type(*one) for one in every_type(call.uow)])


def read_type(call: Call[Nothing, Any]) -> TypeShown:
    """Return a type."""
    return _type(*the_type(call.uow, call.path["type_id"]))


def add_type(call: Call[Nothing, TypeForm]) -> TypeShown:
    """Make a type."""
    return _type(save_type(call.uow, _kind(call.body)), active=True)


def put_type(call: Call[Nothing, TypeForm]) -> TypeShown:
    """Change a type; a retired one stays so."""
    saved = save_type(call.uow, _kind(call.body, call.path["type_id"]))
    return _type(*the_type(call.uow, saved.id))


def retire(call: Call[Nothing, None]) -> TypeShown:
    """Have a type booked no more."""
    retire_type(call.uow, call.path["type_id"])
    return read_type(call)


def bring_back(call: Call[Nothing, None]) -> TypeShown:
    """Have a retired type booked again."""
    bring_back_type(call.uow, call.path["type_id"])
    return read_type(call)


def list_categories(call: Call[Nothing, None]) -> CategoriesShown:
    """Return all categories."""
    known = call.uow.house.categories()
    return CategoriesShown(items=[CategoryShown.model_validate(one) for one in known])


def read_category(call: Call[Nothing, Any]) -> CategoryShown:
    """Return a category."""
    return CategoryShown.model_validate(the_category(call.uow, call.path["category_id"]))


def add_category(call: Call[Nothing, CategoryForm]) -> CategoryShown:
    """Make a category."""
    return CategoryShown.model_validate(save_category(call.uow, _category(call.body)))


def put_category(call: Call[Nothing, CategoryForm]) -> CategoryShown:
    """Change a category."""
    category = _category(call.body, call.path["category_id"])
    return CategoryShown.model_validate(save_category(call.uow, category))


def delete_category(call: Call[Nothing, None]) -> None:
    """Remove a category that no type has."""
    remove_category(call.uow, call.path["category_id"])


def _kind(form: TypeForm, type_id: int = 0) -> AppointmentType:
    told = form.model_dump()
    told["category"] = form.category or ""
    for name in ("min_minutes", "max_minutes"):
        told[name] = told[name] or form.minutes
    return AppointmentType(**told, id=type_id)


def _type(kind: AppointmentType, active: bool) -> TypeShown:
    told = {name: getattr(kind, name) for name in TypeShown.model_fields if name != "active"}
    told |= {"category": kind.category or None, "active": active}
    return TypeShown(**told)


def _category(form: CategoryForm, category_id: int = 0) -> Category:
    return Category(form.slug, form.name, form.color, category_id)


_SETTINGS = Scope.SETTINGS
_TYPES, _CATEGORIES = "/api/settings/types", "/api/settings/categories"
_TYPE, _CATEGORY = f"{_TYPES}/{{type_id:id}}", f"{_CATEGORIES}/{{category_id:id}}"
ENDPOINTS = (
    Endpoint("GET", _TYPES, list_types, "The types of appointments", _SETTINGS, TypesShown),
    Endpoint(
        "POST",
        _TYPES,
        add_type,
        "Make a type of appointment",
        _SETTINGS,
        TypeShown,
        body=TypeForm,
        status=201,
        problems=(409,),
    ),
    Endpoint("GET", _TYPE, read_type, "One type of appointment", _SETTINGS, TypeShown),
    Endpoint(
        "PUT",
        _TYPE,
        put_type,
        "Change a type of appointment",
        _SETTINGS,
        TypeShown,
        body=TypeForm,
        current=read_type,
    ),
    Endpoint(
        "POST",
        f"{_TYPE}/retire",
        retire,
        "Have a type booked no more",
        _SETTINGS,
        TypeShown,
        text="Appointments that have it keep it.",
    ),
    Endpoint(
        "POST",
        f"{_TYPE}/bring-back",
        bring_back,
        "Have a retired type booked again",
        _SETTINGS,
        TypeShown,
    ),
    Endpoint("GET", _CATEGORIES, list_categories, "The categories", _SETTINGS, CategoriesShown),
    Endpoint(
        "POST",
        _CATEGORIES,
        add_category,
        "Make a category",
        _SETTINGS,
        CategoryShown,
        body=CategoryForm,
        status=201,
        problems=(409,),
    ),
    Endpoint("GET", _CATEGORY, read_category, "One category", _SETTINGS, CategoryShown),
    Endpoint(
        "PUT",
        _CATEGORY,
        put_category,
        "Change a category",
        _SETTINGS,
        CategoryShown,
        body=CategoryForm,
        current=read_category,
        problems=(409,),
    ),
    Endpoint(
        "DELETE",
        _CATEGORY,
        delete_category,
        "Remove a category that no type has",
        _SETTINGS,
        problems=(409,),
    ),
)
