"""The pages: what staff, administrators and patients see; a module and a template for each.

Not here: how they are answered (`admin_api.door`), nor rules: what pages change, they change by the
API.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from admin_api.pages import (
    account,
    booking,
    dashboard,
    day_view,
    imports,
    own,
    patient,
    patients,
    settings,
    settings_access,
    settings_connections,
    settings_house,
    settings_offers,
    settings_trail,
    sign_in,
    sign_in_elsewhere,
)
from admin_api.pages.page import endpoint_of

if TYPE_CHECKING:
    from admin_api.endpoint import Endpoint

__all__ = ["ENDPOINTS"]

_PAGES = (
    *sign_in.PAGES,
    *dashboard.PAGES,
    *account.PAGES,
    *day_view.PAGES,
    *patients.PAGES,
    *patient.PAGES,
    *imports.PAGES,
    *settings.PAGES,
    *settings_house.PAGES,
    *settings_offers.PAGES,
    *settings_connections.PAGES,
    *settings_access.PAGES,
    *settings_trail.PAGES,
    *own.PAGES,
    *booking.PAGES,
)
#: Everything that pages are made of.
ENDPOINTS: tuple[Endpoint, ...] = (
    *map(endpoint_of, _PAGES),
    *sign_in.ENDPOINTS,
    *sign_in_elsewhere.ENDPOINTS,
)
