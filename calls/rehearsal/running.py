"""Letting simulated callers talk with a draft, one rehearsal after the other, and writing down how it went."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID, uuid4

import structlog
from django.utils import timezone
from django.utils.timezone import now

from agentos.jobs import enqueue
from agentos.tenants.credentials import VendorKeys, vendor_keys
from agentos.tenants.models import Tenant
from agentos.tenants.scoping import current_tenant_id, tenant_transaction
from agents import providers
from agents.models import AgentVersion
from agents.providers.offline_voice.client import stop_worker
from agents.providers.ports import ProviderError
from agents.versions import VersionSpec
from calls.after.analysis import Answer, findings_of
from calls.after.reading import Line, Questions, Unusable
from calls.equipment import Mind, language_model
from calls.knowing import Knowledge
from calls.models import Call, ToolRun, Turn
from calls.rehearsal.callers import Player, Reader, SimulatedCaller
from calls.rehearsal.checks import Finding, check
from calls.rehearsal.models import Rehearsal, RehearsalRun
from calls.rehearsal.talk import Pretending, Script, Talk
from calls.scripts import CallTexts
from calls.toolbox import Scene, open_toolbox

MOST_ANSWERS = 25
WITHIN_S = 180.0
FORGOTTEN_AFTER = timedelta(minutes=10)
MOST_TOKENS_OF_A_CALLER = 120
CALLERS_NUMBER = "+12025550100"  # of those that are kept for fiction

log = structlog.get_logger(__name__)
State = RehearsalRun.State


@dataclass(frozen=True, slots=True)
class Scenery:
    """What one rehearsal needs of the database."""

    tenant_id: int
    agent_id: UUID
    business: str
    rehearsal: Rehearsal
    version: AgentVersion
    spec: VersionSpec
    keys: VendorKeys


def begin(rehearsals: Sequence[Rehearsal], version: AgentVersion) -> list[RehearsalRun]:
    """Queue a run of each, inside the tenant; one that is running already is not begun twice."""
    digest = digest_of(version)
    recent = RehearsalRun.objects.filter(state=State.RUNNING, created_at__gt=now() - FORGOTTEN_AFTER)
    busy = set(recent.values_list("rehearsal_id", flat=True))
    runs = [RehearsalRun.objects.create(rehearsal=each, digest=digest) for each in rehearsals if each.pk not in busy]
    for run in runs:
        enqueue("calls.tasks.rehearse", current_tenant_id(), run.pk)
    return runs


def digest_of(version: AgentVersion) -> str:
    """The same for the same settings, whenever they were saved."""
    settings = VersionSpec.of(version).to_json() | {"version_id": 0}
    return hashlib.sha256(json.dumps(settings, sort_keys=True, default=str).encode()).hexdigest()[:24]


def rehearse(tenant_id: int, run_id: int) -> None:
    """Play one run. Done twice, it is played once."""
    with tenant_transaction(tenant_id):
        run = RehearsalRun.objects.select_related("rehearsal__agent").filter(pk=run_id, state=State.RUNNING).first()
        if run is None:
            return
        scenery = _scenery(tenant_id, run.rehearsal)
    script, findings, trouble = Script(), list[Finding](), ""
    try:
        asyncio.run(_held(scenery, script))
        findings = _checked(scenery, script)
    except (ProviderError, Unusable, TimeoutError) as error:
        trouble = getattr(error, "message", "") or "It took too long."
        log.warning("a rehearsal broke off", run_id=run_id, code=getattr(error, "code", "timeout"))
    with tenant_transaction(tenant_id):
        state = State.BROKEN if trouble else State.PASSED if all(each.holds for each in findings) else State.FAILED
        RehearsalRun.objects.filter(pk=run_id, state=State.RUNNING).update(
            state=state,
            script=script.entries,
            findings=[each.to_json() for each in findings],
            trouble=trouble[:200],
            ended_at=now(),
        )


def _scenery(tenant_id: int, rehearsal: Rehearsal) -> Scenery:
    version = rehearsal.agent.versions.select_related("agent").get(number=None)
    business = Tenant.objects.get(pk=tenant_id).name
    keys = vendor_keys()
    return Scenery(tenant_id, rehearsal.agent_id, business, rehearsal, version, VersionSpec.of(version), keys)


async def _held(scenery: Scenery, script: Script) -> None:
    """The conversation, from the greeting to its end. What was said stays in `script`, also when it breaks off."""
    knowledge = Knowledge(scenery.tenant_id, scenery.agent_id, scenery.spec.language)
    mind = Mind(scenery.spec, scenery.keys, knowledge)
    try:
        async with asyncio.timeout(WITHIN_S):
            await knowledge.opened()
            await _talk_through(_talk(scenery, mind, script), _caller(scenery), script)
    finally:
        await mind.close()
        await providers.close_clients()
        await stop_worker()


async def _talk_through(talk: Talk, caller: SimulatedCaller, script: Script) -> None:
    for _ in range(MOST_ANSWERS):
        line = await caller.answer(script.entries)
        if line is None:
            return
        await talk.say(line)
        if talk.is_over:
            return


def _talk(scenery: Scenery, mind: Mind, script: Script) -> Talk:
    spec = scenery.spec
    texts = CallTexts(spec, business=scenery.business, caller_number=CALLERS_NUMBER, at=timezone.now())
    opening = texts.script(resumed=False, speculation=False)
    scene = Scene(scenery.tenant_id, uuid4(), spec, scenery.business, CALLERS_NUMBER)
    answers: Mapping[str, str] = scenery.rehearsal.answers
    toolbox, _ = open_toolbox(scene, script, lambda: 0, through=lambda worker: Pretending(answers, worker))
    return Talk(
        system=texts.system_prompt(),
        greeting=" ".join(opening.opening),
        farewell=opening.farewell,
        model=mind.model,
        toolbox=toolbox,
        script=script,
    )


def _caller(scenery: Scenery) -> SimulatedCaller:
    rehearsal, spec = scenery.rehearsal, scenery.spec
    if rehearsal.lines:
        return Reader(rehearsal.lines)
    options = {"max_tokens": MOST_TOKENS_OF_A_CALLER}
    model = language_model(spec.llm_provider, spec.llm_model, options, scenery.keys)
    return Player(model, persona=rehearsal.persona, goal=rehearsal.goal, difficulty=rehearsal.difficulty)


def _checked(scenery: Scenery, script: Script) -> list[Finding]:
    """What can be seen in the script, and what has to be judged. Raises what a vendor raises, and Unusable."""
    rehearsal = scenery.rehearsal
    findings = check(
        script.entries,
        says=rehearsal.says,
        never_says=rehearsal.never_says,
        uses=rehearsal.uses,
        never_uses=rehearsal.never_uses,
    )
    if not rehearsal.criteria:
        return findings
    spoken = [entry for entry in script.entries if entry["who"] != "tool"]
    lines = [Line(index, entry["who"], entry["text"]) for index, entry in enumerate(spoken)]
    asked = Questions(lines, criteria=rehearsal.criteria, language=scenery.spec.language, on=timezone.localdate())
    judged = findings_of(asked, scenery.version, scenery.keys, Answer())
    return [
        *findings,
        *(
            Finding(criterion, verdict["verdict"] == "met", verdict.get("reason", ""))
            for criterion, verdict in zip(rehearsal.criteria, judged.criteria, strict=True)
        ),
    ]


def from_call(call: Call) -> Rehearsal:
    """A test out of a real call: the caller's own words, and the tools that were used. Inside the tenant."""
    turns = call.turns.filter(speaker=Turn.Speaker.CALLER).exclude(heard="").order_by("started_ms", "index")
    done = ToolRun.objects.filter(call=call, state=ToolRun.State.DONE).order_by("started_ms")
    answers = {run.name: run.result for run in done if run.effect}
    made: Rehearsal = Rehearsal.objects.create(
        agent=call.agent,
        name=f"Call of {timezone.localtime(call.created_at):%B %-d, %H:%M}",
        lines=[turn.heard for turn in turns],
        uses=list(answers),
        answers=answers,
        from_call=call.pk,
    )
    return made
