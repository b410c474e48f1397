"""Campaigns pause by themselves when calls fail one after another, and when the carrier refuses the whole account."""

from __future__ import annotations

from datetime import datetime

import structlog
from django.db.models import Q

from agentos.tenants.models import Tenant
from agentos.tenants.scoping import tenant_transaction
from campaigns.log import tell
from campaigns.models import Attempt, Campaign

WATCHED, TOO_MANY = 20, 10  # of so many calls that ended last, so many failed
FAILURES = ("failed", "not_placed")
FAILING = (
    "{failed} of the last {watched} calls could not be connected. Check the number that calls and some of the numbers"
    " that are called, then go on."
)

# Codes that say something about the account and nothing about the person, and what to do about them.
ACCOUNT_TROUBLE = {
    "not_configured": "There is no carrier account. Enter it in the settings of the server, then go on.",
    "10001": "The carrier has closed or suspended the account. Settle it in the carrier's console, then go on.",
    "10004": "The carrier carries no more calls at once for this account. Have the limit raised, or go on with fewer.",
    "20003": "The carrier does not accept our key. Renew the auth token in the settings of the server, then go on.",
    "20005": "The carrier's account is not active. Settle it in the carrier's console, then go on.",
    "21219": "The carrier's trial account calls verified numbers only. Upgrade it in the console, then go on.",
}

log = structlog.get_logger(__name__)


def watch(campaign_id: object, outcome: str, at: datetime) -> None:
    """Called at the end of each attempt, inside the tenant: pause when too many of the last ones have failed."""
    if outcome not in FAILURES:
        return
    campaign = Campaign.objects.filter(pk=campaign_id, status=Campaign.Status.RUNNING).first()
    if campaign is None:
        return
    ended = campaign.attempts.filter(state=Attempt.State.ENDED, ended_at__lte=at)
    ended = ended.filter(Q(asked_at__isnull=False) | Q(outcome__in=FAILURES))
    if campaign.watched_from is not None:
        ended = ended.filter(ended_at__gt=campaign.watched_from)
    outcomes = list(ended.order_by("-ended_at").values_list("outcome", flat=True)[:WATCHED])
    failed = sum(outcome in FAILURES for outcome in outcomes)
    if failed >= TOO_MANY:
        pause(campaign, FAILING.format(failed=failed, watched=len(outcomes)))


def pause(campaign: Campaign, reason: str) -> None:
    """Stop claiming. A claim that has begun is carried out first."""
    running = Campaign.objects.filter(pk=campaign.pk, status=Campaign.Status.RUNNING)
    if running.update(status=Campaign.Status.PAUSED, pause_reason=reason[:200]):
        tell(campaign, "paused", f"Paused it: {reason}")
    log.warning("campaign paused", campaign_id=str(campaign.pk), reason=reason)


def pause_account(code: str) -> None:
    """Pause every running campaign of every business: all share the account that is refused. Outside of tenants."""
    reason = f"{ACCOUNT_TROUBLE[code]} ({code})"
    for tenant_id in Tenant.objects.values_list("pk", flat=True):
        with tenant_transaction(tenant_id):
            for campaign in Campaign.objects.filter(status=Campaign.Status.RUNNING):
                pause(campaign, reason)
