"""Where the carrier asks and reports about the calls of a campaign. Which attempt it is stands in a signed segment."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.core import signing

SALT = "campaigns.attempt"
LONGEST_S = 3 * 24 * 3600  # recordings and late callbacks arrive long after the call
RETRIES = "#rc=3&rp=ct,rt,5xx&ct=2000"


def answer_url(agent_id: UUID, attempt_id: UUID) -> str:
    """Asked when somebody picks up."""
    return _url(agent_id, "outbound-call", attempt_id)


def progress_url(agent_id: UUID, attempt_id: UUID) -> str:
    """Told of every step of the call."""
    return _url(agent_id, "attempt-status", attempt_id) + RETRIES


def keys_url(agent_id: UUID, attempt_id: UUID) -> str:
    """Told which key was pressed."""
    return _url(agent_id, "key-pressed", attempt_id)


def recording_url(agent_id: UUID, attempt_id: UUID) -> str:
    """Told when a spoken answer was recorded."""
    return _url(agent_id, "recording-complete", attempt_id)


def machine_url(agent_id: UUID, attempt_id: UUID) -> str:
    """Told whether a person or a machine picked up."""
    return _url(agent_id, "answered-by", attempt_id)


def read_attempt(token: str, agent_id: UUID) -> UUID | None:
    """The attempt of a signed segment; None for one that is not ours, too old, or of another agent."""
    try:
        stated, _, attempt = str(signing.loads(token, salt=SALT, max_age=LONGEST_S)).partition(" ")
        return UUID(attempt) if UUID(stated) == agent_id else None
    except (signing.BadSignature, ValueError):
        return None


def _url(agent_id: UUID, leaf: str, attempt_id: UUID) -> str:
    token = signing.dumps(f"{agent_id} {attempt_id}", salt=SALT)
    return f"{settings.PUBLIC_URL}/agents/{agent_id}/{leaf}/{token}"
