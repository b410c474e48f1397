"""Who speaks in a call that was passed on from one agent to another: the latest, within the limits of the first.

The conversation of one agent ends, and the carrier comes back at its resume URL as it does when a line was lost. So
everything changes with the agent, also ears, voice and engine, and a process that dies meanwhile changes nothing.
"""

from __future__ import annotations

from dataclasses import replace

from agents.hand_overs import NAME
from agents.models import AgentVersion
from agents.providers.ports import ToolCall
from agents.versions import VersionSpec
from calls.conversation.history import Exchange
from calls.models import Call, CallEvent

EVENT = "handed_over"
NOTE = (
    "The caller was passed on to you, {name}, in this call. You are on the line now, and know what was said. Say in "
    "half a sentence who you are, and go on with what they need; do not ask again for what they have said."
)


def version_of(call: Call) -> AgentVersion:
    """The version that speaks now. Inside the tenant."""
    latest = _latest(call)
    versions = AgentVersion.objects.select_related("agent")
    found: AgentVersion = versions.get(pk=latest.data["version_id"] if latest else call.version_id)
    return found


def passed_at(call: Call) -> int | None:
    """At what position the call was passed on last; None where it never was."""
    latest = _latest(call)
    return latest.at_ms if latest else None


def _latest(call: Call) -> CallEvent | None:
    found: CallEvent | None = call.events.filter(kind=EVENT).order_by("segment", "sequence").last()
    return found


def within_limits_of(first: VersionSpec, spec: VersionSpec) -> VersionSpec:
    """How long a call may last, and what is kept of it, was decided when it began; what is left out adds up."""
    return replace(
        spec,
        max_duration_s=first.max_duration_s,
        recording=first.recording,
        redacted_recording=first.redacted_recording,
        redaction=[*first.redaction, *(kind for kind in spec.redaction if kind not in first.redaction)],
    )


def note_for(name: str) -> Exchange:
    """What whoever takes over reads last."""
    return Exchange(ToolCall("", NAME, "{}"), NOTE.format(name=name))
