"""What callers asked in vain: nothing was found in what the business has written, or the agent said it did not know."""

from __future__ import annotations

import re
from uuid import UUID

from agentos.tenants.scoping import tenant_transaction
from agents.knowledge.services import note_gap
from calls.models import Call, Turn

LONGEST = 300
FEWEST_WORDS = 3

# With which words a question begins, for recognizers that write no question mark.
_BEGINS = re.compile(
    r"(?:(?:um|uh|so|and|but|well|okay|hello|hi|yes|no|also)\s+)*"
    r"(?:who|what|when|where|why|how|which|whose|do|does|did|is|are|am|was|were|can|could|may|will|would|should|have|has"
    r"|qué|quién|cuándo|dónde|cómo|cuál|cuánto|hay|tienen|puedo|est-ce|qui|que|quand|où|comment|combien|avez|puis"
    r"|wer|was|wann|wo|wie|welche|haben|gibt|kann|ist|sind|chi|cosa|quando|dove|come|quale|quanto|avete|posso|c'è"
    r"|quem|onde|qual|tem|têm)\b",
    re.IGNORECASE,
)

# The agent says that it does not know; also where something was found that did not answer, or nothing is written yet.
_NOT_KNOWN = re.compile(
    r"\bI (?:do not|don['’]t) know\b|\bno information (?:on|about)\b|"
    r"\b(?:do not|don['’]t) have (?:(?:that|this|any|the|more|specific) ){0,2}(?:information|details?|answer)\b|"
    r"\bno (?:lo )?sé\b|\bno tengo (?:(?:esa|esta|más|esos) )?(?:información|datos)\b|"
    r"\bje ne sais pas\b|\bje n['’]ai pas (?:cette |l['’]|d['’]|plus d['’])information|"
    r"\bweiß ich (?:leider )?nicht\b|\bich weiß (?:das |es )?(?:leider )?nicht\b|"
    r"\bkeine (?:information|auskunft|angabe)|\bnon (?:lo )?so\b|\bnon ho (?:(?:questa|altre) )?informazion|"
    r"\bnão sei\b|\bnão tenho (?:(?:essa|mais) )?informaç",
    re.IGNORECASE,
)


def collect(tenant_id: int, call_id: UUID) -> None:
    """Collect the questions of a call that is over. Done twice, it counts them once."""
    with tenant_transaction(tenant_id):
        call = Call.objects.filter(pk=call_id).exclude(channel=Call.Channel.REHEARSAL).first()
        if call is not None:
            for question in asked_in_vain(list(call.turns.order_by("started_ms", "index"))):
                note_gap(question, agent_id=call.agent_id, call_id=call.pk)


def asked_in_vain(turns: list[Turn]) -> list[str]:
    """What the caller had said before each reply that had no answer, as far as it was a question."""
    asked, latest = [], ""
    for turn in turns:
        if turn.speaker == Turn.Speaker.CALLER:
            latest = turn.heard
        elif (turn.extras.get("knowledge") == [] or _NOT_KNOWN.search(turn.heard)) and is_question(latest):
            asked.append(latest[:LONGEST])
    return list(dict.fromkeys(asked))


def is_question(text: str) -> bool:
    """By its mark, or by how it begins; a word or two are none that anybody could answer."""
    return len(text.split()) >= FEWEST_WORDS and (text.rstrip().endswith("?") or bool(_BEGINS.match(text.strip())))
