"""A calendar that is also kept at Google: what is taken there keeps callers away, what is booked here appears there.

Ours is the book; Google's is read when somebody asks for a time, and written behind the booking. While Google cannot be
read, agents book nothing: two people at one time is worse than a call-back.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from datetime import datetime, timedelta
from typing import TypeVar
from uuid import UUID

import structlog
from django.conf import settings
from django.core.signing import BadSignature, TimestampSigner
from django.urls import reverse
from django.utils.timezone import now

from agentos import vault
from agentos.errors import DomainError
from agentos.tenants.models import User
from agentos.tenants.scoping import current_tenant_id
from agents.integrations import google_calendar
from agents.integrations.google_calendar import GoogleApp, GoogleError, GrantEnded, Tokens
from calls.calendar.models import Appointment, Calendar, GoogleLink
from calls.calendar.slots import Span

JUST_NOW = timedelta(minutes=10)
STATE_S = 3600
_signer = TimestampSigner(salt="agentos.calls.calendar.google")
T = TypeVar("T")

log = structlog.get_logger(__name__)


class Unreadable(DomainError):
    """Google does not tell what is taken."""

    def __init__(self) -> None:
        words = "The calendar cannot be read right now, so nothing can be promised. Offer that a person rings back."
        super().__init__("calendar_unreadable", words)


def google_app() -> GoogleApp | None:
    """Our registration; None where this installation has none."""
    if not (settings.GOOGLE_CLIENT_ID and settings.GOOGLE_CLIENT_SECRET):
        return None
    back = f"{settings.PUBLIC_URL}{reverse('calendar_google')}"
    return GoogleApp(settings.GOOGLE_CLIENT_ID, settings.GOOGLE_CLIENT_SECRET, back, settings.GOOGLE_BASE_URL)


def link_of(calendar: Calendar) -> GoogleLink | None:
    found: GoogleLink | None = GoogleLink.objects.filter(calendar_id=calendar.pk).first()
    return found


# Connecting -----------------------------------------------------------------------------------------------


def connect_url(calendar: Calendar, person: User) -> str:
    """Where this person allows it for this calendar, within the hour; empty where that cannot be."""
    app = google_app()
    if app is None:
        return ""
    return google_calendar.consent_url(app, _signer.sign_object([current_tenant_id(), calendar.pk or 0, person.pk]))


def read_state(state: str) -> tuple[int, int, int]:
    """Tenant, calendar (0: the first that is still to be) and person of `connect_url`. Raises LookupError."""
    try:
        tenant_id, calendar_id, person_id = _signer.unsign_object(state, max_age=STATE_S)
    except (BadSignature, ValueError):
        raise LookupError from None
    return tenant_id, calendar_id, person_id


def connect(calendar: Calendar, code: str, person: User) -> GoogleLink:
    """Take the code for tokens, keep them, and send there what is coming. Raises DomainError."""
    app = google_app()
    try:
        if app is None:
            raise GoogleError("not_configured", retryable=False)
        tokens = google_calendar.exchange(app, code, now())
    except GoogleError as error:
        log.warning("google calendar was not connected", calendar_id=calendar.pk, code=error.code)
        raise DomainError("google_refused", "Google did not connect. Please try again.") from error
    link: GoogleLink = GoogleLink.objects.get_or_create(calendar=calendar)[0]
    link.connected_by, link.connected_at, link.ended_at = person, now(), None
    _keep(link, tokens)
    return link


def disconnect(link: GoogleLink) -> None:
    """Forget it, and give the permission back. That Google cannot be reached keeps nobody from leaving."""
    app = google_app()
    try:
        if app is not None and link.ended_at is None:
            google_calendar.revoke(app, _tokens(link))
    except (GoogleError, vault.Unreadable) as error:
        log.warning("a permission was not given back", calendar_id=link.calendar_id, error=type(error).__name__)
    link.delete()


def coming(calendar: Calendar) -> list[UUID]:
    """What is booked from now on: what Google does not know yet when it is connected."""
    booked = Appointment.objects.filter(calendar=calendar, state=Appointment.State.BOOKED, ends_at__gt=now())
    return list(booked.values_list("pk", flat=True))


# Reading and writing --------------------------------------------------------------------------------------


def taken_there(calendar: Calendar, span: Span) -> list[Span]:
    """What Google's calendar holds besides what is ours. Raises Unreadable; nothing where it is not connected."""
    link = link_of(calendar)
    if link is None:
        return []
    try:
        busy = with_token(link, lambda app, access: google_calendar.busy(app, access, span.starts, span.ends))
    except GoogleError as error:
        log.warning("google calendar was not read", calendar_id=calendar.pk, code=error.code)
        raise Unreadable from error
    return without([Span(*each) for each in busy], own(calendar, span))


