"""Keys for programs: made by a person, shown once, kept as a hash, and taken back at once."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256

from django.db.models import Q
from django.utils.timezone import now

from agentos.errors import DomainError
from agentos.tenants.log import record
from agentos.tenants.models import ApiKey, Tenant, User
from agentos.tenants.permissions import Permission
from agentos.tenants.scoping import tenant_transaction

BEGINS = "aos_"
USED_EVERY = timedelta(minutes=1)  # so that a busy key is not written for each request
LOG = "api keys"

# What a key can be allowed, and how that is said.
SCOPES = {
    Permission.MANAGE_CONTACTS: "Record opt-outs and consent",
    Permission.VIEW_CAMPAIGNS: "See how campaigns stand",
    Permission.MANAGE_WEBSITE: "Let websites call agents",
    Permission.RUN_CAMPAIGNS: "Run campaigns dry",
    Permission.PUBLISH_AGENTS: "Publish agents",
}


def create_key(tenant: Tenant, *, name: str, scopes: Sequence[str], by: User) -> tuple[ApiKey, str]:
    """A new key, and the secret that nobody can ever read again. Raises DomainError."""
    name, chosen = " ".join(name.split())[:60], [scope for scope in SCOPES if scope.value in scopes]
    if not name or not chosen:
        raise DomainError("incomplete", "Give the key a name, and at least one thing that it may do.")
    secret = BEGINS + secrets.token_urlsafe(32)
    with tenant_transaction(tenant):
        key = ApiKey.objects.create(
            tenant=tenant,
            name=name,
            begins=secret[:8],
            digest=digest_of(secret),
            scopes=[scope.value for scope in chosen],
            created_by=by,
        )
        record("key.created", f"Made the API key {name}", subject=LOG, scopes=key.scopes)
    return key, secret


def revoke_key(tenant: Tenant, key_id: int) -> ApiKey:
    """From now on the key opens nothing. Repeating it changes nothing. Raises DomainError."""
    with tenant_transaction(tenant):
        key = ApiKey.objects.select_for_update(of=("self",)).filter(tenant=tenant, pk=key_id).first()
        if key is None:
            raise DomainError("unknown_key", "This key is not one of yours.")
        if key.revoked_at is None:
            key.revoked_at = now()
            key.save(update_fields=["revoked_at"])
            record("key.revoked", f"Revoked the API key {key.name}", subject=LOG)
    return key


def find_key(secret: str, at: datetime) -> ApiKey | None:
    """The key that this secret is, unless it was revoked; remembers when it was used."""
    if not secret.startswith(BEGINS):
        return None
    keys = ApiKey.objects.select_related("tenant")
    key = keys.filter(digest=digest_of(secret), revoked_at=None).first()
    if key is not None and (key.last_used_at is None or key.last_used_at < at - USED_EVERY):
        long_ago = Q(last_used_at=None) | Q(last_used_at__lt=at - USED_EVERY)
        ApiKey.objects.filter(long_ago, pk=key.pk).update(last_used_at=at)
    return key


def digest_of(secret: str) -> str:
    """A secret of 256 random bits needs no slow hash."""
    return sha256(secret.encode()).hexdigest()
