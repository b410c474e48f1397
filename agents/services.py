"""What people do with agents: create, save the draft, publish, go back, put away."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import count
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.timezone import now

from agentos.errors import DomainError
from agentos.jobs import enqueue
from agentos.tenants.log import record
from agentos.tenants.models import PublicRoute, Tenant, User
from agentos.tenants.scoping import tenant_transaction
from agents.checklist import Check, problems
from agents.comparison import same, values
from agents.drafts import Errors, judge, text
from agents.models import Agent, AgentVersion
from agents.native import services as native
from agents.rehearsing import Standing, stage
from agents.templates_catalog import BLANK, template
from agents.vendor_lists import first_models

AgentId = UUID | str


class NotPublishable(DomainError):
    """The draft has problems that callers would notice; `problems` are what must be fixed."""

    def __init__(self, found: list[Check]) -> None:
        self.problems = found
        super().__init__("not_publishable", " ".join(dict.fromkeys(each.text for each in found)))


class NotRehearsed(DomainError):
    """The draft has not passed the rehearsals that come before publishing; `standing` says which."""

    def __init__(self, standing: Standing) -> None:
        self.standing = standing
        names = ", ".join((*standing.failed, *standing.running, *standing.unplayed))
        code, words = ("not_played", "not been played yet") if standing.is_open else ("not_passed", "not passed")
        super().__init__(code, f"Rehearsals of this draft have {words}: {names}.")


@dataclass(frozen=True, slots=True)
class SavedDraft:
    """The draft as it is now. A change with an error was not taken over; the others were."""

    draft: AgentVersion
    saved: tuple[str, ...]
    errors: Errors


def create_agent(tenant: Tenant, *, name: str, template_name: str = BLANK, by: User | None = None) -> Agent:
    """A new agent with draft and rehearsals of a ready-made one, and an address of its own. Nobody is answered yet."""
    with tenant_transaction(tenant):
        agent = Agent(name=_free_name(name))
        _save_named(agent, force_insert=True)
        PublicRoute.objects.create(id=agent.pk, tenant=tenant)
        ready = template(template_name)
        AgentVersion.objects.create(agent=agent, timezone=tenant.timezone, **ready.values())
        stage().put_on(agent, ready.scenes, by=by)
        return agent


def rename_agent(tenant: Tenant, agent_id: AgentId, *, name: str) -> Agent:
    """Give it another name; calls and versions keep pointing to it."""
    with tenant_transaction(tenant):
        agent = _locked(agent_id)
        agent.name = _free_name(name, besides=agent)
        _save_named(agent, update_fields=["name"])
        native.queue(agent)
        return agent


def draft_of(agent: Agent) -> AgentVersion:
    """The one version that can be edited."""
    draft: AgentVersion = agent.versions.select_related("agent").get(number=None)
    return draft


def save_draft(tenant: Tenant, agent_id: AgentId, *, changes: Mapping[str, Any]) -> SavedDraft:
    """Take over the fields named in `changes`, and settings as `stt_options__name`. See `drafts.judge`."""
    with tenant_transaction(tenant):
        draft = draft_of(_locked(agent_id))
        judgement = judge(values(draft), changes, first_models())
        _write(draft, judgement.accepted)
        return SavedDraft(draft, tuple(judgement.accepted), judgement.errors)


def publish(
    tenant: Tenant, agent_id: AgentId, *, by: User | None = None, note: str = "", anyway: bool = False
) -> AgentVersion:
    """Copy the draft into a new numbered version and let it answer from the next call on.

    A draft that equals the live version is published already: that version is returned. Raises NotPublishable, and
    NotRehearsed where the agent's rehearsals come first: `anyway` goes past them unless they are required, on record.
    """
    with tenant_transaction(tenant):
        agent = _locked(agent_id)
        draft = draft_of(agent)
        if found := problems(draft):
            raise NotPublishable(found)
        if agent.published is None or not same(agent.published, draft):
            _insist_on_rehearsals(agent, draft, anyway=anyway)
        return _go_live(agent, draft, by=by, note=note)


def _insist_on_rehearsals(agent: Agent, draft: AgentVersion, *, anyway: bool) -> None:
    if agent.rehearsing == Agent.Rehearsing.OFF:
        return
    standing = stage().standing(draft)
    if standing.is_good:
        return
    if not anyway or agent.rehearsing == Agent.Rehearsing.REQUIRED:
        raise NotRehearsed(standing)
    words = f"Published {agent} although not every rehearsal had passed"
    record("agent.published_anyway", words, subject=f"agent {agent.pk}", **standing.to_json())


def choose_rehearsing(tenant: Tenant, agent_id: AgentId, choice: str) -> Agent:
    """Whether rehearsals come before publishing. Raises DomainError for what is no choice."""
    with tenant_transaction(tenant):
        agent = _locked(agent_id)
        if choice not in Agent.Rehearsing.values:
            raise DomainError("no_choice", f"Choose one of {', '.join(Agent.Rehearsing.values)}.")
        if agent.rehearsing != choice:
            agent.rehearsing = choice
            agent.save(update_fields=["rehearsing"])
            record(
                "agent.rehearsing", f"Rehearsals of {agent} before publishing: {choice}", subject=f"agent {agent.pk}"
            )
        return agent


def make_live(tenant: Tenant, version_id: int, *, by: User | None = None) -> AgentVersion:
    """Let an older version answer again, as a new number, so that the history reads in order. The draft stays.

    Raises NotPublishable when it would no longer work, such as with a provider that is gone.
    """
    with tenant_transaction(tenant):
        version = _published(version_id)
        if found := problems(version):
            raise NotPublishable(found)
        return _go_live(_locked(version.agent_id), version, by=by, note=f"Version {version.number} again")


def restore(tenant: Tenant, version_id: int) -> AgentVersion:
    """Load an older version into the draft, over what was there. Callers notice nothing until it is published."""
    with tenant_transaction(tenant):
        version = _published(version_id)
        draft = draft_of(_locked(version.agent_id))
        _write(draft, values(version))
        return draft


def discard_draft(tenant: Tenant, agent_id: AgentId) -> AgentVersion:
    """Make the draft what callers hear now."""
    with tenant_transaction(tenant):
        agent = _locked(agent_id)
        if agent.published is None:
            raise DomainError("nothing_published", "There is no published version to go back to.")
        draft = draft_of(agent)
        _write(draft, values(agent.published))
        return draft


def archive(tenant: Tenant, agent_id: AgentId) -> Agent:
    """Put the agent away: it answers no more, its numbers are free, its calls and versions stay."""
    with tenant_transaction(tenant):
        agent: Agent = Agent.objects.select_for_update().get(pk=agent_id)
        if agent.archived_at is None:
            agent.archived_at, agent.published = now(), None
            agent.save(update_fields=["archived_at", "published"])
            agent.numbers.update(agent=None)
            native.queue(agent)
        return agent


def _locked(agent_id: AgentId) -> Agent:
    """The agent, held until the transaction ends: two people publish one after the other."""
    agent: Agent | None = Agent.objects.select_for_update().filter(pk=agent_id, archived_at=None).first()
    if agent is None:
        raise DomainError("no_agent", "This agent does not exist any more.")
    return agent


def _published(version_id: int) -> AgentVersion:
    version: AgentVersion | None = (
        AgentVersion.objects.select_related("agent").filter(pk=version_id, number__isnull=False).first()
    )
    if version is None:
        raise DomainError("no_version", "This version does not exist.")
    return version


def _write(draft: AgentVersion, changes: Mapping[str, Any]) -> None:
    if changes:
        if "languages" in draft.transport_options:  # once those were a setting of one way of carrying calls
            known = values(draft)
            changes = {name: known[name] for name in ("other_languages", "transport_options")} | dict(changes)
        for field, value in changes.items():
            setattr(draft, field, value)
        draft.save(update_fields=[*changes, "updated_at"])


def _go_live(agent: Agent, source: AgentVersion, *, by: User | None, note: str) -> AgentVersion:
    if agent.published is not None and same(agent.published, source):
        return agent.published
    newest: int = agent.versions.aggregate(newest=Max("number"))["newest"] or 0
    version: AgentVersion = AgentVersion.objects.create(
        agent=agent,
        number=newest + 1,
        note=" ".join(text(note).split())[: AgentVersion._meta.get_field("note").max_length],
        published_at=now(),
        published_by=by,
        **values(source),
    )
    agent.published = version
    agent.save(update_fields=["published"])
    enqueue("calls.tasks.prepare_speech", version.pk, key=str(version.pk))
    native.queue(agent)
    return version


def unused_name(wanted: str) -> str:
    """This name, or with the next number behind it where an agent is called so already. Inside the tenant."""
    taken = set(Agent.objects.filter(archived_at=None, name__startswith=wanted).values_list("name", flat=True))
    return next(name for number in count(1) if (name := f"{wanted} {number}" if number > 1 else wanted) not in taken)


def _free_name(name: str, *, besides: Agent | None = None) -> str:
    name = " ".join(text(name).split())
    limit = Agent._meta.get_field("name").max_length or 0
    if not name:
        raise DomainError("no_name", "Give the agent a name.")
    if len(name) > limit:
        raise DomainError("long_name", f"Shorten the name to {limit} characters.")
    taken = Agent.objects.filter(name=name, archived_at=None)
    if (taken.exclude(pk=besides.pk) if besides else taken).exists():
        raise DomainError("name_taken", f"There is an agent called {name} already.")
    return name


def _save_named(agent: Agent, **how: Any) -> None:
    """Two people may choose the same name at the same moment: the constraint decides."""
    try:
        with transaction.atomic():
            agent.save(**how)
    except IntegrityError as error:
        raise DomainError("name_taken", f"There is an agent called {agent.name} already.") from error
