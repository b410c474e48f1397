"""After a call: what to remember of it, by the version's model or by rules, if the caller has agreed."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from uuid import UUID

import structlog

from agentos.tenants.credentials import VendorKeys, vendor_keys
from agentos.tenants.scoping import tenant_transaction
from agents import providers
from agents.models import AgentVersion
from agents.providers.ports import Message, ProviderError, Usage
from calls.after.costs import charge_again, count_tokens
from calls.after.models import Analysis
from calls.after.reading import Line, Unusable
from calls.equipment import language_model
from calls.memory import distilling
from calls.memory.distilling import Remembered
from calls.memory.services import answer_of, keep, settings_of
from calls.models import Call
from calls.numbers import read_number
from calls.wording import other_number

WITHIN_S = 30.0
MOST_TOKENS = 600

log = structlog.get_logger(__name__)


@dataclass(slots=True)
class _Written:
    """What a model has written, and what it took."""

    text: str = ""
    used: Usage = field(default_factory=lambda: Usage(0, 0))


def remember(tenant_id: int, call_id: UUID) -> None:
    """Keep what the call has brought. Done twice, it is there once; a vendor that fails leaves it to the rules."""
    with tenant_transaction(tenant_id):
        call = Call.objects.select_related("version__agent").filter(pk=call_id).first()
        number = _number_of(call) if call else ""
        if call is None or not number or not (answer := answer_of(number)) or not answer.agreed:
            return
        lines = [Line(turn.index, str(turn.speaker), turn.heard) for turn in call.turns.exclude(heard="")]
        read: Analysis | None = Analysis.objects.filter(call=call, state=Analysis.State.DONE).first()
        noted, result, keys = (read.fields, read.result, vendor_keys()) if read else ([], "", vendor_keys())
    written = _Written()
    asks = call.version.llm_provider != "offline" and lines
    found = _by_model(call.version, lines, keys, written) if asks else None
    if found is None:
        found = distilling.by_rule(noted, result, lines)
    with tenant_transaction(tenant_id):
        count_tokens(call, call.version, written.used)
        charge_again(call)
        if (answer := answer_of(number)) and answer.agreed:
            keep(call, number, found)


def _number_of(call: Call) -> str:
    """Whose call it was, where the version remembers callers and the number is shown."""
    if settings_of(call.version.tools) is None or call.channel != Call.Channel.PHONE:
        return ""
    return read_number(other_number(call)) or ""


def _by_model(
    version: AgentVersion, lines: Sequence[Line], keys: VendorKeys, written: _Written
) -> list[Remembered] | None:
    try:
        return asyncio.run(_ask(version, lines, keys, written))
    except (ProviderError, TimeoutError, Unusable) as error:
        log.warning("what to remember is left to the rules", error=type(error).__name__)
        return None


async def _ask(version: AgentVersion, lines: Sequence[Line], keys: VendorKeys, written: _Written) -> list[Remembered]:
    options = {**version.llm_options, "max_tokens": MOST_TOKENS}
    model = language_model(version.llm_provider, version.llm_model, options, keys)
    messages = [Message("system", distilling.PROMPT), Message("user", distilling.question(lines))]
    try:
        async with asyncio.timeout(WITHIN_S), aclosing(model.reply(messages)) as parts:
            async for part in parts:
                match part:
                    case str():
                        written.text += part
                    case Usage():
                        written.used += part
    finally:
        await providers.close_clients()
    return distilling.understood(written.text, lines)
