"""What must hold before this installation may serve anybody but its own machine."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

SHORTEST_KEY = 32


@register()
def the_vault_has_a_key(app_configs: object, **kwargs: Any) -> list[CheckMessage]:
    """A key that was made up in a container is gone with it, and with it every secret of every business."""
    if not settings.PUBLIC_URL.startswith("https://"):
        return []
    if settings.VAULT_KEY_IS_LOCAL:
        return [
            Error(
                "VAULT_KEY is not set.",
                hint="Set it to a long random text, the same in every process, and keep a copy where it is not lost.",
                id="agentos.E001",
            )
        ]
    if len(settings.VAULT_KEY) < SHORTEST_KEY:
        return [Error(f"VAULT_KEY is shorter than {SHORTEST_KEY} characters.", id="agentos.E002")]
    return []
