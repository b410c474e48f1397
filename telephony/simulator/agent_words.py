"""What an agent is likely to say, so that the offline recogniser can write it down.

It knows the words of callers. An agent says other things: its fixed sentences, and what the offline receptionist makes
of its prompt. The latter is learned by talking with it in writing, as many callers would.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Iterator, Sequence

from agents.providers.offline_voice.grammar import WORD_CLASSES, Grammar, receptionist
from agents.providers.offline_voice.receptionist import respond
from agents.providers.offline_voice.wording import UNITS, cardinal
from agents.providers.ports import Message

CONVERSATIONS, TURNS = 250, 6
FIXED_WEIGHT = 40
"""How often each fixed sentence counts beside those that the conversations bring."""

_MIDDAY = {"am": "a.m.", "pm": "p.m."}
Words = tuple[str, ...]


ANSWER_WEIGHT = 400
"""How often the answers to what this very caller says count: they are by far the likeliest."""


def agent_grammar(prompt: str, fixed: Sequence[str], said: Sequence[str] = (), *, seed: int = 1) -> Grammar:
    """A grammar of this agent's sentences to a caller who says `said`, each as likely as it was often said."""
    counted: Counter[Words] = Counter()
    for text in _answers(prompt, fixed[:1], said):
        counted.update(dict.fromkeys(_sentences(text), ANSWER_WEIGHT))
    for text in _replies(prompt, fixed[:1], seed):
        counted.update(_sentences(text))
    for text in fixed:
        counted.update(dict.fromkeys(_sentences(text), FIXED_WEIGHT))
    branches = " | ".join(f"/{count}/ {' '.join(words)}" for words, count in counted.items())
    return Grammar(f"#JSGF V1.0; grammar agent; public <turn> = {branches};")


def _replies(prompt: str, greeting: Sequence[str], seed: int) -> Iterator[str]:
    """Everything that the offline receptionist says to callers who say what callers say."""
    chance = random.Random(seed)
    heard = receptionist().sentences(CONVERSATIONS * TURNS, seed=seed)
    for _ in range(CONVERSATIONS):
        messages = [Message("system", prompt), *(Message("assistant", text) for text in greeting)]
        for _ in range(TURNS):
            messages.append(Message("user", _filled(next(heard), chance)))
            answer = respond(messages)
            yield answer.text
            messages.append(Message("assistant", answer.text))
            if answer.hangs_up:
                break


def _answers(prompt: str, greeting: Sequence[str], said: Sequence[str]) -> Iterator[str]:
    """What the offline receptionist answers, if it hears the caller as the caller speaks."""
    messages = [Message("system", prompt), *(Message("assistant", text) for text in greeting)]
    for line in said:
        messages.append(Message("user", line))
        messages.append(Message("assistant", respond(messages).text))
        yield messages[-1].content


def _filled(sentence: Words, chance: random.Random) -> str:
    """Put some member in the place of each class of words."""
    return " ".join(
        chance.choice(receptionist().phrases(word[1:-1])) if word[1:-1] in WORD_CLASSES else word for word in sentence
    )


def _sentences(text: str) -> Iterator[Words]:
    for sentence in re.split(r"(?<=[.?!])\s+", text):
        if words := tuple(_words(sentence)):
            yield words


def _words(sentence: str) -> Iterator[str]:
    """As they are spoken: numbers in words, long ones digit by digit; no marks."""
    before = ""
    for token in re.findall(r"\d+|[a-z]+(?:'[a-z]+)?", sentence.lower()):
        if not token.isdecimal():
            yield token if before == "i" else _MIDDAY.get(token, token)
        elif len(token) > 2:
            yield from (UNITS[int(digit)] for digit in token)
        else:
            yield from cardinal(int(token)).split()
        before = token
