"""Every address of the product, read from the resolver."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from django.utils.regex_helper import normalize

from agentos.sockets import websocket_urlpatterns


@dataclass(frozen=True)
class Route:
    name: str
    template: str
    parameters: tuple[str, ...]
    view: Callable[..., Any]

    def address(self, values: dict[str, str]) -> str:
        return self.template % values


def routes(urlconf: str | None = None) -> list[Route]:
    return list(_walk(get_resolver(urlconf).url_patterns, (), "/", ()))


def sockets() -> list[Route]:
    """The WebSocket addresses, as the router of the application has them."""
    found = []
    for pattern in websocket_urlpatterns:
        [(template, parameters)] = normalize(pattern.pattern.regex.pattern)
        found.append(Route(pattern.name or str(pattern.pattern), f"/{template}", tuple(parameters), pattern.callback))
    return found


def _walk(
    patterns: list[URLPattern | URLResolver], namespaces: tuple[str, ...], prefix: str, parameters: tuple[str, ...]
) -> Iterator[Route]:
    for pattern in patterns:
        for part, own in normalize(pattern.pattern.regex.pattern):
            template, names = prefix + part, (*parameters, *own)
            if isinstance(pattern, URLResolver):
                inner = (*namespaces, pattern.namespace) if pattern.namespace else namespaces
                yield from _walk(pattern.url_patterns, inner, template, names)
            else:
                name = ":".join((*namespaces, pattern.name or str(pattern.pattern)))
                yield Route(name, template, names, pattern.callback)
