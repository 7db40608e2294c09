"""The resources of the API, one file each; none knows another."""

from admin_api.resources import (
    accounts,
    audit,
    availability,
    booking,
    conflicts,
    credentials,
    dashboard,
    feeds,
    house,
    imports,
    letters,
    me,
    offers,
    opening,
    patient_bookings,
    patient_rights,
    patients,
    portal,
    quarantine,
    session,
    sync,
    undo,
)

__all__ = ["ENDPOINTS"]

#: Every address, in the order of the description.
ENDPOINTS = (
    *me.ENDPOINTS,
    *session.ENDPOINTS,
    *dashboard.ENDPOINTS,
    *patients.ENDPOINTS,
    *patient_bookings.ENDPOINTS,
    *patient_rights.ENDPOINTS,
    *imports.ENDPOINTS,
    *availability.ENDPOINTS,
    *booking.ENDPOINTS,
    *portal.ENDPOINTS,
    *sync.ENDPOINTS,
    *letters.ENDPOINTS,
    *conflicts.ENDPOINTS,
    *quarantine.ENDPOINTS,
    *house.ENDPOINTS,
    *offers.ENDPOINTS,
    *opening.ENDPOINTS,
    *accounts.ENDPOINTS,
    *credentials.ENDPOINTS,
    *feeds.ENDPOINTS,
    *audit.ENDPOINTS,
    *undo.ENDPOINTS,
)
