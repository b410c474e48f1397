"""Letting simulated callers talk with a draft, one rehearsal after the other, and writing down how it went."""

from __future__ import annotations

import asyncio
import hashlib
import json
from collections.abc import Iterator, Sequence
from datetime import timedelta

import structlog
from django.db.models import Q
from django.utils.timezone import now

from agentos.jobs import enqueue
from agentos.tenants.scoping import current_tenant_id, tenant_transaction
from agents import providers
from agents.endpoints import endpoint
from agents.models import AgentVersion
from agents.providers.offline_voice.client import stop_worker
from agents.providers.ports import ProviderError, ServedBy
from agents.tools import built_in
from agents.versions import VersionSpec
from calls.after.analysis import Answer, findings_of
from calls.after.beside import Purpose, count_tokens
from calls.after.outcomes import TROUBLES
from calls.after.reading import Line, Questions, Unusable
from calls.equipment import Mind, language_model
from calls.lineup import Lineup
from calls.rehearsal.acting import Actor
from calls.rehearsal.callers import Player, Reader, SimulatedCaller
from calls.rehearsal.checks import Entries, Finding, check, check_ending
from calls.rehearsal.conduct import Conduct, judge
from calls.rehearsal.manners import MANNERS, heard_share
from calls.rehearsal.models import Rehearsal, RehearsalRun
from calls.rehearsal.spending import AGENT, CALLER, JUDGE, Till, cents_of
from calls.rehearsal.staging import Scenery, set_up
from calls.rehearsal.talk import Script, Talk

MOST_ANSWERS, MOST_SILENCES = 25, 2
MOST_OF_A_READER = 60  # lines of a script, and what is asked again between them
WITHIN_S = 180.0
FORGOTTEN_AFTER = timedelta(minutes=10)
MOST_TOKENS_OF_A_CALLER = 120
NOT_JUDGED = "Nobody could judge it."
VERDICTS = {"met": True, "not_met": False}
IN_WRITING, BY_VOICE = "calls.tasks.rehearse", "telephony.tasks.rehearse_aloud"

log = structlog.get_logger(__name__)
State = RehearsalRun.State


def begin(rehearsals: Sequence[Rehearsal], version: AgentVersion, *, by_voice: bool = False) -> list[RehearsalRun]:
    """Queue a run of each, inside the tenant; one that is running already is not begun twice, also by two at once."""
    list(Rehearsal.objects.select_for_update().filter(pk__in=[each.pk for each in rehearsals]).order_by("pk"))
    digest = digest_of(version)
    recent = RehearsalRun.objects.filter(state=State.RUNNING, by_voice=by_voice).exclude(is_forgotten())
    busy = set(recent.values_list("rehearsal_id", flat=True))
    wanted = [each for each in rehearsals if each.pk not in busy]
    runs = [RehearsalRun.objects.create(rehearsal=each, digest=digest, by_voice=by_voice) for each in wanted]
    for run in runs:
        enqueue(BY_VOICE if by_voice else IN_WRITING, current_tenant_id(), run.pk)
    return runs


def is_forgotten() -> Q:
    """Runs whose worker has died."""
    return Q(state=State.RUNNING, created_at__lte=now() - FORGOTTEN_AFTER)


def digest_of(version: AgentVersion) -> str:
    """The same for the same settings, whenever they were saved."""
    settings = VersionSpec.of(version).to_json() | {"version_id": 0}
    return hashlib.sha256(json.dumps(settings, sort_keys=True, default=str).encode()).hexdigest()[:24]


def rehearse(tenant_id: int, run_id: int) -> None:
    """Play one run in writing. Done twice, it is played once."""
    with tenant_transaction(tenant_id):
        run = waiting(run_id)
        if run is None:
            return
        rehearsal, scenery = run.rehearsal, scenery_of(tenant_id, run.rehearsal)
    script, till, findings, trouble = Script(), Till(), list[Finding](), ""
    try:
        ran_out = asyncio.run(_held(scenery, rehearsal, script, till))
        findings = [*checked(scenery, rehearsal, script.entries, till), *check_ending(ran_out=ran_out)]
    except (ProviderError, TimeoutError) as error:
        trouble = trouble_of(error)
        log.warning("a rehearsal broke off", run_id=run_id, code=getattr(error, "code", "timeout"))
    with tenant_transaction(tenant_id):
        conclude(run_id, script.entries, findings, trouble, till=till)
        count_tokens(Purpose.REHEARSAL, till.by_model())


def waiting(run_id: int) -> RehearsalRun | None:
    """The run, as long as it is to be played."""
    runs = RehearsalRun.objects.select_related("rehearsal__agent").filter(pk=run_id, state=State.RUNNING)
    found: RehearsalRun | None = runs.first()
    return found


def draft_of(rehearsal: Rehearsal) -> AgentVersion:
    draft: AgentVersion = rehearsal.agent.versions.select_related("agent").get(number=None)
    return draft


def scenery_of(tenant_id: int, rehearsal: Rehearsal) -> Scenery:
    """Inside the tenant."""
    return set_up(tenant_id, draft_of(rehearsal), at=rehearsal.takes_place)


def trouble_of(error: Exception) -> str:
    """What a person may read of it."""
    if isinstance(error, Unusable):
        return "The model wrote what cannot be read."
    known = TROUBLES.get(getattr(error, "code", ""), "")
    return known or getattr(error, "message", "") or "It took too long."


