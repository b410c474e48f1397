"""A small JSGF grammar that can speak: its sentences teach the language model, its rules list the words we know.

Understood are alternatives with `/weights/`, `(groups)`, `[options]` and `<references>`; no repetition, no recursion.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

WORD_CLASSES = frozenset({"first", "last", "letter", "digit", "word", "keyterm"})

_TOKEN = re.compile(r"//[^\n]*|<[\w]+>|/[\d.]+/|[\w'.-]+|[=|;()\[\]]")


@dataclass(frozen=True, slots=True)
class Reference:
    """The place of another rule's words."""

    rule: str


@dataclass(frozen=True, slots=True)
class Choice:
    """One of several sequences; an empty one says nothing."""

    branches: tuple[tuple[Node, ...], ...]
    weights: tuple[float, ...]


Node = str | Reference | Choice


class Grammar:
    def __init__(self, source: str) -> None:
        body = source.split(";", 2)[2]  # after the header and the name
        symbols = [t for t in _TOKEN.findall(body) if not t.startswith("//") and t != "public"]
        self.rules: dict[str, Choice] = {}
        position = 0
        while position < len(symbols):
            name = symbols[position][1:-1]
            self.rules[name], position = _choice(symbols, position + 2)
            position += 1  # past the semicolon

    def phrases(self, rule: str) -> tuple[str, ...]:
        """The alternatives of a rule that consists of plain words."""
        branches = self.rules[rule].branches
        return tuple(dict.fromkeys(" ".join(str(word) for word in branch) for branch in branches))

    def sentences(self, count: int, *, seed: int = 1) -> Iterator[tuple[str, ...]]:
        """Speak. A word class stays a symbol such as `<first>`, to be filled in by the reader."""
        chance = random.Random(seed)
        for _ in range(count):
            yield tuple(self._speak(self.rules["turn"], chance))

    def _speak(self, node: Node, chance: random.Random) -> Iterator[str]:
        match node:
            case str():
                yield node
            case Reference(rule) if rule in WORD_CLASSES:
                yield f"<{rule}>"
            case Reference(rule):
                yield from self._speak(self.rules[rule], chance)
            case Choice(branches, weights):
                for part in chance.choices(branches, weights)[0]:
                    yield from self._speak(part, chance)


def _choice(symbols: Sequence[str], position: int) -> tuple[Choice, int]:
    """Read alternatives up to the bracket or semicolon that ends them."""
    branches: list[tuple[Node, ...]] = []
    weights: list[float] = []
    branch: list[Node] = []
    weight = 1.0
    while True:
        symbol = symbols[position]
        if symbol in "|)];":
            branches.append(tuple(branch))
            weights.append(weight)
            branch, weight = [], 1.0
            if symbol != "|":
                return Choice(tuple(branches), tuple(weights)), position
        elif symbol.startswith("/"):
            weight = float(symbol[1:-1])
        elif symbol == "(":
            inner, position = _choice(symbols, position + 1)
            branch.append(inner)
        elif symbol == "[":
            inner, position = _choice(symbols, position + 1)
            branch.append(Choice(((), (inner,)), (1.0, 1.0)))
        elif symbol.startswith("<"):
            branch.append(Reference(symbol[1:-1]))
        else:
            branch.append(symbol)
        position += 1


@cache
def receptionist() -> Grammar:
    """The grammar of what people say to a small practice, read once."""
    return Grammar(files(__package__).joinpath("receptionist.jsgf").read_text("utf-8"))
