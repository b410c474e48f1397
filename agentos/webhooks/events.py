"""What can be told to the business's own systems, and the one function that tells it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from uuid import UUID, uuid4

from agentos.jobs import enqueue
from agentos.tenants.scoping import current_tenant_id
from agentos.webhooks.models import Delivery, Endpoint, Event

# Kind, and what a person reads where the events of an endpoint are chosen.
EVENTS = {
    "call.started": "A call was answered",
    "call.ended": "A call is over",
    "call.analyzed": "The summary of a call is ready",
    "appointment.booked": "An appointment was booked",
    "appointment.moved": "An appointment was moved",
    "appointment.canceled": "An appointment was canceled",
    "lead.logged": "A lead was written down",
    "message.left": "A caller left a message for a person",
    "callback.requested": "A caller wants to be called back",
    "campaign.replied": "Somebody answered a campaign",
    "campaign.ended": "A campaign is over",
    "contact.opted_out": "Somebody does not want to be called any more",
}
TEST = "webhook.test"

Data = Mapping[str, Any]


def emit(kind: str, data: Data | Callable[[], Data], *, key: str) -> None:
    """Tell whoever listens that this happened. Inside the tenant, in the transaction of what it tells about.

    It goes out once that has committed, and never if it has not. The same `key`, such as "call.ended:<id>", is told
    once, so whatever may be repeated may emit again. `data` becomes JSON; a function is asked for it only where
    somebody listens. Where nobody does, this is one small query.
    """
    if kind not in EVENTS:
        raise ValueError(f"{kind} is not an event; events.py lists them")
    listening = list(Endpoint.objects.filter(removed_at=None, disabled_at=None, events__contains=[kind]))
    if listening:
        event = _event(kind, data() if callable(data) else data, key)
        if event is not None:
            for endpoint in listening:
                send(event, endpoint)


def send(event: Event, endpoint: Endpoint) -> Delivery:
    """Put the event on its way to this endpoint."""
    delivery: Delivery = Delivery.objects.create(event=event, endpoint=endpoint)
    work_off(endpoint.pk)
    return delivery


def work_off(endpoint_id: UUID) -> None:
    """Have what is due at this endpoint delivered, after this transaction."""
    enqueue("agentos.webhooks.tasks.deliver", current_tenant_id(), endpoint_id)


def trial_event() -> Event:
    """An event by which an endpoint can be tried."""
    event_id = uuid4()
    data = {"message": "This is a test. Nothing has happened."}
    event: Event = Event.objects.create(id=event_id, kind=TEST, key=f"{TEST}:{event_id}", data=data)
    return event


def _event(kind: str, data: Data, key: str) -> Event | None:
    """The new event; None where it was told before."""
    event, is_new = Event.objects.get_or_create(key=key[:120], defaults={"kind": kind, "data": dict(data)})
    return event if is_new else None
