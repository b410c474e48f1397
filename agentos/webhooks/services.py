"""Endpoints: made, changed, given a new secret, switched off and on, removed. Every function runs inside the tenant."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Sequence
from datetime import timedelta

from django.utils.timezone import now

from agentos import outgoing
from agentos.errors import DomainError
from agentos.outgoing import OutgoingError
from agentos.tenants import credentials
from agentos.tenants.log import record
from agentos.tenants.models import Credential
from agentos.webhooks.delivery import SECRET_BEGINS
from agentos.webhooks.events import EVENTS, send, trial_event, work_off
from agentos.webhooks.models import Delivery, Endpoint

MOST_ENDPOINTS = 10
BOTH_SECRETS_FOR = timedelta(hours=24)


def create(*, url: str, note: str, events: Sequence[str]) -> tuple[Endpoint, str]:
    """A new endpoint, and its secret, which nobody can ever read again. Raises DomainError."""
    if Endpoint.objects.filter(removed_at=None).count() >= MOST_ENDPOINTS:
        raise DomainError("too_many", f"There can be {MOST_ENDPOINTS} addresses. Remove one first.")
    fields = _checked(url, note, events)
    credential, secret = _new_secret()
    endpoint: Endpoint = Endpoint.objects.create(secret=credential, **fields)
    record("webhook.created", f"Sends events to {endpoint}", subject=_subject(endpoint), events=endpoint.events)
    return endpoint, secret


def change(endpoint: Endpoint, *, url: str, note: str, events: Sequence[str]) -> None:
    """Raises DomainError."""
    for name, value in _checked(url, note, events).items():
        setattr(endpoint, name, value)
    endpoint.save(update_fields=["url", "note", "events"])
    record("webhook.changed", f"Changed what {endpoint} is sent", subject=_subject(endpoint), events=endpoint.events)


def renew_secret(endpoint: Endpoint) -> str:
    """A new secret. For a day what is sent is signed with both, so that the receiver can change over."""
    if endpoint.old_secret is not None:
        credentials.revoke(endpoint.old_secret)
    endpoint.old_secret, endpoint.old_secret_until = endpoint.secret, now() + BOTH_SECRETS_FOR
    endpoint.secret, secret = _new_secret()
    endpoint.save(update_fields=["secret", "old_secret", "old_secret_until"])
    record("webhook.secret", f"Gave {endpoint} a new secret", subject=_subject(endpoint))
    return secret


def disable(endpoint: Endpoint) -> None:
    """Send nothing from now on; what waits goes on waiting."""
    if endpoint.disabled_at is None:
        endpoint.disabled_at, endpoint.disabled_because = now(), "Somebody switched it off."
        endpoint.save(update_fields=["disabled_at", "disabled_because"])
        record("webhook.disabled", f"Stopped sending to {endpoint}", subject=_subject(endpoint))


def enable(endpoint: Endpoint) -> None:
    """Send again, what waited first."""
    endpoint.disabled_at, endpoint.disabled_because, endpoint.failing_since = None, "", None
    endpoint.save(update_fields=["disabled_at", "disabled_because", "failing_since"])
    endpoint.deliveries.filter(state=Delivery.State.WAITING).update(due_at=now())
    record("webhook.enabled", f"Sends events to {endpoint} again", subject=_subject(endpoint))
    work_off(endpoint.pk)


def remove(endpoint: Endpoint) -> None:
    """It is sent nothing any more, and its secret is forgotten."""
    endpoint.removed_at = now()
    endpoint.save(update_fields=["removed_at"])
    for credential in (endpoint.secret, endpoint.old_secret):
        if credential is not None:
            credentials.revoke(credential)
    record("webhook.removed", f"Removed the address {endpoint}", subject=_subject(endpoint))


def send_test(endpoint: Endpoint) -> Delivery:
    """An event by which the receiver can be tried."""
    if endpoint.disabled_at is not None:
        raise DomainError("disabled", "Switch it on first.")
    return send(trial_event(), endpoint)


def resend(delivery: Delivery) -> None:
    """Once more, now, under the same id."""
    if delivery.endpoint.disabled_at is not None:
        raise DomainError("disabled", "Switch it on first.")
    delivery.state, delivery.due_at = Delivery.State.WAITING, now()
    delivery.tries = min(delivery.tries, 1)  # with the whole schedule before it
    delivery.save(update_fields=["state", "due_at", "tries"])
    endpoint = delivery.endpoint
    record("webhook.resent", f"Sent {delivery.event.kind} to {endpoint} again", subject=_subject(endpoint))
    work_off(delivery.endpoint_id)


def _checked(url: str, note: str, events: Sequence[str]) -> dict[str, object]:
    chosen = [kind for kind in EVENTS if kind in events]
    if not chosen:
        raise DomainError("no_events", "Choose at least one event.")
    try:
        outgoing.check_url(url.strip())
    except OutgoingError as error:
        raise DomainError("address", error.message) from None
    return {"url": url.strip()[:500], "note": " ".join(note.split())[:120], "events": chosen}


def _new_secret() -> tuple[Credential, str]:
    secret = SECRET_BEGINS + base64.b64encode(secrets.token_bytes(32)).decode()
    return credentials.store(Credential.Kind.WEBHOOK, "webhook", secret), secret


def _subject(endpoint: Endpoint) -> str:
    return f"webhook {endpoint.pk}"
