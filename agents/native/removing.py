"""Takes away what ElevenLabs keeps of an agent that was put away, or whose calls are carried otherwise by now."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Q

from agentos.tenants.log import record
from agentos.tenants.scoping import tenant_transaction
from agents.models import Agent
from agents.native.models import NativeAgent
from agents.native.services import SUBJECT, note, queue, tools_path, vendor_of_tenant
from agents.providers.ports import ProviderError
from agents.transports import ELEVENLABS_NATIVE, NATIVE_VENDOR

EMPTY = {"vendor_id": "", "webhook_id": "", "webhook_secret": "", "webhook_url": ""}


def left_behind(tenant_id: int) -> list[UUID]:
    """The agents of a tenant of which something is there that nobody needs."""
    with tenant_transaction(tenant_id):
        known = NativeAgent.objects.exclude(vendor_id="", webhook_id="")
        return list(known.exclude(agent__published__transport=ELEVENLABS_NATIVE).values_list("agent_id", flat=True))


def remove(tenant_id: int, agent_id: UUID) -> None:
    """Delete agent, tools and webhook there, once no call needs them. Repeated, it changes nothing.

    Raises ProviderError, which is retryable while calls are there.
    """
    with tenant_transaction(tenant_id):
        copy = NativeAgent.objects.select_related("agent__published").filter(agent_id=agent_id).first()
        if copy is None or not is_left_behind(copy):
            return
    try:
        _remove(tenant_id, copy)
    except ProviderError as error:
        with tenant_transaction(tenant_id):
            if not copy.trouble and error.code != "busy":
                words = f"{copy.agent} could not be removed from ElevenLabs; it is tried again"
                record("native.left", words, subject=SUBJECT, code=error.code)
            note(agent_id, trouble="" if error.code == "busy" else error.code[:40])
        raise


def is_left_behind(copy: NativeAgent) -> bool:
    """Whether it is of no use any more: nobody is given to it."""
    published = copy.agent.published
    is_used = published is not None and published.transport == ELEVENLABS_NATIVE
    return bool(copy.vendor_id or copy.webhook_id) and not is_used


def _remove(tenant_id: int, copy: NativeAgent) -> None:
    with tenant_transaction(tenant_id):
        needed = Q(calls__native__state="open") | Q(calls__native__wants_recording=True)
        if Agent.objects.filter(needed, pk=copy.agent_id).exists():
            raise ProviderError(NATIVE_VENDOR, "calls are still there", retryable=True, code="busy")
        vendor = vendor_of_tenant()
    for tool_id in vendor.tools_below(tools_path(copy.agent_id)):
        vendor.forget_tool(tool_id)
    vendor.forget_agent(copy.vendor_id)
    if copy.webhook_id:
        vendor.forget_webhook(copy.webhook_id)
    with tenant_transaction(tenant_id):
        note(copy.agent_id, **EMPTY, version_id=None, written_at=None, differs=[], differs_since=None, trouble="")
        record("native.removed", f"Removed {copy.agent} from ElevenLabs", subject=SUBJECT)
        queue(Agent.objects.select_related("published").get(pk=copy.agent_id))  # if it is wanted there again meanwhile
