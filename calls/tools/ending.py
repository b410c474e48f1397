"""Ending the call."""

from __future__ import annotations

from agents.providers.limits import Limits
from agents.tools import Tool, parameters

TOOLS = (
    Tool(
        name="end_call",
        title="End the call",
        hint="Hangs up when the conversation is over.",
        description="Hang up. Use it when the caller has said goodbye or needs nothing more; say goodbye first.",
        parameters=parameters(),
        run=None,
        effect=False,
        limits=Limits(per_call=3, per_turn=1),
    ),
)
