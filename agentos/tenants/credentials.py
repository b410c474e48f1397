"""Secrets of a business: stored through the vault, used in its name, tested, and taken back at once.

Every function runs inside the tenant.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from uuid import UUID

import structlog
from django.db.models import QuerySet
from django.utils.timezone import now

from agentos import vault
from agentos.errors import DomainError
from agentos.tenants.log import actor_name, record
from agentos.tenants.models import Credential

SHORTEST, LONGEST = 8, 4000
LOG = "credentials"

VendorKeys = Mapping[str, str]  # in clear, by vendor: for memory only
NO_KEYS: VendorKeys = MappingProxyType({})

log = structlog.get_logger(__name__)


def store(kind: Credential.Kind, name: str, secret: str, *, ends: str | None = None) -> Credential:
    """Keep a secret. A vendor has one key at a time: an earlier one is revoked. Raises DomainError.

    `ends` is what may be shown of it where its last characters may not.
    """
    secret = secret.strip()
    has_gaps = kind == Credential.Kind.VENDOR and " " in secret
    if not SHORTEST <= len(secret) <= LONGEST or not (secret.isascii() and secret.isprintable()) or has_gaps:
        raise DomainError("not_a_secret", "This does not look like a key. Copy it again, all of it and nothing else.")
    if kind == Credential.Kind.VENDOR:
        for earlier in _active().select_for_update().filter(kind=kind, name=name):
            revoke(earlier)
    credential = Credential(kind=kind, name=name, ends=secret[-4:] if ends is None else ends, created_by=actor_name())
    credential.sealed = vault.seal(secret, _place(credential))
    credential.save()
    record("credential.stored", f"Stored the secret {name}", subject=LOG, kind=str(kind), ends=credential.ends)
    return credential


def secret_of(credential: Credential) -> str:
    """Raises vault.Unreadable, also for one that was revoked."""
    return vault.unseal(credential.sealed, _place(credential))


def revoke(credential: Credential) -> None:
    """Forget the secret: nothing can use it any more. Repeating it changes nothing."""
    if credential.revoked_at is None:
        credential.sealed, credential.revoked_at = "", now()
        credential.save(update_fields=["sealed", "revoked_at"])
        record("credential.revoked", f"Revoked the secret {credential.name}", subject=LOG, ends=credential.ends)


def note_test(credential: Credential, *, works: bool | None, finding: str) -> None:
    """Remember what the other side said about it; `works` is None where that could not be told."""
    credential.tested_at, credential.works, credential.finding = now(), works, finding[:200]
    credential.save(update_fields=["tested_at", "works", "finding"])


def find(credential_id: UUID | str, kind: Credential.Kind) -> Credential | None:
    """One that still holds."""
    found: Credential | None = _active().filter(pk=credential_id, kind=kind).first()
    return found


def vendor_credentials() -> dict[str, Credential]:
    """The keys that hold, by vendor."""
    return {each.name: each for each in _active().filter(kind=Credential.Kind.VENDOR)}


def has_key_of(vendor: str) -> bool:
    """Whether the business has a key of its own."""
    return _active().filter(kind=Credential.Kind.VENDOR, name=vendor).exists()


def vendor_keys() -> dict[str, str]:
    """The tenant's own keys in clear, by vendor: for the memory of who is about to use them, never for a file or a log.

    One that cannot be read is left out, so that calls are still answered, with the keys of this installation.
    """
    keys = {}
    for name, credential in vendor_credentials().items():
        try:
            keys[name] = secret_of(credential)
        except vault.Unreadable as error:
            log.error("a stored key cannot be read", credential_id=str(credential.pk), reason=str(error))
    return keys


def seal_again() -> int:
    """Seal every secret with the newest data key; returns how many there were. Raises vault.Unreadable."""
    credentials = list(_active().select_for_update())
    for credential in credentials:
        credential.sealed = vault.seal(secret_of(credential), _place(credential))
        credential.save(update_fields=["sealed"])
    return len(credentials)


def _active() -> QuerySet[Credential]:
    held: QuerySet[Credential] = Credential.objects.filter(revoked_at=None)
    return held


def _place(credential: Credential) -> str:
    return f"tenants_credential.sealed:{credential.pk}"
