"""Gives a ringing call to the vendor that runs its agent's conversations. The caller waits meanwhile."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import structlog
from asgiref.sync import async_to_sync
from django.db import DatabaseError, connection
from django.utils.timezone import now

from agentos.tenants.credentials import VendorKeys
from agentos.tenants.scoping import tenant_transaction
from agents.endpoints import endpoint
from agents.models import Agent
from agents.native.copy import ABOUT, CALL, INTRODUCTION, values_for
from agents.native.models import NativeAgent
from agents.native.offering import PASS
from agents.native.services import queue, ready
from agents.providers.native.elevenlabs import ElevenLabsAgents, Registered
from agents.providers.ports import ProviderError
from agents.transports import ELEVENLABS_NATIVE, NATIVE_VENDOR
from agents.versions import VersionSpec
from calls import engine_health
from calls.announce import announce
from calls.models import Call
from calls.native.leaving import come_home, goes_on
from calls.native.models import NativeCall
from calls.native.services import catch_up
from calls.native.tools import pass_for
from calls.scripts import CallTexts
from calls.services import NewCall, answer

WITHIN_S = 1.7  # for all of it: the webhook has three seconds, and another way is tried when this one fails
VENDOR_WITHIN_S = 1.4
SLACK = timedelta(minutes=2)
CATCHING_UP_S = 0.6  # in which the caller waits
AT_ONCE = timedelta(seconds=8)  # so soon nobody has said much

log = structlog.get_logger(__name__)
_threads = ThreadPoolExecutor(8, thread_name_prefix="native")


@dataclass(slots=True)
class Gift:
    """A call on its way to the vendor."""

    new: NewCall
    tenant_id: int
    business: str
    spec: VersionSpec
    keys: VendorKeys
    is_late: bool = False


async def give(new: NewCall, tenant_id: int, business: str, spec: VersionSpec, keys: VendorKeys) -> str:
    """The instructions for the carrier; empty where the vendor cannot take the call, in which nothing has happened."""
    gift = Gift(new, tenant_id, business, spec, keys)
    future = asyncio.get_running_loop().run_in_executor(_threads, _give, gift)
    future.add_done_callback(lambda done: done.cancelled() or done.exception())
    done, _ = await asyncio.wait({future}, timeout=WITHIN_S)
    gift.is_late = not done
    try:
        if not done:
            raise ProviderError(NATIVE_VENDOR, "did not answer in time", code="timeout")
        return future.result()
    except DatabaseError as error:
        log.warning("a call is not given to its vendor", call_id=str(new.call_id), error=type(error).__name__)
        return ""
    except ProviderError as error:
        log.warning("the vendor could not take a call", call_id=str(new.call_id), code=error.code)
        of_settings = error.code in ("400", "422")
        await engine_health.note_call(ELEVENLABS_NATIVE, spec.version_id, failed=True, of_settings=of_settings)
        return ""


async def come_up_to_date(tenant_id: int, agent_id: UUID, call_id: UUID) -> None:
    """Give the vendor a moment to tell what was said, before the call goes on. What comes later is taken later."""
    work = asyncio.get_running_loop().run_in_executor(_threads, _catch_up, tenant_id, agent_id, call_id)
    work.add_done_callback(lambda done: done.cancelled() or done.exception())
    await asyncio.wait({work}, timeout=CATCHING_UP_S)


def _catch_up(tenant_id: int, agent_id: UUID, call_id: UUID) -> None:
    try:
        catch_up(tenant_id, agent_id, call_id, within_s=CATCHING_UP_S)
    except (DatabaseError, ProviderError) as error:
        log.info("a call goes on before its vendor has told of it", call_id=str(call_id), error=type(error).__name__)
    finally:
        connection.close()


@dataclass(frozen=True, slots=True)
class Return:
    """What a line means that is open again: whether the call goes on here, and whether a vendor had it until now."""

    goes_on: bool = True
    was_away: bool = False


def comes_back(call_id: UUID) -> Return:
    """Whether a call whose line is open again is to go on here, inside its tenant. Asked of every call.

    One that a vendor had is over when it comes back, unless the agent has left it for that, or it was at once: then the
    vendor never took it.
    """
    native = NativeCall.objects.select_for_update(of=("self",)).select_related("call").filter(call_id=call_id).first()
    if native is None:
        return Return()
    if goes_on(native.call):
        return Return(was_away=come_home(native))
    if native.state != NativeCall.State.OPEN:
        return Return(goes_on=native.state == NativeCall.State.LOST)
    if now() - (native.call.answered_at or now()) > AT_ONCE:
        return Return(goes_on=False)
    native.state, native.wants_recording = NativeCall.State.LOST, False
    native.save(update_fields=["state", "wants_recording"])
    async_to_sync(engine_health.note)(ELEVENLABS_NATIVE, failed=True)
    return Return()


def _give(gift: Gift) -> str:
    try:
        with tenant_transaction(gift.tenant_id):
            vendor_agent = ready(gift.new.agent_id, gift.spec.version_id)
        if not vendor_agent:
            log.info("a version is not at its vendor yet", version_id=gift.spec.version_id)
            return ""
        vendor = ElevenLabsAgents(endpoint(NATIVE_VENDOR, gift.keys))
        try:
            registered = vendor.register(_request(gift, vendor_agent), within_s=VENDOR_WITHIN_S)
        except ProviderError as error:
            if error.code == "404":  # deleted there, or the key is another account's
                _have_made_anew(gift)
            raise
        if gift.is_late:
            return ""
        _write_down(gift, vendor_agent, registered)
        announce(gift.tenant_id, {gift.new.call_id})
        return registered.twiml
    finally:
        connection.close()


def _have_made_anew(gift: Gift) -> None:
    with tenant_transaction(gift.tenant_id):
        NativeAgent.objects.filter(agent_id=gift.new.agent_id).update(version=None)
        queue(Agent.objects.select_related("published").get(pk=gift.new.agent_id))


def _request(gift: Gift, vendor_agent: str) -> dict[str, object]:
    new = gift.new
    texts = CallTexts(
        gift.spec,
        business=gift.business,
        caller_number=new.from_number if new.direction == "inbound" else new.to_number,
        at=new.created_at,
        briefing=new.briefing,
    )
    own = {CALL: str(new.call_id), ABOUT: texts.about(), INTRODUCTION: new.briefing.introduction}
    own |= {PASS: pass_for(gift.tenant_id, new.call_id)}
    return {
        "agent_id": vendor_agent,
        "from_number": new.from_number,
        "to_number": new.to_number,
        "direction": new.direction,
        "conversation_initiation_client_data": {
            "user_id": str(new.call_id),
            "dynamic_variables": values_for(gift.spec, {**texts.variables, **own}),
        },
    }


def _write_down(gift: Gift, vendor_agent: str, registered: Registered) -> None:
    """The vendor has the call, and the carrier connects it the moment that it is told to. It may ask twice."""
    at = now()
    with tenant_transaction(gift.tenant_id):
        call = Call.objects.select_for_update().get(pk=gift.new.call_id)
        answer(call, at)
        NativeCall.objects.update_or_create(
            call=call,
            defaults={
                "vendor_agent": vendor_agent,
                "conversation_id": registered.conversation_id,
                "wants_recording": gift.spec.keeps_recording,
                "wants_deletion": bool(gift.spec.redaction) or gift.spec.transport_options.get("native_forget", True),
                "lasts_until": at + timedelta(seconds=gift.spec.max_duration_s) + SLACK,
            },
        )
