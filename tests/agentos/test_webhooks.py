"""What a business's own systems are told: signed, in their own lane, until they have it or nobody is there."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils.timezone import now
from pytest_django import Settings

from agentos.errors import DomainError
from agentos.tenants.models import Tenant
from agentos.tenants.scoping import tenant_transaction
from agentos.webhooks import services
from agentos.webhooks.delivery import RETRY_AFTER, deliver, forget, sweep
from agentos.webhooks.events import emit, send, trial_event
from agentos.webhooks.models import Delivery, Endpoint, Event, Try
from agents.models import Agent
from calls.models import Call
from calls.services import end_call
from tests.doubles.receiver import Receiver
from tests.factories import make_call

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def crm(settings: Settings) -> Iterator[Receiver]:
    receiver = Receiver()
    settings.OUTGOING_TRUSTED = {receiver.place}
    yield receiver
    receiver.stop()


def endpoint_at(tenant: Tenant, crm: Receiver, *events: str) -> tuple[Endpoint, str]:
    with tenant_transaction(tenant):
        return services.create(url=crm.url, note="CRM", events=events or ("call.ended", "call.started"))


def tell(tenant: Tenant, key: str = "call.ended:1") -> None:
    with tenant_transaction(tenant):
        emit("call.ended", {"call_id": "1"}, key=key)


def state_of(endpoint: Endpoint) -> tuple[str, int]:
    with tenant_transaction(endpoint.tenant_id):
        delivery = Delivery.objects.get(endpoint=endpoint)
        return delivery.state, delivery.tries


def make_due(endpoint: Endpoint) -> None:
    with tenant_transaction(endpoint.tenant_id):
        Delivery.objects.filter(endpoint=endpoint).update(due_at=now())


def is_signed_with(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """As a receiver checks it."""
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    key = base64.b64decode(secret.removeprefix("whsec_"))
    expected = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return f"v1,{expected}" in headers["webhook-signature"].split()


def test_the_end_of_a_call_is_told_signed_and_once(agent: Agent, crm: Receiver):
    endpoint, secret = endpoint_at(agent.tenant, crm)
    call = make_call(agent, status=Call.Status.IN_PROGRESS, answered_at=now())

    for _ in range(2):
        end_call(agent.tenant_id, call.pk, ending=Call.Ending.CALLER, at=now())
        deliver(agent.tenant_id, endpoint.pk)

    ((headers, body),) = crm.received
    told = json.loads(body)
    assert (told["type"], told["data"]["call_id"], told["data"]["ending"]) == ("call.ended", str(call.pk), "caller")
    assert is_signed_with(secret, headers, body)
    assert not is_signed_with(secret, headers, body.replace(b"caller", b"callee"))
    assert state_of(endpoint) == ("delivered", 1)


def test_only_what_was_chosen_is_told_and_only_to_ones_own_endpoints(
    tenant: Tenant, other_tenant: Tenant, crm: Receiver
):
    mine, _ = endpoint_at(tenant, crm, "call.started")
    theirs, _ = endpoint_at(other_tenant, crm, "call.ended")

    tell(tenant)
    deliver(tenant.pk, mine.pk)
    deliver(tenant.pk, theirs.pk)

    assert crm.received == []
    with tenant_transaction(other_tenant):
        assert not Event.objects.exists()


def test_what_is_rolled_back_is_never_told(tenant: Tenant, crm: Receiver):
    endpoint, _ = endpoint_at(tenant, crm)

    with tenant_transaction(tenant):
        emit("call.ended", {}, key="1")
        transaction.set_rollback(True)
    deliver(tenant.pk, endpoint.pk)

    assert crm.received == []


def test_an_event_that_nobody_listens_to_is_not_even_put_together(tenant: Tenant):
    def never() -> dict[str, str]:
        raise AssertionError("nobody asked for it")

    with tenant_transaction(tenant):
        emit("call.ended", never, key="1")
        with pytest.raises(ValueError, match="not an event"):
            emit("call.exploded", {}, key="1")


def test_a_failure_is_tried_again_on_schedule_under_the_same_id_and_at_last_given_up(tenant: Tenant, crm: Receiver):
    endpoint, _ = endpoint_at(tenant, crm)
    crm.status = 500
    tell(tenant)

    for after in (*RETRY_AFTER, None):
        deliver(tenant.pk, endpoint.pk)
        with tenant_transaction(tenant):
            delivery = Delivery.objects.get()
            if after is not None:
                assert abs(delivery.due_at - now() - after) < timedelta(seconds=5)
        deliver(tenant.pk, endpoint.pk)  # before its time: nothing is sent
        make_due(endpoint)

    assert state_of(endpoint) == ("failed", len(RETRY_AFTER) + 1)
    assert len(crm.received) == len(RETRY_AFTER) + 1
    assert len({headers["webhook-id"] for headers, _ in crm.received}) == 1


def test_a_server_in_trouble_is_left_alone_after_one_failure(tenant: Tenant, crm: Receiver):
    endpoint, _ = endpoint_at(tenant, crm)
    crm.status = 503
    for number in range(3):
        tell(tenant, f"call.ended:{number}")

    deliver(tenant.pk, endpoint.pk)

    assert len(crm.received) == 1


def test_a_lane_is_worked_off_by_one_worker_at_a_time(tenant: Tenant, crm: Receiver):
    endpoint, _ = endpoint_at(tenant, crm)
    tell(tenant)
    with tenant_transaction(tenant):
        Endpoint.objects.update(busy_until=now() + timedelta(seconds=30))
    deliver(tenant.pk, endpoint.pk)
    assert crm.received == []

    with tenant_transaction(tenant):
        Endpoint.objects.update(busy_until=now() - timedelta(seconds=1))  # that worker is gone
        assert sweep(now()) == 1
    deliver(tenant.pk, endpoint.pk)
    assert crm.kinds == ["call.ended"]


def test_an_endpoint_that_says_it_is_gone_is_switched_off_and_keeps_what_waits(tenant: Tenant, crm: Receiver):
    endpoint, _ = endpoint_at(tenant, crm)
    crm.status = 410
    tell(tenant)
    deliver(tenant.pk, endpoint.pk)
    make_due(endpoint)
    deliver(tenant.pk, endpoint.pk)
    with tenant_transaction(tenant):
        endpoint.refresh_from_db()
        assert endpoint.disabled_because == "It answered that it is gone (410)."
    assert len(crm.received) == 1

    crm.status = 200
    with tenant_transaction(tenant):
        services.enable(endpoint)
    deliver(tenant.pk, endpoint.pk)
    assert state_of(endpoint) == ("delivered", 2)


def test_an_endpoint_that_has_taken_nothing_for_days_is_switched_off(tenant: Tenant, crm: Receiver):
    endpoint, _ = endpoint_at(tenant, crm)
    crm.status = 500
    tell(tenant)
    deliver(tenant.pk, endpoint.pk)
    with tenant_transaction(tenant):
        Endpoint.objects.update(failing_since=now() - timedelta(days=5, minutes=1))
    make_due(endpoint)

    deliver(tenant.pk, endpoint.pk)

    with tenant_transaction(tenant):
        assert Endpoint.objects.get().disabled_because == "It has taken nothing for 5 days."


def test_for_a_day_after_a_new_secret_either_of_the_two_checks_out(tenant: Tenant, crm: Receiver):
    endpoint, old = endpoint_at(tenant, crm)
    with tenant_transaction(tenant):
        new = services.renew_secret(endpoint)
        send(trial_event(), endpoint)
    deliver(tenant.pk, endpoint.pk)
    with tenant_transaction(tenant):
        Endpoint.objects.update(old_secret_until=now() - timedelta(seconds=1))
        send(trial_event(), endpoint)
    deliver(tenant.pk, endpoint.pk)

    first, second = crm.received
    assert is_signed_with(old, *first)
    assert is_signed_with(new, *first)
    assert not is_signed_with(old, *second)
    assert is_signed_with(new, *second)


def test_an_address_that_moved_into_a_private_network_is_not_reached(tenant: Tenant, crm: Receiver, settings: Settings):
    endpoint, _ = endpoint_at(tenant, crm)
    settings.OUTGOING_TRUSTED = set()
    tell(tenant)

    deliver(tenant.pk, endpoint.pk)

    assert crm.received == []
    with tenant_transaction(tenant):
        assert Try.objects.get().error == "address"


@pytest.mark.parametrize("url", ["http://crm.example/", "https://127.0.0.1:22/", "https://a b/", "ftp://x/", ""])
def test_an_address_that_cannot_be_asked_is_refused_when_it_is_entered(tenant: Tenant, url: str):
    with tenant_transaction(tenant), pytest.raises(DomainError):
        services.create(url=url, note="", events=["call.ended"])


def test_what_was_told_a_month_ago_is_forgotten(tenant: Tenant, crm: Receiver):
    endpoint, _ = endpoint_at(tenant, crm)
    tell(tenant)
    deliver(tenant.pk, endpoint.pk)

    with tenant_transaction(tenant):
        forget(now() + timedelta(days=29))
        assert Try.objects.count() == 1
        forget(now() + timedelta(days=31))
        assert (Event.objects.count(), Delivery.objects.count(), Try.objects.count()) == (0, 0, 0)