def mirror(appointment: Appointment) -> None:
    """Make Google's calendar show it as it is now. Repeating it changes nothing. Raises GoogleError."""
    link = link_of(appointment.calendar)
    if link is None or link.ended_at is not None:
        return
    event_id = appointment.pk.hex
    if not appointment.is_booked:
        with_token(link, lambda app, access: google_calendar.delete_event(app, access, event_id))
        return
    about = "\n".join(filter(None, (appointment.reason, appointment.e164)))
    times = (appointment.starts_at, appointment.ends_at)
    event = google_calendar.Event(event_id, *times, summary=appointment.name, description=about)
    with_token(link, lambda app, access: google_calendar.put_event(app, access, event))
    Appointment.objects.filter(pk=appointment.pk).update(at_google=appointment.times)


def without(busy: Iterable[Span], ours: Iterable[Span]) -> list[Span]:
    """Busy time with our own cut out of it: about that, our own book speaks."""
    left = list(busy)
    for cut in ours:
        left = [
            piece
            for each in left
            for piece in ((Span(each.starts, min(each.ends, cut.starts)), Span(max(each.starts, cut.ends), each.ends)))
            if piece.starts < piece.ends
        ]
    return sorted(left)


def own(calendar: Calendar, span: Span) -> list[Span]:
    """What we have put there, and what may still stand there for a moment."""
    ours = Appointment.objects.filter(calendar=calendar, starts_at__lt=span.ends, ends_at__gt=span.starts)
    rows = ours.values_list("starts_at", "ends_at", "canceled_at")
    return [Span(starts, ends) for starts, ends, canceled in rows if not canceled or canceled > now() - JUST_NOW]


def with_token(link: GoogleLink, act: Callable[[GoogleApp, str], T]) -> T:
    """Act with a token that holds; that the permission ended is written down for the page. Raises GoogleError."""
    app = google_app()
    if app is None or link.ended_at is not None:
        raise GoogleError("not_connected", retryable=False)
    try:
        tokens = _tokens(link)
        if tokens.is_over(now()):
            tokens = _renewed(link, app, tokens)
        try:
            return act(app, tokens.access)
        except GoogleError as error:
            if error.code != "401":
                raise
        return act(app, _renewed(link, app, tokens).access)
    except GrantEnded:
        link.ended_at = now()
        link.save(update_fields=["ended_at"])
        raise
    except vault.Unreadable as error:
        raise GoogleError("sealed", retryable=False) from error


def _renewed(link: GoogleLink, app: GoogleApp, tokens: Tokens) -> Tokens:
    fresh = google_calendar.renew(app, tokens, now())
    _keep(link, fresh)
    return fresh


def _keep(link: GoogleLink, tokens: Tokens) -> None:
    body = {"access": tokens.access, "refresh": tokens.refresh, "ends_at": tokens.ends_at.isoformat()}
    link.sealed = vault.seal(json.dumps(body), _place(link))
    link.save()


def _tokens(link: GoogleLink) -> Tokens:
    body = json.loads(vault.unseal(link.sealed, _place(link)))
    return Tokens(body["access"], body["refresh"], datetime.fromisoformat(body["ends_at"]))


def _place(link: GoogleLink) -> str:
    return f"calls_googlelink.sealed:{link.pk}"
