"""What the carrier is asked for to call somebody: which number, seen from which of ours, and where it reports."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from campaigns.calling import addresses
from campaigns.models import Campaign
from telephony.models import PhoneNumber

RING_S = 25
LONGEST_S = 600

Wish = dict[str, Any]


def wish(campaign: Campaign, attempt_id: UUID, number: str, ours: PhoneNumber | None, sip_address: str = "") -> Wish:
    """Ring the number, or the SIP address in its place. A trunk of our own carries calls to numbers only."""
    where = addresses.of_call(campaign.agent_id, attempt_id)
    return {
        "to": sip_address or number,
        "from_": str(ours.e164) if ours else "",
        "byoc": ours.byoc_trunk if ours and not sip_address else "",
        "url": where.answer,
        "status_callback": where.progress,
        "answered_by_url": where.machine,
        "ring_s": RING_S,
        "longest_s": LONGEST_S,
    }
