"""A test call: one's own telephone rings, and one hears what one of the people would hear.

It is a campaign of one call, made for this alone: judged by the gate, written down, dialed and answered like any
other, with receipts of its own. It does not count for the campaign that it tries out.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.utils.timezone import now

from agentos.errors import DomainError
from agentos.tenants.models import Tenant, User
from agentos.tenants.scoping import tenant_transaction
from campaigns.audio.clips import UNSAYABLE, want_clips
from campaigns.log import tell
from campaigns.models import Attempt, Campaign, Target
from campaigns.outcomes import words_of
from telephony.services import normalized

MOST_AN_HOUR = 10  # of one business: whoever tries out a message does not need more
SHOWN = 3
COPIED = (
    *("kind", "purpose", "agent", "number", "local_presence"),
    *("language", "message", "voicemail", "keys", "records_reply"),
)
STATES = {
    Attempt.State.ASKED: "Is being dialed",
    Attempt.State.UNKNOWN: "Is being dialed",
    Attempt.State.PLACED: "Rings",
    Attempt.State.ANSWERED: "In call",
}


def ask_for_test_call(
    tenant: Tenant, campaign_id: UUID, *, number: str, target_id: int, by: User, at: datetime | None = None
) -> Campaign:
    """Have this number called with what that person would hear. Raises DomainError.

    The request is the consent to this one call and is kept with its author. The gate has the last word when the call
    is due; where it says no, nothing is tried later.
    """
    plain = normalized(number)
    with tenant_transaction(tenant):
        campaigns = Campaign.objects.select_for_update(of=("self",)).select_related("agent", "number")
        campaign = campaigns.get(pk=campaign_id)
        model = campaign.targets.filter(pk=target_id).first()
        _insist(campaign, model, at or now())
        test = _made(campaign, plain, by, at or now())
        target = Target.objects.create(
            campaign=test,
            contact=model.contact if model else None,
            e164=plain,
            variables=model.variables if model else {},
            due_at=test.created_at,
        )
        if campaign.kind == Campaign.Kind.MESSAGE:
            _want_voice(target)
        tell(campaign, "test_call", "Asked for a test call to their own telephone")
        return test


def tests_of(campaign: Campaign) -> list[dict[str, Any]]:
    """The newest test calls of a campaign, each in words. Inside the tenant."""
    tests = campaign.tests.select_related("created_by").order_by("-created_at")[:SHOWN]
    return [_told(test) for test in tests]


def _insist(campaign: Campaign, model: Target | None, at: datetime) -> None:
    if campaign.agent.published_id is None:
        raise DomainError("agent", f"Publish {campaign.agent} first: it lends the campaign its voice.")
    if campaign.number is None:
        raise DomainError("number", "Choose the number that people see when they are called.")
    if campaign.kind == Campaign.Kind.MESSAGE and not campaign.message:
        raise DomainError("message", "Write the message: it is what you would hear.")
    if model is None:
        raise DomainError("people", "Choose whose message you want to hear: add contacts first.")
    if _running(campaign.tests.all()).exists():
        raise DomainError("under_way", "A test call is under way. Wait until it is over.")
    hour = Campaign.objects.filter(is_test=True, created_at__gt=at - timedelta(hours=1))
    if hour.count() >= MOST_AN_HOUR:
        raise DomainError("too_many", "That were many test calls. Try again in an hour.")


def _made(campaign: Campaign, number: str, by: User, at: datetime) -> Campaign:
    asked = {"number": number, "by": str(by), "by_id": by.pk, "at": at.isoformat()}
    test: Campaign = Campaign.objects.create(
        **{field: getattr(campaign, field) for field in COPIED},
        name=f"Test: {campaign.name}"[:120],
        status=Campaign.Status.RUNNING,
        at_once=1,
        most_attempts=1,
        is_test=True,
        test_of=campaign,
        confirmed={"test": asked},
        created_at=at,
        created_by=by,
        started_at=at,
    )
    return test


def _want_voice(target: Target) -> None:
    """Have the clip made. Raises DomainError for a message that cannot be said."""
    want_clips(target.campaign_id)
    target.refresh_from_db()
    if target.status == Target.Status.LEFT_OUT:
        raise DomainError("message", target.reason.removeprefix(UNSAYABLE))


def _told(test: Campaign) -> dict[str, Any]:
    target = test.targets.select_related("contact").get()
    attempt = test.attempts.first()
    if attempt is not None and attempt.state in STATES:
        words, tone = STATES[Attempt.State(attempt.state)], "live"
    elif target.status == Target.Status.LEFT_OUT:
        words, tone = f"Not called: {target.reason}", "warn"
    elif attempt is not None and target.status == Target.Status.DONE:
        words, tone = words_of(attempt.outcome), "good"
    else:
        words, tone = "Its voice is being made", "live"
    return {"test": test, "number": target.e164, "person": target.contact, "words": words, "tone": tone}


def _running(tests: QuerySet[Campaign]) -> QuerySet[Campaign]:
    return tests.filter(status=Campaign.Status.RUNNING)
