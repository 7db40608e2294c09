"""The resources of the API, one file each; none knows another."""

from admin_api.resources import (
    imports,
    me,
    patient_bookings,
    patient_rights,
    patients,
    session,
    sync,
)

__all__ = ["ENDPOINTS"]

#: Every address, in the order of the description.
ENDPOINTS = (
    *me.ENDPOINTS,
    *session.ENDPOINTS,
    *patients.ENDPOINTS,
    *patient_bookings.ENDPOINTS,
    *patient_rights.ENDPOINTS,
    *imports.ENDPOINTS,
    *sync.ENDPOINTS,
)
