"""The guard below /t/: a view that does not say what it asks of a person is not run."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import structlog
from asgiref.sync import iscoroutinefunction, markcoroutinefunction
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from agentos.tenants.permissions import needs_of

log = structlog.get_logger(__name__)

TENANT_ROUTES = "t/"


class TenantMiddleware:
    """Fails closed where `agentos.tenants.permissions.allowed` was forgotten. The decorator does the rest."""

    sync_capable = True
    async_capable = True

    def __init__(self, get_response: Callable[[HttpRequest], Any]) -> None:
        self.get_response = get_response
        if iscoroutinefunction(get_response):
            markcoroutinefunction(self)

    def __call__(self, request: HttpRequest) -> Any:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], args: list[Any], kwargs: dict[str, Any]
    ) -> HttpResponse | None:
        route = request.resolver_match.route if request.resolver_match else ""
        if route.startswith(TENANT_ROUTES) and needs_of(view) is None:
            log.error("a view below /t/ declares no permission", route=route)
            raise PermissionDenied
        return None
