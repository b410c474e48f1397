"""What every page of the dashboard needs to draw its frame."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest


def shell(request: HttpRequest) -> dict[str, Any]:
    return {"tenant": getattr(request, "tenant", None), "membership": getattr(request, "membership", None)}
