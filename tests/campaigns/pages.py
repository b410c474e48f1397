"""What tests of the campaign pages have in common: addresses, readable text, and rows to show."""

from __future__ import annotations

import re
from typing import Any

from django.http import HttpResponse
from django.test import Client
from django.urls import reverse
from django.utils.timezone import now

from agentos.tenants.models import Tenant
from agentos.tenants.scoping import tenant_transaction
from campaigns.models import Attempt, Campaign, Contact, Target


def at(name: str, campaign: Campaign, *args: Any) -> str:
    return reverse(f"campaigns:{name}", args=[campaign.tenant.slug, campaign.pk, *args])


def text(response: HttpResponse) -> str:
    """What stands on the page, without tags and with single spaces."""
    return " ".join(re.sub(r"<[^>]+>", " ", response.content.decode()).split())


def fresh(campaign: Campaign) -> Campaign:
    with tenant_transaction(campaign.tenant_id):
        return Campaign.objects.select_related("tenant").get(pk=campaign.pk)


def new_draft(browser: Client, tenant: Tenant) -> Campaign:
    sent = {"name": "November recall", "purpose": "healthcare", "kind": "message"}
    answer = browser.post(reverse("campaigns:create", args=[tenant.slug]), sent)
    assert answer.status_code == 302, text(answer)
    with tenant_transaction(tenant):
        return Campaign.objects.select_related("tenant").get()


def make_contact(tenant: Tenant, number: str, name: str = "Rosa Delgado", **fields: Any) -> None:
    with tenant_transaction(tenant):
        Contact.objects.create(e164=number, name=name, **fields)


def attempt(target: Target, outcome: str = "", **fields: Any) -> Attempt:
    state = {"state": "ended", "ended_at": now()} if outcome else {"state": "placed"}
    with tenant_transaction(target.tenant_id):
        return Attempt.objects.create(
            target=target, campaign=target.campaign, e164=target.e164, outcome=outcome, asked_at=now(), **state | fields
        )
