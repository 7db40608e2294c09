"""The resources of the API, one file each; none knows another."""

from admin_api.resources import availability, booking, me, session, sync

__all__ = ["ENDPOINTS"]

#: Every address, in the order of the description.
ENDPOINTS = (
    *me.ENDPOINTS,
    *session.ENDPOINTS,
    *availability.ENDPOINTS,
    *booking.ENDPOINTS,
    *sync.ENDPOINTS,
)
