"""Requests about people and rights, whatever address they are sent to.

Reports on principals and expand-property (RFC 3744 9, RFC 3253 3.8), the scheduling boxes
(RFC 6638), and ACL, which changes nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from caldav_server.addresses import HOME, MOUNT
from caldav_server.errors import Answer, BadRequest, Refusal, need_privilege
from caldav_server.finding import found_at
from caldav_server.reports.expansion import expand_property, tags_within
from caldav_server.reports.principals import PRINCIPAL_REPORTS, principal_report
from caldav_server.resources import InboxResource, ObjectResource, OutboxResource, Resource
from caldav_server.scheduling import inbox_report, schedule_response
from caldav_server.xml import DAV, XML_TYPE
from practice.errors import NotFound

if TYPE_CHECKING:
    from xml.etree.ElementTree import Element

    from caldav_server.scope import Scope
    from practice.profile import Profile

__all__ = ["People"]

_EXPANSION = DAV + "expand-property"
#: What is at a path, and with True what is right below it; with the properties asked for.
Resources = Callable[[str, bool, list[str]], Iterator[tuple[str, Resource]]]


class People:
    """Answers for the account that asks, about itself and others."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile

    @staticmethod
    def answers(root: Element) -> bool:
        """Tell whether a report is one of these."""
        return root.tag in PRINCIPAL_REPORTS or root.tag == _EXPANSION

    def report(
        self,
        scope: Scope,
        environ: dict[str, Any],
        path: str,
        root: Element,
        resources: Resources,
    ) -> Answer:
        """Answer a report that every resource, or every collection, takes."""
        if environ.get("HTTP_DEPTH", "0").strip() != "0":
            raise BadRequest("This report is run with Depth 0.")
        tags = tags_within(root)
        ((address, resource),) = resources(path, False, tags)
        if root.tag == _EXPANSION:

            def linked(link: str) -> Resource | None:
                return _linked(link, lambda path: resources(path, False, tags))

            return 207, XML_TYPE, expand_property(address, resource, root, linked)
        if isinstance(resource, ObjectResource) and root.tag != DAV + "acl-principal-prop-set":
            raise Refusal(403, "This report is run on collections.", "<supported-report/>")
        told = principal_report(
            scope,
            self._profile,
            (address, resource),
            root,
            lambda: resources(path, True, tags),
        )
        # This one is an answer by itself (RFC 3744 9.5).
        return 200 if root.tag == DAV + "principal-search-property-set" else 207, XML_TYPE, told

    def report_of_box(self, scope: Scope, path: str, root: Element) -> Answer:
        """Answer a report on what is no calendar: the inbox, which clients sync as one."""
        bare = path.strip("/")
        found = found_at(scope, self._profile, bare) if bare not in {"", HOME} else None
        if found is None or not isinstance(found[1], InboxResource):
            raise Refusal(403, "This report is not supported here.", "<supported-report/>")
        return 207, XML_TYPE, inbox_report(root)

    def post(
        self, scope: Scope, environ: dict[str, Any], path: str, resources: Resources
    ) -> Answer:
        """Answer POST at one's own outbox: when others are busy (RFC 6638 5)."""
        ((_, resource),) = resources(path, False, [])
        if not isinstance(resource, OutboxResource):
            raise Refusal(405, "Only an outbox takes a POST.")
        return 200, XML_TYPE, schedule_response(scope, environ, self._profile)

    def acl(self, path: str, resources: Resources) -> Answer:
        """Refuse ACL (RFC 3744 8.1): who may do what is set by administrators, elsewhere."""
        ((address, _),) = resources(path, False, [])
        sentence = "Rights are given by the practice's administrator, not over WebDAV."
        raise need_privilege(address, "write-acl", sentence)


def _linked(link: str, at: Callable[[str], Iterator[tuple[str, Resource]]]) -> Resource | None:
    """Return what an href of an answer of ours leads to, None for nothing of this server."""
    if not link.startswith(MOUNT + "/"):
        return None
    try:
        ((_, resource),) = at(unquote(link.removeprefix(MOUNT)))
    except NotFound:
        return None
    return resource
