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
    imports,
    letters,
    me,
    patient_bookings,
    patient_rights,
    patients,
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
    *sync.ENDPOINTS,
    *letters.ENDPOINTS,
    *conflicts.ENDPOINTS,
    *quarantine.ENDPOINTS,
    *accounts.ENDPOINTS,
    *credentials.ENDPOINTS,
    *feeds.ENDPOINTS,
    *audit.ENDPOINTS,
    *undo.ENDPOINTS,
)
