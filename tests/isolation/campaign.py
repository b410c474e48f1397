"""A campaign of a business, with a row in each of its tables and the business's word in each text."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings
from django.utils.timezone import now

from agentos import vault
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from calls.memory.models import Memory, Remembering
from calls.models import Call
from campaigns import models as campaigns
from telephony.models import PhoneNumber


def add_campaign(agent: Agent, number: PhoneNumber, call: Call, secret: str, e164: str) -> str:
    """Everything a campaign can leave behind; returns its id."""
    with tenant_transaction(agent.tenant_id):
        campaigns.ComplianceProfile.objects.create(legal_name=secret)
        contact = campaigns.Contact.objects.create(
            id=number.pk, e164=e164, name=secret, fields={"note": secret}, tags=[secret]
        )
        campaigns.Consent.objects.create(id=number.pk, e164=e164, source=secret, evidence=secret, given_at=now())
        Remembering.objects.create(e164=e164, agreed=True, source=secret, call=call)
        Memory.objects.create(e164=e164, text=secret, quote=secret, call=call)
        campaigns.DoNotCall.objects.create(id=number.pk, e164=e164, source="admin", evidence=secret)
        registry = campaigns.Registry.objects.create(name=secret, area_code=e164[2:5], version=secret)
        campaigns.RegistryNumber.objects.create(registry=registry, digits=int(e164[5:]))
        campaigns.RegistryFile.objects.create(
            id=number.pk, name=secret, file=f"{secret}.txt", asked_at=now(), problem=secret
        )
        campaigns.ContactImport.objects.create(id=number.pk, name=f"{secret}.csv", file=f"{secret}.csv")
        campaign = campaigns.Campaign.objects.create(name=secret, agent=agent, number=number, message=secret)
        clip = campaigns.AudioClip.objects.create(content=secret, text=secret, file=f"{secret}.wav")
        target = campaigns.Target.objects.create(
            campaign=campaign, contact=contact, e164=e164, variables={"name": secret}, clip=clip
        )
        ended = {"state": campaigns.Attempt.State.ENDED, "ended_at": now()}
        attempt = campaigns.Attempt.objects.create(target=target, campaign=campaign, call=call, e164=e164, **ended)
        reply = campaigns.Reply.objects.create(
            id=number.pk, attempt=attempt, target=target, transcript=secret, note=secret, file=f"{secret}.sealed"
        )
        sealed = vault.seal_file(secret.encode(), f"campaigns_reply:{reply.pk}")
        Path(settings.DATA_DIR).mkdir(parents=True, exist_ok=True)
        (Path(settings.DATA_DIR) / reply.file).write_bytes(sealed)
        campaigns.ReplyStep.objects.create(reply=reply, version=0, what="noted", before={"note": secret})
        campaigns.DialReceipt.objects.create(
            sequence=1, e164=e164, decided_at=now(), answer="allow", body={"note": secret}, hash=secret
        )
        return str(campaign.pk)
