"""What a page about calls is told while it is open. One watch belongs to one browser and knows what that shows."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Protocol
from uuid import UUID

from django.template.loader import render_to_string
from django.utils.dateparse import parse_datetime
from django.utils.safestring import SafeString
from django.utils.timezone import is_aware, now

from agentos.tenants.models import Membership
from agentos.tenants.permissions import Permission, may
from calls.call_list import CallList
from calls.call_page import CallPage
from calls.context import Lines
from calls.filters import Wanted
from calls.models import Call
from calls.parts import Part, changes, everything, state_of

EVERYTHING = None


class Watch(Protocol):
    """Called inside the tenant, again and again, by somebody who may see it."""

    def look(self, membership: Membership, changed: Collection[UUID] | None) -> list[str]:
        """What to swap in the page, after these calls have changed, or perhaps all of them."""
        ...


class ListWatch:
    """The list of calls. Rows change where they stand; calls that are new wait behind a link."""

    def __init__(self, parameters: Mapping[str, str]) -> None:
        self._parameters, self._drawn_at = parameters, drawn_at(parameters)
        self._shown: dict[str, Part] | None = None
        self._ids: set[UUID] = set()
        self._scale_ms = 0

    def look(self, membership: Membership, changed: Collection[UUID] | None) -> list[str]:
        if self._shown is None:
            self._shown = self._shown_by_browser(membership)
        here = self._list(membership, now())
        rows = self._all(here) if changed is EVERYTHING else self._some(here, changed)
        parts = [*rows, _link(here.newer(), here.wanted.address())]
        swaps = changes(self._shown, parts)
        self._shown.update((part.id, part) for part in parts)
        return swaps

    def _list(self, membership: Membership, at: datetime) -> CallList:
        wanted = Wanted.read(self._parameters, may_search=may(membership, Permission.SEE_NUMBERS))
        return CallList(wanted, membership, at=at, until=self._drawn_at)

    def _shown_by_browser(self, membership: Membership) -> dict[str, Part]:
        """What the page was printed with, if that can be printed again; else as if its rows were empty."""
        printed = self._list(membership, self._drawn_at).parts
        known = state_of(printed) == self._parameters.get("shown")
        shown = [part if known else Part(part.id, SafeString(), part.tag) for part in printed]
        return {part.id: part for part in [*shown, _link(0, "")]}

    def _all(self, here: CallList) -> list[Part]:
        self._ids, self._scale_ms = {call.pk for call in here.calls}, here.scale_ms
        return here.parts

    def _some(self, here: CallList, changed: Collection[UUID]) -> list[Part]:
        calls = here.again(self._ids.intersection(changed))
        if here.scale_for(calls) > self._scale_ms:
            return self._all(here)
        return here.print(calls, self._scale_ms)


class CallWatch:
    """The page of one call, which grows while people talk."""

    def __init__(self, call_id: UUID, parameters: Mapping[str, str]) -> None:
        self._call_id, self._parameters = call_id, parameters
        self._shown: dict[str, Part] | None = None

    def look(self, membership: Membership, changed: Collection[UUID] | None) -> list[str]:
        if changed is not EVERYTHING and self._call_id not in changed:
            return []
        call = (
            Call.objects.select_related("agent", "version__agent", "analysis", "cost").filter(pk=self._call_id).first()
        )
        if call is None:
            return []
        before = self._shown or self._shown_by_browser(call, membership)
        self._shown = after = self._page(call, membership, now()).parts
        return everything(after.values()) if before is None else changes(before, after.values())

    def _page(self, call: Call, membership: Membership, at: datetime) -> CallPage:
        return CallPage(call, membership, at=at, tab=self._parameters.get("tab", ""))

    def _shown_by_browser(self, call: Call, membership: Membership) -> dict[str, Part] | None:
        """What the page was printed with, if that can be printed again."""
        printed = self._page(call, membership, drawn_at(self._parameters)).parts
        return printed if state_of(printed.values()) == self._parameters.get("shown") else None


class LinesWatch:
    """The lines in use, in the frame around the page."""

    def __init__(self, parameters: Mapping[str, str]) -> None:
        self._shown = parameters.get("lines")

    def look(self, membership: Membership, changed: Collection[UUID] | None) -> list[str]:
        lines = Lines(membership.tenant)
        before, self._shown = self._shown, lines.shown
        return everything(lines.parts) if before not in (None, self._shown) else []


def drawn_at(parameters: Mapping[str, str]) -> datetime:
    """When the page was printed; now, if its address does not say so."""
    try:
        at = parse_datetime(parameters.get("drawn_at", ""))
    except ValueError:
        at = None
    return at if at is not None and is_aware(at) else now()


def _link(newer: int, address: str) -> Part:
    return Part("newer", render_to_string("calls/_newer.html", {"newer": newer, "address": address}), tag="p")
