"""What a call has used of its providers, in words; what went into dropped guesses stands apart."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from agentos.tenants.templatetags.words import count, duration
from agents.catalog import Kind, provider
from calls.models import UsageLine

UNITS: dict[str, tuple[str, Callable[[int], str]]] = {
    "seconds": ("Hearing", lambda quantity: duration(quantity * 1000)),
    "relay_seconds": ("Hearing and voice", lambda quantity: duration(quantity * 1000)),
    "native_seconds": ("Conversation at the vendor", lambda quantity: duration(quantity * 1000)),
    "microdollars": ("Model, as billed there", lambda quantity: f"${quantity / 1_000_000:.4f}"),
    "input_tokens": ("Model, read", lambda quantity: count(quantity, "token")),
    "output_tokens": ("Model, written", lambda quantity: count(quantity, "token")),
    "input_estimate": ("Model, read", lambda quantity: f"about {count(quantity, 'token')}"),
    "output_estimate": ("Model, written", lambda quantity: f"about {count(quantity, 'token')}"),
    "cached_tokens": ("Model, read again", lambda quantity: count(quantity, "token")),
    "heard_tokens": ("Model, heard", lambda quantity: count(quantity, "token")),
    "heard_again_tokens": ("Model, heard again", lambda quantity: count(quantity, "token")),
    "spoken_tokens": ("Model, spoken", lambda quantity: count(quantity, "token")),
    "characters": ("Voice", lambda quantity: count(quantity, "character")),
}
ORDER = list(UNITS)


@dataclass(frozen=True, slots=True)
class Used:
    """One line: what for, and how much."""

    name: str
    quantity: str


def used(lines: Iterable[UsageLine], *, speculative: bool) -> list[Used]:
    """What the caller was served with, or with `speculative` what was spent on replies that nobody heard."""
    chosen = [line for line in lines if line.speculative is speculative]
    chosen.sort(key=lambda line: ORDER.index(line.unit) if line.unit in ORDER else len(ORDER))
    return [_used(line) for line in chosen]


def providers(lines: Iterable[UsageLine]) -> list[str]:
    """Who did the work: each provider with its model, once."""
    return list(dict.fromkeys(_provider(line) for line in lines))


def _used(line: UsageLine) -> Used:
    unit = f"{line.kind}_{line.unit}" if line.kind in ("relay", "native") else line.unit
    name, say = UNITS.get(unit, (unit.replace("_", " ").capitalize(), count))
    return Used(f"Afterwards: {name.lower()}" if line.kind == "analysis" else name, say(line.quantity))


def _provider(line: UsageLine) -> str:
    offer = next(filter(None, (provider(kind, line.provider) for kind in Kind)), None)
    label = offer.company if offer else line.provider.capitalize()
    return label if line.model == line.provider else f"{label} {line.model}"
