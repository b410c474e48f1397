"""What speaks when no person does: an assistant that screens calls, a carrier that connects, or a mailbox. Pure.

They are told apart by what they say, because the carrier's detection calls all of them machines, or people. A rule
that is wrong costs little: each is answered with patience, and never with a hang-up.
"""

from __future__ import annotations

import re
from enum import StrEnum

from calls.conversation.stopping import plain


class Machine(StrEnum):
    SCREENING = "screening"  # asks who calls and why, and passes it on to the person
    HOLD = "hold"  # asks to stay on the line while the person is fetched
    MAILBOX = "mailbox"  # will beep, and then keep what is said


def _any(*patterns: str) -> re.Pattern[str]:
    return re.compile(r"\b(?:" + "|".join(patterns) + r")\b")


_MAILBOX = _any(
    r"(?:leave|record) (?:me |us |a |an |your |the |brief |short |detailed |quick )*(?:message|name and number)",
    r"(?:after|at|until|wait for) the (?:tone|beep|signal)",
    r"(?:voice mailbox|voicemail system|mailbox is full|answering machine)",
    r"(?:is|am|are|i'm|im|we're) (?:currently )?(?:not available|unavailable) (?:right now|at the moment|to take)",
    r"the voice ?mail(?:box)? (?:of|for)",
    r"(?:can not|cannot|can't|cant|unable to|not able to) (?:come to|take|get to|answer|pick up)"
    r" (?:the |your |my |this )?(?:phone|call)",
    r"(?:you have|you've|youve) reached (?!the wrong)",
    r"get back to you",
    r"(?:deje|deja|dejar) (?:su|un|tu|el) (?:mensaje|recado)",
    r"despues (?:del tono|de la senal|del bip)",
    r"buzon de voz",
    r"(?:laissez|laisser) (?:moi |nous )?(?:un|votre) message",
    r"apres le (?:bip|signal|ton)",
    r"(?:messagerie|boite) vocale",
    r"hinterlassen sie",
    r"nach dem (?:signalton|piepton|piep|ton)",
    r"(?:anrufbeantworter|mailbox|nicht (?:erreichbar|zu erreichen))",
    r"deixe (?:a )?(?:sua|uma|seu|um) (?:mensagem|recado)",
    r"(?:apos|depois d?o) (?:o )?(?:sinal|bip|tom)",
    r"caixa postal",
    r"lasci(?:a|ate|are)? (?:un|il tuo|il suo) messaggio",
    r"dopo il (?:segnale|bip|tono)",
    r"segreteria telefonica",
)
_SCREENING = _any(
    r"(?:state|say|record|give) your (?:full )?name",
    r"(?:reason|purpose) (?:for|of) (?:your|the|this) call(?:ing)?",
    r"why (?:you are|you're) calling",
    r"screening (?:service|assistant)",
    r"using (?:a )?(?:screening|call screen\w*)",
    r"see if (?:this person|they|he|she) (?:is|are) available",
    r"diga su nombre",
    r"(?:motivo|razon) de (?:su|la) llamada",
    r"(?:dites|indiquez|donnez) votre nom",
    r"(?:raison|motif|objet) de votre appel",
    r"(?:nennen|sagen) sie (?:bitte )?ihren namen",
    r"grund (?:ihres|des) anrufs",
    r"diga (?:o )?seu nome",
    r"motivo d[ae] (?:sua )?ligacao",
    r"dica il suo nome",
    r"motivo della (?:sua )?chiamata",
)
_HOLD = _any(
    r"(?:stay|remain) on the line",
    r"hold (?:on|the line|please)",
    r"please (?:hold|wait)",
    r"(?:before|while) (?:i|we) (?:try to )?connect you",
    r"trying to (?:connect|reach)",
    r"one moment",
    r"no cuelgue",
    r"(?:permanezca|espere) en (?:la )?linea",
    r"espere un momento",
    r"ne quittez pas",
    r"restez en ligne",
    r"veuillez patienter",
    r"bleiben sie (?:bitte )?(?:in|an) der leitung",
    r"legen sie (?:bitte )?nicht auf",
    r"bitte (?:warten|einen moment)",
    r"nao desligue",
    r"aguarde (?:na linha|um momento)",
    r"(?:resti|attenda|rimanga) in linea",
    r"non riattacchi",
)


def who_speaks(said: str) -> Machine | None:
    """The machine that would say this; None for a person. A mailbox that asks for a name is a mailbox."""
    words = plain(said)
    if _MAILBOX.search(words):
        return Machine.SCREENING if _is_screening(words) else Machine.MAILBOX
    if _SCREENING.search(words):
        return Machine.SCREENING
    return Machine.HOLD if _HOLD.search(words) else None


def _is_screening(words: str) -> bool:
    """ "I will see if this person is available": named like a mailbox, and none."""
    return bool(_SCREENING.search(words)) and not re.search(r"\b(?:message|beep|tone|mailbox|voice ?mail)\b", words)
