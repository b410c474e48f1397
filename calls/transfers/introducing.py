"""What a person hears about a caller before they take the call, by rules, unless a model has written it in time."""

from __future__ import annotations

import re

from agentos.tenants.models import Tenant
from agents.prompts import clean
from calls.models import Call, Turn
from calls.redaction import Kind, Redactor
from calls.transfers.models import Transfer
from calls.transfers.sentences import transfer_sentences

LONGEST, LONGEST_QUOTE = 360, 120

_MARKS = re.compile(rf"\s*(?:{'|'.join(re.escape(kind.mark) for kind in Kind)})")


def redactor_of(call: Call) -> Redactor:
    """Takes out of a text what the version of this call does not keep."""
    version, business = call.version, Tenant.objects.get(pk=call.tenant_id).name
    return Redactor.of(version.redaction, language=version.language, known=(version.agent.name, business))


def name_in(call: Call) -> str:
    """What the caller is called, as far as they said it for something in this call."""
    for rows in (call.appointments, call.leads, call.messages, call.call_backs):
        if name := rows.exclude(name="").order_by("-created_at").values_list("name", flat=True).first():
            return str(name)
    return ""


def introduction(transfer: Transfer) -> str:
    """What the person hears now, kept with the transfer. Inside the tenant."""
    if not transfer.summary:
        transfer.summary = by_rule(transfer)
        transfer.save(update_fields=["summary"])
    return str(transfer.summary)


def by_rule(transfer: Transfer) -> str:
    """Whose call, for whom, and why; the caller's last words where no reason is known."""
    call = transfer.call
    sentences = transfer_sentences(call.version.language)
    redactor, business = redactor_of(call), Tenant.objects.get(pk=call.tenant_id).name
    who = without_marks(redactor.text(name_in(call))) or sentences.somebody
    parts = [sentences.call_for.format(business=business, who=who)]
    if reason := without_marks(transfer.reason):
        parts.append(sentences.about.format(reason=_ended(reason)))
    elif words := _last_words(call):
        parts.append(sentences.last_words.format(words=_ended(words)))
    return clean(" ".join(parts), LONGEST)


def _last_words(call: Call) -> str:
    turns = call.turns.filter(speaker=Turn.Speaker.CALLER).exclude(heard="").order_by("-started_ms", "-index")
    return clean(without_marks(next((each.heard for each in turns[:1]), "")), LONGEST_QUOTE)


def without_marks(text: str) -> str:
    return _MARKS.sub("", text).strip()


def _ended(text: str) -> str:
    return text if text.endswith((".", "!", "?")) else f"{text}."
