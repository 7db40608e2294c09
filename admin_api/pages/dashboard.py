"""The overview: how the practice stands."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from admin_api.endpoint import Call, Form
from admin_api.pages.page import Page
from practice.scopes import Scope

__all__ = ["PAGES"]


class Asked(Form):
    """Which day is looked at, as YYYY-MM-DD; today, if none is told."""

    tag: Annotated[str, Field(pattern=r"^(\d{4}-\d{2}-\d{2})?$")] = ""


def show(call: Call[Asked, None]) -> dict[str, object]:
    """Return how the practice stands."""
    del call
    return {}


PAGES = (Page("/admin", "dashboard.html", show, Scope.DASHBOARD, query=Asked),)
