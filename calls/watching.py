"""What a page about calls is told while it is open. One watch belongs to one browser and knows what that shows."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Protocol
from uuid import UUID

from django.template.loader import render_to_string
from django.utils.dateparse import parse_datetime
from django.utils.safestring import SafeString
from django.utils.timezone import now

from agentos.tenants.models import Membership
from agentos.tenants.permissions import Permission, may
from calls.call_list import CallList, scale_for
from calls.call_page import CallPage
from calls.filters import Wanted
from calls.models import Call
from calls.parts import Part, changes, everything, state_of

EVERYTHING = None
EMPTY = SafeString()


class Watch(Protocol):
    """Called inside the tenant, again and again, by somebody who may see it."""

    def look(self, membership: Membership, changed: Collection[UUID] | None) -> list[str]:
        """What to swap in the page, after these calls have changed, or perhaps all of them."""
        ...


class ListWatch:
    """The list of calls. Rows change where they stand; calls that are new wait behind a link."""

    def __init__(self, parameters: Mapping[str, str]) -> None:
        self._parameters = parameters
        self._until = parse_datetime(parameters.get("until", "")) or now()
        self._shown: dict[str, Part] = {}
        self._ids: set[UUID] = set()
        self._scale_ms = 0

    def look(self, membership: Membership, changed: Collection[UUID] | None) -> list[str]:
        wanted = Wanted.read(self._parameters, may_search=may(membership, Permission.SEE_NUMBERS))
        shown = CallList(wanted, membership, until=self._until)
        rows = self._all(shown) if changed is EVERYTHING else self._some(shown, changed)
        parts = [*rows, Part("newer", _link(shown.newer(), wanted.address()), tag="p")]
        swaps = changes(self._shown, parts)
        self._shown.update((part.id, part) for part in parts)
        return swaps

    def _all(self, shown: CallList) -> list[Part]:
        """The page; nothing of it is sent to a browser that was given the same."""
        is_first = not self._shown
        self._ids, self._scale_ms = {call.pk for call in shown.calls}, shown.scale_ms
        if is_first:
            known = state_of(shown.parts) == self._parameters.get("shown")
            self._shown = {part.id: part if known else Part(part.id, EMPTY, part.tag) for part in shown.parts}
            self._shown["newer"] = Part("newer", _link(0, ""), tag="p")
        return shown.parts

    def _some(self, shown: CallList, changed: Collection[UUID]) -> list[Part]:
        calls = shown.again(self._ids.intersection(changed))
        if scale_for(calls) > self._scale_ms:
            return self._all(shown)
        return shown.print(calls, self._scale_ms)


class CallWatch:
    """The page of one call, which grows while people talk."""

    def __init__(self, call_id: UUID, parameters: Mapping[str, str]) -> None:
        self._call_id, self._parameters = call_id, parameters
        self._shown: dict[str, Part] | None = None

    def look(self, membership: Membership, changed: Collection[UUID] | None) -> list[str]:
        if changed is not EVERYTHING and self._call_id not in changed:
            return []
        call = Call.objects.select_related("agent", "version__agent").filter(pk=self._call_id).first()
        if call is None:
            return []
        page = CallPage(call, membership, self._parameters.get("tab", ""))
        if self._shown is None and state_of(page.parts.values()) != self._parameters.get("shown"):
            self._shown = page.parts
            return everything(page.parts.values())
        swaps = changes(self._shown or page.parts, page.parts.values())
        self._shown = page.parts
        return swaps


def _link(newer: int, address: str) -> SafeString:
    return render_to_string("calls/_newer.html", {"newer": newer, "address": address})
