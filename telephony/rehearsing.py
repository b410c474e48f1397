"""Rehearsals by voice: somebody calls a draft through a practice carrier, on the real media path, and we listen.

The carrier is this process, for this one call: it opens the same socket that the real one would, with its signature.
What was said is what could be heard of it. Tools only pretend (calls.rehearsal.guard).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import structlog
from django.conf import settings
from django.utils.timezone import now

from agentos.errors import DomainError
from agentos.tenants.models import Tenant
from agentos.tenants.scoping import tenant_transaction
from agents import providers
from agents.checklist import problems
from agents.providers.offline_voice.client import stop_worker
from agents.providers.ports import ProviderError, Usage
from calls.after.costs import add_usage, charge
from calls.briefing import Briefing
from calls.models import Call, ToolRun, Turn
from calls.rehearsal import running
from calls.rehearsal.callers import GOODBYE, Player, SimulatedCaller
from calls.rehearsal.checks import check_sound
from calls.rehearsal.manners import MANNERS, Manner, as_said
from calls.rehearsal.models import Rehearsal
from calls.rehearsal.staging import CALLERS_NUMBER, Scenery
from calls.runtime import CallClaims
from calls.scripts import CallTexts
from calls.services import NewCall, lines_in_use, open_call
from telephony import addresses, twiml
from telephony.impromptu import CallersVoice, Impromptu, step_of
from telephony.simulator.call_flow import SimulatedCall
from telephony.simulator.listening import Spoken, listen_to_agent
from telephony.simulator.people import HangUp, Improvise, Person, Step, WaitForAgent
from telephony.simulator.record import CallRecord, new_sid
from telephony.simulator.setup import Account, CallSetup
from telephony.simulator.voices import Speaker, hissing, muffled
from telephony.simulator.webhooks import Courier, Webhook
from telephony.tokens import mint

WITHIN_S = 240.0
STAYS_MS = 8_000
WRITTEN_WITHIN_S = 8.0
LAST_LINE = "Every line but one is taken, and a rehearsal leaves the last one to callers. Play it again in a moment."
NOT_CONNECTED = "The call did not reach the agent."

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Ringing:
    """A call that is about to be made."""

    call: Call
    scenery: Scenery
    rehearsal: Rehearsal
    caller: SimulatedCaller
    voice: CallersVoice


def rehearse_aloud(tenant_id: int, run_id: int) -> None:
    """Play one run by voice. Done twice, it is played once."""
    with tenant_transaction(tenant_id):
        run = running.waiting(run_id)
        if run is None or run.call_id is not None:
            return
        try:
            ringing = _ring(tenant_id, run.rehearsal)
        except DomainError as error:
            running.conclude(run_id, [], [], error.message)
            return
        run.call = ringing.call
        run.save(update_fields=["call"])
    entries, findings, trouble, measures = [], [], "", {}
    try:
        record = asyncio.run(_called(ringing))
        _wait_until_written(ringing)
        entries, measures = _heard(ringing, record), _measured(record)
        findings = [*running.checked(ringing.scenery, ringing.rehearsal, entries), *check_sound(**measures)]
    except (ProviderError, TimeoutError, OSError) as error:
        trouble = running.trouble_of(error)
        log.warning("a rehearsal by voice broke off", run_id=run_id, error=type(error).__name__)
    with tenant_transaction(tenant_id):
        _charge(ringing)
        running.conclude(run_id, entries, findings, trouble, measures=measures)


def _ring(tenant_id: int, rehearsal: Rehearsal) -> _Ringing:
    """Open the call, inside the tenant. Raises DomainError for one that cannot be made."""
    draft = running.draft_of(rehearsal)
    if found := problems(draft):
        raise DomainError("not_ready", f"The draft cannot be called yet. {found[0].text}")
    most = Tenant.objects.get(pk=tenant_id).max_concurrent_calls
    if 1 < most <= lines_in_use() + 1:
        raise DomainError("busy", LAST_LINE)
    scenery = running.scenery_of(tenant_id, rehearsal)
    takes_place = rehearsal.takes_place.isoformat() if rehearsal.takes_place else ""
    new = NewCall(
        call_id=uuid4(),
        agent_id=draft.agent_id,
        version_id=draft.pk,
        channel=Call.Channel.REHEARSAL,
        direction=Call.Direction.INBOUND,
        from_number=CALLERS_NUMBER,
        to_number="",
        carrier_sid=new_sid("CA"),
        created_at=now(),
        briefing=Briefing(pretend=rehearsal.answers, takes_place=takes_place),
    )
    voice = CallersVoice(scenery.spec, scenery.keys)
    return _Ringing(open_call(tenant_id, new), scenery, rehearsal, running.caller_of(scenery, rehearsal), voice)


async def _called(ringing: _Ringing) -> CallRecord:
    """The call, from the first ring to the last frame. Raises TimeoutError, and ProviderError without a voice."""
    call, manner = ringing.call, MANNERS[ringing.rehearsal.difficulty]
    claims = CallClaims(call.pk, call.agent_id, call.tenant_id, segment=1, carrier_sid=call.carrier_sid or "")
    instructions = twiml.connect_stream(
        addresses.media_url(call.agent_id), mint(claims), resume_url=addresses.resume_url(call.agent_id)
    )
    account = Account(settings.TWILIO_ACCOUNT_SID, settings.TWILIO_AUTH_TOKEN)
    status = Webhook(addresses.status_url(call.agent_id))
    setup = CallSetup(call.from_number, call.to_number, twiml=instructions, status=status, time_limit_s=WITHIN_S)
    person, improvise = _person(ringing, manner)
    try:
        async with asyncio.timeout(WITHIN_S + 10), Courier(account.auth_token) as courier:
            simulated = SimulatedCall(
                account,
                setup,
                person,
                courier=courier,
                speaker=_on_the_line(ringing.voice, manner),
                sid=call.carrier_sid or "",
                improvise=improvise,
            )
            return await simulated.run()
    finally:
        await providers.close_clients()
        await stop_worker()


def _person(ringing: _Ringing, manner: Manner) -> tuple[Person, Improvise | None]:
    """Who calls: somebody with a script, or somebody who thinks of what to say."""
    if ringing.rehearsal.lines:
        return person_of(ringing.rehearsal.lines, manner), None
    call = ringing.call
    impromptu = Impromptu(ringing.caller, manner, tenant_id=call.tenant_id, call_id=call.pk)
    return Person(stays_ms=STAYS_MS), impromptu.steps


def _on_the_line(voice: Speaker, manner: Manner) -> Speaker:
    voice = muffled(voice) if manner.muffled else voice
    return hissing(voice, manner.hiss) if manner.hiss else voice


def person_of(lines: Sequence[str], manner: Manner) -> Person:
    """Somebody who says these lines in this manner, and goodbye."""
    steps: list[Step] = []
    for place, line in enumerate((*as_said(lines, manner), GOODBYE)):
        if manner.interrupts and place % 2:
            steps.append(step_of(line, cuts_off=True))
        else:
            steps += [WaitForAgent(quiet_ms=manner.quiet_ms, timeout_ms=manner.waits_ms), step_of(line)]
    return Person((*steps, WaitForAgent(), HangUp()), stays_ms=STAYS_MS)


def _charge(ringing: _Ringing) -> None:
    """What the caller's model and voice have used counts with the call's own, inside the tenant."""
    spec, voice, caller = ringing.scenery.spec, ringing.voice, ringing.caller
    used = caller.used if isinstance(caller, Player) else Usage(0, 0)
    call = Call.objects.select_related("version").get(pk=ringing.call.pk)
    for kind, named, unit, quantity in (
        ("llm", (spec.llm_provider, spec.llm_model), "input_tokens", used.input),
        ("llm", (spec.llm_provider, spec.llm_model), "output_tokens", used.output),
        ("tts", (voice.name, voice.model), "characters", voice.characters),
    ):
        if quantity:
            add_usage(call, kind, *named, unit, quantity)
    charge(call)


def _wait_until_written(ringing: _Ringing) -> None:
    """The last words reach the database a moment after the end."""
    deadline = time.monotonic() + WRITTEN_WITHIN_S
    while time.monotonic() < deadline:
        with tenant_transaction(ringing.call.tenant_id):
            call = Call.objects.get(pk=ringing.call.pk)
            if call.status == Call.Status.ENDED and (call.answered_at is None or call.turns.exists()):
                break
        time.sleep(0.2)
    if call.answered_at is None:
        raise ProviderError("practice", NOT_CONNECTED)


def _heard(ringing: _Ringing, record: CallRecord) -> list[dict[str, Any]]:
    """Who said what and which tools were used, in order.

    What the agent said is decoded from the sound where it thinks and speaks offline. The offline ears do not know the
    words of a vendor's model; there it is what was played to the caller.
    """
    spoken = [each for each in record.utterances if each.text]
    said = [{"who": "caller", "text": each.text, "at_ms": round(each.began_ms or 0)} for each in spoken]
    with tenant_transaction(ringing.call.tenant_id):
        turns = list(Turn.objects.filter(call=ringing.call, speaker=Turn.Speaker.AGENT).exclude(heard=""))
        runs = list(ToolRun.objects.filter(call=ringing.call))
    spec = ringing.scenery.spec
    if spec.llm_provider == spec.tts_provider == "offline":
        words = _spoken(ringing, [each.text for each in spoken])
        agent = [(line.start_ms, line.text) for line in listen_to_agent(record.heard, words) if line.text]
    else:
        agent = [(turn.started_ms, turn.heard) for turn in turns]
    used = [
        {"who": "tool", "name": run.name, "title": run.title, "arguments": run.arguments, "at_ms": run.started_ms}
        | {"result": run.result, "state": run.state}
        for run in runs
    ]
    entries = [*said, *({"who": "agent", "text": text, "at_ms": at_ms} for at_ms, text in agent), *used]
    return sorted(entries, key=lambda entry: entry["at_ms"])


def _spoken(ringing: _Ringing, said: Sequence[str]) -> Spoken:
    scenery = ringing.scenery
    texts = CallTexts(scenery.spec, business=scenery.business, caller_number=CALLERS_NUMBER, at=ringing.call.created_at)
    return Spoken(texts.system_prompt(), texts.fixed(), said)


def _measured(record: CallRecord) -> dict[str, Any]:
    """Waits, talking at the same time, and how soon the agent gave way, in milliseconds of the call."""
    barged = [each for each in record.utterances if each.barge_in_s is not None]
    quiet = [each for each in record.utterances if each.barge_in_s is None]
    waits = [each.wait_s * 1000 for each in quiet if each.wait_s is not None]
    over = sum(max(0.0, (each.voice_ended_ms or 0) - each.reply_ms) for each in quiet if each.reply_ms is not None)
    tried = len(record.of_kind("barged in"))
    never: list[int | None] = [None] * max(0, tried - len(barged))
    return {
        "waits_ms": [round(each) for each in waits],
        "talk_over_ms": round(over),
        "gave_way_ms": [*(round((each.barge_in_s or 0) * 1000) for each in barged), *never],
    }
