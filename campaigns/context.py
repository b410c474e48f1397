"""How many replies wait for a person, for the frame of every page."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.functional import cached_property

from campaigns.answers.inbox_list import open_replies


@dataclass
class Waiting:
    """Counted only when a template asks, and once."""

    @cached_property
    def count(self) -> int:
        return open_replies().count()


def replies(request: HttpRequest) -> dict[str, Any]:
    return {"replies": Waiting()} if getattr(request, "tenant", None) else {}
