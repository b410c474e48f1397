"""What people do with campaigns: set up, choose whom to call, start, pause, go on, stop, call some again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.timezone import now

from agentos.errors import DomainError
from agentos.jobs import enqueue
from agentos.tenants.models import Tenant, User
from agentos.tenants.scoping import tenant_transaction
from agentos.tenants.templatetags.words import count
from agents.models import Agent
from campaigns.audio.clips import want_clips
from campaigns.calling.agent_calls import leave_out_unready
from campaigns.calling.canceling import cancel_calls
from campaigns.calling.settling import ANSWERS
from campaigns.log import changed, tell
from campaigns.models import Campaign, Target
from campaigns.outcomes import words_of
from campaigns.people.contacts import found
from campaigns.planning.readiness import RECONFIRM, NotStartable, checks, confirmations
from campaigns.telling import tell_ended

Status = Campaign.Status
CampaignId = UUID | str

WEEKDAYS = [["09:00", "20:00"]] * 5 + [None] * 2  # the hours of a new campaign, on the clock of who is called
ADDED_AT_A_TIME = 1000


def create_campaign(
    tenant: Tenant, *, name: str, agent_id: UUID | str | None = None, by: User | None = None, **fields: Any
) -> Campaign:
    """A draft that calls nobody. Without an agent it takes the first one that is published, or the first at all."""
    with tenant_transaction(tenant):
        agents = Agent.objects.filter(archived_at=None).order_by("published_id", "name")
        agent = agents.filter(pk=agent_id).first() if agent_id else agents.first()
        if agent is None:
            raise DomainError("no_agent", "Make an agent first: it lends the campaign its voice.")
        fields.setdefault("number", agent.numbers.first())
        fields.setdefault("keys", {"1": "confirmed", "2": "rescheduled", "9": "opted_out"})
        fields.setdefault("hours", WEEKDAYS)
        campaign: Campaign = Campaign.objects.create(name=_named(name), agent=agent, created_by=by, **fields)
        tell(campaign, "created", "Set it up")
        return campaign


def change_campaign(tenant: Tenant, campaign_id: CampaignId, *, changes: Mapping[str, Any]) -> Campaign:
    """Take over these fields of a draft, or of a campaign that is paused. What was confirmed about them is void."""
    with tenant_transaction(tenant):
        campaign = _locked(campaign_id)
        if campaign.status not in (Status.DRAFT, Status.PAUSED):
            raise DomainError("not_a_draft", "Pause the campaign first: it is calling people as it is set up now.")
        if "name" in changes:
            changes = {**changes, "name": _named(changes["name"])}
        others = {field: value for field, value in changes.items() if getattr(campaign, field) != value}
        for field, value in others.items():
            setattr(campaign, field, value)
            _void(campaign, RECONFIRM.get(field, ()))
        campaign.save(update_fields=[*changes, "confirmed"])
        if others and campaign.status == Status.PAUSED:
            tell(campaign, "changed", changed(others))
        return campaign


def add_people(
    tenant: Tenant,
    campaign_id: CampaignId,
    *,
    contact_ids: Iterable[int] | None = None,
    tag: str = "",
    search: str = "",
    at: datetime | None = None,
) -> int:
    """Add contacts: these, those with a tag or whom a search finds, or else all. Who is in it stays as they are.

    Returns how many are new. In a running campaign they are called in their turn, once their clips are made.
    """
    with tenant_transaction(tenant):
        campaign = _locked(campaign_id)
        if campaign.status in (Status.STOPPED, Status.DONE):
            raise DomainError("over", "This campaign is over. Set up another one for more people.")
        before = campaign.targets.count()
        contacts = found(search=search, tag=tag).order_by("pk")
        if contact_ids is not None:
            contacts = contacts.filter(pk__in=list(contact_ids))
        contacts = contacts.exclude(e164__in=campaign.targets.values("e164"))
        due_at = at or now()
        chosen = contacts.iterator(chunk_size=ADDED_AT_A_TIME)
        targets = (Target(campaign=campaign, contact=each, e164=each.e164, due_at=due_at) for each in chosen)
        for batch in _batches(targets, ADDED_AT_A_TIME):
            Target.objects.bulk_create(batch, ignore_conflicts=True)
        added: int = campaign.targets.count() - before
        if added and campaign.status == Status.DRAFT:
            _void(campaign, ("agreed",))
            campaign.save(update_fields=["confirmed"])
        elif added:
            _make_ready(campaign)
        if added:
            tell(campaign, "people_added", f"Added {count(added, 'person,people')}", tag=tag, search=search)
        return added


def remove_people(tenant: Tenant, campaign_id: CampaignId) -> int:
    """Take everybody out of a draft."""
    with tenant_transaction(tenant):
        campaign = _locked(campaign_id)
        if campaign.status != Status.DRAFT:
            raise DomainError("not_a_draft", "People leave a campaign only before it starts.")
        removed: int = campaign.targets.count()
        campaign.targets.all().delete()
        tell(campaign, "people_removed", f"Took {count(removed, 'person,people')} out")
        return removed


def confirm(tenant: Tenant, campaign_id: CampaignId, *, confirmed: Iterable[str], by: User) -> Campaign:
    """Store who confirmed what, and when. What is not named is taken back; what was confirmed keeps its first date."""
    with tenant_transaction(tenant):
        campaign = _locked(campaign_id)
        asked, given = dict(confirmations(campaign)), set(confirmed)
        fresh = {"by": str(by), "by_id": by.pk, "at": now().isoformat()}
        campaign.confirmed = {name: campaign.confirmed.get(name, fresh) for name in asked if name in given}
        campaign.save(update_fields=["confirmed"])
        return campaign


def _make_ready(campaign: Campaign) -> None:
    """Have clips made, and leave out whom the message or the agent lacks a value for."""
    if campaign.kind == Campaign.Kind.MESSAGE:
        want_clips(campaign.pk)
    else:
        leave_out_unready(campaign)


def start(tenant: Tenant, campaign_id: CampaignId, *, at: datetime | None = None) -> Campaign:
    """Let a draft call its people, have its clips made and its plan kept. Starting it twice changes nothing.

    Raises NotStartable. Who cannot be told the message, because a value is missing, is left out with the reason.
    """
    with tenant_transaction(tenant):
        campaign, at = _locked(campaign_id), at or now()
        if campaign.status == Status.RUNNING:
            return campaign
        if campaign.status != Status.DRAFT:
            raise DomainError("not_a_draft", f"This campaign is {campaign.get_status_display().lower()} already.")
        if problems := [each for each in checks(campaign, at) if not each.holds]:
            raise NotStartable(problems)
        campaign.targets.filter(status=Target.Status.WAITING).update(due_at=max(at, campaign.starts_at or at))
        _make_ready(campaign)
        campaign.started_at = at
        words = f"Started it for {count(campaign.targets.count(), 'person,people')}, with all confirmations"
        tell(campaign, "started", words, confirmed=campaign.confirmed)
        enqueue("campaigns.tasks.keep_forecast", campaign.pk)
        return _move(campaign, Status.RUNNING, "started_at")


def pause(tenant: Tenant, campaign_id: CampaignId, *, reason: str = "") -> Campaign:
    """Call nobody new until it goes on. Calls in progress are finished; what was queued is void."""
    with tenant_transaction(tenant):
        campaign = _locked(campaign_id)
        if campaign.status == Status.PAUSED:
            return campaign
        _insist(campaign, Status.RUNNING)
        campaign.pause_reason = reason[:200]
        tell(campaign, "paused", "Paused it")
        return _move(campaign, Status.PAUSED)


def resume(tenant: Tenant, campaign_id: CampaignId, *, at: datetime | None = None) -> Campaign:
    """Go on where it was paused. Raises NotStartable when it was changed so that it could not have started."""
    with tenant_transaction(tenant):
        campaign = _locked(campaign_id)
        if campaign.status == Status.RUNNING:
            return campaign
        _insist(campaign, Status.PAUSED)
        if problems := [each for each in checks(campaign, at or now()) if not each.holds]:
            raise NotStartable(problems)
        campaign.pause_reason, campaign.watched_from = "", at or now()
        tell(campaign, "resumed", "Let it go on")
        return _move(campaign, Status.RUNNING, "watched_from")


def stop(tenant: Tenant, campaign_id: CampaignId, *, at: datetime | None = None) -> Campaign:
    """End it for good: who still waits is not called by it, and telephones that still ring fall silent."""
    with tenant_transaction(tenant):
        campaign = _locked(campaign_id)
        if campaign.status in (Status.STOPPED, Status.DONE):
            return campaign
        _insist(campaign, Status.RUNNING, Status.PAUSED)
        campaign.ended_at = at or now()
        tell(campaign, "stopped", "Stopped it for good")
        cancel_calls(campaign.attempts.all())
        _move(campaign, Status.STOPPED, "ended_at")
        tell_ended(campaign)
        return campaign


def redial(tenant: Tenant, campaign_id: CampaignId, *, outcome: str, at: datetime | None = None) -> int:
    """Call those again with whom it came out like this; returns how many. The gate is asked about each once more.

    A campaign that is done runs again. Who opted out, was the wrong person or has answered is never called again by it.
    """
    with tenant_transaction(tenant):
        campaign, at = _locked(campaign_id), at or now()
        _insist(campaign, Status.RUNNING, Status.PAUSED, Status.DONE)
        if outcome in ANSWERS:
            raise DomainError("final", "These people have given their answer. They are not called again.")
        _insist_on_days(campaign, at)
        again = campaign.targets.filter(
            status__in=[Target.Status.DONE, Target.Status.LEFT_OUT], disposition=outcome
        ).update(status=Target.Status.WAITING, disposition="", reason="", due_at=at)
        if again:
            tell(campaign, "redialed", f"Had {count(again, 'person,people')} called again: {words_of(outcome)}")
        if again and campaign.status == Status.DONE:
            campaign.ended_at = None
            _move(campaign, Status.RUNNING, "ended_at")
        return int(again)


def call_again(tenant: Tenant, target_id: int, *, at: datetime | None = None) -> Target:
    """Call one person again, as soon as the gate agrees. A campaign that is done runs again."""
    with tenant_transaction(tenant):
        target: Target = Target.objects.select_related("campaign").get(pk=target_id)
        campaign, at = _locked(target.campaign_id), at or now()
        _insist(campaign, Status.RUNNING, Status.PAUSED, Status.DONE)
        _insist_on_days(campaign, at)
        target = Target.objects.select_for_update().get(pk=target_id)
        if target.disposition == "opted_out":
            raise DomainError("opted_out", "They asked not to be called. They are not called again.")
        if target.status in (Target.Status.WAITING, Target.Status.LIVE):
            raise DomainError("due", "They are about to be called already.")
        target.status, target.disposition, target.reason, target.due_at = Target.Status.WAITING, "", "", at
        target.save(update_fields=["status", "disposition", "reason", "due_at"])
        tell(campaign, "redialed", "Had one person called again", target=target.pk)
        if campaign.status == Status.DONE:
            campaign.ended_at = None
            _move(campaign, Status.RUNNING, "ended_at")
        return target


def discard(tenant: Tenant, campaign_id: CampaignId) -> None:
    """Throw a draft away. What has called somebody stays."""
    with tenant_transaction(tenant):
        campaign = _locked(campaign_id)
        _insist(campaign, Status.DRAFT)
        tell(campaign, "discarded", f"Threw the draft {campaign.name} away")
        campaign.delete()


def _batches(targets: Iterator[Target], size: int) -> Iterator[list[Target]]:
    batch = []
    for target in targets:
        batch.append(target)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch


def _named(name: str) -> str:
    name = " ".join(name.split())
    if not name:
        raise DomainError("no_name", "Give the campaign a name.")
    limit = Campaign._meta.get_field("name").max_length or 0
    if len(name) > limit:
        raise DomainError("long_name", f"Shorten the name to {limit} characters.")
    return name


def _void(campaign: Campaign, names: Iterable[str]) -> None:
    campaign.confirmed = {name: kept for name, kept in campaign.confirmed.items() if name not in set(names)}


def _insist(campaign: Campaign, *statuses: str) -> None:
    if campaign.status not in statuses:
        raise DomainError("wrong_state", f"This cannot be done: the campaign is {_spoken(campaign)}.")


def _insist_on_days(campaign: Campaign, at: datetime) -> None:
    if campaign.ends_at is not None and campaign.ends_at <= at:
        raise DomainError("over", "The last day of the campaign is over: nobody is called by it any more.")


def _spoken(campaign: Campaign) -> str:
    return "a draft" if campaign.status == Status.DRAFT else campaign.get_status_display().lower()


def _move(campaign: Campaign, status: str, *fields: str) -> Campaign:
    campaign.status = status
    campaign.save(update_fields=["status", "pause_reason", *fields])
    return campaign


def _locked(campaign_id: CampaignId) -> Campaign:
    """The campaign, held until the transaction ends: a scheduler that claims waits, and the other way round."""
    campaigns = Campaign.objects.select_for_update(of=("self",)).select_related("agent", "number")
    campaign: Campaign | None = campaigns.filter(pk=campaign_id).first()
    if campaign is None:
        raise DomainError("no_campaign", "This campaign does not exist any more.")
    return campaign
