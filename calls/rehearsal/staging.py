"""What a conversation in text needs: a version with its prompt, knowledge, model, and tools that only pretend."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from django.utils.timezone import now

from agentos.tenants.credentials import VendorKeys, vendor_keys
from agentos.tenants.models import Tenant
from agents.models import AgentVersion
from agents.own_tools import own_tools
from agents.tools import Tool
from agents.versions import VersionSpec
from calls.equipment import Mind
from calls.knowing import Knowledge
from calls.rehearsal.talk import Pretending, Script, Talk
from calls.scripts import CallTexts
from calls.toolbox import Scene, open_toolbox

CALLERS_NUMBER = "+12025550100"  # of those that are kept for fiction


@dataclass(frozen=True, slots=True)
class Scenery:
    """What of a version a conversation needs of the database."""

    tenant_id: int
    agent_id: UUID
    business: str
    version: AgentVersion
    spec: VersionSpec
    keys: VendorKeys = field(repr=False)
    tools: Mapping[str, Tool] = field(repr=False)
    at: datetime

    @property
    def day(self) -> date:
        """By the clock of the version."""
        return self.at.astimezone(ZoneInfo(self.spec.timezone)).date()

    def knowledge(self) -> Knowledge:
        return Knowledge(self.tenant_id, self.agent_id, self.spec.language)

    def talk(self, mind: Mind, script: Script, answers: Mapping[str, str]) -> Talk:
        """The version, ready to be written to. `answers` are what tools answer that only pretend."""
        texts = CallTexts(self.spec, business=self.business, caller_number=CALLERS_NUMBER, at=self.at)
        opening = texts.script(resumed=False, speculation=False)
        scene = Scene(self.tenant_id, uuid4(), self.spec, self.business, CALLERS_NUMBER, moment=self.at)
        toolbox, _ = open_toolbox(
            scene, script, lambda: 0, own=self.tools, through=lambda worker: Pretending(answers, worker)
        )
        return Talk(
            system=texts.system_prompt(),
            greeting=" ".join(opening.opening),
            farewell=opening.farewell,
            model=mind.model,
            toolbox=toolbox,
            script=script,
        )


def set_up(tenant_id: int, version: AgentVersion, *, at: datetime | None = None) -> Scenery:
    """Inside the tenant. `at`: when it takes place, where that is not now."""
    business = Tenant.objects.get(pk=tenant_id).name
    spec = VersionSpec.of(version)
    tools, at = own_tools(version.tools), at or now()
    return Scenery(tenant_id, version.agent_id, business, version, spec, vendor_keys(), tools, at)
