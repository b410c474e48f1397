"""Events on their way: each endpoint has a lane of its own, in which one worker at a time delivers what is due.

A server in trouble holds up nobody but itself: its lane rests until the next try, and what waits there is tried on a
schedule that stands in the table. At least once: a worker that dies after the request leaves the delivery waiting, and
it goes out again under the same id.
"""

from __future__ import annotations

import base64
import hmac
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from uuid import UUID

import structlog
from django.db.models import Q, QuerySet
from django.utils.timezone import now

from agentos import outgoing, vault
from agentos.outgoing import Answer, OutgoingError
from agentos.tenants import credentials
from agentos.tenants.log import record
from agentos.tenants.scoping import tenant_transaction
from agentos.webhooks.events import work_off
from agentos.webhooks.models import Delivery, Endpoint, Event, Try

RETRY_AFTER = tuple(
    timedelta(seconds=seconds) for seconds in (15, 60, 300, 1800, 7200, 18000, 36000, 50400, 72000, 86400)
)
DISABLE_AFTER = timedelta(days=5)
KEEP_FOR = timedelta(days=30)
LEASE = timedelta(seconds=30)  # longer than one request may take
MOST_AT_ONCE = 50
ANSWER_KEPT = 1024
GONE = 410
SECRET_BEGINS = "whsec_"  # noqa: S105 - as Standard Webhooks has it

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Letter:
    """One request, ready to be sent."""

    delivery_id: UUID
    url: str
    headers: dict[str, str] = field(repr=False)
    body: bytes = field(repr=False)


def deliver(tenant_id: int, endpoint_id: UUID | str) -> None:
    """Work off the lane of this endpoint, unless another worker does. Nothing is held open during a request."""
    with tenant_transaction(tenant_id):
        if not _take_lane(endpoint_id, now()):
            return
    for _ in range(MOST_AT_ONCE):
        with tenant_transaction(tenant_id):
            letter = _next_letter(endpoint_id, now())
        if letter is None or not _deliver_one(tenant_id, letter):
            break
    with tenant_transaction(tenant_id):
        Endpoint.objects.filter(pk=endpoint_id).update(busy_until=None)
        if due(now()).filter(endpoint_id=endpoint_id).exists():
            work_off(UUID(str(endpoint_id)))


def sweep(at: datetime) -> int:
    """Have everything that is due delivered, inside the tenant; returns how many endpoints wait."""
    endpoints = set(due(at).values_list("endpoint_id", flat=True))
    for endpoint_id in endpoints:
        work_off(endpoint_id)
    return len(endpoints)


def forget(at: datetime) -> None:
    """What was told long ago, and how that went, is not kept. Inside the tenant."""
    Event.objects.filter(at__lt=at - KEEP_FOR).delete()


def due(at: datetime) -> QuerySet[Delivery]:
    """Deliveries whose time has come, at endpoints that may be asked now."""
    free = Q(endpoint__busy_until=None) | Q(endpoint__busy_until__lt=at)
    waiting: QuerySet[Delivery] = Delivery.objects.filter(free, state=Delivery.State.WAITING, due_at__lte=at)
    return waiting.filter(endpoint__disabled_at=None, endpoint__removed_at=None)


def sign(secret: str, message_id: str, timestamp: int, body: bytes) -> str:
    """The signature of Standard Webhooks, version 1."""
    key = base64.b64decode(secret.removeprefix(SECRET_BEGINS))
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(key, signed, sha256).digest()).decode()


def body_of(event: Event) -> bytes:
    """What is sent of an event, the same each time."""
    told = {"type": event.kind, "timestamp": event.at.isoformat(), "data": event.data}
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


# One delivery ------------------------------------------------------------------------------------------


def _take_lane(endpoint_id: UUID | str, at: datetime) -> bool:
    free = Q(busy_until=None) | Q(busy_until__lt=at)
    lane = Endpoint.objects.filter(free, pk=endpoint_id, disabled_at=None, removed_at=None)
    return bool(lane.update(busy_until=at + LEASE))


