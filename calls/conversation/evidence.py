"""What a caller has said, held against what a model claims: some tools believe nothing else."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from agents.providers.limits import Evidence, Limits
from calls.conversation.turn_taking import words_of

_DIGIT_WORDS = {
    word: str(digit)
    for digit, words in enumerate(
        (
            "zero oh o cero zéro null nul",
            "one uno un une eins ein um uma",
            "two dos deux zwei zwo dois due",
            "three tres trois drei três tre",
            "four cuatro quatre vier quatro quattro",
            "five cinco cinq fünf cinque",
            "six seis sechs sei",
            "seven siete sept sieben sete sette",
            "eight ocho huit acht oito otto",
            "nine nueve neuf neun nove",
        )
    )
    for word in words.split()
}
_YES = re.compile(
    r"\b(?:yes|yeah|yep|yup|sure|okay|ok|right|correct|fine|great|perfect|please|absolutely|definitely|exactly|good"
    r"|go ahead|do (?:it|that)|sounds good|works|sí|si|claro|vale|correcto|por favor|oui|d'accord|parfait|ja|genau"
    r"|gerne|stimmt|richtig|bitte|passt|sim|pode|certo|isso|va bene|certo|esatto|perfetto)\b",
    re.IGNORECASE,
)
_NO = re.compile(
    r"\b(?:no|nope|nah|not|cannot|\w+n't|dont|wait|hold on|stop|never|without|neither|nothing|cancel that|wrong|non|pas"
    r"|jamais|aucun\w*|nein|nee|nicht\w*|nie|niemals|kein\w*|doch nicht|não|nunca|nenhum\w*|jamás|ningun\w*|ningún"
    r"|sin|niente|mai|nessun\w*|espere|espera|attends|aspett\w*|moment|momento)\b",
    re.IGNORECASE,
)
LEAST_DIGITS = 4
LEAST_SHARE = 0.5  # of the words of an argument; names are heard and spelled in many ways


def agrees(text: str) -> bool:
    """Whether somebody says yes, and nothing that takes it back."""
    text = text.replace("’", "'")
    return bool(_YES.search(text)) and not _NO.search(text)


def missing_evidence(
    limits: Limits, arguments: Mapping[str, Any], said: Sequence[str], *, callers_number: str = ""
) -> str:
    """Why these arguments are not believed, in words for the model; empty when they are."""
    if limits.after_yes and not agrees(said[-1] if said else ""):
        return "The caller has not agreed yet. Say what you are about to do, ask, and wait for a yes."
    for name, wanted in limits.said.items():
        value = arguments.get(name)
        if value in (None, ""):
            continue
        if wanted is Evidence.DIGITS and not _digits_were_said(str(value), said, callers_number):
            return f"The caller has not said this {name}. Ask for it, or use the number that they call from."
        if wanted is Evidence.WORDS and not _words_were_said(str(value), said):
            return f"The caller has not said this {name}. Ask for it."
    return ""


def digits_of(text: str) -> str:
    """The digits in a text, also those that are spoken as words."""
    return "".join(_DIGIT_WORDS.get(word, "".join(re.findall(r"\d", word))) for word in words_of(text))


def _digits_were_said(value: str, said: Sequence[str], callers_number: str) -> bool:
    """Without the prefix of a country, which nobody says at home."""
    digits = re.sub(r"\D", "", value)
    if len(digits) < LEAST_DIGITS:
        return False
    if digits == re.sub(r"\D", "", callers_number):
        return True
    spoken = "".join(digits_of(text) for text in said)
    return any(digits[start:] in spoken for start in range(min(4, len(digits) - LEAST_DIGITS + 1)))


def _words_were_said(value: str, said: Sequence[str]) -> bool:
    heard = {word for text in said for word in words_of(text)}
    wanted = words_of(value)
    return bool(wanted) and sum(word in heard for word in wanted) >= len(wanted) * LEAST_SHARE
