"""Pieces of a page that change by themselves: printed with the page, and again over its socket when they differ."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from hashlib import sha256

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe


@dataclass(frozen=True, slots=True)
class Part:
    """An element with an id whose inside is replaced. A new one in a `list_id` is added after its predecessor."""

    id: str
    inside: SafeString
    tag: str = "div"
    css: str = ""
    list_id: str = ""

    @property
    def whole(self) -> SafeString:
        """The element as the page prints it."""
        return format_html('<{} id="{}" class="{}">{}</{}>', self.tag, self.id, self.css, self.inside, self.tag)


def state_of(parts: Iterable[Part]) -> str:
    """The same for the same parts: tells whether a browser shows what there is."""
    digest = sha256()
    for part in parts:
        digest.update(f"{part.id}\0{part.inside}\0".encode())
    return digest.hexdigest()[:16]


def changes(before: Mapping[str, Part], after: Iterable[Part]) -> list[str]:
    """What htmx swaps out of band to come from one to the other: a message each, for rows parse badly beside others."""
    swaps: list[str] = []
    previous: dict[str, str] = {}
    for part in after:
        if part.id not in before:
            if part.list_id:
                swaps.append(_added(part, previous.get(part.list_id, "")))
        elif before[part.id].inside != part.inside:
            swaps.append(_swap(part.tag, f"innerHTML:#{part.id}", part.inside))
        previous[part.list_id] = part.id
    return swaps


def everything(parts: Iterable[Part]) -> list[str]:
    """What htmx swaps to show all of it, whatever the browser shows now."""
    lists: dict[str, list[SafeString]] = {}
    swaps = []
    for part in parts:
        if part.list_id:
            lists.setdefault(part.list_id, []).append(part.whole)
        else:
            swaps.append(_swap(part.tag, f"innerHTML:#{part.id}", part.inside))
    return [*swaps, *(_swap("ol", f"innerHTML:#{name}", mark_safe("".join(rows))) for name, rows in lists.items())]  # noqa: S308


def _added(part: Part, predecessor: str) -> str:
    where = f"afterend:#{predecessor}" if predecessor else f"afterbegin:#{part.list_id}"
    return _swap("ol", where, part.whole)


def _swap(tag: str, where: str, inside: SafeString) -> str:
    return format_html('<{} hx-swap-oob="{}">{}</{}>', tag, where, inside, tag)
