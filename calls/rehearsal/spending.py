"""What rehearsals use of models, and what that costs by the list prices of the day: agent, played caller, and judge."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

from agents.providers.ports import ServedBy, Usage
from calls.after.prices import cents_for
from calls.rehearsal.models import RehearsalRun

AGENT, CALLER, JUDGE = "agent", "caller", "judge"
WORDS = {AGENT: "The agent", CALLER: "The caller", JUDGE: "Judging"}


@dataclass(slots=True)
class Till:
    """Who has used how much of which model in one run."""

    used: dict[tuple[str, ServedBy], Usage] = field(default_factory=dict)

    def add(self, who: str, model: ServedBy, usage: Usage) -> None:
        self.used[who, model] = self.used.get((who, model), Usage(0, 0)) + usage

    def of(self, who: str) -> Usage:
        return sum((usage for (each, _), usage in self.used.items() if each == who), Usage(0, 0))

    def by_model(self) -> list[tuple[ServedBy, Usage]]:
        return [(model, usage) for (_, model), usage in self.used.items()]

    def lines(self, on: date) -> list[dict[str, Any]]:
        """Each as it is kept with the run; no cents where no price is known."""
        return [
            {
                "who": who,
                "model": f"{model.provider} {model.model}",
                "input": usage.input,
                "output": usage.output,
                "cents": _cents(model, usage, on),
            }
            for (who, model), usage in self.used.items()
            if usage.input or usage.output
        ]


def _cents(model: ServedBy, usage: Usage, on: date) -> str | None:
    units = [(unit, quantity) for unit, quantity in usage.by_unit() if quantity]
    known = [cents_for(quantity, "llm", model.provider, model.model, unit, on) for unit, quantity in units]
    priced = [cents for cents in known if cents is not None]
    return str(sum(priced, Decimal()).quantize(Decimal("0.0001"))) if len(priced) == len(known) else None


def cents_of(lines: Iterable[Mapping[str, Any]]) -> Decimal:
    """As far as prices are known."""
    return sum((Decimal(line["cents"]) for line in lines if line["cents"]), Decimal())


@dataclass(frozen=True, slots=True)
class Bill:
    """What one run has cost, for its page: by whom, and of which models no price is known."""

    cents: Decimal
    tokens: int
    parts: list[tuple[str, int, Decimal]]
    unpriced: list[str]


def bill_of(run: RehearsalRun) -> Bill | None:
    """None where nothing was used that anybody is paid for. What a call has cost besides stands on the call's page."""
    lines = [each for each in run.used if each["cents"] is None or Decimal(each["cents"])]
    if not lines:
        return None
    parts = [(WORDS[who], [each for each in lines if each["who"] == who]) for who in WORDS]
    return Bill(
        cents_of(lines),
        _tokens(lines),
        [(words, _tokens(theirs), cents_of(theirs)) for words, theirs in parts if theirs],
        list(dict.fromkeys(each["model"] for each in lines if each["cents"] is None)),
    )


def _tokens(lines: Iterable[Mapping[str, Any]]) -> int:
    return sum(each["input"] + each["output"] for each in lines)
