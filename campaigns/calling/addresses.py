"""Where the carrier asks and reports about the calls of a campaign. Which attempt it is stands in a signed segment."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.core import signing

SALT = "campaigns.attempt"
LONGEST_S = 3 * 24 * 3600  # recordings and late callbacks arrive long after the call
RETRIES = "#rc=3&rp=ct,rt,5xx&ct=2000"


@dataclass(frozen=True, slots=True)
class Stage:
    """Where a call is: what was said last, or is waited for, and for which time."""

    kind: str = "message"  # or: screening, hold, mailbox, voicemail
    times: int = 1

    def next(self) -> Stage:
        return Stage(self.kind, self.times + 1)

    def __str__(self) -> str:
        return f"{self.kind}:{self.times}"


@dataclass(frozen=True, slots=True)
class Addresses:
    """Where the carrier asks what to do when somebody picks up, and where it tells of the steps and of machines."""

    answer: str
    progress: str
    machine: str


def of_call(agent_id: UUID, attempt_id: UUID) -> Addresses:
    """All that a call needs at its beginning, signed once."""
    token = _token(agent_id, attempt_id)
    leaves = ("outbound-call", "attempt-status", "answered-by")
    answer, progress, machine = (_address(agent_id, leaf, token) for leaf in leaves)
    return Addresses(answer, progress + RETRIES, machine)


def keys_url(agent_id: UUID, attempt_id: UUID, stage: Stage | None = None) -> str:
    """Told which key was pressed, or what was said, and to what."""
    return _url(agent_id, "key-pressed", attempt_id, str(stage or Stage()))


def recording_url(agent_id: UUID, attempt_id: UUID) -> str:
    """Told when a spoken answer was recorded."""
    return _url(agent_id, "recording-complete", attempt_id)


def read_attempt(token: str, agent_id: UUID) -> UUID | None:
    """The attempt of a signed segment; None for one that is not ours, too old, or of another agent."""
    try:
        stated, attempt, *_ = _signed(token)
        return UUID(attempt) if UUID(stated) == agent_id else None
    except (signing.BadSignature, ValueError):
        return None


def read_stage(token: str) -> Stage:
    """What was said before this address was asked. Raises BadSignature."""
    kind, _, times = (_signed(token)[2:] or ["message:1"])[0].partition(":")
    return Stage(kind, int(times))


def _signed(token: str) -> list[str]:
    return str(signing.loads(token, salt=SALT, max_age=LONGEST_S)).split(" ")


def _url(agent_id: UUID, leaf: str, attempt_id: UUID, stage: str = "") -> str:
    return _address(agent_id, leaf, _token(agent_id, attempt_id, stage))


def _token(agent_id: UUID, attempt_id: UUID, stage: str = "") -> str:
    return signing.dumps(" ".join(filter(None, (str(agent_id), str(attempt_id), stage))), salt=SALT)


def _address(agent_id: UUID, leaf: str, token: str) -> str:
    return f"{settings.PUBLIC_URL}/agents/{agent_id}/{leaf}/{token}"
