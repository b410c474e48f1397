"""Models that their vendors end: which ones a version uses, and when."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils.timezone import localdate

from agents.catalog import provider
from agents.drafts import ROLES
from agents.offers import Model

SOON = timedelta(days=120)


@dataclass(frozen=True, slots=True)
class Ending:
    """A version has this model in this role; its last day is known and near."""

    role: str
    model: Model
    last_day: date

    @property
    def is_over(self) -> bool:
        return self.last_day <= localdate()


def endings(spec: Mapping[str, Any]) -> list[Ending]:
    """The models of a version that end soon, or have ended."""
    found = []
    for role, kind in ROLES.items():
        offer = provider(kind, spec[f"{role}_provider"])
        model = offer and offer.model(spec[f"{role}_model"])
        if model and model.retires and (day := date.fromisoformat(model.retires)) <= localdate() + SOON:
            found.append(Ending(role, model, day))
    return found


def titled(model: Model) -> str:
    """The model's name for a list to choose from, with its last day where there is one."""
    if not model.retires:
        return model.label
    day = date.fromisoformat(model.retires)
    return f"{model.label} (ends {day:%b} {day.day}, {day.year})"
