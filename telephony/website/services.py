"""Buttons on websites: made, changed, switched off, given a new key; and the calls that they open."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from django.utils import timezone
from django.utils.timezone import now

from agentos.draining import drain
from agentos.errors import DomainError
from agentos.tenants.log import record
from agentos.tenants.models import PublicRoute
from agentos.tenants.scoping import tenant_transaction
from agents.languages import LAST
from agents.models import Agent
from calls.models import Call
from calls.platform_sentences import platform_sentences
from calls.runtime import CallClaims
from calls.services import NewCall, open_call
from telephony.website import limits
from telephony.website.models import WebCall, Widget

MOST_WIDGETS = 20
LOG = "website"
# The carrier's id of a call that no carrier takes part in; tokens of other calls in a browser have none like it.
WEB = "web:"


class UnknownWidget(LookupError):
    """There is no such button, or not any more."""


class Declined(Exception):
    """The call is not opened. `sentence` is for the visitor, and `telephone` what they can do instead."""

    def __init__(self, code: str, language: str, telephone: str) -> None:
        super().__init__(code)
        sentences = platform_sentences(language)
        self.code, self.telephone = code, telephone
        self.sentence: str = getattr(sentences, code, sentences.suspended)


@contextmanager
def entered(key: UUID) -> Iterator[Widget]:
    """Inside the tenant whose button has this key, and in its zone. Raises UnknownWidget."""
    route = PublicRoute.objects.select_related("tenant").filter(pk=key).first()
    if route is None:
        raise UnknownWidget
    with timezone.override(route.tenant.zone), tenant_transaction(route.tenant):
        widget = Widget.objects.select_related("agent__published").filter(key=key, removed_at=None).first()
        if widget is None:
            raise UnknownWidget
        yield widget


@dataclass(frozen=True, slots=True)
class Opened:
    """A call from a website that waits for its socket."""

    call: Call
    claims: CallClaims


def open_web_call(key: UUID, *, site: str, address: str) -> Opened:
    """Open a call from a page of `site`, for a visitor at `address`. Raises UnknownWidget and Declined."""
    with entered(key) as widget:
        version = widget.agent.published
        language = version.language if version else LAST
        try:
            return _open(widget, site, address)
        except DomainError as error:
            raise Declined(error.code, language, widget.telephone) from error


def _open(widget: Widget, site: str, address: str) -> Opened:
    Widget.objects.select_for_update().get(pk=widget.pk)  # so that a limit is counted by one call at a time
    version = widget.agent.published
    if drain.begun:
        raise DomainError("draining", "This server is about to restart.")
    if not widget.is_on:
        raise DomainError("off", "This button is switched off.")
    if version is None or widget.agent.archived_at is not None:
        raise DomainError("unpublished", "Nobody answers this button yet.")
    limits.insist(widget)
    limits.insist_on_visitor(widget, address)
    new = NewCall(
        call_id=uuid4(),
        agent_id=widget.agent_id,
        version_id=version.pk,
        channel=Call.Channel.WEB,
        direction=Call.Direction.INBOUND,
        from_number="",
        to_number="",
        carrier_sid=None,
        created_at=now(),
        origin=site,
    )
    call = open_call(widget.tenant_id, new)
    WebCall.objects.create(call=call, widget=widget)
    limits.count(widget, address)
    sid, most_s = f"{WEB}{call.pk}", widget.minutes * 60
    return Opened(call, CallClaims(call.pk, widget.agent_id, widget.tenant_id, 1, sid, most_s=most_s))


# What people do with them; each inside the tenant ----------------------------------------------------------


def make(**fields: Any) -> Widget:
    """A button, with a key of its own. Raises DomainError."""
    if Widget.objects.filter(removed_at=None).count() >= MOST_WIDGETS:
        raise DomainError("too_many", f"A business may have {MOST_WIDGETS} buttons. Remove one first.")
    widget = Widget(**fields)
    _insist_on_agent(widget)
    widget.save()
    PublicRoute.objects.create(id=widget.key, tenant_id=widget.tenant_id)
    record("widget.made", f"Put {widget.agent} on {_sites(widget)}", subject=LOG, button=_told(widget))
    return widget


def change(widget: Widget, **fields: Any) -> None:
    """Take other settings; calls in progress go on. Raises DomainError."""
    changed = [name for name, value in fields.items() if getattr(widget, name) != value]
    if not changed:
        return
    before = _told(widget)
    for name in changed:
        setattr(widget, name, fields[name])
    _insist_on_agent(widget)
    widget.save(update_fields=changed)
    record("widget.changed", f"Changed the button {widget}", subject=LOG, before=before, after=_told(widget))


def switch(widget: Widget, *, on: bool) -> None:
    """Let the button bring calls, or none until further notice. Repeating it changes nothing."""
    if on != widget.is_on:
        widget.off_at = None if on else now()
        widget.save(update_fields=["off_at"])
        words = "Switched on" if on else "Switched off"
        record("widget.switched", f"{words} the button {widget}", subject=LOG, on=on, button=_told(widget))


def renew_key(widget: Widget) -> None:
    """A new key: pages that carry the old one show nothing from now on."""
    PublicRoute.objects.filter(pk=widget.key).delete()
    widget.key = uuid4()
    widget.save(update_fields=["key"])
    PublicRoute.objects.create(id=widget.key, tenant_id=widget.tenant_id)
    record("widget.renewed", f"Gave the button {widget} a new key", subject=LOG, button=_told(widget))


def remove(widget: Widget) -> None:
    """The button is gone; its calls stay. Repeating it changes nothing."""
    if widget.removed_at is None:
        widget.removed_at = now()
        widget.save(update_fields=["removed_at"])
        PublicRoute.objects.filter(pk=widget.key).delete()
        record("widget.removed", f"Removed the button {widget}", subject=LOG, button=_told(widget))


def _insist_on_agent(widget: Widget) -> None:
    if not Agent.objects.filter(pk=widget.agent_id, archived_at=None).exists():
        raise DomainError("unknown_agent", "This agent is not one of yours.")


def _sites(widget: Widget) -> str:
    first, *others = widget.domains
    return f"{first} and {len(others)} more" if others else str(first)


def _told(widget: Widget) -> dict[str, Any]:
    """What the log keeps of it."""
    names = ("domains", "words", "color", "captions", "telephone", "at_once", "a_day", "an_hour_each", "minutes")
    return {"widget": str(widget.pk), "agent": str(widget.agent_id)} | {name: getattr(widget, name) for name in names}