def conclude(
    run_id: int,
    entries: Entries,
    findings: Sequence[Finding],
    trouble: str = "",
    *,
    till: Till | None = None,
    **more: object,
) -> None:
    """Write down how it went and what it took, inside the tenant."""
    used = till.lines(now().date()) if till else []
    RehearsalRun.objects.filter(pk=run_id, state=State.RUNNING).update(
        state=State.BROKEN if trouble else _verdict(findings),
        script=list(entries),
        findings=[each.to_json() for each in findings],
        trouble=trouble[:200],
        used=used,
        cents=cents_of(used),
        ended_at=now(),
        **more,
    )


def _verdict(findings: Sequence[Finding]) -> State:
    """What nobody could judge has not passed."""
    held = [each.holds for each in findings]
    if False in held:
        return State.FAILED
    return State.UNJUDGED if None in held or not held else State.PASSED


async def _held(scenery: Scenery, rehearsal: Rehearsal, script: Script, till: Till) -> str:
    """The conversation, from the greeting to its end; returns why it ended too early, and nothing where it did not.

    What was said stays in `script`, and what was used in `till`, also when it breaks off.
    """
    knowledge, caller = scenery.knowledge(), caller_of(scenery, rehearsal)
    mind = Mind(Lineup(scenery.spec), scenery.keys, knowledge)
    try:
        async with asyncio.timeout(WITHIN_S):
            await knowledge.opened()
            talk = scenery.talk(mind, script, rehearsal.answers)
            try:
                return await _talk_through(talk, caller, rehearsal)
            finally:
                for by, usage in talk.used.items():
                    till.add(AGENT, by or model_of(scenery), usage)
    finally:
        count_caller(till, scenery, caller)
        await mind.close()
        await providers.close_clients()
        await stop_worker()


async def _talk_through(talk: Talk, caller: SimulatedCaller, rehearsal: Rehearsal) -> str:
    silences, most = 0, MOST_OF_A_READER if rehearsal.lines else MOST_ANSWERS
    for turn in range(most):
        line = await caller.answer(talk.script.entries)
        if line is None:
            return ""
        share = heard_share(turn, MANNERS[rehearsal.difficulty])
        silences = 0 if await talk.say(line, heard=share) else silences + 1
        if talk.is_over or silences >= MOST_SILENCES:
            return ""
    return f"after {most} lines"


def caller_of(scenery: Scenery, rehearsal: Rehearsal) -> SimulatedCaller:
    """Whoever calls: a reader of lines, or somebody who is played by the version's model, or by rules without one."""
    spec, manner = scenery.spec, MANNERS[rehearsal.difficulty]
    if rehearsal.lines:
        return Reader(rehearsal.lines, manner)
    if spec.llm_provider == "offline" or not endpoint(spec.llm_provider, scenery.keys).api_key:
        return Actor(persona=rehearsal.persona, goal=rehearsal.goal, manner=manner)
    options = {"max_tokens": MOST_TOKENS_OF_A_CALLER}
    model = language_model(spec.llm_provider, spec.llm_model, options, scenery.keys)
    return Player(model, persona=rehearsal.persona, goal=rehearsal.goal, manner=manner)


def model_of(scenery: Scenery) -> ServedBy:
    """The first choice, and who plays and judges."""
    return ServedBy(scenery.spec.llm_provider, scenery.spec.llm_model)


def count_caller(till: Till, scenery: Scenery, caller: SimulatedCaller) -> None:
    """What a caller has used who is played by a model."""
    if isinstance(caller, Player):
        till.add(CALLER, model_of(scenery), caller.used)


def checked(scenery: Scenery, rehearsal: Rehearsal, entries: Entries, till: Till) -> list[Finding]:
    """What can be seen in the script, and what has to be judged; what judging takes is counted."""
    known = {**built_in(), **scenery.tools}
    conduct = Conduct(scenery.business, scenery.spec.prompt, scenery.spec.language)
    findings = check(
        entries,
        says=rehearsal.says,
        never_says=rehearsal.never_says,
        uses=rehearsal.uses,
        never_uses=rehearsal.never_uses,
        tools={name: tool.title for name, tool in known.items()},
        missing=known.keys() - {grant["name"] for grant in scenery.version.tools} - scenery.tools.keys(),
    )
    return [*findings, *judge(entries, conduct), *_judged(scenery, rehearsal, entries, till)]


def _judged(scenery: Scenery, rehearsal: Rehearsal, entries: Entries, till: Till) -> list[Finding]:
    """By the version's model. One that is away, or writes what cannot be read, has judged nothing."""
    if not rehearsal.criteria:
        return []
    lines = list(_lines(entries, with_tools=scenery.spec.llm_provider != "offline"))
    asked = Questions(lines, criteria=rehearsal.criteria, language=scenery.spec.language, on=scenery.day)
    answer = Answer()
    try:
        found = findings_of(asked, scenery.version, scenery.keys, answer).criteria
    except (ProviderError, Unusable, TimeoutError) as error:
        log.warning("a rehearsal could not be judged", error=type(error).__name__)
        return [Finding(each, None, f"{NOT_JUDGED} {trouble_of(error)}") for each in rehearsal.criteria]
    finally:
        till.add(JUDGE, model_of(scenery), answer.used)
    return [
        Finding(each, VERDICTS.get(told["verdict"]), told.get("reason", ""))
        for each, told in zip(rehearsal.criteria, found, strict=True)
    ]


def _lines(entries: Entries, *, with_tools: bool) -> Iterator[Line]:
    """The transcript; what was really done stands in it for a model, which would believe the agent otherwise."""
    for index, entry in enumerate(entries):
        if entry["who"] != "tool":
            yield Line(index, entry["who"], entry["text"])
        elif with_tools:
            yield Line(index, "tool", f"({entry['name']}, {entry['state']}: {entry['result']})")
