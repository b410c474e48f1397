"""The one door of the public API: a key instead of a session, JSON in and out, errors as application/problem+json."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar

import structlog
from django import forms
from django.core.cache import cache
from django.http import Http404, HttpRequest, JsonResponse
from django.utils import timezone
from django.utils.timezone import now
from django.views.decorators.csrf import csrf_exempt
from redis.exceptions import RedisError

from agentos.errors import DomainError
from agentos.tenants.keys import find_key
from agentos.tenants.log import acting_as
from agentos.tenants.models import ApiKey, Tenant
from agentos.tenants.permissions import GRANTS, Permission
from agentos.tenants.scoping import tenant_transaction

F = TypeVar("F", bound=forms.Form)

MOST_A_MINUTE = 120
MAX_BODY = 64 * 1024

log = structlog.get_logger(__name__)


class ApiRequest(HttpRequest):
    """The request as a view behind `keyed` gets it."""

    key: ApiKey
    tenant: Tenant
    data: dict[str, Any]


class Problem(Exception):
    """Ends a request with an error as RFC 9457 writes it."""

    def __init__(self, status: int, code: str, detail: str, **more: Any) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.more = status, code, detail, more

    def answer(self) -> JsonResponse:
        body = {"type": "about:blank", "title": TITLES[self.status], "status": self.status, "code": self.code}
        response = JsonResponse(body | {"detail": self.detail} | self.more, status=self.status)
        response["Content-Type"] = "application/problem+json"
        return response


TITLES = {
    400: "Bad request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not found",
    405: "Method not allowed",
    409: "Conflict",
    413: "Content too large",
    422: "Unprocessable content",
    429: "Too many requests",
}

Endpoint = Callable[..., JsonResponse]


def keyed(permission: Permission, *methods: str, while_suspended: bool = False) -> Callable[[Endpoint], Endpoint]:
    """Open an endpoint to keys that hold the permission.

    The view gets `request.tenant`, `request.key` and `request.data`, runs inside `tenant_transaction` of the key's
    tenant and in its time zone; what it raises undoes what it did. What somebody's right depends on, such as an
    opt-out, is taken `while_suspended`, too.
    """

    def declare(view: Endpoint) -> Endpoint:
        @csrf_exempt
        @wraps(view)
        def door(request: HttpRequest, *args: Any, **kwargs: Any) -> JsonResponse:
            try:
                return _enter(request, view, permission, methods, while_suspended, args, kwargs)
            except Problem as problem:
                refused = problem
            except Http404:
                refused = Problem(404, "not_found", "Nothing is here.")
            except DomainError as error:
                refused = Problem(409, error.code, error.message)
            response = refused.answer()
            if refused.status == 401:
                response["WWW-Authenticate"] = "Bearer"
            elif refused.status == 405:
                response["Allow"] = ", ".join(methods)
            elif refused.status == 429:
                response["Retry-After"] = str(refused.more["retry_after_s"])
            return response

        return door

    return declare


def checked(form_class: type[F], request: ApiRequest) -> F:
    """The form with what was sent, all of it text. Raises Problem that names each field and what is wrong with it."""
    form = form_class(request.data)
    no_text = {name for name in form.fields if not isinstance(request.data.get(name, ""), str | None)}
    if no_text or not form.is_valid():
        errors = {name: [str(words) for words in found] for name, found in form.errors.items()}
        errors |= {name: ["Send this as text."] for name in no_text}
        raise Problem(422, "invalid", "Something in the request is not right.", errors=errors)
    return form


def _enter(
    request: HttpRequest,
    view: Endpoint,
    permission: Permission,
    methods: tuple[str, ...],
    while_suspended: bool,
    args: tuple[Any, ...],
    kwargs: dict[str, Any],
) -> JsonResponse:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    key = find_key(secret.strip(), now()) if scheme.lower() == "bearer" else None
    if key is None:
        raise Problem(401, "no_key", "Send a key: Authorization: Bearer aos_…")
    _count(key)
    if request.method not in methods:
        raise Problem(405, "wrong_method", f"This takes {' and '.join(methods)}.")
    if permission.value not in key.scopes:
        raise Problem(403, "out_of_scope", f"This key may not {GRANTS[permission].words}.")
    if key.tenant.is_suspended and GRANTS[permission].changes and not while_suspended:
        raise Problem(403, "suspended", f"{key.tenant} is suspended.")
    request.key, request.tenant, request.data = key, key.tenant, _data(request)  # type: ignore[attr-defined]
    with timezone.override(key.tenant.zone), tenant_transaction(key.tenant), acting_as(key):
        response = view(request, *args, **kwargs)
    response["Cache-Control"] = "no-store"
    return response


def _count(key: ApiKey) -> None:
    """So many requests in each minute. When they cannot be counted they are let through: one may be an opt-out."""
    minute, second = divmod(int(now().timestamp()), 60)
    name = f"api:{key.pk}:{minute}"
    try:
        cache.add(name, 0, timeout=120)
        count = cache.incr(name)
    except (RedisError, ValueError) as error:
        log.warning("requests of a key are not counted", key_id=key.pk, error=type(error).__name__)
        return
    if count > MOST_A_MINUTE:
        words = f"A key may ask {MOST_A_MINUTE} times in a minute."
        raise Problem(429, "too_many", words, retry_after_s=60 - second)


def _data(request: HttpRequest) -> dict[str, Any]:
    """The JSON object of the body; empty where nothing was sent."""
    if len(request.body) > MAX_BODY:
        raise Problem(413, "too_large", "The request is larger than 64 KB.")
    if not request.body:
        return {}
    try:
        data = json.loads(request.body)
    except (ValueError, RecursionError) as error:
        raise Problem(400, "not_json", "The request is not JSON.") from error
    if not isinstance(data, dict):
        raise Problem(400, "not_json", "Send one JSON object.")
    return data
