"""The resources of the API, one file each; none knows another."""

from admin_api.resources import house, me, offers, opening, portal, session, sync

__all__ = ["ENDPOINTS"]

#: Every address, in the order of the description.
ENDPOINTS = (
    *me.ENDPOINTS,
    *session.ENDPOINTS,
    *portal.ENDPOINTS,
    *house.ENDPOINTS,
    *offers.ENDPOINTS,
    *opening.ENDPOINTS,
    *sync.ENDPOINTS,
)
