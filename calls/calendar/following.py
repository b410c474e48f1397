"""What people do in Google's calendar with appointments of ours, and what else is taken there, for the page.

An appointment remembers the times that Google was last told. Where Google shows others and ours are still those, a
person moved it there, and ours follows; where ours have changed as well, ours is the book, and Google will be told.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

import structlog
from django.utils.timezone import now

from agentos.jobs import enqueue
from agentos.tenants.log import record
from agents.integrations import google_calendar
from agents.integrations.google_calendar import Change, GoogleError
from calls.calendar import google
from calls.calendar.booking import NotFree, Wish, cancel, move
from calls.calendar.models import Appointment, Calendar, GoogleLink
from calls.calendar.slots import DAY, Span

LONGEST = 60 * DAY  # for which Google tells in one answer what is taken
OVERLAP = timedelta(minutes=2)  # in which changes are read twice, for clocks that differ

log = structlog.get_logger(__name__)


def follow(calendar: Calendar) -> None:
    """Take over what was changed there since it was last looked at. Repeating it changes nothing."""
    link = google.link_of(calendar)
    if link is None or link.ended_at is not None:
        return
    at = now()
    span = Span(at - 7 * DAY, at - 7 * DAY + LONGEST)
    since = max((link.followed_at or link.connected_at) - OVERLAP, at - 7 * DAY)
    try:
        changes = google.with_token(link, lambda app, access: google_calendar.changes(app, access, since))
        taken = google.taken_there(calendar, span)
    except (GoogleError, google.Unreadable) as error:
        log.warning("google calendar was not followed", calendar_id=calendar.pk, error=type(error).__name__)
        return
    for change in changes:
        _follow(calendar, change, at)
    busy = [[each.starts.isoformat(), each.ends.isoformat()] for each in taken]
    GoogleLink.objects.filter(pk=link.pk).update(busy=busy, followed_at=at)


def busy_there(link: GoogleLink | None) -> list[Span]:
    """What else was taken there when it was last looked at."""
    if link is None or link.ended_at is not None:
        return []
    return [Span(datetime.fromisoformat(starts), datetime.fromisoformat(ends)) for starts, ends in link.busy]


def _follow(calendar: Calendar, change: Change, at: datetime) -> None:
    found = Appointment.objects.filter(calendar=calendar, pk=_ours(change.id)).first()
    if found is None or not found.is_booked or found.ends_at < at or found.at_google != found.times:
        return
    if change.is_gone:
        cancel(found)
        record("appointment.followed", "It was removed at Google", subject=f"appointment {found.pk}")
    elif change.starts_at and change.ends_at and (change.starts_at, change.ends_at) != (found.starts_at, found.ends_at):
        _move(found, Wish(change.starts_at, change.ends_at - change.starts_at, by_hand=True))


def _move(appointment: Appointment, wish: Wish) -> None:
    """As people moved it; where our book holds somebody else then, Google's calendar is put right."""
    try:
        move(appointment, wish)
    except NotFree:
        words = "It was moved at Google to a time that is taken, and moved back"
        enqueue("calls.tasks.mirror_appointment", appointment.pk)
    else:
        words = "It was moved at Google"
    record("appointment.followed", words, subject=f"appointment {appointment.pk}")


def _ours(event_id: str) -> UUID | None:
    try:
        return UUID(hex=event_id)
    except ValueError:
        return None
