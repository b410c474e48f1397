"""Calls that a live agent makes or takes over: what it is told of the person, and who lacks what it needs."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime
from uuid import UUID

from agentos.tenants.scoping import tenant_transaction
from agents.prompts import BUILT_IN, NAME, placeholders
from agents.versions import VersionSpec
from calls.briefing import Briefing
from campaigns.audio.clips import UNSAYABLE, business_name, spec_of, variables_of
from campaigns.calling.call_words import caller_of, sentence
from campaigns.models import Attempt, Campaign, Target
from campaigns.texts import phrases
from campaigns.texts.messages import MessageError, clean, render

NAMELESS = ("business", "first_name", "last_name")  # known to the model by other lines
CHUNK = 500


def briefing(tenant_id: int, attempt_id: UUID, at: datetime) -> Briefing:
    """What the agent is told when it takes this call. A message that came first is part of it."""
    with tenant_transaction(tenant_id):
        return _brief(_attempt(attempt_id), at)


def briefing_while_it_rings(tenant_id: int, attempt_id: UUID, at: datetime) -> Briefing | None:
    """The same for a call that begins with the agent, so that its first words are there when somebody answers."""
    with tenant_transaction(tenant_id):
        attempt = _attempt(attempt_id)
        rings = attempt.state not in (Attempt.State.ANSWERED, Attempt.State.ENDED)
        return _brief(attempt, at) if rings and attempt.campaign.kind == Campaign.Kind.AGENT else None


def leave_out_unready(campaign: Campaign) -> int:
    """Leave out whoever lacks a value that the agent's sentences name; returns how many. Safe to repeat."""
    spec = spec_of(campaign)
    names, business, left = needed(spec), business_name(), 0
    for target in _waiting(campaign):
        problem = lacking(target, names, business)
        if not problem and target.status == Target.Status.LEFT_OUT:
            target.status, target.reason = Target.Status.WAITING, ""
        elif problem:
            left += 1
            target.status, target.reason = Target.Status.LEFT_OUT, f"{UNSAYABLE}{problem}"[:200]
        else:
            continue
        target.save(update_fields=["status", "reason"])
    return left


def lacking(target: Target, names: Iterable[str], business: str) -> str:
    """Which of these this person has no value for, in words; empty where none lacks."""
    values = variables_of(target, business)
    lacks = next((name for name in names if not clean(values.get(name))), None)
    return f"{{{{{lacks}}}}} has no value for this person." if lacks else ""


def _brief(attempt: Attempt, at: datetime) -> Briefing:
    campaign, target = attempt.campaign, attempt.target
    spec, business = spec_of(campaign), business_name()
    values = {name: value for name, value in variables_of(target, business).items() if NAME.fullmatch(name)}
    caller = phrases.Caller(business, caller_of(attempt).number, spec.language)
    begins_with_agent = campaign.kind == Campaign.Kind.AGENT
    heard = "" if begins_with_agent else f"{phrases.identification(caller_of(attempt))} {sentence(attempt)}"
    since = attempt.answered_at
    return Briefing(
        variables=_spoken(values, spec.language),
        facts={name: clean(value) for name, value in values.items() if name not in NAMELESS},
        reason=_reason(attempt, business, spec.language),
        introduction=phrases.introduction_of_agent(caller),
        stopped=phrases.stopped(caller),
        message=heard,
        before_ms=0 if begins_with_agent or since is None else max(0, round((at - since).total_seconds() * 1000)),
    )


def _spoken(values: dict[str, object], language: str) -> dict[str, str]:
    """Each value as a person says it; one that cannot be said is left to the agent's own default."""
    spoken = {}
    for name, value in values.items():
        try:
            spoken[name] = render(f"{{{{{name}}}}}", {name: value}, language).text
        except MessageError:
            continue
    return spoken


def _reason(attempt: Attempt, business: str, language: str) -> str:
    """Why the person is called: what the campaign wants to say, or at least its name."""
    campaign = attempt.campaign
    if campaign.kind == Campaign.Kind.AGENT and campaign.message:
        try:
            return render(campaign.message, variables_of(attempt.target, business), language).text
        except MessageError:
            pass
    return str(campaign.name)


def needed(spec: VersionSpec) -> list[str]:
    """The names in the agent's words that only a person's values can fill."""
    words = " ".join((spec.greeting, spec.prompt, spec.farewell, *spec.silence_prompts))
    known = {*BUILT_IN, *(name for name, value in spec.variables.items() if value)}
    return [name for name in placeholders(words) if name not in known]


def _waiting(campaign: Campaign) -> Iterator[Target]:
    targets = campaign.targets.filter(status=Target.Status.WAITING) | campaign.targets.filter(
        status=Target.Status.LEFT_OUT, reason__startswith=UNSAYABLE
    )
    return targets.select_related("contact").iterator(CHUNK)


def _attempt(attempt_id: UUID) -> Attempt:
    rows = Attempt.objects.select_related("campaign__agent__published__agent", "target__contact", "target__clip")
    attempt: Attempt = rows.get(pk=attempt_id)
    return attempt
