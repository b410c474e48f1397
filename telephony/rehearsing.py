"""Rehearsals by voice: somebody calls a draft through a practice carrier, on the real media path, and we listen.

The carrier is this process, for this one call: it opens the same socket that the real one would, with its signature.
What was said is what could be heard of it. Tools only pretend (calls.rehearsal.guard).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
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
from agents.providers.ports import ProviderError
from calls.after.costs import add_usage, charge, count_tokens
from calls.briefing import Briefing
from calls.models import Call, CallEvent, ToolRun, Turn
from calls.rehearsal import running
from calls.rehearsal.callers import GOODBYE, SimulatedCaller
from calls.rehearsal.checks import Finding, check_ending, check_sound
from calls.rehearsal.manners import MANNERS, Manner, as_said
from calls.rehearsal.models import Rehearsal
from calls.rehearsal.spending import CALLER, JUDGE, Till
from calls.rehearsal.staging import CALLERS_NUMBER, Scenery
from calls.runtime import CallClaims
from calls.scripts import CallTexts
from calls.services import NewCall, lines_in_use, open_call
from calls.wording import happening
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
EARS_MS = 300  # by so much a line may seem to begin before it was played
WRITTEN_WITHIN_S = 8.0
LAST_LINE = "Every line but one is taken, and a rehearsal leaves the last one to callers. Play it again in a moment."
NOT_CONNECTED = "The call did not reach the agent."
GAVE_UP = "It said that it could not go on."

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Ringing:
    """A call that is about to be made, by whom, and what they use."""

    call: Call
    scenery: Scenery
    rehearsal: Rehearsal
    caller: SimulatedCaller
    voice: CallersVoice
    impromptu: Impromptu | None = None
    till: Till = field(default_factory=Till)


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
    record, findings, trouble, measures = None, [], "", {}
    try:
        try:
            record = asyncio.run(_called(ringing))
        finally:
            call = _wait_until_written(ringing)
            entries = _heard(ringing, record)
        if call.answered_at is None:
            raise ProviderError("practice", NOT_CONNECTED)
        measures, findings = _measured(record), _findings(ringing, call, record, entries)
    except (ProviderError, TimeoutError, OSError) as error:
        trouble = running.trouble_of(error)
        log.warning("a rehearsal by voice broke off", run_id=run_id, error=type(error).__name__)
    with tenant_transaction(tenant_id):
        _charge(ringing)
        running.conclude(run_id, entries, findings, trouble, till=ringing.till, measures=measures)


def _findings(ringing: _Ringing, call: Call, record: CallRecord, entries: list[dict[str, Any]]) -> list[Finding]:
    """What was said, how it sounded, and how it ended."""
    said = running.checked(ringing.scenery, ringing.rehearsal, entries, ringing.till)
    ran_out = ringing.impromptu.ran_out if ringing.impromptu else ""
    if record.ended_by == "carrier" and record.duration_s >= WITHIN_S:
        ran_out = f"after {WITHIN_S / 60:g} minutes"
    trouble = _trouble_in(call) if call.ending == Call.Ending.FAILURE else ""
    return [*said, *check_sound(**_measured(record)), *check_ending(ran_out=ran_out, could_not_go_on=trouble)]


def _trouble_in(call: Call) -> str:
    """Why the agent gave up, by what was noted in the call."""
    with tenant_transaction(call.tenant_id):
        failures = list(CallEvent.objects.filter(call=call, kind="failure"))
    return " ".join(dict.fromkeys(happening(event).text for event in failures)) or GAVE_UP


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
    ringing.impromptu = Impromptu(ringing.caller, manner, tenant_id=call.tenant_id, call_id=call.pk)
    return Person(stays_ms=STAYS_MS), ringing.impromptu.steps


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
    """What the caller's model and voice and the judge have used counts with the call's own, inside the tenant."""
    spec, voice, till = ringing.scenery.spec, ringing.voice, ringing.till
    running.count_caller(till, ringing.scenery, ringing.caller)
    played, judged = till.of(CALLER), till.of(JUDGE)
    call = Call.objects.select_related("version").get(pk=ringing.call.pk)
    for unit, quantity in played.by_unit():
        if quantity:
            add_usage(call, "llm", spec.llm_provider, spec.llm_model, unit, quantity)
    if voice.characters:
        add_usage(call, "tts", voice.name, voice.model, "characters", voice.characters)
    count_tokens(call, call.version, judged)
    charge(call)


def _wait_until_written(ringing: _Ringing) -> Call:
    """The last words reach the database a moment after the end."""
    deadline = time.monotonic() + WRITTEN_WITHIN_S
    while time.monotonic() < deadline:
        with tenant_transaction(ringing.call.tenant_id):
            call: Call = Call.objects.get(pk=ringing.call.pk)
            if call.status == Call.Status.ENDED and (call.answered_at is None or call.turns.exists()):
                break
        time.sleep(0.2)
    return call


def _heard(ringing: _Ringing, record: CallRecord | None) -> list[dict[str, Any]]:
    """Who said what and which tools were used, in order; without a record of the carrier what we know of it.

    What the agent said is decoded from the sound where it thinks and speaks offline. The offline ears do not know the
    words of a vendor's model; there it is what was played to the caller.
    """
    with tenant_transaction(ringing.call.tenant_id):
        turns = list(Turn.objects.filter(call=ringing.call).order_by("started_ms", "index"))
        runs = list(ToolRun.objects.filter(call=ringing.call))
    said = _said(record) if record else [_line(turn) for turn in turns if turn.heard and turn.speaker == "caller"]
    played = [turn for turn in turns if turn.heard and turn.speaker == "agent"]
    spec = ringing.scenery.spec
    if record and spec.llm_provider == spec.tts_provider == "offline":
        words = _spoken(ringing, [each["text"] for each in said])
        lines = [line for line in listen_to_agent(record.heard, words) if line.text]
        agent = [
            {"who": "agent", "text": line.text, "at_ms": line.start_ms, "played": _played(line.start_ms, played)}
            for line in lines
        ]
    else:
        agent = [_line(turn) for turn in played]
    used = [
        {"who": "tool", "name": run.name, "title": run.title, "arguments": run.arguments, "at_ms": run.started_ms}
        | {"result": run.result, "state": run.state}
        for run in runs
    ]
    return sorted([*said, *agent, *used], key=lambda entry: entry["at_ms"])


def _said(record: CallRecord) -> list[dict[str, Any]]:
    """What the caller has said, and the keys that they have pressed."""
    spoken = [(each.began_ms or 0, each.text) for each in record.utterances if each.text]
    keys = [each for each in record.happenings if each.kind == "pressed"]
    lines = [*spoken, *((each.at_ms, f"I pressed {' '.join(each.facts['digits'])}.") for each in keys)]
    return [{"who": "caller", "text": text, "at_ms": round(at_ms)} for at_ms, text in lines]


def _played(at_ms: int, turns: Sequence[Turn]) -> str:
    """The words of which this was heard: ears may mistake a name that nobody has told them."""
    begun = [turn.heard for turn in turns if turn.started_ms <= at_ms + EARS_MS]
    return begun[-1] if begun else ""


def _line(turn: Turn) -> dict[str, Any]:
    unheard = {"unheard": turn.unheard} if turn.interrupted and turn.unheard else {}
    return {"who": str(turn.speaker), "text": turn.heard, "at_ms": turn.started_ms, **unheard}


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
