"""Work on calls that are over: each is read once, by its version's model or by rules, and again when somebody asks.

The row of an analysis is its place in a queue: it waits with a time at which it is due. Whoever takes it puts that time
off, so that a worker that dies leaves it to the next one. A vendor that fails is tried again, later each time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import structlog
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone
from django.utils.timezone import now

from agentos.jobs import enqueue
from agentos.tenants.credentials import VendorKeys, vendor_keys
from agentos.tenants.models import Tenant
from agentos.tenants.scoping import current_tenant_id, tenant_transaction
from agents import providers
from agents.findings import WantedField
from agents.models import AgentVersion
from agents.providers.ports import Message, ProviderError, Usage
from agents.providers.structure import shaped
from calls.after.by_rule import by_turn, read
from calls.after.costs import charge, charge_ended, count_tokens
from calls.after.models import Analysis
from calls.after.reading import PROMPT, Findings, Line, Questions, Unusable, question, schema, understood
from calls.announce import announce
from calls.equipment import language_model
from calls.models import Call, Turn
from calls.telling import tell_analyzed
from calls.transfers.models import Transfer

IN_VAIN = (Transfer.State.UNREACHED, Transfer.State.LEFT)
SETTLES_WITHIN = timedelta(seconds=4)  # the last words reach the database a moment after the end
LOOKS_BACK = timedelta(days=1)  # a call that ended before was not read, and is only read when somebody asks
TAKEN_FOR = timedelta(minutes=5)
MOST_AT_A_TIME = 50
MOST_TRIES = 4
WITHIN_S = 60.0
MOST_TOKENS = 1200

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Answer:
    """What a model has written, and what it took."""

    text: str = ""
    used: Usage = field(default_factory=lambda: Usage(0, 0))


# The queue -----------------------------------------------------------------------------------------------


def queue_ended(tenant_id: int, at: datetime) -> int:
    """Take up calls that are over, and what is due again; returns how many will be read."""
    with tenant_transaction(tenant_id):
        charge_ended(at - SETTLES_WITHIN, at - LOOKS_BACK, MOST_AT_A_TIME)
        Analysis.objects.bulk_create(
            [Analysis(call=call, due_at=at) for call in _unread(at)[:MOST_AT_A_TIME]], ignore_conflicts=True
        )
        waiting = Analysis.objects.select_for_update(skip_locked=True).filter(state=Analysis.State.WAITING)
        taken = list(waiting.filter(due_at__lte=at).order_by("due_at")[:MOST_AT_A_TIME])
        for each in taken:
            each.due_at = at + TAKEN_FOR
            enqueue("calls.tasks.analyze", tenant_id, each.call_id)
        Analysis.objects.bulk_update(taken, ["due_at"])
        return len(taken)


def _unread(at: datetime) -> Any:
    """Calls in which something was said; of an erased one nothing is there to read, and a rehearsal judges itself."""
    ended = Call.objects.filter(status=Call.Status.ENDED, ended_at__lt=at - SETTLES_WITHIN)
    recent = ended.filter(created_at__gt=at - LOOKS_BACK, version__analysis=True, analysis=None)
    has_words = Exists(Turn.objects.filter(call=OuterRef("pk")))
    nobodys = Q(answered_at=None) | Q(channel=Call.Channel.REHEARSAL)
    return recent.filter(has_words).exclude(nobodys).order_by("ended_at")


def read_again(call: Call) -> None:
    """Have a call read anew, inside its tenant; one that is being read is not read twice."""
    analysis, _ = Analysis.objects.select_for_update().get_or_create(call=call)
    analysis.state, analysis.made_at = Analysis.State.WAITING, None
    analysis.due_at, analysis.tries, analysis.trouble = now() + TAKEN_FOR, 0, ""
    analysis.save(update_fields=["state", "made_at", "due_at", "tries", "trouble"])
    enqueue("calls.tasks.analyze", current_tenant_id(), call.pk)


# Reading -------------------------------------------------------------------------------------------------


def analyze(tenant_id: int, call_id: UUID) -> None:
    """Read a call that waits for it. Done twice, it changes nothing; trouble puts it off."""
    with tenant_transaction(tenant_id):
        found = Analysis.objects.select_related("call__version__agent").filter(call_id=call_id)
        analysis = found.filter(state=Analysis.State.WAITING).first()
        if analysis is None:
            return
        asked, version, keys = _questions(analysis.call), analysis.call.version, vendor_keys()
    answer = Answer()
    try:
        findings = findings_of(asked, version, keys, answer)
    except (ProviderError, TimeoutError, Unusable) as error:
        code = "unusable" if isinstance(error, Unusable) else getattr(error, "code", "timeout") or "failed"
        log.warning("a call could not be read", call_id=str(call_id), code=code)
        _put_off(tenant_id, call_id, version, code, answer, is_hopeless=getattr(error, "retryable", True) is False)
    else:
        _keep(tenant_id, call_id, version, findings, by_turn(asked), answer)
    announce(tenant_id, {call_id})


def _questions(call: Call) -> Questions:
    turns = call.turns.order_by("started_ms", "index").exclude(heard="")
    zone = Tenant.objects.get(pk=call.tenant_id).zone
    return Questions(
        lines=[Line(turn.index, str(turn.speaker), turn.heard) for turn in turns],
        criteria=call.version.success_criteria,
        fields=[WantedField.from_json(each) for each in call.version.extraction],
        language=call.version.language,
        on=timezone.localtime(call.created_at, zone).date(),
        was_reached=not call.transfers.filter(state__in=IN_VAIN).exists(),
    )


def findings_of(asked: Questions, version: AgentVersion, keys: VendorKeys, answer: Answer) -> Findings:
    """By rules where there is nothing to read, or no model to read it. Raises what a vendor raises, and Unusable."""
    if version.llm_provider == "offline" or not asked.by_caller:
        return read(asked)
    return asyncio.run(_ask(asked, version, keys, answer))


async def _ask(asked: Questions, version: AgentVersion, keys: VendorKeys, answer: Answer) -> Findings:
    """Ask the model, and once more where its answer cannot be taken."""
    shape = shaped(version.llm_provider, version.llm_model, "findings", schema(asked))
    options = {**version.llm_options, **shape, "max_tokens": MOST_TOKENS}
    model = language_model(version.llm_provider, version.llm_model, options, keys)
    messages = [Message("system", PROMPT), Message("user", question(asked))]
    try:
        async with asyncio.timeout(WITHIN_S):
            await _reply(model, messages, answer)
            try:
                return understood(answer.text, asked)
            except Unusable as error:
                messages += [Message("assistant", answer.text), Message("user", f"{error} Reply with the JSON alone.")]
            await _reply(model, messages, answer)
            return understood(answer.text, asked)
    finally:
        await providers.close_clients()


async def _reply(model: Any, messages: Sequence[Message], answer: Answer) -> None:
    answer.text = ""
    async with aclosing(model.reply(messages)) as parts:
        async for part in parts:
            match part:
                case str():
                    answer.text += part
                case Usage():
                    answer.used += part


# What comes of it ----------------------------------------------------------------------------------------


def _keep(
    tenant_id: int, call_id: UUID, version: AgentVersion, findings: Findings, felt: dict[str, str], answer: Answer
) -> None:
    with tenant_transaction(tenant_id):
        analysis = _waiting(call_id)
        if analysis is None:
            return
        for name in Findings.__slots__:
            setattr(analysis, name, getattr(findings, name))
        reader = (version.llm_provider, version.llm_model) if answer.text else ("offline", "rules")
        analysis.provider, analysis.model = reader
        analysis.turns, analysis.trouble, analysis.tries = felt, "", analysis.tries + 1
        analysis.state, analysis.made_at = Analysis.State.DONE, now()
        analysis.save()
        tell_analyzed(analysis)
        _use(analysis.call, version, answer)


def _put_off(
    tenant_id: int, call_id: UUID, version: AgentVersion, code: str, answer: Answer, *, is_hopeless: bool
) -> None:
    with tenant_transaction(tenant_id):
        analysis = _waiting(call_id)
        if analysis is None:
            return
        analysis.tries, analysis.trouble = analysis.tries + 1, code[:40]
        analysis.due_at = now() + timedelta(minutes=2**analysis.tries)
        if is_hopeless or analysis.tries >= MOST_TRIES:
            analysis.state = Analysis.State.FAILED
        analysis.save(update_fields=["tries", "trouble", "due_at", "state"])
        _use(analysis.call, version, answer)


def _waiting(call_id: UUID) -> Analysis | None:
    waiting = Analysis.objects.select_for_update(of=("self",)).select_related("call")
    found: Analysis | None = waiting.filter(call_id=call_id, state=Analysis.State.WAITING).first()
    return found


def _use(call: Call, version: AgentVersion, answer: Answer) -> None:
    """What reading has cost is part of what the call has cost."""
    count_tokens(call, version, answer.used)
    charge(call)
