"""Pass the caller on to another agent of the business: the same call, the same history, other instructions."""

from __future__ import annotations

from agentos.tenants.credentials import vendor_keys
from agents.endpoints import can_carry_sound
from agents.hand_overs import NAME, REASON, SETTINGS, target_named
from agents.models import Agent, AgentVersion
from agents.providers.limits import Limits
from agents.tools import Arguments, Tool, ToolContext, ToolOutcome, parameters
from agents.transports import CONVERSATION_RELAY, ELEVENLABS_NATIVE
from agents.versions import VersionSpec
from calls.models import Call, ToolRun

MOST = 3  # in one call: then whoever has it keeps it
NOT_THERE = "This agent cannot take the call at the moment. Go on yourself, or offer to take a message."
IN_BROWSER = "A call in the browser cannot be passed on. Go on yourself."
ENOUGH = "The caller was passed on often enough. Go on yourself, or offer to take a message."


def hand_over_to(context: ToolContext, arguments: Arguments) -> ToolOutcome:
    """Says where to; the call goes on there once the agent's words were heard."""
    if not arguments["reason"].strip():
        return ToolOutcome("Say for what.", ok=False)
    call = Call.objects.filter(pk=context.call_id).first()
    if call is None or not call.is_by_carrier:
        return ToolOutcome(IN_BROWSER, ok=False)
    if call.tool_runs.filter(name=NAME, state=ToolRun.State.DONE).count() >= MOST:
        return ToolOutcome(ENOUGH, ok=False)
    agent_id = target_named(arguments["to"], context.settings)
    own_id = AgentVersion.objects.values_list("agent_id", flat=True).get(pk=context.version.version_id)
    if agent_id is None or agent_id == own_id:
        return ToolOutcome(NOT_THERE, ok=False)
    agent = Agent.objects.select_related("published").get(pk=agent_id)
    if not _can_go_on(context.version, VersionSpec.of(agent.published)):
        return ToolOutcome(NOT_THERE, ok=False)
    to = {"to": agent.name, "version_id": agent.published_id}
    return ToolOutcome(f"The caller is being passed on to {agent.name}.", then="hand_over", target=to)


def _can_go_on(now: VersionSpec, after: VersionSpec) -> bool:
    """A call that comes back from a vendor is carried by our own engines."""
    if now.transport != ELEVENLABS_NATIVE or after.transport == CONVERSATION_RELAY:
        return True
    return can_carry_sound(after, vendor_keys())


TOOLS = (
    Tool(
        name=NAME,
        title="Pass callers on to another of your agents",
        hint="In the same call: the other agent knows what was said, and goes on with its own instructions, knowledge, "
        "tools and voice. At most three times in a call, and not in calls from a browser.",
        description=(
            "Pass the caller on to another agent of the business, who knows what was said so far. Tell the caller in "
            "half a sentence that you do; say no goodbye."
        ),
        parameters=parameters(to={"type": "string"}, reason=REASON),
        run=hand_over_to,
        limits=Limits(per_call=4, per_turn=1),
        settings=SETTINGS,
    ),
)
