"""The resources of the API, one file each; none knows another."""

from admin_api.resources import (
    accounts,
    audit,
    conflicts,
    credentials,
    dashboard,
    feeds,
    letters,
    me,
    quarantine,
    session,
    undo,
)

__all__ = ["ENDPOINTS"]

#: Every address, in the order of the description.
ENDPOINTS = (
    *me.ENDPOINTS,
    *session.ENDPOINTS,
    *dashboard.ENDPOINTS,
    *accounts.ENDPOINTS,
    *credentials.ENDPOINTS,
    *feeds.ENDPOINTS,
    *audit.ENDPOINTS,
    *undo.ENDPOINTS,
    *letters.ENDPOINTS,
    *conflicts.ENDPOINTS,
    *quarantine.ENDPOINTS,
)
