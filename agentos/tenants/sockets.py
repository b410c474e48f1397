"""Who may open a socket of the dashboard, and keep it open."""

from __future__ import annotations

from collections.abc import MutableMapping
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.http.request import split_domain_port, validate_host

from agentos.tenants.models import Membership, User
from agentos.tenants.permissions import Permission, find_membership, may

Scope = MutableMapping[str, Any]


def is_same_origin(scope: Scope) -> bool:
    """Whether the page came from the configured origin, or from the host that this socket was opened to."""
    headers = {name.lower(): value.decode("latin-1") for name, value in scope["headers"]}
    origin, host = headers.get(b"origin", ""), headers.get(b"host", "")
    if origin == settings.PUBLIC_URL:
        return True
    domain, _ = split_domain_port(host)
    return bool(origin) and urlsplit(origin).netloc == host and validate_host(domain, settings.ALLOWED_HOSTS)


def member_at(scope: Scope, permission: Permission) -> Membership | None:
    """The membership of whoever opened the socket, as it is now; None for those who may not, or not any more.

    A session that has ended, a person who was removed and a role that was taken away count at once. Sync: reads the
    database.
    """
    user, session = scope["user"], scope["session"]
    if not user.is_authenticated or not session.exists(session.session_key):
        return None
    user = User.objects.filter(pk=user.pk, is_active=True).first()
    membership = find_membership(user, scope["url_route"]["kwargs"]["slug"]) if user else None
    return membership if may(membership, permission) else None
