"""What is used of vendors beside calls: rehearsals and tries in writing, proposals of a model, voices to choose."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Sum
from django.utils.timezone import now

from agents.providers.ports import ServedBy, Usage
from calls.after.models import UseBeside
from calls.after.prices import cents_for

Purpose = UseBeside.Purpose


def count_tokens(purpose: str, used: Iterable[tuple[ServedBy, Usage]]) -> None:
    """Write down what models have read and written, inside the tenant."""
    for model, usage in used:
        for unit, quantity in usage.by_unit():
            _count(purpose, "llm", model, unit, quantity)


def count_characters(purpose: str, voice: ServedBy, characters: int) -> None:
    """Write down what a voice has spoken, inside the tenant."""
    _count(purpose, "tts", voice, "characters", characters)


def _count(purpose: str, kind: str, by: ServedBy, unit: str, quantity: int) -> None:
    """What is known to be free leaves no row."""
    cents = cents_for(quantity, kind, by.provider, by.model, unit, now().date())
    if quantity and cents != 0:
        UseBeside.objects.create(
            purpose=purpose, provider=by.provider, model=by.model, unit=unit, quantity=quantity, cents=cents
        )


def cents_beside(first: datetime, until: datetime) -> list[tuple[str, Decimal]]:
    """By purpose, as far as prices are known."""
    sums = dict(_used(first, until).values_list("purpose").annotate(Sum("cents")))
    return [(each.label, sums[each] or Decimal()) for each in Purpose if each in sums]


def unpriced_beside(first: datetime, until: datetime) -> list[str]:
    """Of which models no price is known."""
    names = _used(first, until).filter(cents=None).values_list("provider", "model").distinct()
    return [f"{provider} {model}" for provider, model in names.order_by("provider", "model")]


def _used(first: datetime, until: datetime) -> Any:
    return UseBeside.objects.filter(created_at__gte=first, created_at__lt=until).order_by()
