"""Copying calendar objects: as putting the same text under another name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from practice.calendar_zone import zone_of
from practice.calendars import Condition, Draft
from practice.errors import ObjectNotFound, TargetExists
from practice.use_cases.objects import Saved, put, refuse_unseen
from practice.use_cases.reading import objects_named, properties_of
from practice.vevent import read

if TYPE_CHECKING:
    from practice.access import Account
    from practice.ports import UnitOfWork
    from practice.profile import Profile
    from practice.views import View

__all__ = ["copy"]


def copy(
    uow: UnitOfWork,
    account: Account,
    source: tuple[View, str],
    target: tuple[View, str],
    *,
    overwrite: bool,
    condition: Condition,
    profile: Profile,
) -> Saved:
    """Copy an object to another name, with the properties clients have set of it.

    The UID stays, and is the identity: a copy in another calendar is held to the rules of putting
    the text there, and one in the same calendar is refused. `condition` is about the source.
    """
    (from_view, from_name), (to_view, to_name) = source, target
    from_calendar, _ = from_view.locate(from_name)
    to_calendar, to_href = to_view.locate(to_name)
    refuse_unseen(from_view, from_calendar)
    refuse_unseen(to_view, to_calendar)
    item = objects_named(uow, from_view, [from_name]).get(from_name)
    if item is None:
        raise ObjectNotFound("There is no such object in the calendar.")
    condition.check(item.etag, item.changed)
    if not overwrite and uow.calendars.head(to_calendar, to_href) is not None:
        raise TargetExists("There is already an object under the new name.")
    zone = zone_of(to_calendar, profile)
    facts = read(item.text, zone=zone, now=uow.now, limits=profile.limits)
    draft = Draft(to_name, item.text, facts)
    saved = put(uow, account, to_view, draft, condition=Condition(), profile=profile)
    kept = properties_of(uow, from_view, [item]).get(item.id, {})
    if kept or not saved.created:
        uow.properties.set_of_object(saved.head.id, kept)
    return saved
