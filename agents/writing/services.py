"""Asking for a proposal, writing it behind the page, and taking over what somebody has chosen of it."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from contextlib import aclosing
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog
from django.conf import settings
from django.utils.module_loading import import_string
from django.utils.timezone import now

from agentos.errors import DomainError
from agentos.jobs import enqueue
from agentos.tenants.credentials import VendorKeys, vendor_keys
from agentos.tenants.log import record
from agentos.tenants.models import Tenant, User
from agentos.tenants.scoping import current_tenant_id, tenant_transaction
from agents import providers, services
from agents.catalog import PROVIDERS, Kind
from agents.checklist import is_configured
from agents.endpoints import endpoint
from agents.knowledge.services import write_answer
from agents.models import Agent, Proposal
from agents.own_tools import on_offer
from agents.providers.ports import LanguageModel, Message, ProviderError, ServedBy, Thinking, Usage
from agents.providers.structure import shaped
from agents.rehearsing import Scene, stage
from agents.vendor_lists import first_models
from agents.writing.by_rules import compose
from agents.writing.purposes import is_english
from agents.writing.shape import PROMPT, Proposed, Unfit, question, schema, understood

WITHIN_S, MOST_TOKENS = 90.0, 4000
KEPT = timedelta(days=30)
NO_KEY = "There is no key for a model, so this was put together from a ready-made agent."
NO_KEY_ABROAD = (
    "There is no key for a model, and without one only English is understood. This is a ready-made agent with your "
    "words in it."
)
TROUBLE = "The model did not write it ({why}), so this was put together from a ready-made agent."

log = structlog.get_logger(__name__)
State = Proposal.State


@dataclass(frozen=True, slots=True)
class Writer:
    """Whose model writes, and with which key."""

    provider: str
    model: str
    keys: VendorKeys


def ask(description: str, *, agent: Agent | None, by: User) -> Proposal:
    """Queue a proposal, inside the tenant. Those that nobody took are forgotten after a month."""
    Proposal.objects.filter(created_at__lt=now() - KEPT).delete()
    proposal: Proposal = Proposal.objects.create(description=description, agent=agent, created_by=by)
    enqueue("agents.tasks.write_proposal", current_tenant_id(), proposal.pk)
    return proposal


def write(tenant_id: int, proposal_id: int) -> None:
    """Write one that waits. A model is asked between two transactions; without one it is done by rules."""
    with tenant_transaction(tenant_id):
        proposal = Proposal.objects.select_related("agent").filter(pk=proposal_id, state=State.WAITING).first()
        if proposal is None:
            return
        writer, tools = _writer(proposal.agent), {tool.name: tool.hint for tool in on_offer().values()}
    trouble = "" if writer else NO_KEY if is_english(proposal.description) else NO_KEY_ABROAD
    proposed, used = None, list[Usage]()
    if writer:
        try:
            proposed = asyncio.run(_asked(writer, proposal.description, tools, used))
        except (ProviderError, Unfit, TimeoutError) as error:
            log.warning("a proposal was not written", proposal_id=proposal_id, code=getattr(error, "code", "unfit"))
            trouble = TROUBLE.format(why=getattr(error, "message", "") or "it took too long, or made no sense")
    by_model = writer if proposed else None
    with tenant_transaction(tenant_id):
        if writer:
            by = ServedBy(writer.provider, writer.model)
            import_string(settings.COUNT_TOKENS)("writing", [(by, each) for each in used])
        Proposal.objects.filter(pk=proposal_id, state=State.WAITING).update(
            state=State.READY,
            content=(proposed or compose(proposal.description)).to_json(),
            provider=by_model.provider if by_model else "",
            model=by_model.model if by_model else "",
            trouble=trouble[:200],
        )


def _writer(agent: Agent | None) -> Writer | None:
    """The model of the draft; for a new agent the first vendor with a key. None where only rules are left."""
    if agent is not None:
        draft = services.draft_of(agent)
        if draft.llm_provider != "offline" and is_configured(draft.llm_provider):
            return Writer(draft.llm_provider, draft.llm_model, vendor_keys())
    for offer in PROVIDERS[Kind.LLM]:
        if offer.name != "offline" and is_configured(offer.name):
            model = first_models().get(offer.name, offer.default_model)
            return Writer(offer.name, model, vendor_keys())
    return None


async def _asked(writer: Writer, description: str, tools: Mapping[str, str], used: list[Usage]) -> Proposed:
    """Ask the model, and once more where its answer cannot be taken. What it took stands in `used`, also in vain."""
    options = shaped(writer.provider, writer.model, "agent", schema(tools))
    thinking = Thinking(writer.model, MOST_TOKENS, options)
    model = providers.llm(writer.provider, thinking, endpoint(writer.provider, writer.keys))
    messages = [Message("system", PROMPT), Message("user", question(description, tools))]
    try:
        async with asyncio.timeout(WITHIN_S):
            answer = await _reply(model, messages, used)
            try:
                return understood(answer, tools)
            except Unfit as error:
                messages += [Message("assistant", answer), Message("user", f"{error} Reply with the JSON alone.")]
            return understood(await _reply(model, messages, used), tools)
    finally:
        await providers.close_clients()


async def _reply(model: LanguageModel, messages: list[Message], used: list[Usage]) -> str:
    text = ""
    async with aclosing(model.reply(messages)) as parts:
        async for part in parts:
            match part:
                case str():
                    text += part
                case Usage():
                    used.append(part)
    return text


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody takes of a proposal: fields of the draft, and the places of answers and rehearsals."""

    fields: Collection[str]
    answers: Collection[int]
    scenes: Collection[int]
    name: str = ""


def take(tenant: Tenant, proposal_id: int, choice: Choice, *, by: User) -> Agent:
    """Put what was chosen into the draft of its agent, or of a new one. Nothing is published. Raises DomainError."""
    with tenant_transaction(tenant):
        found = Proposal.objects.select_for_update(of=("self",)).select_related("agent")
        proposal = found.filter(pk=proposal_id, state=State.READY).first()
        if proposal is None:
            raise DomainError("taken", "This proposal was taken over already.")
        proposed = Proposed.from_json(proposal.content)
        changes = {field: value for field, value in proposed.changes().items() if field in choice.fields}
        if proposal.agent is None and proposal.model:  # a new agent thinks with the model that has written it
            changes |= {"llm_provider": proposal.provider, "llm_model": proposal.model}
        agent = proposal.agent or services.create_agent(tenant, name=choice.name or proposed.name)
        services.save_draft(tenant, agent.pk, changes=changes)
        stage().put_on(agent, [_scene(proposed.scenes[place]) for place in choice.scenes], by=by)
        language = services.draft_of(agent).language
        for place in choice.answers:
            told = proposed.answers[place]
            write_answer(question=told["question"], answer=told["answer"], agent_id=agent.pk, language=language, by=by)
        proposal.agent, proposal.state = agent, State.TAKEN
        proposal.save(update_fields=["agent", "state"])
        words = f"Took a proposal into the draft of {agent}"
        record("agent.written", words, subject=f"agent {agent.pk}", fields=sorted(changes), model=proposal.model)
        return agent


def _scene(told: Mapping[str, Any]) -> Scene:
    return Scene(
        name=told["name"],
        lines=tuple(told["lines"]),
        says=tuple(told["says"]),
        never_says=tuple(told.get("never_says", ())),
        uses=tuple(told.get("uses", ())),
        answers=dict(told.get("answers", {})),
    )