def _next_letter(endpoint_id: UUID | str, at: datetime) -> Letter | None:
    waiting = Delivery.objects.select_related("endpoint__secret", "endpoint__old_secret", "event").filter(
        endpoint=endpoint_id, endpoint__disabled_at=None, endpoint__removed_at=None
    )
    delivery = waiting.filter(state=Delivery.State.WAITING, due_at__lte=at).order_by("due_at", "created_at").first()
    if delivery is None:
        return None
    Endpoint.objects.filter(pk=endpoint_id).update(busy_until=at + LEASE)
    body, message_id, timestamp = body_of(delivery.event), f"msg_{delivery.event_id.hex}", int(at.timestamp())
    headers = {
        "content-type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(
            sign(key, message_id, timestamp, body) for key in _secrets(delivery.endpoint, at)
        ),
    }
    return Letter(delivery.pk, delivery.endpoint.url, headers, body)


def _secrets(endpoint: Endpoint, at: datetime) -> list[str]:
    """What the receiver may check against: after a change, for a while, either of two."""
    found = [endpoint.secret]
    if endpoint.old_secret is not None and endpoint.old_secret_until and endpoint.old_secret_until > at:
        found.append(endpoint.old_secret)
    keys = []
    for credential in found:
        try:
            keys.append(credentials.secret_of(credential))
        except vault.Unreadable as error:
            log.error("the secret of an endpoint cannot be read", endpoint_id=str(endpoint.pk), reason=str(error))
    return keys


def _deliver_one(tenant_id: int, letter: Letter) -> bool:
    """Send it and write down how it went; whether the endpoint took it."""
    answer: Answer | None = None
    error = ""
    began = now()
    try:
        answer = outgoing.request("POST", letter.url, headers=letter.headers, content=letter.body, purpose="webhook")
    except OutgoingError as failure:
        error = failure.code
    with tenant_transaction(tenant_id):
        return _settle(letter.delivery_id, began, answer, error)


def _settle(delivery_id: UUID, began: datetime, answer: Answer | None, error: str) -> bool:
    delivery = (
        Delivery.objects.select_for_update(of=("self",)).select_related("endpoint").filter(pk=delivery_id).first()
    )
    if delivery is None:
        return False
    at = now()
    Try.objects.create(
        delivery=delivery,
        at=began,
        took_ms=round((at - began).total_seconds() * 1000),
        status=answer.status if answer else None,
        error=error,
        answer=answer.text[:ANSWER_KEPT].replace("\0", "") if answer else "",
    )
    delivery.tries += 1
    went_well = answer is not None and answer.is_success
    if went_well:
        delivery.state = Delivery.State.DELIVERED
        Endpoint.objects.filter(pk=delivery.endpoint_id).update(failing_since=None)
    elif delivery.tries > len(RETRY_AFTER):
        delivery.state = Delivery.State.FAILED
    else:
        delivery.due_at = at + RETRY_AFTER[delivery.tries - 1]
    delivery.save(update_fields=["tries", "state", "due_at"])
    if not went_well:
        _note_failure(delivery.endpoint, at, is_gone=answer is not None and answer.status == GONE)
    return went_well


def _note_failure(endpoint: Endpoint, at: datetime, *, is_gone: bool) -> None:
    """An endpoint that says it is gone, or has failed for days, is not asked any more."""
    endpoint.failing_since = endpoint.failing_since or at
    if is_gone:
        endpoint.disabled_at, endpoint.disabled_because = at, "It answered that it is gone (410)."
    elif endpoint.failing_since < at - DISABLE_AFTER:
        endpoint.disabled_at = at
        endpoint.disabled_because = f"It has taken nothing for {DISABLE_AFTER.days} days."
    endpoint.save(update_fields=["failing_since", "disabled_at", "disabled_because"])
    if endpoint.disabled_at:
        record("webhook.disabled", f"Stopped sending to {endpoint}", subject=f"webhook {endpoint.pk}")
